"""Listings: what stores sell, and which SKU each means."""

from functools import partial
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from onhand.access.model import Right
from onhand.catalog.commands.listings import Then, map_listing, unmap_listing
from onhand.catalog.model.listings import ListingMapping
from onhand.catalog.queries.listings import (
    ListingFilter,
    ListingPage,
    ListingView,
    Mapped,
    list_listings,
    read_listing,
)
from onhand.catalog.queries.stores import read_store
from onhand.catalog.queries.suggestions import suggest
from onhand.sync.commands.marks import mark_stale
from onhand.web.answers import Suggestions
from onhand.web.api.stores import unknown_store
from onhand.web.bodies import example
from onhand.web.errors import Problem, Refused
from onhand.web.fields import PageSize, SkuCode, StoreId
from onhand.web.operation import operation, operations
from onhand.web.paths import PathListing, PathStore
from onhand.web.visits import Visitor, Writer, Writing, answered, invalid, shown

router = operations(tag="stores")

Cursor = Annotated[str, Field(max_length=2000)]


class StoreListingSearch(BaseModel):
    """Which of a store's listings to show."""

    model_config = ConfigDict(extra="forbid")
    sku: SkuCode | None = None
    mapped: Mapped = Field(Mapped.ANY, description="`unmapped`: those that mean no SKU yet.")
    limit: PageSize = 100
    after: Cursor | None = Field(None, description="The `cursor` of the page before.")


class ListingSearch(StoreListingSearch):
    """Which listings to show, of every store or of one."""

    store: StoreId | None = None


class MappingBody(BaseModel):
    """The SKU a listing shall mean."""

    model_config = example(sku="ce1111")
    sku: SkuCode
    replace: bool = Field(
        False, strict=True, description="true: let go of another SKU that it means now."
    )


@router.get("/stores/{store}/skus", **operation(Right.READ, ListingPage, "unknown_store"))
def read_store_listings(
    visit: Visitor, store: PathStore, wanted: Annotated[StoreListingSearch, Query()]
) -> Response:
    """A store's listings with the SKUs they mean, page by page."""
    with visit.environment.database.read() as connection:
        if read_store(connection, store, now=visit.environment.clock()) is None:
            raise unknown_store(store)
    return _page(visit, wanted, store)


@router.get("/listings", **operation(Right.READ, ListingPage))
def read_listings(visit: Visitor, wanted: Annotated[ListingSearch, Query()]) -> Response:
    """Listings of every store, page by page: those without a SKU, or all of one SKU."""
    return _page(visit, wanted, wanted.store)


def _page(visit: Visitor, wanted: StoreListingSearch, store: str | None) -> Response:
    chosen = ListingFilter(store, wanted.sku, wanted.mapped, wanted.limit, wanted.after)
    try:
        with visit.environment.database.read() as connection:
            return shown(list_listings(connection, chosen))
    except ValueError as error:
        raise invalid("query.after", str(error)) from error


@router.get("/listings/{listing}", **operation(Right.READ, ListingView, "unknown_listing"))
def show_listing(visit: Visitor, listing: PathListing) -> Response:
    """One listing."""
    return shown(_known(visit, listing))


@router.get(
    "/listings/{listing}/suggestions", **operation(Right.READ, Suggestions, "unknown_listing")
)
def suggest_skus(visit: Visitor, listing: PathListing) -> Response:
    """SKUs the listing may mean, the likeliest first: by code, by alias, by name."""
    _known(visit, listing)
    with visit.environment.database.read() as connection:
        return shown(Suggestions(suggest(connection, listing)))


@router.put(
    "/listings/{listing}/sku",
    **operation(Right.OPERATE, ListingView, *("unknown_listing", "unknown_sku", "listing_mapped")),
)
def give_sku(writer: Writer, listing: PathListing, body: MappingBody) -> Response:
    """Let a listing mean a SKU; its stock is pushed there from then on."""
    mapping = ListingMapping(listing, body.sku, body.replace)
    database = writer.visit.environment.database
    return answered(map_listing(database, writer.asked(), mapping, then=_replan(writer)))


@router.delete(
    "/listings/{listing}/sku", **operation(Right.OPERATE, ListingView, "unknown_listing")
)
def take_sku(writer: Writer, listing: PathListing) -> Response:
    """Let a listing mean no SKU.

    Nothing is pushed there any more, and it is not mapped again by its codes.
    """
    database = writer.visit.environment.database
    return answered(unmap_listing(database, writer.asked(), listing, then=_replan(writer)))


def _known(visit: Visitor, listing: str) -> ListingView:
    with visit.environment.database.read() as connection:
        found = read_listing(connection, listing)
    if found is None:
        raise Refused(Problem("unknown_listing", {"listing": listing}))
    return found


def _replan(writer: Writing) -> Then:
    """Have listings told their number anew, in the transaction that changed them."""
    return partial(mark_stale, now=writer.visit.environment.clock())
