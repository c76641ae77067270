"""Numbers told to shops: what waits, what failed, what differs, and why a listing shows it."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from onhand.access.model import Right
from onhand.bootstrap.shops import limits_of
from onhand.catalog.queries.listings import read_listing
from onhand.catalog.queries.stores import read_store
from onhand.sync.commands.by_hand import push_anew, repair, retry
from onhand.sync.queries.drifts import DriftFilter, DriftPage, list_drifts
from onhand.sync.queries.explain import ListingExplanation, explain_listing
from onhand.sync.queries.failed import FailedFilter, FailedPage, list_failed
from onhand.sync.queries.pushes import PushFilter, PushPage, list_pushes
from onhand.web.answers import Marked, Repaired, Retried
from onhand.web.bodies import example
from onhand.web.errors import Problem, Refused
from onhand.web.fields import PageSize, SkuCode, StoreId
from onhand.web.operation import operation, operations
from onhand.web.paths import PathListing, PathStore
from onhand.web.standing import SyncStatus, read_standing
from onhand.web.visits import Visitor, Writer, answered, invalid, shown

router = operations("/sync", tag="sync")

ALL = "all"
Cursor = Annotated[
    str, Field(max_length=2000, description="The `cursor` of the page before, of the same list.")
]
ListingId = Annotated[str, Field(max_length=200, description="The id of a listing.")]


class PushBody(BaseModel):
    """Which listings to tell anew; without a SKU every mapped one."""

    model_config = example(sku="ce1111")
    sku: SkuCode | None = None


class FailedSearch(BaseModel):
    """Which failed listings to show."""

    model_config = ConfigDict(extra="forbid")
    store: StoreId | None = None
    limit: PageSize = 100
    after: Cursor | None = None


class PushSearch(BaseModel):
    """Which pushes to show."""

    model_config = ConfigDict(extra="forbid")
    store: StoreId | None = None
    sku: SkuCode | None = None
    listing: ListingId | None = None
    limit: PageSize = 100
    after: Cursor | None = None


class DriftSearch(BaseModel):
    """Which drifts to show."""

    model_config = ConfigDict(extra="forbid")
    store: StoreId | None = None
    include_closed: bool = Field(False, description="true: also those that are over.")
    limit: PageSize = 100
    after: Cursor | None = None


_EVERYTHING = PushBody()


@router.get("/status", **operation(Right.READ, SyncStatus))
def show_sync_status(visit: Visitor) -> Response:
    """How every store stands.

    What waits and for how long, what is in doubt, what failed, how fresh numbers were over 24
    hours, and when orders were last taken in.
    """
    environment = visit.environment
    return shown(read_standing(environment.database, now=environment.clock()))


@router.get("/failed", **operation(Right.READ, FailedPage))
def read_failed(visit: Visitor, wanted: Annotated[FailedSearch, Query()]) -> Response:
    """Listings that were given up after their shop refused what they were told, page by page."""
    chosen = FailedFilter(wanted.store, wanted.limit, wanted.after)
    try:
        with visit.environment.database.read() as connection:
            return shown(list_failed(connection, chosen))
    except ValueError as error:
        raise invalid("query.after", str(error)) from error


@router.post("/failed/{listing}/retry", **operation(Right.OPERATE, Retried, "unknown_push"))
def retry_failed(writer: Writer, listing: PathListing) -> Response:
    """Have a listing read and told again, with all its tries."""
    return answered(retry(writer.visit.environment.database, writer.asked(), listing))


@router.get("/pushes", **operation(Right.READ, PushPage))
def read_pushes(visit: Visitor, wanted: Annotated[PushSearch, Query()]) -> Response:
    """What shops were told, and what came of it, the newest first."""
    chosen = PushFilter(wanted.store, wanted.sku, wanted.listing, wanted.limit, wanted.after)
    try:
        with visit.environment.database.read() as connection:
            return shown(list_pushes(connection, chosen))
    except ValueError as error:
        raise invalid("query.after", str(error)) from error


@router.get("/drift", **operation(Right.READ, DriftPage))
def read_drifts(visit: Visitor, wanted: Annotated[DriftSearch, Query()]) -> Response:
    """Numbers that shops showed and we did not expect, with their causes, the newest first."""
    chosen = DriftFilter(wanted.store, wanted.include_closed, wanted.limit, wanted.after)
    try:
        with visit.environment.database.read() as connection:
            return shown(list_drifts(connection, chosen))
    except ValueError as error:
        raise invalid("query.after", str(error)) from error


@router.post("/drift/{listing}/repair", **operation(Right.OPERATE, Repaired, "unknown_drift"))
def repair_drift(writer: Writer, listing: PathListing) -> Response:
    """Have the shop told the right number although somebody changed it there."""
    return answered(repair(writer.visit.environment.database, writer.asked(), listing))


@router.get("/explain/{listing}", **operation(Right.READ, ListingExplanation, "unknown_listing"))
def explain_number(visit: Visitor, listing: PathListing) -> Response:
    """Why a listing shows what it shows: from available stock, rule by rule, to the last push."""
    environment = visit.environment
    now = environment.clock()
    with environment.database.snapshot() as connection:
        found = read_listing(connection, listing)
        store = None if found is None else read_store(connection, found.store, now=now)
        if found is None or store is None:
            raise Refused(Problem("unknown_listing", {"listing": listing}))
        most = limits_of(store.platform).most_units
        return shown(explain_listing(connection, found, store, most=most, now=now))


@router.post(
    "/{store}", **operation(Right.OPERATE, Marked, "unknown_store", "unknown_sku", status=202)
)
def push_store(writer: Writer, store: PathStore, body: PushBody = _EVERYTHING) -> Response:
    """Have a store's listings planned and told anew, all or those of one SKU.

    `all` in place of a store means every store. Shops are told as soon as their limits allow;
    listings whose number is right already are told nothing.
    """
    chosen = None if store == ALL else store
    database = writer.visit.environment.database
    return answered(push_anew(database, writer.asked(), chosen, sku=body.sku), status=202)
