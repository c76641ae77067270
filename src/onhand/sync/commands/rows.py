"""The fence's rows: loaded under lock, decided in memory, written at once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from itertools import compress
from operator import attrgetter, is_not
from typing import Any

import sqlalchemy as sa

from onhand.db.bulk import BulkWrite, Part
from onhand.db.driver import execute
from onhand.db.lookup import select_in
from onhand.db.types import UtcTimestamp, from_row, to_text
from onhand.sync.model.fence import Listing
from onhand.sync.tables import listing_push

NAMES = tuple(field.name for field in fields(Listing))
_FIELDS = attrgetter(*NAMES)  # `astuple` copies every moment, at ten times the cost
_PLACES = range(len(NAMES))
_WAITS = NAMES.index("waits_for_orders")
_MOMENTS = tuple(
    place for place, name in enumerate(NAMES) if isinstance(listing_push.c[name].type, UtcTimestamp)
)
_ADD = BulkWrite(Part(listing_push, ("store_id", *NAMES), key=("listing_id",)))
_STATE = ", ".join(f"p.{name}" for name in NAMES)
_LOCK = "SELECT {state} FROM listing_push AS p WHERE listing_id IN {list} ORDER BY 1".replace(
    "{state}", _STATE
)
_WITH_LISTING = (
    "SELECT {state}, l.sku_id, l.item_key, l.variant_key "
    "FROM listing_push AS p JOIN listing AS l ON l.listing_id = p.listing_id WHERE "
).replace("{state}", _STATE)


@dataclass(slots=True)
class Stored(Listing):
    """A listing as its row says, and as it was when it was read from there."""

    loaded: tuple[Any, ...] = ()


def lock(connection: sa.Connection, listing_ids: Iterable[str]) -> dict[str, Listing]:
    """These listings' rows, locked in one order; those without a row are left out."""
    wanted = set(listing_ids)
    if not wanted:
        return {}
    is_postgres = connection.dialect.name == "postgresql"
    found = select_in(connection, f"{_LOCK} FOR UPDATE" if is_postgres else _LOCK, wanted)
    return {row[0]: of(row) for row in found}


def with_listings(
    connection: sa.Connection, condition: str, values: Sequence[str | int | None]
) -> list[tuple[Listing, str, str, str]]:
    """State, SKU, item and variant of listings; in `condition` the state is `p`, each value `?`.

    Moments among the values are text.
    """
    statement = _WITH_LISTING + condition
    if connection.dialect.name == "postgresql":
        statement = statement.replace("?", "%s")
    return [(of(row), *row[len(NAMES) :]) for row in execute(connection, statement, values)]


def of(row: Sequence[Any]) -> Listing:
    """The state in a row, as the driver gives it, that begins with `NAMES`."""
    values = list(row[: len(NAMES)])
    for index in _MOMENTS:
        if values[index] is not None:
            values[index] = from_row(values[index])
    values[_WAITS] = bool(values[_WAITS])
    listing = Stored(*values)
    listing.loaded = tuple(values)
    return listing


def save(connection: sa.Connection, listings: Iterable[Listing]) -> None:
    """Write what has changed of rows that were loaded under lock."""
    changed: dict[tuple[int, ...], list[list[Any]]] = defaultdict(list)
    for listing in listings:
        assert isinstance(listing, Stored)
        values = _FIELDS(listing)
        before = listing.loaded
        others = compress(_PLACES, map(is_not, values, before))  # few, and found in no time
        places = tuple([place for place in others if values[place] != before[place]])
        if places:
            row = [listing.listing_id, *[_bound(values[place]) for place in places]]
            changed[places].append(row)
            listing.loaded = values
    for places, rows in changed.items():
        _update_of(places).run(connection, rows)


@lru_cache(maxsize=512)
def _update_of(places: tuple[int, ...]) -> BulkWrite:
    """Writes these columns; an index whose columns are not among them is left alone."""
    columns = ("listing_id", *(NAMES[place] for place in places))
    return BulkWrite(Part(listing_push, columns, key=("listing_id",), update_only=True))


def add(connection: sa.Connection, store_of: dict[str, str], listings: Iterable[Listing]) -> None:
    """Write the first rows of these listings; `store_of` names each one's store."""
    rows = [(store_of[each.listing_id], *map(_bound, _FIELDS(each))) for each in listings]
    if rows:
        _ADD.run(connection, rows)


def _bound(value: Any) -> Any:
    return to_text(value) if isinstance(value, datetime) else value
