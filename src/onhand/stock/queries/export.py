"""Every event of the ledger, as it was hashed."""

from collections.abc import Iterator

import sqlalchemy as sa

from onhand.stock.model.events import Event
from onhand.stock.queries.verify import stream_events
from onhand.stock.tables import ledger_head

_FIELDS = ", ".join(Event._fields)


def export_events(connection: sa.Connection) -> Iterator[Event]:
    """All events, oldest first, a few in memory at once; along one SKU they follow its chain."""
    return stream_events(connection, f"SELECT {_FIELDS} FROM stock_event ORDER BY position")  # noqa: S608 — field names


def count_events(connection: sa.Connection) -> int:
    """How many events there are, told from the heads of the chains without reading any."""
    return int(connection.execute(sa.select(sa.func.sum(ledger_head.c.version))).scalar() or 0)
