"""Settling a push: what the shop answered becomes what we believe (Y2, Y3)."""

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from onhand.channels.port import ListingKey
from onhand.db.bulk import BulkWrite, Part
from onhand.db.errors import TransactionConflict
from onhand.db.lookup import select_in
from onhand.db.types import to_text
from onhand.stock.commands import Ledger
from onhand.stock.model.commands import Caller, Command, Note
from onhand.stock.model.events import Kind, Reference, ReferenceType, Source
from onhand.sync.commands import rows
from onhand.sync.commands.claims import Claim, ClaimedRow
from onhand.sync.model import fence, risk
from onhand.sync.model.fence import Listing, Mode, Send, Waits
from onhand.sync.tables import push

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
            _note_failure(ledger, connection, claim, settlement)
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


def recover(ledger: Ledger, store_id: str, *, now: datetime, waits: Waits | None = None) -> int:
    """Give claims that ran out to the fence: their process died, the outcome is unknown (rule 4).

    Returns how many listings. Raises:
        DatabaseUnavailable, TransactionConflict: call again.
    """
    lost = Settlement(Outcome.UNKNOWN, "the process that sent it ended")
    with ledger.database.begin_ledger() as connection:
        overdue = _overdue(connection, store_id, now)
        for claim in overdue:
            _note_failure(ledger, connection, claim, lost)
        push_of = {row.listing_id: claim.push_id for claim in overdue for row in claim.rows}
        states = rows.lock(connection, push_of)
        if any(state.push_id != push_of[state.listing_id] for state in states.values()):
            raise TransactionConflict("a late settlement came first")
        _log(connection, store_id, states.values(), lost, now)
        for state in states.values():
            fence.unknown(state, now, lost.reason, waits=waits or Waits())
        rows.save(connection, states.values())
        return len(states)


def has_overdue(connection: sa.Connection, store_id: str, *, now: datetime) -> bool:
    """Whether `recover` would find anything."""
    found = select_in(
        connection,
        "SELECT 1 FROM listing_push WHERE store_id IN {list} AND push_id IS NOT NULL "
        "AND push_until < {value} LIMIT 1",
        [store_id],
        to_text(now),
    )
    return bool(found)


def _overdue(connection: sa.Connection, store_id: str, now: datetime) -> list[Claim]:
    """The claims that ran out, as they were made."""
    found = rows.with_listings(
        connection,
        "p.store_id = ? AND p.push_id IS NOT NULL AND p.push_until < ? "
        "ORDER BY p.push_id, p.listing_id",
        (store_id, to_text(now)),
    )
    claims: dict[str, list[ClaimedRow]] = {}
    for state, sku_id, item, variant in found:
        assert state.push_id is not None
        assert state.push_mode is not None
        send = Send(Mode(state.push_mode), state.push_units)
        key = ListingKey(item, variant)
        claimed = ClaimedRow(state.listing_id, sku_id or "", key, send, state.tries + 1)
        claims.setdefault(state.push_id, []).append(claimed)
    return [Claim(push_id, store_id, tuple(of), len(of)) for push_id, of in claims.items()]


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


def _note_failure(
    ledger: Ledger, connection: sa.Connection, claim: Claim, settlement: Settlement
) -> None:
    """An event for each SKU concerned: of a refused call only that of the row at fault, if known.

    The others of such a call get their number with the next one.
    """
    at_fault = claim.rows
    if settlement.row is not None and settlement.row < len(claim.rows):
        at_fault = (claim.rows[settlement.row],)
    by_attempt: dict[int, set[str]] = {}
    for row in at_fault:
        by_attempt.setdefault(row.attempt, set()).add(row.sku_id)
    caller = Caller(f"store:{claim.store_id}", Source.SYSTEM, touches_all=True)
    reference = Reference(ReferenceType.CHANNEL, claim.push_id)
    commands = [
        Command(
            caller,
            Note(
                Kind.PUSH_FAILED,
                tuple(sorted(skus)),
                f"attempt {attempt}: {settlement.reason}",
                reference,
            ),
            store_id=claim.store_id,
        )
        for attempt, skus in sorted(by_attempt.items())
    ]
    ledger.execute_within(connection, commands)
