"""The fence's rows: loaded under lock, decided in memory, written at once."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from onhand.db.bulk import BulkWrite, Part
from onhand.db.types import UtcTimestamp, to_text
from onhand.sync.model.fence import Listing
from onhand.sync.tables import listing_push

NAMES = tuple(field.name for field in fields(Listing))
_FIELDS = attrgetter(*NAMES)  # `astuple` copies every moment, at ten times the cost
COLUMNS = tuple(listing_push.c[name] for name in NAMES)
_MOMENTS = tuple(
    index for index, column in enumerate(COLUMNS) if isinstance(column.type, UtcTimestamp)
)
_SAVE = BulkWrite(Part(listing_push, NAMES, key=("listing_id",), update_only=True))
_ADD = BulkWrite(Part(listing_push, ("store_id", *NAMES), key=("listing_id",)))
_MOST_IDS = 10_000  # of one statement; SQLite takes 32,766 parameters


def lock(connection: sa.Connection, listing_ids: Iterable[str]) -> dict[str, Listing]:
    """These listings' rows, locked in one order; those without a row are left out."""
    wanted = sorted(set(listing_ids))
    found: dict[str, Listing] = {}
    for start in range(0, len(wanted), _MOST_IDS):
        statement = (
            sa.select(*COLUMNS)
            .where(listing_push.c.listing_id.in_(wanted[start : start + _MOST_IDS]))
            .order_by(listing_push.c.listing_id)
            .with_for_update()
        )
        found.update((row[0], of(row)) for row in connection.execute(statement))
    return found


def of(row: Sequence[Any]) -> Listing:
    """The state in a row that begins with `COLUMNS`."""
    return Listing(*row[: len(COLUMNS)])


def save(connection: sa.Connection, listings: Iterable[Listing]) -> None:
    """Write rows that were loaded under lock."""
    rows = [_values(listing) for listing in listings]
    if rows:
        _SAVE.run(connection, rows)


def add(connection: sa.Connection, store_of: dict[str, str], listings: Iterable[Listing]) -> None:
    """Write the first rows of these listings; `store_of` names each one's store."""
    rows = [(store_of[listing.listing_id], *_values(listing)) for listing in listings]
    if rows:
        _ADD.run(connection, rows)


def _values(listing: Listing) -> tuple[Any, ...]:
    values = list(_FIELDS(listing))
    for index in _MOMENTS:
        values[index] = None if values[index] is None else to_text(values[index])
    return tuple(values)
