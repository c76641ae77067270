"""Claiming stale listings of one store: planned and noted in one short transaction (Y1, Y2)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from onhand.access.commands import new_command_id
from onhand.channels.port import ListingKey
from onhand.db.database import Database
from onhand.db.lookup import select_in
from onhand.db.types import from_row, to_text
from onhand.sync.commands import drifts, rows
from onhand.sync.commands.targets import Targets
from onhand.sync.model import fence
from onhand.sync.model.fence import Hold, Listing, Mode, Send, Waits

_DOUBTS = ", ".join(f"'{reason}'" for reason in fence.LOWERED_IN_DOUBT)
# What is due first: of listings that are sure those that need not wait for orders; of those in
# doubt the ones that cannot be read yet and may have to be lowered.
_STALE = (
    "p.store_id = ? AND p.stale_at IS NOT NULL AND p.push_id IS NULL AND p.failed_at IS NULL "
    "AND l.sku_id IS NOT NULL AND (p.retry_at IS NULL OR p.retry_at <= ?) AND CASE "
    "WHEN p.doubt IS NULL THEN NOT p.waits_for_orders OR p.read_to <= ? "
    f"WHEN p.doubt IN ({_DOUBTS}) THEN NOT p.waits_for_orders AND p.read_after > ? "
    "ELSE 1 = 0 END ORDER BY p.due_at LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Terms:
    """How a store is pushed: what one call carries, the largest number, how the fence waits.

    `lease_s`: for how long a claim is honoured; after it the outcome counts as unknown.
    `repair_units`: by how much a number that was changed at the shop is corrected unasked.
    """

    rows: int
    most_units: int
    waits: Waits = field(default_factory=Waits)
    lease_s: float = 120.0
    repair_units: int = 50


@dataclass(frozen=True, slots=True)
class ClaimedRow:
    """One listing to push; `attempt` counts from 1 since its last success."""

    listing_id: str
    sku_id: str
    key: ListingKey
    send: Send
    attempt: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A call to be made; `planned` counts listings looked at, so that 0 means: nothing is due."""

    push_id: str
    store_id: str
    rows: tuple[ClaimedRow, ...]
    planned: int


def claim(database: Database, store_id: str, terms: Terms, *, now: datetime) -> Claim:
    """Plan the listings that are due first and claim those that must be told.

    The number is read now, so that a burst of changes is one push. Raises:
        DatabaseUnavailable, TransactionConflict: nothing was claimed; call again.
    """
    with database.begin() as connection:
        passed = taken_in_until(connection, store_id)
        found = _stale(connection, store_id, terms, (now, passed))
        if not found:
            return Claim("", store_id, (), 0)
        sku_of = {state.listing_id: sku_id for state, sku_id, _ in found}
        targets = Targets(connection, store_id, sku_of, most=terms.most_units, now=now)
        planner = _Planner(targets, terms, passed, now)
        for state, sku_id, key in found:
            planner.plan(state, sku_id, key)
        drifts.note(connection, planner.drifted, now=now)
        first = [row.listing_id for row in planner.claimed if row.send.mode is Mode.ABSOLUTE]
        if first:
            drifts.given_numbers(connection, first, now=now)
        rows.save(connection, [state for state, _, _ in found])
        return Claim(planner.push_id, store_id, tuple(planner.claimed), len(found))


def is_due(connection: sa.Connection, store_id: str, waits: Waits, *, now: datetime) -> bool:
    """Whether `claim` would find anything to plan."""
    values = _values(store_id, waits, taken_in_until(connection, store_id), now)
    return bool(rows.with_listings(connection, _STALE, (*values, 1)))


def taken_in_until(connection: sa.Connection, store_id: str) -> datetime | None:
    """The moment up to which every order of the store has been taken in."""
    statement = "SELECT taken_in_until FROM store_progress WHERE store_id IN {list}"
    found = select_in(connection, statement, [store_id])
    return from_row(found[0][0]) if found else None


def _stale(
    connection: sa.Connection,
    store_id: str,
    terms: Terms,
    moments: tuple[datetime, datetime | None],
) -> list[tuple[Listing, str, ListingKey]]:
    now, passed = moments
    is_postgres = connection.dialect.name == "postgresql"
    statement = f"{_STALE} FOR UPDATE OF p SKIP LOCKED" if is_postgres else _STALE
    values = (*_values(store_id, terms.waits, passed, now), terms.rows)
    found = [
        (state, sku_id, ListingKey(item, variant))
        for state, sku_id, item, variant in rows.with_listings(connection, statement, values)
    ]
    if not found:
        return found
    # Where calls were refused, smaller ones find the row at fault. Listings in doubt have calls of
    # their own: one that shows less than we presume has its call refused.
    refusals, is_sure = found[0][0].refusals, found[0][0].doubt is None
    alike = [
        row for row in found if row[0].refusals == refusals and (row[0].doubt is None) == is_sure
    ]
    return alike[: max(1, terms.rows >> 2 * refusals)]


def _values(
    store_id: str, waits: Waits, passed: datetime | None, now: datetime
) -> tuple[str | None, ...]:
    """What stands for the marks of `_STALE`, but for the last."""
    now_text = to_text(now)
    fence_text = None if passed is None else to_text(passed - waits.margin)
    return store_id, now_text, fence_text, now_text


class _Planner:
    """Plans one listing after the other and collects what must be sent."""

    def __init__(
        self, targets: Targets, terms: Terms, passed: datetime | None, now: datetime
    ) -> None:
        self.push_id = new_command_id()
        self.claimed: list[ClaimedRow] = []
        self.drifted: list[drifts.Found] = []
        self._targets = targets
        self._terms = terms
        self._passed = passed
        self._until = now + timedelta(seconds=terms.lease_s)

    def plan(self, state: Listing, sku_id: str, key: ListingKey) -> None:
        target = self._targets.units(state.listing_id)
        if target is None:  # paused by rule
            state.stale_at = state.due_at = None
            return
        planned = self._planned(state, target)
        if isinstance(planned, Hold):
            fence.rest(state, target, planned)
            return
        fence.claim(state, planned, target, push_id=self.push_id, until=self._until)
        attempt = state.tries + 1
        self.claimed.append(ClaimedRow(state.listing_id, sku_id, key, planned, attempt))

    def _planned(self, state: Listing, target: int) -> Send | Hold:
        if state.doubt is not None:
            return fence.plan_in_doubt(state, target)
        planned = fence.plan(
            state,
            target,
            taken_in_until=self._passed,
            waits=self._terms.waits,
            repair_units=self._terms.repair_units,
        )
        if fence.has_passed(state, self._passed, self._terms.waits):
            self._judge(state, planned)
        return planned

    def _judge(self, state: Listing, planned: Send | Hold) -> None:
        """Every late order is in: what still differs was changed at the shop."""
        if not state.drift:
            if state.drift == 0:
                self.drifted.append(drifts.Found(state.listing_id, 0, state.belief, False))
            state.drift = None
            return
        waits = planned is Hold.NEEDS_PERSON
        self.drifted.append(drifts.Found(state.listing_id, state.drift, state.belief, waits))
        if not waits:
            state.drift = None
