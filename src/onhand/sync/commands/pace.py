"""Keeping a shop's limits together with every other process that works for the store (Y4)."""

from datetime import datetime

import sqlalchemy as sa

from onhand.db.database import Database
from onhand.db.errors import TransactionConflict
from onhand.sync.tables import call_slot

_OWN = (call_slot.c.store_id == sa.bindparam("store")) & (
    call_slot.c.function == sa.bindparam("name")
)
_FREE_AT = sa.select(call_slot.c.next_at_s).where(_OWN).with_for_update()
_TAKE = sa.update(call_slot).where(_OWN).values(next_at_s=sa.bindparam("free_at_s"))


def take_slot(
    database: Database, store_id: str, function: str, *, interval_s: float, now: datetime
) -> float:
    """Reserve the next call of a function; returns in how many seconds it may be sent.

    Slots are `interval_s` seconds apart, in the order in which they were asked for, whichever
    process asks. Raises:
        DatabaseUnavailable: no slot was taken.
    """
    while True:
        try:
            with database.begin() as connection:
                at_s = _take(connection, (store_id, function), interval_s, now.timestamp())
        except TransactionConflict:
            continue
        return max(0.0, at_s - now.timestamp())


def put_off(connection: sa.Connection, store_id: str, function: str, *, until: datetime) -> None:
    """Let no call of a function be sent before a moment: the shop said so."""
    connection.execute(
        sa.update(call_slot)
        .where(call_slot.c.store_id == store_id, call_slot.c.function == function)
        .where(call_slot.c.next_at_s < until.timestamp())
        .values(next_at_s=until.timestamp())
    )


def _take(
    connection: sa.Connection, key: tuple[str, str], interval_s: float, now_s: float
) -> float:
    own = {"store": key[0], "name": key[1]}
    free_at_s = connection.execute(_FREE_AT, own).scalar()
    at_s = max(now_s, free_at_s or 0.0)
    if free_at_s is None:
        values = {"store_id": key[0], "function": key[1], "next_at_s": at_s + interval_s}
        connection.execute(sa.insert(call_slot), values)
    else:
        connection.execute(_TAKE, {**own, "free_at_s": at_s + interval_s})
    return at_s
