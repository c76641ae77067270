"""Reading back what a shop holds: listings in doubt first, then samples of the others (Y6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from onhand.catalog.tables import listing
from onhand.channels.port import ListingKey, StockReading
from onhand.db.database import Database
from onhand.db.types import to_text
from onhand.sync.commands import drifts, rows
from onhand.sync.model import fence
from onhand.sync.model.fence import Sight
from onhand.sync.tables import listing_push

_PUSH = listing_push.c


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A listing to read, and its revision when it was chosen."""

    listing_id: str
    key: ListingKey
    revision: int


def in_doubt(
    connection: sa.Connection, store_id: str, *, now: datetime, limit: int
) -> list[ReadRow]:
    """Listings nothing may be sent for until they are read, the longest waiting first."""
    found = rows.with_listings(
        connection,
        "p.store_id = ? AND p.doubt IS NOT NULL AND p.read_after <= ? AND p.push_id IS NULL "
        "AND l.sku_id IS NOT NULL ORDER BY p.read_after LIMIT ?",
        (store_id, to_text(now), limit),
    )
    return [
        ReadRow(state.listing_id, ListingKey(item, variant), state.revision)
        for state, _, item, variant in found
    ]


def unchecked(
    connection: sa.Connection, store_id: str, *, before: datetime, limit: int
) -> list[ReadRow]:
    """Settled listings that were last compared before a moment, the longest ago first."""
    return _choose(
        connection,
        _rows(store_id)
        .where(_PUSH.doubt.is_(None), _PUSH.stale_at.is_(None), _PUSH.checked_at < before)
        .order_by(_PUSH.checked_at)
        .limit(limit),
    )


def settle_reading(
    database: Database,
    store_id: str,
    asked: Sequence[ReadRow],
    reading: StockReading,
) -> int:
    """Let what the shop holds be the belief; returns how many listings differed from it.

    A listing to which something happened between the choice and now is left to be read again.

    Raises:
        DatabaseUnavailable, TransactionConflict: nothing was noted; call again.
    """
    with database.begin() as connection:
        known = rows.lock(connection, [row.listing_id for row in asked])
        changed, differing = [], []
        for row in asked:
            state = known.get(row.listing_id)
            if state is None or state.revision != row.revision or state.push_id is not None:
                continue
            changed.append(state)
            units = reading.units.get(row.key)
            sight = Sight(units, reading.sent_at, reading.received_at)
            if fence.is_as_believed(state, sight):
                state.checked_at = reading.received_at
                continue
            if state.doubt is None:
                differing.append((row.listing_id, state.belief, units))
            fence.read(state, sight)
        rows.save(connection, changed)
        drifts.suspect(connection, differing, store_id=store_id, now=reading.received_at)
        return len(differing)


def _rows(store_id: str) -> sa.Select[Any]:
    return (
        sa.select(_PUSH.listing_id, listing.c.item_key, listing.c.variant_key, _PUSH.revision)
        .join(listing, listing.c.listing_id == _PUSH.listing_id)
        .where(_PUSH.store_id == store_id, _PUSH.push_id.is_(None))
        .where(listing.c.sku_id.is_not(None))
    )


def _choose(connection: sa.Connection, statement: sa.Select[Any]) -> list[ReadRow]:
    return [
        ReadRow(listing_id, ListingKey(item, variant), revision)
        for listing_id, item, variant, revision in connection.execute(statement)
    ]
