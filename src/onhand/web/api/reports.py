"""Stock in numbers: the list of all of it, the dashboard, reports, one SKU over time."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from onhand.access.model import Right
from onhand.catalog.model.skus import Status
from onhand.orders.queries.pulse import orders_per_hour
from onhand.stock.queries.reports import Report, Wanted, period_of, read_report, read_totals
from onhand.stock.queries.stock_list import (
    StockFilter,
    StockPage,
    StockSort,
    StockState,
    list_stock,
)
from onhand.stock.queries.timeline import MOST_POINTS, Stretch, Timeline, timeline
from onhand.web.answers import Dashboard
from onhand.web.fields import PageSize, QueryMoment, StoreId
from onhand.web.operation import operation, operations
from onhand.web.paths import PathSku
from onhand.web.visits import Visitor, found, invalid, shown

router = operations(tag="reports")
stock_router = operations("/inventory", tag="stock")

ReportName = Literal[
    "units",
    "movements",
    "turnover",
    "top_movers",
    "slow_stock",
    "count_accuracy",
    "holds_by_age",
]
_SINCE = "From this moment on; without it, the last 30 days (`holds_by_age`: from the beginning)."


class ReportPeriod(BaseModel):
    """Which time a report covers, and how much of it is shown."""

    model_config = ConfigDict(extra="forbid")
    since: QueryMoment | None = Field(None, description=_SINCE)
    until: QueryMoment | None = Field(
        None, description="Until just before this moment; without it, or in the future, until now."
    )
    zone: Annotated[
        str,
        Field(
            max_length=100,
            description="The time zone in which days begin.",
            examples=["Asia/Tokyo", "Asia/Shanghai"],
        ),
    ] = "UTC"
    limit: Annotated[int, Field(ge=1, le=1000, description="Rows at most, where SKUs are.")] = 100


class StockSearch(BaseModel):
    """Which stock to list, and how."""

    model_config = ConfigDict(extra="forbid")
    search: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="Part of the code, the name or an alias."
    )
    status: Literal["active", "inactive"] | None = None
    state: StockState | None = Field(
        None,
        description="`low`: at or below the threshold, `out`: nothing available, `oversold`: less "
        "than nothing; each includes the ones after it.",
    )
    store: StoreId | None = Field(None, description="Only SKUs with a listing at this store.")
    sort: StockSort = StockSort.CODE
    descending: bool = False
    limit: PageSize = 100
    after: Annotated[str, Field(max_length=2000)] | None = Field(
        None, description="The `cursor` of the page before, in the same order."
    )


class TimelineStretch(BaseModel):
    """Which time to show, and in how many points."""

    model_config = ConfigDict(extra="forbid")
    since: QueryMoment
    until: QueryMoment | None = Field(None, description="Without it, now.")
    points: Annotated[int, Field(ge=3, le=MOST_POINTS)] = 200


@stock_router.get("", **operation(Right.READ, StockPage))
def search_stock(visit: Visitor, wanted: Annotated[StockSearch, Query()]) -> Response:
    """All stock: search, filter, sort, page by page."""
    environment = visit.environment
    chosen = StockFilter(
        search=wanted.search,
        status=None if wanted.status is None else Status(wanted.status),
        state=wanted.state,
        store=wanted.store,
        sort=wanted.sort,
        descending=wanted.descending,
        limit=wanted.limit,
        after=wanted.after,
    )
    try:
        with environment.database.snapshot() as connection:
            return shown(list_stock(connection, chosen, now=environment.clock()))
    except ValueError as error:
        raise invalid("query.after", str(error)) from error


@stock_router.get("/{sku}/timeline", **operation(Right.OPERATE, Timeline, "unknown_sku"))
def show_timeline(
    visit: Visitor, sku: PathSku, wanted: Annotated[TimelineStretch, Query()]
) -> Response:
    """One SKU's units on hand, reserved and available over time, as steps."""
    environment = visit.environment
    now = environment.clock()
    stretch = Stretch(wanted.since, wanted.until or now, wanted.points)
    try:
        with environment.database.snapshot() as connection:
            return found(timeline(connection, sku, stretch, now=now), sku)
    except ValueError as error:
        raise invalid("query.since", str(error)) from error


@router.get("/dashboard", **operation(Right.READ, Dashboard))
def show_dashboard(
    visit: Visitor,
    hours: Annotated[
        int, Query(ge=1, le=336, description="Of how many hours orders are counted.")
    ] = 24,
) -> Response:
    """All stock in a few numbers, and the orders of the last hours by store."""
    environment = visit.environment
    now = environment.clock()
    with environment.database.snapshot() as connection:
        stock = read_totals(connection, now=now)
        return shown(Dashboard(stock, orders_per_hour(connection, now=now, hours=hours)))


@router.get("/reports/{name}", **operation(Right.READ, Report))
def show_report(
    visit: Visitor, name: ReportName, wanted: Annotated[ReportPeriod, Query()]
) -> Response:
    """A report over a period: rows and totals.

    What each report counts, its members and formulas are in the documentation of reports.
    """
    environment = visit.environment
    now = environment.clock()
    try:
        period = period_of(name, wanted.since, wanted.until, zone=wanted.zone, now=now)
        with environment.database.snapshot() as connection:
            return shown(read_report(connection, name, Wanted(period, now, wanted.limit)))
    except ValueError as error:
        raise invalid("query.since", str(error)) from error
