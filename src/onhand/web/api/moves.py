"""Goods that come in, corrections, transfers, history and upkeep."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from onhand.access.model import Right
from onhand.stock.commands.answers import StockAnswer
from onhand.stock.model.commands import (
    Adjust,
    AdjustLine,
    AdjustMode,
    ExpireHolds,
    Receive,
    Transfer,
)
from onhand.stock.model.events import Kind
from onhand.stock.queries.history import Explanation, HistoryFilter, explain, history
from onhand.stock.queries.levels import skus_with_due_holds
from onhand.web.answers import History, Swept
from onhand.web.bodies import AdjustBody, BulkAdjust, ReceiveBody, TransferBody, lines_of
from onhand.web.errors import Problem, Refused
from onhand.web.fields import Location, PageSize, QueryMoment
from onhand.web.guard import Visit
from onhand.web.operation import operation, operations
from onhand.web.paths import PathSku
from onhand.web.visits import Visitor, Writer, Writing, check_count, found, shown

router = operations("/inventory", tag="stock")

MOVE_REFUSALS = (
    "insufficient_stock",
    "unknown_sku",
    "unknown_location",
    "balance_too_large",
    "invalid_moment",
    "too_many_lines",
)
ADJUST_REFUSALS = (*MOVE_REFUSALS, "stock_moved")
_MOST_SWEPT = 10_000  # SKUs a call


@router.post("/receive", **operation(Right.OPERATE, StockAnswer, *MOVE_REFUSALS))
def receive(writer: Writer, body: ReceiveBody) -> Response:
    """Put goods that came in on hand."""
    check_count(body.lines, writer.visit)
    return writer.decide(Receive(lines_of(body.lines), body.reason, body.happened_at))


@router.put("/{sku}/adjust", **operation(Right.OPERATE, StockAnswer, *ADJUST_REFUSALS))
def adjust(writer: Writer, sku: PathSku, body: AdjustBody) -> Response:
    """Correct what is on hand of one SKU; units that are held stay covered."""
    mode = AdjustMode(body.mode)
    line = AdjustLine(sku, mode, body.quantity, body.location, body.expected_on_hand)
    return writer.decide(Adjust((line,), body.reason, body.happened_at))


@router.post("/adjust/bulk", **operation(Right.OPERATE, StockAnswer, *ADJUST_REFUSALS))
def adjust_many(writer: Writer, body: BulkAdjust) -> Response:
    """Correct what is on hand of many SKUs, all or none."""
    check_count(body.lines, writer.visit)
    lines = tuple(line.line() for line in body.lines)
    return writer.decide(Adjust(lines, body.reason, body.happened_at))


@router.post("/transfer", **operation(Right.OPERATE, StockAnswer, *MOVE_REFUSALS, "same_location"))
def transfer(writer: Writer, body: TransferBody) -> Response:
    """Move free units between locations, all lines or none."""
    check_count(body.lines, writer.visit)
    return writer.decide(Transfer(lines_of(body.lines), body.to_location, body.reason))


@router.post("/cleanup/expired-reservations", **operation(Right.OPERATE, Swept))
def expire_reservations(visit: Visitor) -> Response:
    """Record the end of holds whose time has come.

    Such holds do not count any more in any case; the server also does this by itself. Doing it
    again needs no key: what has ended is recorded once.
    """
    environment = visit.environment
    with environment.database.read() as connection:
        due = skus_with_due_holds(connection, environment.clock(), _MOST_SWEPT)
    if due:
        Writing(visit, None).decide(ExpireHolds(tuple(due)))
    return shown(Swept(len(due)))


class HistorySearch(BaseModel):
    """Which events to show."""

    model_config = ConfigDict(extra="forbid")
    view: Literal["IN", "OUT", "RESERVE", "RELEASE", "ADJUST"] | None = Field(
        None, description="The view of older tools: groups of kinds."
    )
    kind: Kind | None = None
    location: Location | None = None
    since: QueryMoment | None = Field(None, description="Happened then or later.")
    until: QueryMoment | None = Field(None, description="Happened then or earlier.")
    limit: PageSize = 100
    before: Annotated[int, Field(ge=1, lt=2**63)] | None = Field(
        None, description="The `cursor` of the page before."
    )


@router.get("/{sku}/transactions", **operation(Right.OPERATE, History, "unknown_sku"))
def read_transactions(
    visit: Visitor, sku: PathSku, wanted: Annotated[HistorySearch, Query()]
) -> Response:
    """Every event of a SKU since it was registered, newest first."""
    return show_history(visit, sku, wanted)


def show_history(visit: Visit, sku: str, wanted: HistorySearch) -> Response:
    """A page of a SKU's events as JSON.

    Raises:
        Refused: the code is unknown.
    """
    chosen = HistoryFilter(
        view=wanted.view,
        kind=wanted.kind,
        location=wanted.location,
        since=wanted.since,
        until=wanted.until,
        before_seq=wanted.before,
        limit=wanted.limit + 1,
    )
    with visit.environment.database.read() as connection:
        events = history(connection, sku, chosen)
    if events is None:
        raise Refused(Problem("unknown_sku", {"skus": [sku]}))
    page = events[: wanted.limit]
    return shown(History(page, page[-1].seq if len(events) > len(page) else None))


@router.get("/{sku}/explain", **operation(Right.OPERATE, Explanation, "unknown_sku"))
def explain_level(visit: Visitor, sku: PathSku) -> Response:
    """Why a SKU's figures are what they are: everything that adds up to them."""
    environment = visit.environment
    with environment.database.read() as connection:
        return found(explain(connection, sku, now=environment.clock()), sku)
