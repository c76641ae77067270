"""How many orders come in, hour by hour."""

from collections import defaultdict
from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa

from onhand.catalog.tables import store
from onhand.orders.tables import channel_order

_HOUR = timedelta(hours=1)
MOST_HOURS = 24 * 14


class StorePulse(msgspec.Struct, frozen=True):
    """Orders placed at one store, in each hour of the pulse, and in all of them."""

    store: str
    name: str
    orders: list[int]
    total: int


class Pulse(msgspec.Struct, frozen=True):
    """Orders by the hour in which they were placed, by the shop's clock.

    `hours` are the beginnings of the hours, oldest first; the last one is not over yet. Every
    store that is not given up has its line, with or without orders.
    """

    hours: list[datetime]
    stores: list[StorePulse]
    total: int


def orders_per_hour(connection: sa.Connection, *, now: datetime, hours: int) -> Pulse:
    """Orders known by now of the last `hours` (1 … 336) hours, the running one included.

    Cancelled ones count: they were placed. Raises:
        ValueError: `hours` is out of range.
    """
    if not 1 <= hours <= MOST_HOURS:
        raise ValueError(f"the hours are 1 … {MOST_HOURS}")
    running = now.replace(minute=0, second=0, microsecond=0)
    starts = [running - _HOUR * back for back in reversed(range(hours))]
    known = connection.execute(
        sa.select(store.c.store_id, store.c.name, store.c.status).order_by(store.c.store_id)
    ).all()
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0] * hours)
    for store_id, hour, orders in connection.execute(_counts(connection, starts[0], now)):
        at = (datetime.fromisoformat(hour) - starts[0]) // _HOUR
        counts[store_id][at] += orders
    lines = [
        StorePulse(row.store_id, row.name, counts[row.store_id], sum(counts[row.store_id]))
        for row in known
        if row.status != "inactive" or row.store_id in counts
    ]
    return Pulse(starts, lines, sum(line.total for line in lines))


def _counts(
    connection: sa.Connection, since: datetime, until: datetime
) -> sa.Select[str, str, int]:
    """Rows of store, beginning of an hour (ISO text in UTC) and number of orders."""
    order = channel_order.c
    hour: sa.ColumnElement[str]
    if connection.dialect.name == "sqlite":
        hour = sa.func.substr(sa.type_coerce(order.ordered_at, sa.Text), 1, 13)
    else:
        hour = sa.func.to_char(sa.func.timezone("UTC", order.ordered_at), 'YYYY-MM-DD"T"HH24')
    start = (hour + ":00+00:00").label("hour")
    return (
        sa.select(order.store_id, start, sa.func.count())
        .where(order.ordered_at >= since, order.ordered_at <= until)
        .group_by(order.store_id, start)
    )
