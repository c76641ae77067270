"""Reads of listings."""

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.access.model import has_control_characters
from onhand.catalog.model.listings import can_be_kept, exact_key
from onhand.catalog.model.skus import normalise
from onhand.catalog.model.stores import Platform, is_valid_store, normalise_store
from onhand.catalog.queries.skus import find_registered
from onhand.catalog.tables import listing, sku, store
from onhand.channels.port import ListingKey

# CROSS JOIN on SQLite and LIMIT on PostgreSQL keep them from walking all of the store's listings
# to look up a few pairs.
_FIND = {
    "sqlite": "SELECT l.item_key, l.variant_key, l.listing_id, l.sku_id FROM json_each(?) AS p "
    "CROSS JOIN listing AS l WHERE l.store_id = ? "
    "AND l.item_key = json_extract(p.value, '$[0]') "
    "AND l.variant_key = json_extract(p.value, '$[1]')",
    "postgresql": "SELECT l.item_key, l.variant_key, l.listing_id, l.sku_id "
    "FROM json_array_elements(%s::json) AS p (value) CROSS JOIN LATERAL "
    "(SELECT * FROM listing WHERE store_id = %s AND item_key = p.value ->> 0 "
    "AND variant_key = p.value ->> 1 LIMIT 1) AS l",
}


class ListingView(msgspec.Struct, frozen=True):
    """One listing; `sku` is null while it is unmapped, `mapped_by` says whose word that is.

    `missing_since` is set once the shop's catalogue has not shown it for a day.
    """

    listing: str
    store: str
    item: str
    variant: str
    sku: str | None
    sku_name: str | None
    mapped_by: str | None
    name: str
    image_url: str | None
    codes: list[str]
    is_sold: bool
    seen_at: datetime
    missing_since: datetime | None
    created_at: datetime
    updated_at: datetime


class ListingPage(msgspec.Struct, frozen=True):
    """Listings by store, item and variant; ask again with `after` = `cursor` (None: no more)."""

    listings: list[ListingView]
    cursor: str | None


class Mapped(StrEnum):
    """Which listings to show by their mapping."""

    ANY = "any"
    MAPPED = "mapped"
    UNMAPPED = "unmapped"


@dataclass(frozen=True, slots=True)
class ListingFilter:
    """Which listings to show; None means any.

    `sku` is a code or an alias, `limit` 1 … 1000, `after` the cursor of the page before.
    """

    store: str | None = None
    sku: str | None = None
    mapped: Mapped = Mapped.ANY
    limit: int = 100
    after: str | None = None


@dataclass(frozen=True, slots=True)
class ListingRef:
    """A listing's id and the SKU it means, None while it is unmapped."""

    listing_id: str
    sku_id: str | None


def read_platform(connection: sa.Connection, store_id: str) -> Platform | None:
    """The platform of the store with this id, None if there is none."""
    chosen = store.c.store_id == store_id
    found = connection.execute(sa.select(store.c.platform).where(chosen)).scalar_one_or_none()
    return None if found is None else Platform(found)


def find_listings(
    connection: sa.Connection, store_id: str, keys: Iterable[ListingKey]
) -> dict[ListingKey, ListingRef]:
    """The listings of a store with these keys, under the keys as asked; unknown ones left out."""
    platform = read_platform(connection, store_id)
    if platform is None:
        return {}
    exact = {
        key: exact_key(platform, key.item, key.variant)
        for key in keys
        if can_be_kept(key.item, key.variant)
    }
    if not exact:
        return {}
    pairs = json.dumps(sorted(set(exact.values())))
    statement = _FIND[connection.dialect.name]
    rows = connection.exec_driver_sql(statement, (pairs, store_id)).fetchall()
    found = {(row[0], row[1]): ListingRef(row[2], row[3]) for row in rows}
    return {key: found[pair] for key, pair in exact.items() if pair in found}


def read_listing(connection: sa.Connection, listing_id: str) -> ListingView | None:
    """The listing with this id, None if there is none."""
    if has_control_characters(listing_id):
        return None
    row = connection.execute(_select().where(listing.c.listing_id == listing_id)).first()
    return None if row is None else _view(row)


def find_listing(connection: sa.Connection, store_id: str, key: ListingKey) -> ListingView | None:
    """The listing of a store with this key, None if there is none."""
    ref = find_listings(connection, normalise_store(store_id), [key]).get(key)
    return None if ref is None else read_listing(connection, ref.listing_id)


def list_listings(connection: sa.Connection, wanted: ListingFilter) -> ListingPage:
    """Listings by store, item and variant, one page.

    Raises:
        ValueError: `after` is not a cursor of this list, or `limit` is out of range.
    """
    if not 1 <= wanted.limit <= 1000:
        raise ValueError("the limit is 1 … 1000")
    statement = _select().limit(wanted.limit + 1)
    order = [listing.c.store_id, listing.c.item_key, listing.c.variant_key]
    after = None if wanted.after is None else _read_cursor(wanted.after)
    if wanted.store is not None:
        store_id = normalise_store(wanted.store)
        if not is_valid_store(store_id):
            return ListingPage([], None)
        statement = statement.where(order.pop(0) == store_id)
    if after is not None:
        statement = statement.where(sa.tuple_(*order) > sa.tuple_(*after[-len(order) :]))
    if wanted.sku is not None:
        found = find_registered(connection, [normalise(wanted.sku)])
        if not found:
            return ListingPage([], None)
        ((sku_id, _),) = found.values()
        statement = statement.where(listing.c.sku_id == sku_id)
    if wanted.mapped is not Mapped.ANY:
        unmapped = listing.c.sku_id.is_(None)
        statement = statement.where(unmapped if wanted.mapped is Mapped.UNMAPPED else ~unmapped)
    rows = connection.execute(statement.order_by(*order)).all()
    page = rows[: wanted.limit]
    cursor = _cursor(page[-1]) if len(rows) > wanted.limit else None
    return ListingPage([_view(row) for row in page], cursor)


def _select() -> sa.Select[Any]:
    return sa.select(listing, sku.c.name.label("sku_name")).select_from(
        listing.outerjoin(sku, sku.c.sku_id == listing.c.sku_id)
    )


def _view(row: sa.Row[Any]) -> ListingView:
    return ListingView(
        listing=row.listing_id,
        store=row.store_id,
        item=row.item_key,
        variant=row.variant_key,
        sku=row.sku_id,
        sku_name=row.sku_name,
        mapped_by=row.mapped_by,
        name=row.name,
        image_url=row.image_url,
        codes=row.codes,
        is_sold=row.is_sold,
        seen_at=row.seen_at,
        missing_since=row.missing_since,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _cursor(row: sa.Row[Any]) -> str:
    text = json.dumps([row.store_id, row.item_key, row.variant_key])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read_cursor(cursor: str) -> tuple[str, str, str]:
    try:
        store_id, item, variant = msgspec.json.decode(
            base64.urlsafe_b64decode(cursor), type=tuple[str, str, str]
        )
    except (binascii.Error, ValueError) as error:
        raise ValueError("not a cursor of this list") from error
    if not can_be_kept(store_id, item, variant):
        raise ValueError("not a cursor of this list")
    return store_id, item, variant
