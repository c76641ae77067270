"""Stocktakes."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from onhand.access.model import Right
from onhand.stock.commands.answers import StockAnswer
from onhand.stock.commands.counts import (
    Counted,
    CountEntry,
    NewCount,
    cancel_count,
    close_count,
    enter_counts,
    open_count,
)
from onhand.stock.commands.scans import Scan, ScanMode, scan
from onhand.stock.queries.counts import (
    CountScanned,
    CountShow,
    CountView,
    list_counts,
    read_count,
)
from onhand.web.answers import CountPage
from onhand.web.bodies import example
from onhand.web.errors import Problem, Refused
from onhand.web.fields import FreeText, Location, Name, PageSize, SkuCode, UnitsOrNone
from onhand.web.operation import operation, operations
from onhand.web.paths import PathName
from onhand.web.visits import Visitor, Writer, answered, check_count, shown

router = operations("/counts", tag="stocktake")


class NewCountBody(BaseModel):
    """A sheet of SKUs to count at one location."""

    model_config = example(name="shelf A, November", skus=["ce1111", "ce1112"], blind=True)
    name: FreeText
    location: Location = "main"
    skus: Annotated[list[SkuCode], Field(min_length=1)]
    blind: bool = Field(
        False, strict=True, description="Hide what the ledger expects until the sheet is closed."
    )


class CountedBody(BaseModel):
    """What was found of one SKU."""

    model_config = example(sku="ce1111", counted=46)
    sku: SkuCode
    counted: UnitsOrNone


class CountEntryBody(BaseModel):
    """What was found; a SKU entered again is corrected."""

    model_config = example(lines=[{"sku": "ce1111", "counted": 46}])
    lines: Annotated[list[CountedBody], Field(min_length=1)]


class ScanBody(BaseModel):
    """Units found of one scanned code."""

    model_config = example(sku="ce1111", units=1, mode="add")
    sku: SkuCode
    units: UnitsOrNone = 1
    mode: Literal["set", "add"] = Field(
        "add", description="Whether the units come on top of the figure, or replace it."
    )
    put_on_sheet: bool = Field(
        False, strict=True, description="Also when the SKU is not on the sheet: put it there."
    )


class CountSearch(BaseModel):
    """Which part of the list."""

    model_config = ConfigDict(extra="forbid")
    limit: PageSize = 100
    before: Name | None = Field(None, description="The `cursor` of the page before.")


@router.get("", **operation(Right.OPERATE, CountPage))
def search_counts(visit: Visitor, wanted: Annotated[CountSearch, Query()]) -> Response:
    """Stocktakes, newest first, without their lines."""
    with visit.environment.database.read() as connection:
        counts = list_counts(connection, limit=wanted.limit + 1, before=wanted.before)
    page = counts[: wanted.limit]
    return shown(CountPage(page, page[-1].id if len(counts) > len(page) else None))


@router.post(
    "",
    **operation(
        Right.OPERATE,
        CountView,
        "unknown_sku",
        "unknown_location",
        "too_many_lines",
        status=201,
    ),
)
def start_count(writer: Writer, body: NewCountBody) -> Response:
    """Open a sheet; stock may move on meanwhile."""
    check_count(body.skus, writer.visit)
    environment = writer.visit.environment
    result = open_count(
        environment.database,
        writer.asked(),
        NewCount(body.name, body.location, tuple(body.skus), body.blind),
    )
    return answered(result, status=201)


@router.get("/{count_id}", **operation(Right.OPERATE, CountView, "count_not_found"))
def show_count(
    visit: Visitor,
    count_id: PathName,
    show: Annotated[CountShow, Query(description="Which of its lines.")] = CountShow.ALL,
) -> Response:
    """A sheet with its lines: expected, counted, difference."""
    with visit.environment.database.read() as connection:
        view = read_count(connection, count_id, show=show)
    if view is None:
        raise Refused(Problem("count_not_found", {"count": count_id}))
    return shown(view)


@router.post(
    "/{count_id}/lines",
    **operation(
        Right.OPERATE,
        CountView,
        "count_not_found",
        "count_ended",
        "unknown_sku",
        "too_many_lines",
    ),
)
def enter_lines(writer: Writer, count_id: PathName, body: CountEntryBody) -> Response:
    """Enter what was found; what the ledger says at this very moment is noted beside it."""
    check_count(body.lines, writer.visit)
    environment = writer.visit.environment
    found = tuple(Counted(line.sku, line.counted) for line in body.lines)
    result = enter_counts(environment.database, writer.asked(), CountEntry(count_id, found))
    return answered(result)


@router.post(
    "/{count_id}/scan",
    **operation(
        Right.OPERATE,
        CountScanned,
        "count_not_found",
        "count_ended",
        "unknown_sku",
        "not_on_sheet",
        "count_moved",
    ),
)
def scan_code(writer: Writer, count_id: PathName, body: ScanBody) -> Response:
    """Count one SKU with a scanner: add what was found to its figure, or set it.

    Give each scan an `Idempotency-Key`: sent twice, it counts once. Units that are added one by
    one make one figure; when stock moves between them the next is refused, and the SKU is counted
    anew, beginning with `set`.
    """
    environment = writer.visit.environment
    found = Scan(count_id, body.sku, body.units, ScanMode(body.mode), body.put_on_sheet)
    return answered(scan(environment.database, writer.asked(), found))


@router.post(
    "/{count_id}/close",
    **operation(
        Right.OPERATE,
        StockAnswer,
        "count_not_found",
        "count_ended",
        "unknown_sku",
        "unknown_location",
        "balance_too_large",
    ),
)
def finish_count(writer: Writer, count_id: PathName) -> Response:
    """Bring the differences into the ledger; movements since each line was counted are kept.

    Lines not counted are left alone. Closing again is answered as it was the first time.
    """
    environment = writer.visit.environment
    return answered(close_count(environment.ledger, writer.asked(), count_id))


@router.post(
    "/{count_id}/cancel", **operation(Right.OPERATE, CountView, "count_not_found", "count_ended")
)
def drop_count(writer: Writer, count_id: PathName) -> Response:
    """End a sheet without any effect on stock."""
    environment = writer.visit.environment
    return answered(cancel_count(environment.database, writer.asked(), count_id))
