"""Settling a push: what the shop answered becomes what we believe (Y2, Y3)."""

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from onhand.db.bulk import BulkWrite, Part
from onhand.db.database import Database
from onhand.db.types import to_text
from onhand.stock.commands import Ledger
from onhand.stock.model.commands import Caller, Command, Note
from onhand.stock.model.events import Kind, Reference, ReferenceType, Source
from onhand.sync.commands import rows
from onhand.sync.commands.claims import Claim
from onhand.sync.model import fence, risk
from onhand.sync.model.fence import Listing, Waits
from onhand.sync.tables import listing_push, push

MOST_REFUSALS = 5
_LOG = BulkWrite(
    Part(
        push,
        (
            "push_id",
            "listing_id",
            "store_id",
            "mode",
            "units",
            "believed",
            "target",
            "stale_at",
            "settled_at",
            "outcome",
            "reason",
        ),
    )
)


class Outcome(StrEnum):
    """What became of a push."""

    DELIVERED = "delivered"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    NOT_SENT = "not_sent"


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a call, and why; `row` is the refused row's place in it, if known.

    `retry_after_s` is what the shop asked us to wait. `is_failure` is False where a call was put
    off for a reason that is not the listings': a pace to keep, a store that was paused.
    """

    outcome: Outcome
    reason: str = ""
    row: int | None = None
    retry_after_s: float | None = None
    is_failure: bool = True


_DELIVERED = Settlement(Outcome.DELIVERED)


def settle(
    ledger: Ledger,
    claim: Claim,
    settlement: Settlement = _DELIVERED,
    *,
    now: datetime,
    waits: Waits | None = None,
) -> int:
    """Note what became of a claimed push; returns for how many listings it still mattered.

    A claim that has run out meanwhile, and was given to the fence as unknown, changes nothing any
    more (rule 6). Raises:
        DatabaseUnavailable, TransactionConflict: nothing was noted; call again.
    """
    with ledger.database.begin_ledger() as connection:
        if settlement.outcome is not Outcome.DELIVERED and settlement.is_failure:
            _note_failure(ledger, connection, claim, settlement.reason)
        known = rows.lock(connection, [row.listing_id for row in claim.rows])
        mine = {
            row.listing_id: (place, known[row.listing_id])
            for place, row in enumerate(claim.rows)
            if row.listing_id in known and known[row.listing_id].push_id == claim.push_id
        }
        states = [state for _, state in mine.values()]
        _log(connection, claim.store_id, states, settlement, now)
        apply = _effect(claim, settlement, now, waits or Waits())
        for place, state in mine.values():
            apply(place, state)
        rows.save(connection, states)
        return len(mine)


def recover(database: Database, store_id: str, *, now: datetime, waits: Waits | None = None) -> int:
    """Give claims that ran out to the fence: their process died, the outcome is unknown (rule 4).

    Returns how many listings. Raises:
        DatabaseUnavailable, TransactionConflict: call again.
    """
    with database.begin() as connection:
        overdue = connection.execute(
            sa.select(listing_push.c.listing_id)
            .where(listing_push.c.store_id == store_id, listing_push.c.push_id.is_not(None))
            .where(listing_push.c.push_until < now)
        ).scalars()
        states = [
            state
            for state in rows.lock(connection, overdue).values()
            if state.push_until is not None and state.push_until < now
        ]
        lost = Settlement(Outcome.UNKNOWN, "the process that sent it ended")
        _log(connection, store_id, states, lost, now)
        for state in states:
            fence.unknown(state, now, lost.reason, waits=waits or Waits())
        rows.save(connection, states)
        return len(states)


def _effect(
    claim: Claim, settlement: Settlement, now: datetime, waits: Waits
) -> Callable[[int, Listing], None]:
    reason = settlement.reason

    def deliver(_place: int, state: Listing) -> None:
        fence.delivered(state, now)

    def doubt(_place: int, state: Listing) -> None:
        fence.unknown(state, now, reason, waits=waits)

    def put_off(place: int, state: Listing) -> None:
        wait_s = settlement.retry_after_s
        if wait_s is None:
            # Spread by listing and not by chance, so that a simulation repeats exactly.
            name = f"{claim.store_id} {claim.rows[place].key} {state.tries}"
            wait_s = risk.backoff_s(state.tries + 1, zlib.crc32(name.encode()) / 2**32)
        fence.not_sent(state, reason, now + timedelta(seconds=wait_s))

    def refuse(place: int, state: Listing) -> None:
        at_fault = settlement.row in (None, place)
        fence.refused(state, now, reason, at_fault=at_fault, most=MOST_REFUSALS)

    return {
        Outcome.DELIVERED: deliver,
        Outcome.UNKNOWN: doubt,
        Outcome.NOT_SENT: put_off,
        Outcome.REFUSED: refuse,
    }[settlement.outcome]


def _log(
    connection: sa.Connection,
    store_id: str,
    states: Iterable[Listing],
    settlement: Settlement,
    now: datetime,
) -> None:
    """One row for each listing, as it was when the call was made."""
    found = [
        (
            state.push_id,
            state.listing_id,
            store_id,
            state.push_mode,
            state.push_units,
            state.belief,
            state.target,
            None if state.stale_at is None else to_text(state.stale_at),
            to_text(now),
            str(settlement.outcome),
            settlement.reason or None,
        )
        for state in states
    ]
    if found:
        _LOG.run(connection, found)


def _note_failure(ledger: Ledger, connection: sa.Connection, claim: Claim, reason: str) -> None:
    caller = Caller(f"store:{claim.store_id}", Source.SYSTEM, touches_all=True)
    skus = tuple(sorted({row.sku_id for row in claim.rows}))
    note = Note(Kind.PUSH_FAILED, skus, reason, Reference(ReferenceType.CHANNEL, claim.push_id))
    ledger.execute_within(connection, [Command(caller, note, store_id=claim.store_id)])
