"""Why one listing shows what it shows: from available stock to the shop's number (S11)."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.catalog.model.stores import StoreStatus
from onhand.catalog.queries.listings import ListingView
from onhand.catalog.queries.stores import StoreView
from onhand.stock.queries.levels import LevelView, read_levels
from onhand.stock.tables import reservation
from onhand.sync.commands.claims import taken_in_until
from onhand.sync.commands.targets import read_rules
from onhand.sync.model.fence import Mode, Waits
from onhand.sync.model.rules import EVERYTHING, Rule, steps
from onhand.sync.queries.drifts import DRIFTED, DriftView, open_drift
from onhand.sync.queries.pushes import PushView, latest_pushes
from onhand.sync.tables import listing_push

_SHOWN_PUSHES = 20


class Standing(StrEnum):
    """What is the matter with a listing's number, the most pressing first."""

    UNMAPPED = "unmapped"  # it means no SKU: nothing is told
    STORE_PAUSED = "store_paused"  # or given up: the shop is not spoken to
    PAUSED_BY_RULE = "paused_by_rule"
    FAILED = "failed"  # given up: a person must have it tried again
    IN_FLIGHT = "in_flight"
    NEEDS_PERSON = "needs_person"  # changed at the shop by more than is repaired unasked
    IN_DOUBT = "in_doubt"  # it must be read first
    WAITS_TO_RETRY = "waits_to_retry"
    WAITS_FOR_ORDERS = "waits_for_orders"
    QUEUED = "queued"
    RIGHT = "right"  # the shop shows what it should, as far as we know


class StepView(msgspec.Struct, frozen=True):
    """One line of a sum: `change` units by `name` leave `units`, all whole pieces.

    `subject` is the location units lie at, or who holds them, then for what (`reference_type`).
    """

    name: str
    change: int
    units: int
    subject: str | None = None
    reference_type: str | None = None


class BeliefView(msgspec.Struct, frozen=True):
    """What we take the shop to show, and how we know.

    `units` None: it has no number, or nobody has read it yet. It was last read between
    `read_from` and `read_to`; `doubt` says why it must be read again, from `read_after` on. A
    raise waits until orders are in up to `raised_after`.
    """

    units: int | None
    read_from: datetime | None
    read_to: datetime | None
    doubt: str | None
    read_after: datetime | None
    raised_after: datetime | None
    checked_at: datetime | None


class TellingView(msgspec.Struct, frozen=True):
    """How far the shop was told: since when a change waits, what is under way, what failed."""

    stale_at: datetime | None
    due_at: datetime | None
    push: str | None
    push_units: int
    push_until: datetime | None
    pushed_at: datetime | None
    tries: int
    retry_at: datetime | None
    failure: str | None
    failed_at: datetime | None


class ListingExplanation(msgspec.Struct, frozen=True):
    """The sum from what lies at each location to what the shop is told.

    Each step's units are those before it and its change, the last step's are `target`: on hand by
    location, reserved by holder, the subtotal `available`, then the rule. `gap` leads in the same
    way from what we believe the shop to show to `target`, `difference` units away: what is in
    flight, and why the rest was not told. `rule` holds now; `target` is None where the shop is
    left alone. `pushes` are the latest, the newest first.
    """

    listing: str
    store: str
    item: str
    variant: str
    sku: str | None
    standing: Standing
    on_hand: int | None
    reserved: int | None
    available: int | None
    rule: Rule
    store_rule: Rule
    own_rule: Rule
    steps: list[StepView]
    target: int | None
    believed: int | None
    difference: int | None
    gap: list[StepView]
    belief: BeliefView | None
    telling: TellingView | None
    taken_in_until: datetime | None
    drift: DriftView | None
    pushes: list[PushView]


def explain_listing(
    connection: sa.Connection, listing: ListingView, store: StoreView, *, most: int, now: datetime
) -> ListingExplanation:
    """Why a listing of the store shows what it shows; `most` is the largest number it takes."""
    rules = read_rules(connection, listing.store, [listing.listing])
    own, of_store = rules.get(listing.listing, EVERYTHING), rules.get("", EVERYTHING)
    rule = own.over(of_store)
    level = _level(connection, listing, now)
    row = connection.execute(
        sa.select(listing_push).where(listing_push.c.listing_id == listing.listing)
    ).one_or_none()
    lines = []
    if listing.sku is not None and not rule.paused:
        lines = _steps(rule, level, _held(connection, level, now), most=most)
    target = lines[-1].units if lines else None
    standing = _standing(listing, store, rule, row, now)
    believed = None if row is None else row.belief
    difference = None if target is None or believed is None else target - believed
    return ListingExplanation(
        listing=listing.listing,
        store=listing.store,
        item=listing.item,
        variant=listing.variant,
        sku=listing.sku,
        standing=standing,
        on_hand=None if level is None else level.on_hand,
        reserved=None if level is None else level.reserved,
        available=None if level is None else level.available,
        rule=rule,
        store_rule=of_store,
        own_rule=own,
        steps=lines,
        target=target,
        believed=believed,
        difference=difference,
        gap=[] if target is None or row is None else _gap(row, target, standing),
        belief=None if row is None else _belief(row),
        telling=None if row is None else _telling(row),
        taken_in_until=taken_in_until(connection, listing.store),
        drift=open_drift(connection, listing.listing),
        pushes=latest_pushes(connection, listing.listing, limit=_SHOWN_PUSHES),
    )


