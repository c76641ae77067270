"""Keeping record of numbers that were not what we believed, and what became of them (Y6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from onhand.access.commands import new_command_id
from onhand.db.lookup import select_in
from onhand.sync.commands import rows
from onhand.sync.model import fence
from onhand.sync.tables import drift


@dataclass(frozen=True, slots=True)
class Found:
    """A listing whose orders are all in, and what is left unexplained of its difference.

    `units` > 0: the shop shows more than it should; 0: late orders explained it all.
    """

    listing_id: str
    units: int
    shown: int | None
    waits_for_person: bool


def suspect(
    connection: sa.Connection,
    found: Iterable[tuple[str, int | None, int | None]],
    *,
    store_id: str,
    now: datetime,
) -> None:
    """Open a record for each (listing, believed, shown) that differed; one is open at a time."""
    new = [
        {
            "drift_id": new_command_id(),
            "listing_id": listing_id,
            "store_id": store_id,
            "found_at": now,
            "believed": believed,
            "shown": shown,
            "cause": "no_number" if shown is None else "unexplained",
        }
        for listing_id, believed, shown in found
    ]
    known = {
        row[0]
        for row in select_in(
            connection,
            "SELECT listing_id FROM drift WHERE listing_id IN {list} AND closed_at IS NULL",
            {str(row["listing_id"]) for row in new},
        )
    }
    records = [row for row in new if row["listing_id"] not in known]
    if records:
        connection.execute(sa.insert(drift), records)


def note(connection: sa.Connection, found: Iterable[Found], *, now: datetime) -> None:
    """Name the cause of what was found, and close what needs nobody."""
    for item in found:
        cause = "late_orders" if item.units == 0 else _cause(item.units)
        values: dict[str, object] = {"cause": cause}
        if not item.waits_for_person:
            values |= {
                "closed_at": now,
                "closed_how": "explained" if item.units == 0 else "repaired",
            }
        connection.execute(
            sa.update(drift)
            .where(drift.c.listing_id == item.listing_id, drift.c.closed_at.is_(None))
            .values(values)
        )


def given_numbers(connection: sa.Connection, listing_ids: Iterable[str], *, now: datetime) -> None:
    """Close the records of listings that had lost their number and are given one."""
    connection.execute(
        sa.update(drift)
        .where(drift.c.listing_id.in_(set(listing_ids)), drift.c.closed_at.is_(None))
        .values(cause="no_number", closed_at=now, closed_how="repaired")
    )


def repair(connection: sa.Connection, listing_ids: Iterable[str], *, now: datetime) -> int:
    """A person has decided: push what should be shown; returns how many records it closed."""
    wanted = set(listing_ids)
    states = rows.lock(connection, wanted)
    for state in states.values():
        state.drift = state.failure = None
        fence.mark_stale(state, now, now)
    rows.save(connection, states.values())
    closed = connection.execute(
        sa.update(drift)
        .where(drift.c.listing_id.in_(wanted), drift.c.closed_at.is_(None))
        .values(closed_at=now, closed_how="repaired by hand")
    )
    return closed.rowcount


def _cause(units: int) -> str:
    """More than we believed: edited or restocked there; fewer: edited, or an order we lack."""
    return "raised_at_the_shop" if units > 0 else "lowered_at_the_shop_or_lost_order"
