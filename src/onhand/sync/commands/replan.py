"""Planning a whole store anew: what a new rule or a missed change would make of it (Y5, Y8)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.catalog.tables import listing
from onhand.db.database import Database
from onhand.db.errors import TransactionConflict
from onhand.sync.commands.marks import mark_stale
from onhand.sync.commands.targets import Targets
from onhand.sync.model.rules import Rule
from onhand.sync.tables import listing_push

_PAGE = 1000
_ATTEMPTS = 8
_FIRST = ("", "")  # no item is called so
_PUSH = listing_push.c


class PlannedChange(msgspec.Struct, frozen=True):
    """A listing that would be told another number; units are whole pieces."""

    listing: str
    item: str
    variant: str
    sku: str
    believed: int | None
    shows_now: int | None
    would_show: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A store as it is to be planned: under its rules, or (for a dry run) with other ones.

    `rules` are by listing id, the store's own under ""; `most` is the largest number it takes.
    """

    store_id: str
    most: int
    rules: dict[str, Rule] | None = None


def changes(connection: sa.Connection, plan: Plan, *, now: datetime) -> Iterator[PlannedChange]:
    """The mapped listings whose number would differ from the last one planned."""
    after = _FIRST
    while True:
        rows = connection.execute(_listings(plan.store_id, after)).all()
        if not rows:
            return
        sku_of = {row.listing_id: row.sku_id for row in rows}
        targets = Targets(connection, plan.store_id, sku_of, most=plan.most, now=now)
        if plan.rules is not None:
            targets.suppose(plan.rules)
        for listing_id, item, variant, sku_id, believed, told in rows:
            units = targets.units(listing_id)
            if units is not None and units != told:
                yield PlannedChange(listing_id, item, variant, sku_id, believed, told, units)
        after = _place(rows)


def mark_changed(database: Database, plan: Plan, *, now: datetime) -> int:
    """Mark what `changes` finds, so that it is pushed; returns how many listings.

    Raises:
        DatabaseUnavailable, TransactionConflict: call again.
    """
    with database.read() as connection:
        found = [change.listing for change in changes(connection, plan, now=now)]
    for start in range(0, len(found), _PAGE):
        with database.begin() as connection:
            mark_stale(connection, found[start : start + _PAGE], now=now)
    return len(found)


def mark_all(database: Database, store_id: str, *, now: datetime) -> int:
    """Have every mapped listing of a store planned anew, a bounded number in each transaction.

    What a crash or others in the way leave out is found by `mark_changed`. Returns how many
    listings were marked. Raises:
        DatabaseUnavailable: some were marked.
    """
    marked, after = 0, _FIRST
    while True:
        with database.read() as connection:
            rows = connection.execute(_listings(store_id, after)).all()
        if not rows:
            return marked
        marked += _mark(database, [row.listing_id for row in rows], now)
        after = _place(rows)


def _mark(database: Database, listing_ids: Sequence[str], now: datetime) -> int:
    for _ in range(_ATTEMPTS):
        try:
            with database.begin() as connection:
                return mark_stale(connection, listing_ids, now=now)
        except TransactionConflict:
            continue  # another process won a lock
    return 0


def _place(rows: Sequence[sa.Row[Any]]) -> tuple[str, str]:
    return rows[-1].item_key, rows[-1].variant_key


def _listings(store_id: str, after: tuple[str, str]) -> sa.Select[Any]:
    """The next page of a store's mapped listings, in the order of its unique index."""
    place = (listing.c.item_key, listing.c.variant_key)
    return (
        sa.select(
            listing.c.listing_id,
            listing.c.item_key,
            listing.c.variant_key,
            listing.c.sku_id,
            _PUSH.belief,
            _PUSH.target,
        )
        .outerjoin(listing_push, _PUSH.listing_id == listing.c.listing_id)
        .where(listing.c.store_id == store_id, listing.c.sku_id.is_not(None))
        .where(sa.tuple_(*place) > sa.tuple_(*after))
        .order_by(*place)
        .limit(_PAGE)
    )
