"""Marking listings whose number may have changed."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa

from onhand.db.lookup import select_in
from onhand.sync.commands import rows
from onhand.sync.model import fence
from onhand.sync.model.fence import Doubt, Listing


def mark_stale(
    connection: sa.Connection,
    listing_ids: Iterable[str],
    *,
    now: datetime,
    due: Mapping[str, datetime] | None = None,
) -> int:
    """Have these listings planned anew; returns how many are mapped and so were marked.

    A listing that is marked for the first time is read before anything is sent. `due` gives the
    moment by which each should be told, where that is not at once.
    """
    wanted = sorted(set(listing_ids))
    if not wanted:
        return 0
    store_of = _mapped(connection, wanted)
    known = rows.lock(connection, store_of)
    for listing_id, listing in known.items():
        fence.mark_stale(listing, now, (due or {}).get(listing_id, now))
    rows.save(connection, known.values())
    new = [
        Listing(listing_id, read_after=now) for listing_id in store_of if listing_id not in known
    ]
    for listing in new:
        fence.mark_stale(listing, now, now)
    rows.add(connection, store_of, new)
    return len(store_of)


def mark_skus(connection: sa.Connection, sku_ids: Iterable[str], *, now: datetime) -> int:
    """Have the listings of these SKUs planned anew, in every store."""
    found = select_in(
        connection, "SELECT listing_id FROM listing WHERE sku_id IN {list}", set(sku_ids)
    )
    return mark_stale(connection, [row[0] for row in found], now=now)


def mark_store(
    connection: sa.Connection, store_id: str, *, now: datetime, sku_id: str | None = None
) -> int:
    """Have every mapped listing of a store, or those of one SKU there, planned anew (Y9)."""
    statement = "SELECT listing_id FROM listing WHERE store_id IN {list} AND sku_id IS NOT NULL"
    found = (
        select_in(connection, statement, [store_id])
        if sku_id is None
        else select_in(connection, statement + " AND sku_id = {value}", [store_id], sku_id)
    )
    return mark_stale(connection, [row[0] for row in found], now=now)


def ask_to_read(connection: sa.Connection, listing_ids: Iterable[str], *, now: datetime) -> int:
    """Have these listings read and then planned anew, whatever failed before (Y9)."""
    known = rows.lock(connection, set(listing_ids))
    for listing in known.values():
        listing.failed_at = listing.failure = listing.retry_at = None
        listing.tries = listing.refusals = 0
        if listing.push_id is None:
            fence.doubt(listing, Doubt.ASKED, now)
        fence.mark_stale(listing, now, now)
    rows.save(connection, known.values())
    return len(known)


def _mapped(connection: sa.Connection, listing_ids: Iterable[str]) -> dict[str, str]:
    found = select_in(
        connection,
        "SELECT listing_id, store_id FROM listing WHERE listing_id IN {list} "
        "AND sku_id IS NOT NULL ORDER BY listing_id",
        listing_ids,
    )
    return {row[0]: row[1] for row in found}
