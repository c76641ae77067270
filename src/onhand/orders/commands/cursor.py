"""How far a store's orders have been taken in, and which of them were read again."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from onhand.channels.port import ChannelOrder
from onhand.db.bulk import BulkWrite, Part, Row
from onhand.db.database import Database
from onhand.db.types import to_text
from onhand.orders.commands import rows
from onhand.orders.commands.rows import storable
from onhand.orders.model.sights import State
from onhand.orders.model.watch import next_read
from onhand.orders.tables import channel_order, intake_cursor
from onhand.sync.commands.beliefs import intake_passed

_ADD = {
    "sqlite": sqlite.insert(intake_cursor).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(intake_cursor).on_conflict_do_nothing(),
}

_NOTE_READ = BulkWrite(
    Part(
        channel_order,
        ("store_id", "order_id", "next_read_at", "read_at"),
        key=("store_id", "order_id"),
        update_only=True,
    )
)


def move_cursor(database: Database, store_id: str, until: datetime, *, now: datetime) -> datetime:
    """Note that every order placed at the store up to `until` has been taken in.

    Returns how far intake has come; it never moves back. Sync learns of it in the same
    transaction. Raises:
        DatabaseUnavailable: nothing was noted.
    """
    with database.begin() as connection:
        known = _locked_cursor(connection, store_id)
        until = max(known or until, until)
        values = {"taken_in_until": until, "polled_at": now, "failed_at": None, "last_error": None}
        _update(connection, store_id, values)
        intake_passed(connection, store_id, until)
    return until


def poll_failed(database: Database, store_id: str, error: str, *, now: datetime) -> None:
    """Note that the store's orders could not be read; the cursor stays where it is.

    Raises:
        DatabaseUnavailable: nothing was noted.
    """
    with database.begin() as connection:
        _locked_cursor(connection, store_id)
        _update(connection, store_id, {"failed_at": now, "last_error": storable(error)})


def seen(
    database: Database,
    store_id: str,
    orders: Sequence[ChannelOrder],
    *,
    asked: Iterable[str],
    read_at: datetime,
) -> list[ChannelOrder]:
    """Sort out a read of known orders: those that show something new are to be taken in.

    The others, and ids in `asked` that the shop left out, are noted as read at `read_at`, so that
    a sweep reaches all orders in turn. Raises:
        DatabaseUnavailable: nothing was noted.
    """
    news: list[ChannelOrder] = []
    wanted = {*map(storable, asked), *(storable(order.order_id) for order in orders)}
    with database.begin() as connection:
        known = _lock_all(connection, store_id, wanted)
        for order in orders:
            row = known.get(storable(order.order_id))
            if row is None or _is_news(order, row):
                news.append(order)
        waiting = {storable(order.order_id) for order in news}
        read = {storable(order.order_id): order.read_at for order in orders}
        noted = [
            _noted(known[order_id], read.get(order_id), read_at)
            for order_id in sorted(known.keys() - waiting)
        ]
        if noted:
            _NOTE_READ.run(connection, noted)
    return news


def _is_news(order: ChannelOrder, row: sa.Row[Any]) -> bool:
    """Whether `take_in` would do anything; an older sight is not read again and again for it."""
    shown, known = rows.sighting(order).version, rows.version_of(row)
    return shown.is_newer_than(known) and (row.is_refused or not shown.shows_the_same(known))


def _noted(row: sa.Row[Any], shown_at: datetime | None, asked_at: datetime) -> Row:
    """`shown_at` is when the shop showed the order unchanged, None where it left it out."""
    again = next_read(State(row.state), since=row.state_since, read_at=shown_at or asked_at)
    read_at = row.read_at if shown_at is None else max(row.read_at, shown_at)
    again_text = None if again is None else to_text(again)
    return row.store_id, row.order_id, again_text, to_text(read_at)


def _lock_all(
    connection: sa.Connection, store_id: str, order_ids: set[str]
) -> dict[str, sa.Row[Any]]:
    order = channel_order.c
    statement = (
        sa.select(channel_order)
        .where(order.store_id == store_id, order.order_id.in_(sorted(order_ids)))
        .order_by(order.order_id)
        .with_for_update()
    )
    return {row.order_id: row for row in connection.execute(statement)}


def _locked_cursor(connection: sa.Connection, store_id: str) -> datetime | None:
    connection.execute(_ADD[connection.dialect.name], {"store_id": store_id})
    statement = sa.select(intake_cursor.c.taken_in_until).where(
        intake_cursor.c.store_id == store_id
    )
    known: datetime | None = connection.execute(statement.with_for_update()).scalar_one()
    return known


def _update(connection: sa.Connection, store_id: str, values: dict[str, Any]) -> None:
    connection.execute(
        sa.update(intake_cursor).where(intake_cursor.c.store_id == store_id).values(values)
    )
