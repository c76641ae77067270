"""All SKUs with their stock: searched, filtered, sorted; the views a person keeps of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal
from urllib.parse import parse_qsl, urlencode

from pydantic import Field
from starlette.responses import Response

from onhand.access.commands.views import remove_view, save_view
from onhand.access.model import Refusal, Right
from onhand.access.model.views import LONGEST_VIEW_NAME, LONGEST_VIEW_QUERY, ViewPlace
from onhand.access.queries.views import list_views
from onhand.catalog.model.skus import Status
from onhand.catalog.queries.stores import list_stores
from onhand.stock.queries.stock_list import (
    StockFilter,
    StockPage,
    StockSort,
    StockState,
    list_stock,
)
from onhand.web.console.forms import Entered, Form
from onhand.web.console.languages import mark
from onhand.web.console.navigation import Entry
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit

pages = Pages(
    Entry(label=mark("Stock"), icon="packages", path="/stock", order=20, key="s", on_phone=True)
)
_SHOWN = 50
_LIST = "stock"
_Read = Callable[[StockFilter], StockPage]
_KEPT = ("search", "state", "status", "store", "sort", "down")


class Wanted(Form):
    """What the list is narrowed down by."""

    search: str = Field("", max_length=200)
    state: StockState | None = None
    status: Literal["active", "inactive"] | None = None
    store: str | None = Field(None, max_length=128)
    sort: StockSort = StockSort.CODE
    down: bool = False
    after: str | None = Field(None, max_length=2000)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is left out."""
        return bool(self.search or self.state or self.status or self.store)


class ViewForm(Form):
    """A view to keep: its name, and the query of the list's address."""

    name: str = Field(max_length=LONGEST_VIEW_NAME)
    query: str = Field("", max_length=LONGEST_VIEW_QUERY)


class GoneForm(Form):
    """A view to keep no longer."""

    view: str = Field(max_length=64)


@pages.get("/stock", Right.READ)
def show_stock(visit: Visit) -> Response:
    """All SKUs with their stock."""
    wanted = visit.filters(Wanted)
    environment = visit.environment
    with environment.database.snapshot() as connection:
        page = _page(wanted, lambda chosen: list_stock(connection, chosen, now=visit.now))
        stores = list_stores(connection, now=visit.now)
    with visit.onhand.live.database.read() as connection:
        views = list_views(connection, _place(visit))
    return visit.page(
        "stock/list.html",
        page=page,
        wanted=wanted,
        stores=stores,
        views=views,
        query=_query(dict(visit.request.query_params)),
    )


@pages.post("/stock/-/views", Right.READ)
def keep_view(visit: Visit) -> Response:
    """Keep the list as it is narrowed down and sorted now."""
    form = visit.read(ViewForm)
    if isinstance(form, Entered):
        visit.say(next(iter(form.errors.values())), tone="danger")
        return visit.go(visit.url("/stock"))
    query = _query(dict(parse_qsl(form.query)))
    database = visit.onhand.live.database
    result = save_view(database, visit.asked(), _place(visit), name=form.name, query=query)
    address = visit.url("/stock") + (f"?{query}" if query else "")
    if isinstance(result, Refusal):
        visit.say(visit.why(result), tone="danger")
    else:
        visit.say(visit.text("The view “%(name)s” was saved.", name=form.name))
    return visit.go(address)


@pages.post("/stock/-/views/remove", Right.READ)
def drop_view(visit: Visit) -> Response:
    """Keep a view no longer."""
    form = visit.read(GoneForm)
    if not isinstance(form, Entered):
        remove_view(visit.onhand.live.database, visit.asked(), _place(visit), form.view)
    return visit.done(visit.text(mark("The view was removed.")), to="/stock")


def _page(wanted: Wanted, read: _Read) -> StockPage:
    """The page asked for; the first where the place it begins at is of another order."""
    status = None if wanted.status is None else Status(wanted.status)
    chosen = StockFilter(
        search=wanted.search or None,
        status=status,
        state=wanted.state,
        store=wanted.store,
        sort=wanted.sort,
        descending=wanted.down,
        limit=_SHOWN,
        after=wanted.after,
    )
    try:
        return read(chosen)
    except ValueError:
        return read(replace(chosen, after=None))


def _place(visit: Visit) -> ViewPlace:
    return ViewPlace(visit.user.user_id, visit.environment.name.value, _LIST)


def _query(given: dict[str, str]) -> str:
    """What of an address belongs to a view."""
    return urlencode({name: given[name] for name in _KEPT if given.get(name)})