def _level(connection: sa.Connection, listing: ListingView, now: datetime) -> LevelView | None:
    if listing.sku is None:
        return None
    return read_levels(connection, [listing.sku], now=now).get(listing.sku)


def _held(
    connection: sa.Connection, level: LevelView | None, now: datetime
) -> Sequence[tuple[str, str, int]]:
    """Who holds units of the SKU for what, and how many, the most first."""
    if level is None:
        return []
    hold = reservation.c
    units = sa.func.sum(hold.units_held)
    rows = connection.execute(
        sa.select(hold.holder, hold.reference_type, units)
        .where(hold.sku_id == level.sku, hold.units_held > 0)
        .where(sa.or_(hold.expires_at.is_(None), hold.expires_at > now))
        .group_by(hold.holder, hold.reference_type)
        .order_by(units.desc(), hold.holder, hold.reference_type)
    )
    return [(holder, kind, int(held)) for holder, kind, held in rows]


def _steps(
    rule: Rule, level: LevelView | None, held: Sequence[tuple[str, str, int]], *, most: int
) -> list[StepView]:
    if level is None:  # a SKU that was reset has nothing to sell
        return [StepView("not_registered", 0, 0)]
    lines = _Sum()
    for place in level.locations:
        lines.add("on_hand", place.on_hand, place.location)
    for holder, kind, units in held:
        lines.add("reserved", -units, holder, kind)
    if lines.units != level.available:  # stored totals that are wrong: `ledger verify` says where
        lines.add("unexplained", level.available - lines.units)
    found = steps(rule, available=level.available, safety_stock=level.safety_stock, most=most)
    for step in found:
        lines.add(step.name, step.units - lines.units)
    return lines.lines


def _gap(row: sa.Row[Any], target: int, standing: Standing) -> list[StepView]:
    """From what the shop is believed to show to what it should show."""
    lines = _Sum()
    lines.add("believed", row.belief or 0)
    if row.push_id is not None:
        is_new = row.push_mode == Mode.ABSOLUTE
        lines.add("in_flight", row.push_units - lines.units if is_new else row.push_units)
    if lines.units != target:
        # A change that came while a push was on its way waits until that one is settled.
        under_way = standing in (Standing.IN_FLIGHT, Standing.RIGHT)
        name = Standing.QUEUED if under_way else standing
        lines.add(name.value, target - lines.units)
    return lines.lines


class _Sum:
    """Lines that add up."""

    def __init__(self) -> None:
        self.units = 0
        self.lines: list[StepView] = []

    def add(
        self, name: str, change: int, subject: str | None = None, kind: str | None = None
    ) -> None:
        """The next line."""
        self.units += change
        self.lines.append(StepView(name, change, self.units, subject, kind))


def _standing(
    listing: ListingView, store: StoreView, rule: Rule, row: sa.Row[Any] | None, now: datetime
) -> Standing:
    if listing.sku is None:
        return Standing.UNMAPPED
    if store.status is not StoreStatus.ACTIVE:
        return Standing.STORE_PAUSED
    if rule.paused:
        return Standing.PAUSED_BY_RULE
    if row is None:  # mapped just now
        return Standing.QUEUED
    return next(standing for standing, holds in _signs(row, now) if holds)


def _signs(row: sa.Row[Any], now: datetime) -> Sequence[tuple[Standing, bool]]:
    """What may be the matter, the most pressing first, and whether it is."""
    return (
        (Standing.FAILED, row.failed_at is not None),
        (Standing.IN_FLIGHT, row.push_id is not None),
        (Standing.NEEDS_PERSON, row.failure == DRIFTED),
        (Standing.IN_DOUBT, row.doubt is not None),
        (Standing.RIGHT, row.stale_at is None),
        (Standing.WAITS_TO_RETRY, row.retry_at is not None and row.retry_at > now),
        (Standing.WAITS_FOR_ORDERS, bool(row.waits_for_orders)),
        (Standing.QUEUED, True),
    )


def _belief(row: sa.Row[Any]) -> BeliefView:
    return BeliefView(
        units=row.belief,
        read_from=row.read_from,
        read_to=row.read_to,
        doubt=row.doubt,
        read_after=row.read_after,
        raised_after=None if row.read_to is None else row.read_to + Waits().margin,
        checked_at=row.checked_at,
    )


def _telling(row: sa.Row[Any]) -> TellingView:
    return TellingView(
        stale_at=row.stale_at,
        due_at=row.due_at,
        push=row.push_id,
        push_units=row.push_units,
        push_until=row.push_until,
        pushed_at=row.pushed_at,
        tries=row.tries,
        retry_at=row.retry_at,
        failure=row.failure,
        failed_at=row.failed_at,
    )
