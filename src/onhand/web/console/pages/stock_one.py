"""One SKU: what there is of it where, who holds it, what shops show, what happened, and why."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from pydantic import Field
from starlette.responses import Response

from onhand.access.model import Refusal, Right
from onhand.bootstrap.shops import limits_of
from onhand.catalog.queries.listings import ListingFilter, ListingView, list_listings
from onhand.catalog.queries.skus import read_sku
from onhand.catalog.queries.stores import StoreView, list_stores
from onhand.stock.model.commands import Line, Release
from onhand.stock.model.events import Kind, Reference, ReferenceType
from onhand.stock.queries.history import EventView, HistoryFilter, explain, history
from onhand.stock.queries.holds import HoldFilter, list_holds
from onhand.stock.queries.levels import level_as_of, read_levels
from onhand.stock.queries.timeline import Stretch, Timeline, timeline
from onhand.sync.queries.explain import ListingExplanation, explain_listing
from onhand.web.console.forms import Entered, Form
from onhand.web.console.languages import mark
from onhand.web.console.pages.selling_shown import names
from onhand.web.console.pages.stock_shown import code_of, known_sku, moment_of
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit, part
from onhand.web.errors import Problem, Refused

pages = Pages()
_EVENTS = 20
_HOLDS = 10
_LISTINGS = 20
_POINTS = 300
_DAYS = Literal["1", "7", "30", "90"]


class Shown(Form):
    """Which of what happened to show, and how far the chart reaches back."""

    view: Literal["IN", "OUT", "RESERVE", "RELEASE", "ADJUST"] | None = None
    kind: Kind | None = None
    location: str | None = Field(None, max_length=128)
    at: datetime | None = None
    before: int | None = Field(None, ge=1, lt=2**62)
    held: str | None = Field(None, max_length=128)
    days: _DAYS = "7"


class ReleaseForm(Form):
    """A hold to let go."""

    reference_type: ReferenceType
    reference_id: str = Field(max_length=300)
    location: str = Field(max_length=128)
    units: int = Field(ge=1)


@dataclass(frozen=True, slots=True)
class _Page:
    """A part of a list, and whether there is more of it."""

    rows: Sequence[EventView]
    more: int | None


@pages.get("/stock/{sku}", Right.READ)
def show_one(visit: Visit) -> Response:
    """Everything about one SKU."""
    wanted = visit.filters(Shown)
    now, moment = visit.now, moment_of(visit, wanted.at)
    with visit.environment.database.snapshot() as connection:
        sku = known_sku(visit, read_sku(connection, code_of(visit)))
        level = read_levels(connection, [sku.sku], now=now)[sku.sku]
        then = None if moment is None else level_as_of(connection, sku.sku, moment)
        chosen = HoldFilter(sku=sku.sku, after=wanted.held, limit=_HOLDS + 1)
        holds = list_holds(connection, chosen, now=now)
        events = _Page([], None)
        if visit.may(Right.OPERATE):
            events = _page(history(connection, sku.sku, _wanted_events(wanted, moment)) or [])
        stores = list_stores(connection, now=now)
        sold = list_listings(connection, ListingFilter(sku=sku.sku, limit=_LISTINGS))
        listings = _explained(sold.listings, stores, partial(explain_listing, connection, now=now))
        drawn = timeline(connection, sku.sku, _stretch(int(wanted.days), now), now=now)
    return visit.page(
        "stock/one.html",
        sku=sku,
        level=level,
        wanted=wanted,
        moment=moment,
        then=then,
        holds=holds[:_HOLDS],
        held_cursor=holds[_HOLDS - 1].id if len(holds) > _HOLDS else None,
        events=events.rows,
        older=events.more,
        listings=listings,
        stores=names(stores),
        drawn=drawn,
        chart=_chart(visit, drawn),
    )


@pages.get("/stock/{sku}/explain", Right.OPERATE)
def explain_one(visit: Visit) -> Response:
    """Why the SKU's figures are what they are, line by line."""
    now = visit.now
    with visit.environment.database.snapshot() as connection:
        sku = known_sku(visit, read_sku(connection, code_of(visit)))
        found = explain(connection, sku.sku, now=now)
        stores = list_stores(connection, now=now)
        sold = list_listings(connection, ListingFilter(sku=sku.sku, limit=_LISTINGS))
        listings = _explained(sold.listings, stores, partial(explain_listing, connection, now=now))
    if found is None:
        raise Refused(Problem("unknown_sku", {"skus": [sku.sku]}))
    return visit.page(
        "stock/explain.html", sku=sku, why=found, listings=listings, stores=names(stores)
    )


@pages.post("/stock/{sku}/release", Right.OPERATE)
def release(visit: Visit) -> Response:
    """Let go of what is held; of others' holds only by who may."""
    form = visit.read(ReleaseForm)
    back = f"/stock/{part(visit.path('sku'))}"
    if isinstance(form, Entered):
        return visit.go(visit.url(back))
    line = Line(code_of(visit), form.units, form.location)
    result = visit.decide(Release(Reference(form.reference_type, form.reference_id), (line,)))
    if isinstance(result, Refusal):
        visit.say(visit.why(result), tone="danger")
        return visit.go(visit.url(back))
    text = visit.text(mark("%(units)s units were released."), units=visit.reader.number(form.units))
    return visit.done(text, to=back)


def _wanted_events(wanted: Shown, moment: datetime | None) -> HistoryFilter:
    return HistoryFilter(
        view=wanted.view,
        kind=wanted.kind,
        location=wanted.location,
        until=moment,
        before_seq=wanted.before,
        limit=_EVENTS + 1,
    )


def _page(found: Sequence[EventView]) -> _Page:
    rows = found[:_EVENTS]
    return _Page(rows, rows[-1].seq if len(found) > _EVENTS else None)


def _explained(
    listings: Iterable[ListingView],
    stores: Iterable[StoreView],
    why: Callable[..., ListingExplanation],
) -> list[ListingExplanation]:
    """What listings show and why; `why` is `explain_listing` in the page's snapshot."""
    known = {store.store: store for store in stores}
    pairs = [(listing, known[listing.store]) for listing in listings]
    return [why(one, store, most=limits_of(store.platform).most_units) for one, store in pairs]


def _stretch(days: int, now: datetime) -> Stretch:
    return Stretch(now - timedelta(days=days), now, _POINTS)


def _chart(visit: Visit, drawn: Timeline | None) -> tuple[list[str], list[tuple[str, list[int]]]]:
    """Moments as the reader's clock shows them, and the lines of the chart."""
    if drawn is None:
        return [], []
    zone = visit.reader.zone
    labels = [point.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") for point in drawn.points]
    return labels, [
        (visit.text(mark("On hand")), [point.on_hand for point in drawn.points]),
        (visit.text(mark("Available")), [point.available for point in drawn.points]),
    ]
