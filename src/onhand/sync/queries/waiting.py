"""Numbers that wait for orders before they may be raised."""

from datetime import UTC, datetime

import sqlalchemy as sa

from onhand.db.lookup import select_in
from onhand.db.types import from_row, to_text
from onhand.sync.commands.claims import taken_in_until
from onhand.sync.model.fence import Waits

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST = (
    "SELECT min(read_to) FROM listing_push WHERE store_id IN {list} AND waits_for_orders "
    "AND doubt IS NULL AND push_id IS NULL AND stale_at IS NOT NULL AND read_to > {value}"
)


def orders_awaited_until(connection: sa.Connection, store_id: str, waits: Waits) -> datetime | None:
    """The earliest moment that intake must have passed for a waiting listing to be raised.

    None: none waits, or intake has passed what they all wait for.
    """
    passed = taken_in_until(connection, store_id)
    since = _LONG_AGO if passed is None else passed - waits.margin
    found = select_in(connection, _EARLIEST, [store_id], to_text(since))
    earliest = from_row(found[0][0])
    return None if earliest is None else earliest + waits.margin
