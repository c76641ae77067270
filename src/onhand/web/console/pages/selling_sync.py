"""The sync monitor: what waits for each shop, how fresh numbers are, what failed, what differs."""

from functools import partial

import msgspec
from pydantic import Field
from starlette.responses import Response

from onhand.access.model import Accepted, Refusal, Right
from onhand.catalog.model.skus import normalise
from onhand.catalog.queries.stores import list_stores
from onhand.sync.commands.by_hand import push_anew, retry, retry_all
from onhand.sync.queries.drifts import DriftFilter, list_drifts
from onhand.sync.queries.failed import FailedFilter, list_failed
from onhand.sync.queries.freshness import freshness_per_hour
from onhand.sync.queries.pushes import PushFilter, list_pushes
from onhand.sync.queries.status import read_status
from onhand.web.answers import Marked
from onhand.web.console.forms import Entered, Form
from onhand.web.console.languages import mark
from onhand.web.console.navigation import Entry
from onhand.web.console.pages.selling_shown import PAGE, names, page_of
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit
from onhand.web.fields import LONGEST_TEXT

pages = Pages(Entry(label=mark("Sync"), icon="refresh", path="/sync", order=50, key="y"))
_HOURS = 24
_FEW = 8


class Search(Form):
    """What a list of sync is narrowed down by."""

    store: str = ""
    sku: str = ""
    closed: bool = False
    after: str | None = None


class PushForm(Form):
    """Which numbers to tell anew: of a store or of all, of a SKU or of all."""

    store: str = ""
    sku: str = Field("", max_length=LONGEST_TEXT)


class RetryForm(Form):
    """What to try again: one listing, a store's failures, or (neither) all of them."""

    listing: str = ""
    store: str = ""


@pages.get("/sync", Right.READ)
def show_monitor(visit: Visit) -> Response:
    """How every store stands, live."""
    return _monitor(visit)


@pages.post("/sync/push", Right.OPERATE)
def push(visit: Visit) -> Response:
    """Have numbers planned and told anew."""
    form = visit.read(PushForm)
    if isinstance(form, Entered):
        return _monitor(visit, wanted=form)
    database = visit.environment.database
    result = push_anew(database, visit.asked(), form.store or None, sku=normalise(form.sku) or None)
    if isinstance(result, Refusal):
        wrong = Entered(form.model_dump()).because("sku", visit.why(result))
        return _monitor(visit, wanted=wrong)
    marked = msgspec.json.decode(result.answer, type=Marked).marked
    said = visit.reader.ngettext(
        "%(num)s listing is told its number again.",
        "%(num)s listings are told their numbers again.",
        marked,
    )
    return visit.done(said % {"num": visit.reader.number(marked)}, to="/sync")


@pages.post("/sync/retry", Right.OPERATE)
def try_again(visit: Visit) -> Response:
    """Have what was given up tried again."""
    form = visit.read(RetryForm)
    if isinstance(form, Entered):
        return _monitor(visit)
    database, asked = visit.environment.database, visit.asked()
    if form.listing:
        result = retry(database, asked, form.listing)
    else:
        result = retry_all(database, asked, form.store or None)
    if isinstance(result, Refusal):
        return _monitor(visit, refusal=visit.why(result))
    return visit.done(_retried(visit, result, one=bool(form.listing)), to="/sync")


@pages.get("/sync/failed", Right.READ)
def show_failed(visit: Visit) -> Response:
    """Listings that were given up."""
    wanted = visit.filters(Search)
    chosen = FailedFilter(wanted.store or None, PAGE, wanted.after)
    with visit.environment.database.snapshot() as connection:
        page = page_of(partial(list_failed, connection), chosen)
        stores = names(list_stores(connection, now=visit.now))
    return visit.page("selling/failed.html", page=page, wanted=wanted, stores=stores)


@pages.get("/sync/pushes", Right.READ)
def show_pushes(visit: Visit) -> Response:
    """What shops were told, and what they answered."""
    wanted = visit.filters(Search)
    chosen = PushFilter(
        wanted.store or None, normalise(wanted.sku) or None, limit=PAGE, after=wanted.after
    )
    with visit.environment.database.snapshot() as connection:
        page = page_of(partial(list_pushes, connection), chosen)
        stores = names(list_stores(connection, now=visit.now))
    return visit.page("selling/pushes.html", page=page, wanted=wanted, stores=stores)


@pages.get("/sync/drift", Right.READ)
def show_drift(visit: Visit) -> Response:
    """Numbers that shops showed and we did not expect."""
    wanted = visit.filters(Search)
    chosen = DriftFilter(wanted.store or None, wanted.closed, PAGE, wanted.after)
    with visit.environment.database.snapshot() as connection:
        page = page_of(partial(list_drifts, connection), chosen)
        stores = names(list_stores(connection, now=visit.now))
    return visit.page("selling/drift.html", page=page, wanted=wanted, stores=stores)


def _retried(visit: Visit, result: Accepted, *, one: bool) -> str:
    if one:
        return visit.text(mark("The shop is read and told its number again."))
    answer = msgspec.json.decode(result.answer, type=dict[str, int])
    said = visit.reader.ngettext(
        "%(num)s failed listing is tried again.",
        "%(num)s failed listings are tried again.",
        answer["retried"],
    )
    told = said % {"num": visit.reader.number(answer["retried"])}
    if answer["left"]:
        left = visit.reader.number(answer["left"])
        told += " " + visit.text(mark("%(left)s are left; press again."), left=left)
    return told


def _monitor(visit: Visit, *, wanted: Entered | None = None, refusal: str = "") -> Response:
    now = visit.now
    with visit.environment.database.snapshot() as connection:
        stores = read_status(connection, now=now)
        shops = list_stores(connection, now=now)
        history = freshness_per_hour(connection, now=now, hours=_HOURS)
        failed = list_failed(connection, FailedFilter(limit=_FEW))
        pushes = list_pushes(connection, PushFilter(limit=_FEW))
        drifts = list_drifts(connection, DriftFilter(limit=_FEW))
    known = {store.store: store.name for store in stores}
    return visit.page(
        "selling/monitor.html",
        status=409 if refusal else 422 if wanted is not None else 200,
        stores=stores,
        standing={store.store: store for store in stores},
        shops=shops,
        known=known,
        hours=[hour.astimezone(visit.reader.zone).strftime("%H:%M") for hour in history.hours],
        series=[(known.get(line.store, line.store), line.p99_s) for line in history.stores],
        failed=failed,
        pushes=pushes,
        drifts=drifts,
        wanted=wanted or Entered(),
        refusal=refusal,
    )
