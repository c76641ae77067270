"""History of one SKU, and why its figures are what they are."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import sqlalchemy as sa

from onhand.catalog.queries import find_registered
from onhand.stock.model.events import Kind, Reference, ReferenceType
from onhand.stock.model.undo import (
    UNDOABLE,
    command_name,
    group_name,
    undo_reference,
    undone_group,
)
from onhand.stock.queries.holds import HoldFilter, HoldView, list_holds
from onhand.stock.queries.levels import LevelView, read_levels
from onhand.stock.queries.undo import undone_by
from onhand.stock.tables import ledger_head, stock_event

# The four-way view of older tools; an adjustment is neither in nor out.
FOUR_WAY = {
    "IN": (Kind.RECEIVED, Kind.RETURNED),
    "OUT": (Kind.SHIPPED,),
    "RESERVE": (Kind.RESERVED,),
    "RELEASE": (Kind.RELEASED, Kind.EXPIRED),
    "ADJUST": (Kind.ADJUSTED, Kind.COUNTED, Kind.TRANSFERRED),
}


class EventView(msgspec.Struct, frozen=True):
    """One stock event; changes and balances are whole units at its location.

    `undoes` names the group that it took back: `import:…`, `manual:…` or `command:…`.
    `undone_by` is the command that took the event back, told in the history of a SKU only.
    """

    cursor: str
    seq: int
    sku: str
    location: str
    kind: str
    on_hand_change: int
    reserved_change: int
    on_hand: int
    reserved: int
    shortfall: int
    reservation_id: str | None
    reason: str | None
    reference_type: str | None
    reference_id: str | None
    store: str | None
    actor: str
    source: str
    idempotency_key: str | None
    command_id: str
    happened_at: datetime
    recorded_at: datetime
    hash: str
    undoes: str | None = None
    undone_by: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which events to show; None means any. `before_seq` is the last seq seen."""

    view: str | None = None
    kind: str | None = None
    location: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before_seq: int | None = None
    limit: int = 100


def history(connection: sa.Connection, code: str, wanted: HistoryFilter) -> list[EventView] | None:
    """The SKU's events since it was registered, newest first; None for an unknown code."""
    found = find_registered(connection, [code])
    if not found:
        return None
    sku_id, generation = found[code]
    event = stock_event.c
    statement = (
        sa.select(stock_event)
        .where(event.sku_id == sku_id, event.generation == generation)
        .where(event.kind != Kind.SKU_RESET)
        .order_by(event.seq.desc())
        .limit(wanted.limit)
    )
    if wanted.view is not None:
        statement = statement.where(event.kind.in_(FOUR_WAY[wanted.view]))
    for column, compare, value in (
        (event.kind, operator.eq, wanted.kind),
        (event.location_id, operator.eq, wanted.location),
        (event.happened_at, operator.ge, wanted.since),
        (event.happened_at, operator.le, wanted.until),
        (event.seq, operator.lt, wanted.before_seq),
    ):
        if value is not None:
            statement = statement.where(compare(column, value))
    views = [event_view(row) for row in connection.execute(statement)]
    return _with_undos(connection, sku_id, views)


def _with_undos(
    connection: sa.Connection, sku_id: str, views: Sequence[EventView]
) -> list[EventView]:
    """The events of one SKU, each with the command that took it back."""
    groups = {view.cursor: _groups(view) for view in views if view.kind in UNDOABLE}
    references = {undo_reference(name).id for names in groups.values() for name in names}
    found = undone_by(connection, sku_id, references)
    if not found:
        return list(views)
    commands = {
        cursor: next(
            (found[mark] for name in names if (mark := undo_reference(name).id) in found), None
        )
        for cursor, names in groups.items()
    }
    return [msgspec.structs.replace(view, undone_by=commands.get(view.cursor)) for view in views]


def _groups(view: EventView) -> list[str]:
    """The groups that an event may have been taken back with."""
    names = [command_name(view.command_id)]
    if view.reference_type is not None and view.reference_id is not None:
        reference = Reference(ReferenceType(view.reference_type), view.reference_id)
        names.append(group_name(reference))
    return names


def event_view(row: sa.Row[tuple[object, ...]]) -> EventView:
    """An event's row as it is shown."""
    return EventView(
        cursor=f"{row.transaction_id}-{row.position}",
        seq=row.seq,
        sku=row.sku_id,
        location=row.location_id,
        kind=row.kind,
        on_hand_change=row.on_hand_change,
        reserved_change=row.reserved_change,
        on_hand=row.on_hand_after,
        reserved=row.reserved_after,
        shortfall=row.shortfall_after,
        reservation_id=row.reservation_id,
        reason=row.reason,
        reference_type=row.reference_type,
        reference_id=row.reference_id,
        store=row.store_id,
        actor=row.actor,
        source=row.source,
        idempotency_key=row.idempotency_key,
        command_id=row.command_id,
        happened_at=row.happened_at,
        recorded_at=row.recorded_at,
        hash=row.hash,
        undoes=undone_group(row.reference_type, row.reference_id),
    )


class KindLine(msgspec.Struct, frozen=True):
    """What one kind of event has added up to at one location, in whole units."""

    kind: str
    location: str
    events: int
    on_hand_change: int
    reserved_change: int


class Explanation(msgspec.Struct, frozen=True):
    """A level with everything that adds up to it.

    The `on_hand_change`s of `events` sum to `level.on_hand`; their `reserved_change`s, and the
    quantities of `holds` (when `holds_complete`), sum to `level.reserved` plus `lapsed_units`:
    units whose hold has ended and that the next command or sweep takes off.
    """

    level: LevelView
    events: list[KindLine]
    lapsed_units: int
    holds: list[HoldView]
    holds_complete: bool
    latest: list[EventView]


_SHOWN_HOLDS = 1000
_SHOWN_EVENTS = 20


def explain(connection: sa.Connection, code: str, *, now: datetime) -> Explanation | None:
    """Why the SKU's figures are what they are; None for an unknown code."""
    found = find_registered(connection, [code])
    if not found:
        return None
    sku_id, generation = found[code]
    event = stock_event.c
    sums = connection.execute(
        sa.select(
            event.kind,
            event.location_id,
            sa.func.count(),
            sa.func.sum(event.on_hand_change),
            sa.func.sum(event.reserved_change),
        )
        .where(event.sku_id == sku_id, event.generation == generation)
        .where(event.kind != Kind.SKU_RESET)
        .group_by(event.kind, event.location_id)
        .order_by(event.location_id, event.kind)
    )
    lines = [KindLine(kind, place, int(n), int(a), int(b)) for kind, place, n, a, b in sums]
    level = read_levels(connection, [code], now=now)[code]
    holds = list_holds(connection, HoldFilter(sku=code, limit=_SHOWN_HOLDS + 1), now=now)
    return Explanation(
        level=level,
        events=lines,
        lapsed_units=sum(line.reserved_change for line in lines) - level.reserved,
        holds=holds[:_SHOWN_HOLDS],
        holds_complete=len(holds) <= _SHOWN_HOLDS,
        latest=history(connection, code, HistoryFilter(limit=_SHOWN_EVENTS)) or [],
    )


def has_events(connection: sa.Connection) -> bool:
    """Whether anything was ever written to this ledger."""
    statement = sa.select(ledger_head.c.sku_id).where(ledger_head.c.version > 0).limit(1)
    return connection.execute(statement).first() is not None
