"""Listings of stores: which SKU each means, why it shows what it shows, the rule of one."""

from functools import partial

from pydantic import Field
from starlette.responses import Response

from onhand.access.model import Refusal, Right
from onhand.bootstrap.shops import limits_of
from onhand.catalog.commands.listings import Then, map_listing, unmap_listing
from onhand.catalog.model.listings import ListingMapping
from onhand.catalog.queries.listings import (
    ListingFilter,
    ListingView,
    Mapped,
    list_listings,
    read_listing,
)
from onhand.catalog.queries.stores import list_stores, read_store
from onhand.catalog.queries.suggestions import suggest
from onhand.sync.commands.by_hand import push_anew, repair, retry
from onhand.sync.commands.marks import mark_stale
from onhand.sync.queries.catalogue import count_catalogue
from onhand.sync.queries.explain import explain_listing
from onhand.web.console.forms import Entered, Form
from onhand.web.console.languages import mark
from onhand.web.console.pages.selling_shown import PAGE, known, names, page_of
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit, part
from onhand.web.errors import Problem, Refused
from onhand.web.fields import LONGEST_TEXT

pages = Pages()
_SUGGESTED = 8


class ListingSearch(Form):
    """What a store's listings are narrowed down by."""

    sku: str = ""
    mapped: Mapped = Mapped.ANY
    after: str | None = None


class MapForm(Form):
    """The SKU a listing shall mean; `replace` lets go of another."""

    sku: str = Field(min_length=1, max_length=LONGEST_TEXT)
    replace: bool = False


@pages.get("/stores/{store}/listings", Right.READ)
def show_listings(visit: Visit) -> Response:
    """What a store sells, and which SKU each listing means."""
    wanted = visit.filters(ListingSearch)
    with visit.environment.database.snapshot() as connection:
        store = known(visit, read_store(connection, visit.path("store"), now=visit.now))
        chosen = ListingFilter(
            store.store, wanted.sku or None, wanted.mapped, limit=PAGE, after=wanted.after
        )
        page = page_of(partial(list_listings, connection), chosen)
        counts = count_catalogue(connection, store.store)
    return visit.page("selling/listings.html", store=store, page=page, counts=counts, wanted=wanted)


@pages.get("/listings/{listing}", Right.READ)
def show_listing(visit: Visit) -> Response:
    """Why a listing shows what it shows, line by line, and which SKU it means."""
    return _show(visit)


@pages.post("/listings/{listing}/map", Right.OPERATE)
def map_to(visit: Visit) -> Response:
    """Let a listing mean a SKU."""
    form = visit.read(MapForm)
    if isinstance(form, Entered):
        return _show(visit, chosen=form)
    listing_id = visit.path("listing")
    mapping = ListingMapping(listing_id, form.sku, form.replace)
    result = map_listing(visit.environment.database, visit.asked(), mapping, then=replan(visit))
    if isinstance(result, Refusal):
        wrong = Entered(form.model_dump()).because("sku", visit.why(result))
        return _show(visit, chosen=wrong)
    said = visit.text(
        mark("The listing now means %(sku)s; its number is told to the shop."), sku=form.sku
    )
    return visit.done(said, to=f"/listings/{part(listing_id)}")


@pages.post("/listings/{listing}/unmap", Right.OPERATE)
def unmap(visit: Visit) -> Response:
    """Let a listing mean no SKU; its shop is told nothing any more."""
    listing_id = visit.path("listing")
    database = visit.environment.database
    result = unmap_listing(database, visit.asked(), listing_id, then=replan(visit))
    if isinstance(result, Refusal):
        return _show(visit, refusal=visit.why(result))
    said = visit.text(mark("The listing means no SKU any more; its shop is told nothing."))
    return visit.done(said, to=f"/listings/{part(listing_id)}")


@pages.post("/listings/{listing}/push", Right.OPERATE)
def push_now(visit: Visit) -> Response:
    """Have the listings of this SKU in this store told anew; one given up is tried again."""
    listing = _known(visit)
    database, asked = visit.environment.database, visit.asked()
    retried = retry(database, asked, listing.listing)
    if isinstance(retried, Refusal) and retried.code == "unknown_push":
        retried = push_anew(database, asked, listing.store, sku=listing.sku)
    if isinstance(retried, Refusal):
        return _show(visit, refusal=visit.why(retried))
    said = visit.text(mark("The shop is read and told its number again."))
    return visit.done(said, to=f"/listings/{part(listing.listing)}")


@pages.post("/listings/{listing}/repair", Right.OPERATE)
def repair_now(visit: Visit) -> Response:
    """Have the shop told the right number although somebody changed it there."""
    listing_id = visit.path("listing")
    result = repair(visit.environment.database, visit.asked(), listing_id)
    if isinstance(result, Refusal):
        return _show(visit, refusal=visit.why(result))
    said = visit.text(mark("The shop is told the right number again."))
    return visit.done(said, to=f"/listings/{part(listing_id)}")


def replan(visit: Visit) -> Then:
    """Have listings told their number anew, in the transaction that changed them."""
    return partial(mark_stale, now=visit.now)


def _known(visit: Visit) -> ListingView:
    listing_id = visit.path("listing")
    with visit.environment.database.read() as connection:
        found = read_listing(connection, listing_id)
    if found is None:
        raise Refused(Problem("unknown_listing", {"listing": listing_id}))
    return found


def _show(visit: Visit, *, chosen: Entered | None = None, refusal: str = "") -> Response:
    listing, now = _known(visit), visit.now
    with visit.environment.database.snapshot() as connection:
        store = known(visit, read_store(connection, listing.store, now=now))
        most = limits_of(store.platform).most_units
        why = explain_listing(connection, listing, store, most=most, now=now)
        likely = suggest(connection, listing.listing, limit=_SUGGESTED) if not listing.sku else []
        stores = names(list_stores(connection, now=now))
    return visit.page(
        "selling/listing.html",
        status=422 if chosen is not None else 409 if refusal else 200,
        listing=listing,
        store=store,
        stores=stores,
        why=why,
        likely=likely,
        chosen=chosen or Entered(),
        refusal=refusal,
    )
