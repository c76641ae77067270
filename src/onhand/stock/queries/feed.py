"""The feed: every event in an order that a follower can rely on."""

import re

import msgspec
import sqlalchemy as sa

from onhand.stock.queries.history import EventView, event_view
from onhand.stock.tables import stock_event

START = "0-0"
_LARGEST = 2**63 - 1
_CURSOR = re.compile(r"(\d{1,19})-(\d{1,19})")
_HORIZON = sa.text("pg_snapshot_xmin(pg_current_snapshot())::text::bigint")


class FeedPage(msgspec.Struct, frozen=True):
    """Events after a cursor, oldest first; ask again with `cursor`."""

    events: list[EventView]
    cursor: str
    more: bool


def read_feed(connection: sa.Connection, *, after: str | None, limit: int) -> FeedPage:
    """Up to `limit` events after the cursor (None: from the start).

    Positions are handed out before transactions commit, so a reader of positions alone would skip
    rows that commit late. Events are therefore followed in the order (transaction, position), and
    only those of transactions older than every one that still runs: nothing can appear before
    them any more, and writers need no common lock. Where batches of several processes overlapped,
    two events of one SKU may come in either order; `seq` tells theirs. SQLite has one writer and
    one transaction id.

    Raises:
        ValueError: `after` is not a cursor of this feed.
    """
    match = _CURSOR.fullmatch(after or START)
    parts = [int(part) for part in match.groups()] if match else [_LARGEST + 1]
    if max(parts) > _LARGEST:
        raise ValueError("a cursor looks like 0-0")
    event = stock_event.c
    statement = (
        sa.select(stock_event)
        .where(
            sa.tuple_(event.transaction_id, event.position)
            > sa.tuple_(*(sa.literal(part, sa.BigInteger) for part in parts))
        )
        .order_by(event.transaction_id, event.position)
        .limit(limit + 1)
    )
    if connection.dialect.name == "postgresql":
        statement = statement.where(event.transaction_id < _HORIZON)
    rows = connection.execute(statement).all()
    events = [event_view(row) for row in rows[:limit]]
    cursor = events[-1].cursor if events else (after or START)
    return FeedPage(events=events, cursor=cursor, more=len(rows) > limit)


def newest_events(connection: sa.Connection, *, limit: int) -> list[EventView]:
    """The latest events a follower could have seen, newest first; see `read_feed`."""
    event = stock_event.c
    statement = (
        sa.select(stock_event)
        .order_by(event.transaction_id.desc(), event.position.desc())
        .limit(limit)
    )
    if connection.dialect.name == "postgresql":
        statement = statement.where(event.transaction_id < _HORIZON)
    return [event_view(row) for row in connection.execute(statement)]
