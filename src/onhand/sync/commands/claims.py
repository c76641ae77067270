"""Claiming stale listings of one store: planned and noted in one short transaction (Y1, Y2)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from onhand.access.commands import new_command_id
from onhand.catalog.tables import listing
from onhand.channels.port import ListingKey
from onhand.db.database import Database
from onhand.sync.commands import drifts, rows
from onhand.sync.commands.targets import Targets
from onhand.sync.model import fence
from onhand.sync.model.fence import Hold, Listing, Mode, Send, Waits
from onhand.sync.tables import listing_push, store_progress

_PUSH = listing_push.c


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
        listings = [rows.of(row) for row in found]
        sku_of = {row.listing_id: row.sku_id for row in found}
        targets = Targets(connection, store_id, sku_of, most=terms.most_units, now=now)
        planner = _Planner(targets, terms, passed, now)
        for state, row in zip(listings, found, strict=True):
            planner.plan(state, row.sku_id, ListingKey(row.item_key, row.variant_key))
        drifts.note(connection, planner.drifted, now=now)
        first = [row.listing_id for row in planner.claimed if row.send.mode is Mode.ABSOLUTE]
        if first:
            drifts.given_numbers(connection, first, now=now)
        rows.save(connection, listings)
        return Claim(planner.push_id, store_id, tuple(planner.claimed), len(listings))


def taken_in_until(connection: sa.Connection, store_id: str) -> datetime | None:
    """The moment up to which every order of the store has been taken in."""
    statement = sa.select(store_progress.c.taken_in_until)
    return connection.execute(statement.where(store_progress.c.store_id == store_id)).scalar()


def _stale(
    connection: sa.Connection,
    store_id: str,
    terms: Terms,
    moments: tuple[datetime, datetime | None],
) -> list[sa.Row[Any]]:
    now, passed = moments
    may_go = ~_PUSH.waits_for_orders
    if passed is not None:
        may_go |= _PUSH.read_to <= passed - terms.waits.margin
    statement = (
        sa.select(*rows.COLUMNS, listing.c.sku_id, listing.c.item_key, listing.c.variant_key)
        .join(listing, listing.c.listing_id == _PUSH.listing_id)
        .where(_PUSH.store_id == store_id, _PUSH.stale_at.is_not(None), _PUSH.push_id.is_(None))
        .where(_PUSH.doubt.is_(None), _PUSH.failed_at.is_(None), listing.c.sku_id.is_not(None))
        .where(_PUSH.retry_at.is_(None) | (_PUSH.retry_at <= now), may_go)
        .order_by(_PUSH.due_at)
        .limit(terms.rows)
        .with_for_update(of=listing_push, skip_locked=True)
    )
    found: list[sa.Row[Any]] = list(connection.execute(statement))
    if not found:
        return found
    # Where calls were refused, smaller ones find the row at fault.
    refusals = found[0].refusals
    alike = [row for row in found if row.refusals == refusals]
    return alike[: max(1, terms.rows >> 2 * refusals)]


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
        planned = fence.plan(
            state,
            target,
            taken_in_until=self._passed,
            waits=self._terms.waits,
            repair_units=self._terms.repair_units,
        )
        if fence.has_passed(state, self._passed, self._terms.waits):
            self._judge(state, planned)
        if isinstance(planned, Hold):
            fence.rest(state, target, planned)
            return
        fence.claim(state, planned, target, push_id=self.push_id, until=self._until)
        attempt = state.tries + 1
        self.claimed.append(ClaimedRow(state.listing_id, sku_id, key, planned, attempt))

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
