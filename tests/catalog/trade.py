"""Stores and listings for tests, asked for without ceremony."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from onhand.access.model import Accepted, Actor, Asked, Refusal
from onhand.access.queries import AuditFilter, AuditView, search_audit
from onhand.catalog.commands.listings import PageResult, map_listing, take_catalogue_page
from onhand.catalog.commands.skus import create_skus
from onhand.catalog.commands.stores import create_store
from onhand.catalog.model.listings import ListingMapping
from onhand.catalog.model.skus import NewSku
from onhand.catalog.model.stores import NewStore
from onhand.catalog.queries.listings import (
    ListingFilter,
    ListingView,
    find_listing,
    list_listings,
)
from onhand.catalog.queries.stores import StoreView, read_store
from onhand.channels.port import ChannelListing, ListingKey
from onhand.db.database import Database
from tests.shop import START

MEI = Actor("mei", "manual", "192.0.2.7")
TOKYO = "rakuten-tokyo"


def asked(key: str | None = None, now: datetime = START) -> Asked:
    """A request of MEI's."""
    return Asked(MEI, now, key)


def accepted(result: Accepted | Refusal) -> dict[str, Any]:
    """The answer of a command that must be accepted."""
    assert isinstance(result, Accepted), result
    answer: dict[str, Any] = json.loads(result.answer)
    return answer


def open_store(database: Database, store: str = TOKYO, **more: Any) -> dict[str, Any]:
    """Make a store."""
    return accepted(create_store(database, asked(), NewStore(store, "帆布堂", **more)))


def the_store(database: Database, store: str = TOKYO, now: datetime = START) -> StoreView:
    """The store as it is read."""
    with database.read() as connection:
        view = read_store(connection, store, now=now)
    assert view is not None
    return view


def register(database: Database, *codes: str, **names: str) -> None:
    """Register SKUs, by code or `code="name"`."""
    new = [NewSku(code) for code in codes] + [NewSku(code, name) for code, name in names.items()]
    accepted(create_skus(database, Asked(MEI, START), new))


def seen(
    item: str, variant: str, *codes: str, name: str = "帆布トート", **more: Any
) -> ChannelListing:
    """What a shop's catalogue shows."""
    return ChannelListing(ListingKey(item, variant), name, codes, **more)


def take(
    database: Database,
    *listings: ChannelListing,
    store: str = TOKYO,
    now: datetime = START,
) -> PageResult:
    """Take in one page."""
    with database.begin() as connection:
        return take_catalogue_page(connection, store, listings, now)


def the_listing(database: Database, item: str, variant: str) -> ListingView:
    """The listing as it is read."""
    with database.read() as connection:
        view = find_listing(connection, TOKYO, ListingKey(item, variant))
    assert view is not None
    return view


def listings(database: Database, **wanted: Any) -> Sequence[ListingView]:
    """Every listing that is wanted."""
    with database.read() as connection:
        return list_listings(connection, ListingFilter(**wanted)).listings


def mapped(
    database: Database, listing: ListingView, sku: str, *, replace: bool = False
) -> Accepted | Refusal:
    """Map a listing by hand."""
    return map_listing(database, asked(), ListingMapping(listing.listing, sku, replace))


def trail(database: Database) -> list[AuditView]:
    """The audit trail, newest first."""
    with database.read() as connection:
        return search_audit(connection, AuditFilter()).entries
