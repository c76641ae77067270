"""Following the ledger: every change of a SKU's stock makes its listings stale, durably (Y1)."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from onhand.db.bulk import BulkWrite, Part
from onhand.db.database import Database
from onhand.db.lookup import select_in
from onhand.db.types import from_row, to_text
from onhand.stock.model.events import Kind
from onhand.stock.queries.feed import read_feed
from onhand.stock.queries.history import EventView
from onhand.sync.commands.marks import mark_stale
from onhand.sync.model import risk
from onhand.sync.tables import feed_position, sku_pace

_FOLLOWER = "sync"
# What sync itself wrote into the ledger must not wake it again.
_OWN = {Kind.PUSH_FAILED, Kind.CHANNEL_ERROR}
_SAVE_PACE = BulkWrite(Part(sku_pace, ("sku_id", "units", "at"), key=("sku_id",)))


def follow(database: Database, *, now: datetime, limit: int = 1000) -> int:
    """Mark the listings of what changed; returns how many events were followed.

    Marks and cursor move in one transaction: a crash loses no change and repeats none. Raises:
        DatabaseUnavailable: nothing was followed; call again.
        TransactionConflict: another process follows; call again.
    """
    position = sa.select(feed_position.c.cursor).where(feed_position.c.follower == _FOLLOWER)
    with database.read() as connection:  # most looks find nothing, and must hold up nobody
        after = connection.execute(position).scalar()
        if not read_feed(connection, after=after, limit=1).events:
            return 0
    with database.begin() as connection:
        after = connection.execute(position.with_for_update()).scalar()
        page = read_feed(connection, after=after, limit=limit)
        if not page.events:
            return 0
        _mark(connection, [event for event in page.events if event.kind not in _OWN], now)
        moved = {"follower": _FOLLOWER, "cursor": page.cursor}
        if after is None:
            connection.execute(sa.insert(feed_position).values(moved))
        else:
            connection.execute(sa.update(feed_position).values(cursor=page.cursor))
        return len(page.events)


def _mark(connection: sa.Connection, events: Iterable[EventView], now: datetime) -> None:
    taken: dict[str, int] = {}
    for event in events:
        sold = event.reserved_change if event.kind == Kind.RESERVED else 0
        taken[event.sku] = taken.get(event.sku, 0) + sold
    if not taken:
        return
    heads = select_in(
        connection,
        "SELECT sku_id, on_hand - reserved FROM ledger_head WHERE sku_id IN {list}",
        taken,
    )
    available = {row[0]: row[1] for row in heads}
    paces = _note_paces(connection, taken, now)
    listings = select_in(
        connection, "SELECT listing_id, sku_id FROM listing WHERE sku_id IN {list}", available
    )
    due = {
        listing_id: risk.due_at(now, available=available[sku_id], recent_units=paces[sku_id])
        for listing_id, sku_id in listings
    }
    mark_stale(connection, due, now=now, due=due)


def _note_paces(
    connection: sa.Connection, taken: dict[str, int], now: datetime
) -> dict[str, float]:
    """How fast each of these SKUs sells, with what was taken now."""
    known = {
        sku_id: (units, from_row(at))
        for sku_id, units, at in select_in(
            connection, "SELECT sku_id, units, at FROM sku_pace WHERE sku_id IN {list}", taken
        )
    }
    paces = {}
    for sku_id in sorted(taken):
        units, at = known.get(sku_id, (0.0, now))
        paces[sku_id] = risk.sold_recently(units, now - (at or now), taken[sku_id])
    rows = [
        (sku_id, paces[sku_id], to_text(now)) for sku_id, units in sorted(taken.items()) if units
    ]
    if rows:
        _SAVE_PACE.run(connection, rows)
    return paces
