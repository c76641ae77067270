"""What an order tells us of its own shop's number; part of the transaction that takes it in."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from onhand.sync.commands import rows
from onhand.sync.model import fence
from onhand.sync.model.fence import Doubt, Waits
from onhand.sync.tables import store_progress


@dataclass(frozen=True, slots=True)
class Sale:
    """Units (> 0) of a listing that its shop sold, newly seen; `ordered_at` is the shop's time."""

    listing_id: str
    units: int
    ordered_at: datetime


def sold(connection: sa.Connection, sales: Iterable[Sale], *, waits: Waits) -> None:
    """Lower the beliefs of these listings: the shop has lowered its numbers already."""
    by_listing: dict[str, list[Sale]] = defaultdict(list)
    for sale in sales:
        by_listing[sale.listing_id].append(sale)
    known = rows.lock(connection, by_listing)
    for listing_id, listing in known.items():
        for sale in by_listing[listing_id]:
            fence.sold(listing, sale.units, sale.ordered_at, waits=waits)
    rows.save(connection, known.values())


def doubt(
    connection: sa.Connection, listing_ids: Iterable[str], reason: Doubt, *, now: datetime
) -> None:
    """Have these listings read: what their shop holds now cannot be predicted."""
    known = rows.lock(connection, set(listing_ids))
    for listing in known.values():
        fence.doubt(listing, reason, now)
    rows.save(connection, known.values())


def intake_passed(connection: sa.Connection, store_id: str, until: datetime) -> None:
    """Every order placed at the store up to `until` has been taken in; never moves back."""
    own = store_progress.c.store_id == store_id
    known = connection.execute(
        sa.select(store_progress.c.taken_in_until).where(own).with_for_update()
    ).scalar()
    if known is None:
        values = {"store_id": store_id, "taken_in_until": until}
        connection.execute(sa.insert(store_progress).values(values))
    elif known < until:
        connection.execute(sa.update(store_progress).where(own).values(taken_in_until=until))
