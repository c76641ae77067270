"""What is due for a store's orders: reading again, confirming, polling."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
import sqlalchemy as sa

from onhand.orders.tables import channel_order, intake_cursor

_ORDER = channel_order.c
_TO_CONFIRM = (
    sa.select(_ORDER.order_id)
    .where(_ORDER.store_id == sa.bindparam("store"), _ORDER.confirm_due_at <= sa.bindparam("now"))
    .order_by(_ORDER.confirm_due_at, _ORDER.order_id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order to be read again at its shop, due since `next_read_at`."""

    order_id: str
    state: str
    next_read_at: datetime


class CursorView(msgspec.Struct, frozen=True):
    """How far a store's orders have been taken in, and how the last polls went."""

    store: str
    taken_in_until: datetime | None
    polled_at: datetime | None
    failed_at: datetime | None
    last_error: str | None


def open_orders(
    connection: sa.Connection, store_id: str, *, now: datetime, limit: int
) -> list[OpenOrder]:
    """Orders due to be read again before `now`, those not read for longest first.

    A sweep takes its beginning as `now` in every call and reports to `seen` what it read: then it
    ends once all have been reached.
    """
    order = channel_order.c
    rows = connection.execute(
        sa.select(order.order_id, order.state, order.next_read_at)
        .where(order.store_id == store_id, order.next_read_at < now)
        .order_by(order.next_read_at, order.order_id)
        .limit(limit)
    )
    return [OpenOrder(*row) for row in rows]


def due_confirmations(
    connection: sa.Connection, store_id: str, *, now: datetime, limit: int
) -> list[str]:
    """Orders to be confirmed at the shop by `now`, the longest due first."""
    values = {"store": store_id, "now": now, "most": limit}
    return list(connection.execute(_TO_CONFIRM, values).scalars())


def read_cursor(connection: sa.Connection, store_id: str) -> CursorView | None:
    """The store's cursor, None before its first poll."""
    row = connection.execute(
        sa.select(intake_cursor).where(intake_cursor.c.store_id == store_id)
    ).one_or_none()
    return None if row is None else CursorView(*row)
