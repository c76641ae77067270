"""How stores, and single listings, share in the stock, tried dry first; why they show it."""

from typing import Annotated

import msgspec
from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from onhand.access.model import Accepted, Right
from onhand.bootstrap.shops import limits_of
from onhand.catalog.queries.listings import ListingView, read_listing
from onhand.catalog.queries.stores import StoreView, read_store
from onhand.sync.commands.rules import LARGEST_UNITS, set_rule
from onhand.sync.model.rules import EVERYTHING, Rule
from onhand.sync.queries.explain import ListingExplanation, explain_listing
from onhand.sync.queries.rules import (
    Preview,
    RuleView,
    Supposed,
    preview_listing,
    preview_store,
    read_rule,
)
from onhand.web.answers import RuleChange
from onhand.web.api.stores import unknown_store
from onhand.web.bodies import example
from onhand.web.errors import Problem, Refused
from onhand.web.guard import Visit
from onhand.web.operation import operation, operations
from onhand.web.paths import PathListing, PathStore
from onhand.web.visits import Visitor, Writer, Writing, answered, shown

router = operations("/stores", tag="sync")

_Units = Annotated[int, Field(strict=True, ge=0, le=LARGEST_UNITS)]


class RuleBody(BaseModel):
    """A rule, which replaces the one before; what is left out or null says nothing."""

    model_config = example(safety_units=2, share_percent=50, cap_units=20)
    safety_units: _Units | None = Field(None, description="Kept back from this store.")
    share_percent: Annotated[int, Field(strict=True, ge=0, le=100)] | None = Field(
        None, description="Of the rest, so much is shown."
    )
    cap_units: _Units | None = Field(None, description="Never more than so many are shown.")
    floor_units: _Units | None = Field(None, description="A number below this is shown as 0.")
    fixed_units: _Units | None = Field(
        None, description="Shown as long as there are as many, else what there is."
    )
    paused: Annotated[bool, Field(strict=True)] | None = Field(
        None, description="true: the shop's numbers are left as they are."
    )

    def rule(self) -> Rule:
        """The rule of sync."""
        return Rule(**self.model_dump())


DryRun = Annotated[
    bool,
    Query(description="true: set nothing, show what would be told to the shop."),
]


@router.get("/{store}/rule", **operation(Right.READ, RuleView, "unknown_store"))
def show_store_rule(visit: Visitor, store: PathStore) -> Response:
    """The rule of a store."""
    known = _store(visit, store)
    with visit.environment.database.read() as connection:
        return shown(read_rule(connection, known.store))


@router.put("/{store}/rule", **operation(Right.OPERATE, RuleChange, "unknown_store"))
def set_store_rule(
    writer: Writer, store: PathStore, body: RuleBody, dry_run: DryRun = False
) -> Response:
    """Set the rule of a store; every listing it touches is planned anew.

    With `dry_run=true` nothing is set, and `preview` shows what would be told: how many listings,
    and the first 100 of them.
    """
    known = _store(writer.visit, store)
    return (
        _preview(writer.visit, known, body.rule()) if dry_run else _set(writer, known, body.rule())
    )


@router.get(
    "/{store}/listings/{listing}/rule",
    **operation(Right.READ, RuleView, "unknown_store", "unknown_listing"),
)
def show_listing_rule(visit: Visitor, store: PathStore, listing: PathListing) -> Response:
    """The rule of one listing, and what holds for it over its store's."""
    known = _store(visit, store)
    own = _listing(visit, known, listing)
    with visit.environment.database.read() as connection:
        return shown(read_rule(connection, known.store, own.listing))


@router.put(
    "/{store}/listings/{listing}/rule",
    **operation(Right.OPERATE, RuleChange, "unknown_store", "unknown_listing"),
)
def set_listing_rule(
    writer: Writer,
    store: PathStore,
    listing: PathListing,
    body: RuleBody,
    dry_run: DryRun = False,
) -> Response:
    """Set the rule of one listing; what it says goes before its store's."""
    return _change(writer, store, listing, rule=body.rule(), dry_run=dry_run)


@router.delete(
    "/{store}/listings/{listing}/rule",
    **operation(Right.OPERATE, RuleChange, "unknown_store", "unknown_listing"),
)
def remove_listing_rule(
    writer: Writer, store: PathStore, listing: PathListing, dry_run: DryRun = False
) -> Response:
    """Let a listing follow its store's rule again."""
    return _change(writer, store, listing, rule=EVERYTHING, dry_run=dry_run)


@router.get(
    "/{store}/listings/{listing}/explain",
    **operation(Right.READ, ListingExplanation, "unknown_store", "unknown_listing"),
)
def explain_listing_of_store(visit: Visitor, store: PathStore, listing: PathListing) -> Response:
    """Why a listing shows what it shows.

    Line by line, from what lies at each location to the number the shop is told, and from the
    number it is believed to show to that one.
    """
    known = _store(visit, store)
    own = _listing(visit, known, listing)
    environment = visit.environment
    most = limits_of(known.platform).most_units
    now = environment.clock()
    with environment.database.snapshot() as connection:
        return shown(explain_listing(connection, own, known, most=most, now=now))


def _change(writer: Writing, store: str, listing: str, *, rule: Rule, dry_run: bool) -> Response:
    known = _store(writer.visit, store)
    own = _listing(writer.visit, known, listing)
    if dry_run:
        return _preview(writer.visit, known, rule, own)
    return _set(writer, known, rule, own)


def _set(
    writer: Writing, store: StoreView, rule: Rule, listing: ListingView | None = None
) -> Response:
    listing_id = "" if listing is None else listing.listing
    database = writer.visit.environment.database
    result = set_rule(database, writer.asked(), store.store, rule, listing_id=listing_id)
    if isinstance(result, Accepted):
        was_set = msgspec.json.decode(result.answer, type=Rule)
        change = RuleChange(store.store, listing_id or None, was_set, None)
        answer = msgspec.json.encode(change).decode()
        result = Accepted(result.command_id, answer, result.replayed)
    return answered(result)


def _preview(
    visit: Visit, store: StoreView, rule: Rule, listing: ListingView | None = None
) -> Response:
    environment = visit.environment
    now = environment.clock()
    supposed = Supposed(store.store, rule, limits_of(store.platform).most_units)
    with environment.database.snapshot() as connection:
        found: Preview = (
            preview_store(connection, supposed, now=now)
            if listing is None
            else preview_listing(connection, supposed, listing, now=now)
        )
    listing_id = None if listing is None else listing.listing
    return shown(RuleChange(store.store, listing_id, rule, found))


def _store(visit: Visit, store_id: str) -> StoreView:
    environment = visit.environment
    with environment.database.read() as connection:
        found = read_store(connection, store_id, now=environment.clock())
    if found is None:
        raise unknown_store(store_id)
    return found


def _listing(visit: Visit, store: StoreView, listing_id: str) -> ListingView:
    with visit.environment.database.read() as connection:
        found = read_listing(connection, listing_id)
    if found is None or found.store != store.store:
        raise Refused(Problem("unknown_listing", {"listing": listing_id}))
    return found
