"""How the stores stand, orders and numbers together, for the API and the command line."""

from datetime import datetime

import msgspec

from onhand.db.database import Database
from onhand.orders.queries.due import CursorView, read_cursor
from onhand.sync.queries.status import StoreSync, read_status


class StoreStanding(msgspec.Struct, frozen=True):
    """One store: how its numbers stand, and how its last polls went (None: never polled)."""

    sync: StoreSync
    orders: CursorView | None


class SyncStatus(msgspec.Struct, frozen=True):
    """How every store stands, by store, at one moment."""

    at: datetime
    stores: list[StoreStanding]


def read_standing(database: Database, *, now: datetime) -> SyncStatus:
    """How every store stands.

    Raises:
        DatabaseUnavailable: it cannot be told.
    """
    with database.snapshot() as connection:
        found = read_status(connection, now=now)
        stores = [StoreStanding(sync, read_cursor(connection, sync.store)) for sync in found]
    return SyncStatus(now, stores)
