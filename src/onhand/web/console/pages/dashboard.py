"""The first page: what there is, what is short, what sells, what is stuck, what just happened."""

from starlette.responses import Response

from onhand.access.model import Right
from onhand.catalog.queries.stores import list_stores
from onhand.orders.queries.desk import count_waiting
from onhand.orders.queries.pulse import Pulse, orders_per_hour
from onhand.stock.queries.feed import newest_events
from onhand.stock.queries.reports import read_totals
from onhand.sync.queries.status import read_status
from onhand.web.console.languages import mark
from onhand.web.console.navigation import Entry
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit

pages = Pages(
    Entry(
        label=mark("Dashboard"),
        icon="layout-dashboard",
        path="/",
        order=10,
        key="d",
        on_phone=True,
    )
)
_HOURS = 24
_EVENTS = 10


@pages.get("/", Right.READ)
def show_dashboard(visit: Visit) -> Response:
    """Everything at a glance."""
    now = visit.now
    with visit.environment.database.snapshot() as connection:
        totals = read_totals(connection, now=now)
        pulse = orders_per_hour(connection, now=now, hours=_HOURS)
        standing = {one.store: one for one in read_status(connection, now=now)}
        stores = list_stores(connection, now=now)
        desk = count_waiting(connection, now=now)
        events = newest_events(connection, limit=_EVENTS)
    return visit.page(
        "dashboard/dashboard.html",
        totals=totals,
        stores=stores,
        standing=standing,
        failed=sum(one.failed for one in standing.values()),
        differ=sum(one.needs_person for one in standing.values()),
        desk=desk,
        events=events,
        hours=_labels(visit, pulse),
        series=[(line.name, line.orders) for line in pulse.stores],
        orders=pulse.total,
    )


def _labels(visit: Visit, pulse: Pulse) -> list[str]:
    return [hour.astimezone(visit.reader.zone).strftime("%H:%M") for hour in pulse.hours]
