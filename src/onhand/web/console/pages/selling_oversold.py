"""The oversell report and its post-mortem: when each unit was sold where, and what would help."""

from datetime import UTC, date, datetime, time
from functools import partial

from starlette.responses import Response

from onhand.access.model import Right
from onhand.catalog.model.skus import normalise
from onhand.catalog.queries.stores import list_stores
from onhand.orders.queries.oversell import OversellFilter, oversell_report
from onhand.web.console.forms import Form
from onhand.web.console.pages.selling_shown import names, page_of
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit

pages = Pages()
_SHOWN = 10


class OversellSearch(Form):
    """Which oversales to show."""

    search: str = ""
    store: str = ""
    since: date | None = None
    after: str | None = None


@pages.get("/oversold", Right.READ)
def show_oversold(visit: Visit) -> Response:
    """Units that were sold and not there, the newest first."""
    wanted = visit.filters(OversellSearch)
    since = None
    if wanted.since is not None:
        since = datetime.combine(wanted.since, time(), visit.reader.zone).astimezone(UTC)
    chosen = OversellFilter(
        sku=normalise(wanted.search) or None,
        store=wanted.store or None,
        since=since,
        limit=_SHOWN,
        after=wanted.after,
    )
    with visit.environment.database.snapshot() as connection:
        report = page_of(partial(oversell_report, connection), chosen)
        stores = names(list_stores(connection, now=visit.now))
    return visit.page("selling/oversold.html", report=report, wanted=wanted, stores=stores)
