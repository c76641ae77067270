"""Taking data out as files."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field
from starlette.responses import Response

from onhand.access.model import Right
from onhand.catalog.queries.stores import list_stores
from onhand.imports.model.exports import (
    MAIN_LOCATION,
    EventsWanted,
    HeaderLanguage,
    LevelsWanted,
    ListingsWanted,
    OrdersWanted,
    Wanted,
)
from onhand.imports.writers.delimited import Encoding
from onhand.stock.queries.locations import list_locations
from onhand.web.api import exports as api
from onhand.web.console.forms import Entered, Form
from onhand.web.console.pages.periods import begins, ends
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit

pages = Pages()


class ExportForm(Form):
    """Which rows, and what kind of file."""

    file: Literal["csv", "cp932", "xlsx"] = "csv"
    location: str = Field(MAIN_LOCATION, max_length=128)
    search: str | None = Field(None, max_length=200)
    low: bool = False
    sku: str | None = Field(None, max_length=128)
    store: str | None = Field(None, max_length=40)
    since: date | None = None
    until: date | None = None


@pages.get("/exports", Right.READ)
def show_exports(visit: Visit) -> Response:
    """What can be taken out."""
    with visit.environment.database.snapshot() as connection:
        stores = list_stores(connection, now=visit.now)
        places = [place.location for place in list_locations(connection)]
    return visit.page("exports/exports.html", stores=stores, places=places, form=Entered())


@pages.get("/exports/levels", Right.READ)
def export_levels(visit: Visit) -> Response:
    """Every SKU with its stock."""
    form = visit.filters(ExportForm)
    return _file(visit, form, LevelsWanted(form.location, form.search, form.low))


@pages.get("/exports/events", Right.OPERATE)
def export_events(visit: Visit) -> Response:
    """Every event of registered SKUs."""
    form = visit.filters(ExportForm)
    return _file(visit, form, EventsWanted(form.sku, form.store, *_period(visit, form)))


@pages.get("/exports/listings", Right.READ)
def export_listings(visit: Visit) -> Response:
    """Every listing with the SKU it means."""
    form = visit.filters(ExportForm)
    return _file(visit, form, ListingsWanted(form.store))


@pages.get("/exports/orders", Right.READ)
def export_orders(visit: Visit) -> Response:
    """Every line of every order."""
    form = visit.filters(ExportForm)
    return _file(visit, form, OrdersWanted(form.store, *_period(visit, form)))


def _period(visit: Visit, form: ExportForm) -> tuple[datetime | None, datetime | None]:
    """The days of the reader's calendar, the last one included."""
    zone = visit.reader.zone
    return begins(form.since, zone), ends(form.until, zone)


def _file(visit: Visit, form: ExportForm, wanted: Wanted) -> Response:
    kind = api.Form.XLSX if form.file == "xlsx" else api.Form.CSV
    encoding = Encoding.CP932 if form.file == "cp932" else None
    language = HeaderLanguage(visit.reader.language)
    given = api.FileForm(format=kind, encoding=encoding, lang=language, tz=visit.user.timezone)
    return api.exported(visit.environment, wanted, given)
