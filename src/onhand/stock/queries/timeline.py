"""One SKU's stock over time, as steps (S5, S11)."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
import sqlalchemy as sa

from onhand.catalog.queries import find_registered
from onhand.db.types import UtcTimestamp
from onhand.stock.queries.levels import last_seq_by, read_levels
from onhand.stock.tables import reservation, stock_event

MOST_POINTS = 1000
_EVENT = stock_event.c
_HOLD = reservation.c


class StockPoint(msgspec.Struct, frozen=True):
    """Whole units from this moment on, until the next point."""

    at: datetime
    on_hand: int
    reserved: int
    available: int


class Timeline(msgspec.Struct, frozen=True):
    """A SKU's stock over all locations from `since` until `until`.

    The first point is what was there at `since`, the last what is there at `until`; each between
    is a moment at which something happened, with what was there after it. Draw steps: nothing
    happened between two events. With more events than points, neighbours are told as one; `events`
    says how many there were.
    """

    sku: str
    since: datetime
    until: datetime
    events: int
    points: list[StockPoint]


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when until when (neither in the future), and in how many points at most (3 … 1000)."""

    since: datetime
    until: datetime
    points: int = 200


@dataclass(frozen=True, slots=True)
class _Change:
    at: datetime
    on_hand: int
    reserved: int
    events: int = 1


def timeline(
    connection: sa.Connection, code: str, wanted: Stretch, *, now: datetime
) -> Timeline | None:
    """The SKU's stock over a stretch of time; None for an unknown code.

    A change counts from when it happened, however late it was entered, and a hold until it ends,
    as in `level_as_of`. Raises:
        ValueError: the stretch or its number of points is out of range.
    """
    if not wanted.since < wanted.until <= now:
        raise ValueError("since must come before until, and until must not lie in the future")
    if not 3 <= wanted.points <= MOST_POINTS:
        raise ValueError(f"the points are 3 … {MOST_POINTS}")
    found = find_registered(connection, [code])
    if not found:
        return None
    sku_id, generation = found[code]
    level = read_levels(connection, [sku_id], now=now)[sku_id]
    happened = _happened(connection, (sku_id, generation), wanted.since)
    ended = _ended(connection, sku_id, wanted.since, now)
    later = [_sum(connection, happened.where(_EVENT.happened_at > wanted.until))]
    later += [change for change in ended if change.at > wanted.until]
    changes = _changes(connection, happened.where(_EVENT.happened_at <= wanted.until), wanted)
    changes += [change for change in ended if change.at <= wanted.until]
    on_hand = level.on_hand - sum(change.on_hand for change in (*changes, *later))
    reserved = level.reserved - sum(change.reserved for change in (*changes, *later))
    points = [StockPoint(wanted.since, on_hand, reserved, on_hand - reserved)]
    for change in _merged(changes, wanted.points - 2):
        on_hand, reserved = on_hand + change.on_hand, reserved + change.reserved
        points.append(StockPoint(change.at, on_hand, reserved, on_hand - reserved))
    if points[-1].at < wanted.until:
        points.append(StockPoint(wanted.until, on_hand, reserved, on_hand - reserved))
    events = sum(change.events for change in changes)
    return Timeline(sku_id, wanted.since, wanted.until, events, points)


def _happened(
    connection: sa.Connection, sku: tuple[str, int], since: datetime
) -> sa.Select[datetime, int, int]:
    """What moved units of a SKU's present life after `since`: when, on hand, reserved."""
    sku_id, generation = sku
    return (
        sa.select(_EVENT.happened_at, _EVENT.on_hand_change, _EVENT.reserved_change)
        .where(_EVENT.sku_id == sku_id, _EVENT.generation == generation)
        # Nothing happens after it was recorded.
        .where(_EVENT.seq > last_seq_by(connection, sku_id, since), _EVENT.happened_at > since)
        .where(sa.or_(_EVENT.on_hand_change != 0, _EVENT.reserved_change != 0))
    )


def _sum(connection: sa.Connection, happened: sa.Select[datetime, int, int]) -> _Change:
    rows = happened.subquery()
    sums = (sa.func.sum(rows.c.on_hand_change), sa.func.sum(rows.c.reserved_change))
    at, *units = connection.execute(sa.select(sa.func.max(rows.c.happened_at), *sums)).one()
    return _Change(at, *(int(value or 0) for value in units))


def _changes(
    connection: sa.Connection,
    happened: sa.Select[datetime, int, int],
    wanted: Stretch,
) -> list[_Change]:
    """Single changes where they are few, else those of one fraction of the stretch as one."""
    few = happened.order_by(_EVENT.happened_at, _EVENT.seq).limit(wanted.points)
    rows = connection.execute(few).all()
    if len(rows) < wanted.points:
        return [_Change(row[0], row[1], row[2]) for row in rows]
    per_second = wanted.points / (wanted.until - wanted.since).total_seconds()
    events = happened.add_columns(_seconds(connection, wanted.since).label("seconds")).subquery()
    part = sa.cast(events.c.seconds * per_second, sa.BigInteger)
    grouped = sa.select(
        sa.func.max(events.c.happened_at),
        sa.func.sum(events.c.on_hand_change),
        sa.func.sum(events.c.reserved_change),
        sa.func.count(),
    ).group_by(part)
    return [
        _Change(at, int(on_hand), int(reserved), events)
        for at, on_hand, reserved, events in connection.execute(grouped)
    ]


def _seconds(connection: sa.Connection, since: datetime) -> sa.ColumnElement[float]:
    """Seconds from `since` to an event; events in one order have these in the same."""
    if connection.dialect.name == "sqlite":
        start = sa.literal(since, UtcTimestamp())
        days = sa.func.julianday(_EVENT.happened_at) - sa.func.julianday(start)
        return sa.type_coerce(days, sa.Float) * 86_400.0
    seconds = sa.extract("epoch", _EVENT.happened_at)
    return sa.type_coerce(seconds, sa.Float) - since.timestamp()


def _ended(connection: sa.Connection, sku_id: str, since: datetime, now: datetime) -> list[_Change]:
    """Holds that ended after `since` and were not swept yet."""
    rows = connection.execute(
        sa.select(_HOLD.expires_at, sa.func.sum(_HOLD.units_held))
        .where(_HOLD.sku_id == sku_id, _HOLD.units_held > 0)
        .where(_HOLD.expires_at > since, _HOLD.expires_at <= now)
        .group_by(_HOLD.expires_at)
    )
    return [_Change(at, 0, -int(units)) for at, units in rows]


def _merged(changes: list[_Change], most: int) -> list[_Change]:
    """The changes in order, those of one moment as one, neighbours too until they are few."""
    ordered = sorted(changes, key=lambda change: change.at)
    merged: list[_Change] = []
    at_once = -(-len(ordered) // max(most, 1))
    for number, change in enumerate(ordered):
        if merged and (merged[-1].at == change.at or (at_once > 1 and number % at_once)):
            last = merged.pop()
            units = (last.on_hand + change.on_hand, last.reserved + change.reserved)
            merged.append(_Change(change.at, *units))
        else:
            merged.append(change)
    return merged
