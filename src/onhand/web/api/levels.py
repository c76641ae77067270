"""Reading stock."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from onhand.access.model import Right
from onhand.stock.commands.answers import StockAnswer
from onhand.stock.model.commands import SetPolicy
from onhand.stock.queries.levels import LevelView, level_as_of, low_stock, read_levels
from onhand.web.answers import LevelBatch, LowStock
from onhand.web.bodies import BatchBody, ThresholdBody
from onhand.web.fields import PageSize, QueryMoment, SkuCode
from onhand.web.guard import Visit
from onhand.web.operation import operation, operations
from onhand.web.paths import PathSku
from onhand.web.visits import Visitor, Writer, check_count, found, invalid, shown

router = operations("/inventory", tag="stock")


class AsOf(BaseModel):
    """At which moment, and seen from when."""

    model_config = ConfigDict(extra="forbid")
    as_of: QueryMoment | None = Field(None, description="A moment in the past; without it, now.")
    as_of_view: Annotated[
        str | None,
        Field(
            pattern="^(happened|recorded)$",
            description="`happened` (default): everything that had happened by then, however late "
            "it was entered; `recorded`: what the ledger knew at that moment.",
        ),
    ] = None


class LowStockPage(BaseModel):
    """Which part of the list."""

    model_config = ConfigDict(extra="forbid")
    limit: PageSize = 100
    after: SkuCode | None = Field(None, description="The `cursor` of the page before.")


@router.get("/low-stock", **operation(Right.READ, LowStock))
def read_low_stock(visit: Visitor, wanted: Annotated[LowStockPage, Query()]) -> Response:
    """SKUs at or below their low-stock threshold."""
    environment = visit.environment
    with environment.database.read() as connection:
        levels = low_stock(
            connection, now=environment.clock(), limit=wanted.limit + 1, after=wanted.after
        )
    page = levels[: wanted.limit]
    return shown(LowStock(page, page[-1].sku if len(levels) > len(page) else None))


@router.get(
    "/{sku}", **operation(Right.READ, LevelView, "unknown_sku", "invalid_moment", owner_token=True)
)
def read_level(visit: Visitor, sku: PathSku, wanted: Annotated[AsOf, Query()]) -> Response:
    """One SKU's stock, now or at a moment in the past."""
    return show_level(visit, sku, wanted)


def show_level(visit: Visit, sku: str, wanted: AsOf) -> Response:
    """One SKU's stock as JSON.

    Raises:
        Refused: the code is unknown, or the moment has not come yet.
    """
    environment = visit.environment
    if wanted.as_of is None:
        if wanted.as_of_view is not None:
            raise invalid("query.as_of_view", "goes with as_of")
        return found(environment.reads.submit(sku).result(), sku)
    if wanted.as_of > environment.clock():
        raise invalid("query.as_of", "lies in the future")
    recorded = wanted.as_of_view == "recorded"
    with environment.database.read() as connection:
        return found(level_as_of(connection, sku, wanted.as_of, recorded=recorded), sku)


@router.post("/batch", **operation(Right.READ, LevelBatch, "too_many_lines", owner_token=True))
def read_batch(visit: Visitor, body: BatchBody) -> Response:
    """The stock of many SKUs at once; codes nobody knows are listed, not refused."""
    return show_batch(visit, body.skus)


def show_batch(visit: Visit, codes: list[str]) -> Response:
    """The levels of these codes as JSON.

    Raises:
        Refused: there are too many.
    """
    check_count(codes, visit)
    with visit.environment.database.look_up() as connection:
        levels = read_levels(connection, codes, now=visit.environment.clock())
    asked = dict.fromkeys(codes)
    return shown(
        LevelBatch(
            {code: levels[code] for code in asked if code in levels},
            [code for code in asked if code not in levels],
        )
    )


@router.put("/{sku}/threshold", **operation(Right.OPERATE, StockAnswer, "unknown_sku"))
def set_threshold(writer: Writer, sku: PathSku, body: ThresholdBody) -> Response:
    """Set a SKU's low-stock threshold, safety stock and whether it may be oversold."""
    return writer.decide(
        SetPolicy(sku, body.allow_oversell, body.safety_stock, body.low_stock_threshold)
    )
