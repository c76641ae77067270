"""Levels: what is on hand, reserved and available, now or at a moment."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.catalog.model import is_valid_code, normalise
from onhand.catalog.queries import find_registered
from onhand.db.lookup import select_in
from onhand.db.types import UtcTimestamp, from_row, to_text
from onhand.stock.tables import ledger_head, reservation, stock_event

_HEADS = (
    "SELECT s.sku_id, s.original_sku, h.version, h.allow_oversell, h.safety_stock, "
    "h.low_stock_threshold, h.next_expiry_at, h.counted_at FROM sku s "
    "LEFT JOIN ledger_head h ON h.sku_id = s.sku_id "
    "WHERE s.status <> 'unregistered' AND s.sku_id IN {list}"
)
# A row for each location, or one without any.
_STOCK = (
    f"SELECT head.*, l.location_id, l.on_hand, l.reserved FROM ({_HEADS}) AS head "  # noqa: S608 — fixed text above
    "LEFT JOIN stock_level l ON l.sku_id = head.sku_id ORDER BY head.sku_id, l.location_id"
)
# What adds up over all locations stands in the head.
_OFFERED = (
    "SELECT sku_id, on_hand - reserved, safety_stock, next_expiry_at FROM ledger_head "
    "WHERE registered AND sku_id IN {list}"
)
# Recorded times rise with seq, so one statement halves the range until a single event is left.
_LAST_SEQ = sa.text(
    "WITH RECURSIVE search (low, high) AS ("
    "SELECT CAST(0 AS BIGINT), version FROM ledger_head WHERE sku_id = :sku_id UNION ALL "
    "SELECT CASE WHEN recorded_at <= :moment THEN seq ELSE low END, "
    "CASE WHEN recorded_at <= :moment THEN high ELSE seq - 1 END "
    "FROM search JOIN stock_event ON sku_id = :sku_id AND seq = (low + high + 1) / 2 "
    "WHERE low < high) SELECT max(low) FROM search"
).bindparams(sa.bindparam("moment", type_=UtcTimestamp))


class LocationLevel(msgspec.Struct, frozen=True):
    """Units of one SKU at one location."""

    location: str
    on_hand: int
    reserved: int
    available: int


class LevelView(msgspec.Struct, frozen=True):
    """One SKU's stock in whole units, over all locations and by location."""

    sku: str
    original_sku: str
    on_hand: int
    reserved: int
    available: int
    sellable: int
    safety_stock: int
    low_stock_threshold: int
    is_low: bool
    is_out: bool
    allow_oversell: bool
    version: int
    counted_at: datetime | None
    locations: list[LocationLevel]


def read_levels(
    connection: sa.Connection, codes: Iterable[str], *, now: datetime
) -> dict[str, LevelView]:
    """Levels of the known codes, by code as given (normalised); unknown codes are left out.

    A hold whose end has come does not count, whether or not it was swept yet.
    """
    wanted = {code for code in map(normalise, codes) if is_valid_code(code)}
    rows = list(select_in(connection, _STOCK, wanted))
    names = {row[0]: row[0] for row in rows}
    missing = wanted - names.keys()
    if missing:
        aliases = find_registered(connection, missing)
        known = {sku_id for sku_id, _ in aliases.values()} - names.keys()
        rows += select_in(connection, _STOCK, known)
        names.update({alias: sku_id for alias, (sku_id, _) in aliases.items()})
    ending = {row[0]: row[6] for row in rows}
    views = _views(rows, _lapsed(connection, ending, now))
    return {code: views[sku_id] for code, sku_id in names.items()}


def read_offered(
    connection: sa.Connection, sku_ids: Iterable[str], *, now: datetime
) -> dict[str, tuple[int, int]]:
    """Units available over all locations, and the safety stock, of those that are registered.

    All that a shop's number is made from, for a third of what a whole level costs.
    """
    rows = select_in(connection, _OFFERED, sku_ids)
    offered = {row[0]: (row[1], row[2]) for row in rows}
    ending = {row[0]: row[3] for row in rows if row[3] is not None}
    for (sku_id, _), units in _lapsed(connection, ending, now).items():
        available, safety_stock = offered[sku_id]
        offered[sku_id] = (available + units, safety_stock)
    return offered


def _views(
    rows: Iterable[Sequence[Any]], lapsed: dict[tuple[str, str], int]
) -> dict[str, LevelView]:
    heads: dict[str, Sequence[Any]] = {}
    places: dict[str, list[LocationLevel]] = {}
    for row in rows:
        sku_id, place, on_hand, reserved = row[0], *row[8:]
        heads[sku_id] = row
        here = places.setdefault(sku_id, [])
        if place is not None:
            held = reserved - lapsed.get((sku_id, place), 0)
            here.append(LocationLevel(place, on_hand, held, on_hand - held))
    return {sku_id: _view(row, places[sku_id]) for sku_id, row in heads.items()}


def _lapsed(
    connection: sa.Connection, ending: Mapping[str, Any], now: datetime
) -> dict[tuple[str, str], int]:
    """Units whose hold has ended but has not been swept yet, by SKU and location.

    `ending` tells before when no hold of a SKU ends, as the driver gives it.
    """
    due = {sku for sku, at in ending.items() if (end := from_row(at)) is not None and end <= now}
    if not due:
        return {}
    ended = select_in(
        connection,
        "SELECT sku_id, location_id, sum(units_held) FROM reservation "
        "WHERE sku_id IN {list} AND units_held > 0 AND expires_at <= {value} "
        "GROUP BY sku_id, location_id",
        due,
        to_text(now),
    )
    return {(sku_id, place): int(units) for sku_id, place, units in ended}


def _view(head: Sequence[Any], places: list[LocationLevel]) -> LevelView:
    on_hand = sum(place.on_hand for place in places)
    reserved = sum(place.reserved for place in places)
    available = on_hand - reserved
    safety_stock, threshold = head[4] or 0, head[5] or 0
    return LevelView(
        sku=head[0],
        original_sku=head[1],
        on_hand=on_hand,
        reserved=reserved,
        available=available,
        sellable=max(0, available - safety_stock),
        safety_stock=safety_stock,
        low_stock_threshold=threshold,
        is_low=available <= threshold,
        is_out=available <= 0,
        allow_oversell=bool(head[3]),
        version=head[2] or 0,
        counted_at=from_row(head[7]),
        locations=places,
    )


def low_stock(
    connection: sa.Connection, *, now: datetime, limit: int, after: str | None = None
) -> list[LevelView]:
    """Registered SKUs at or below their threshold, by code; `after` is the last code seen."""
    found: list[LevelView] = []
    while len(found) < limit:
        rows = connection.execute(
            sa.select(ledger_head.c.sku_id)
            .where(ledger_head.c.is_low, ledger_head.c.registered)
            .where(ledger_head.c.sku_id > (after or ""))
            .order_by(ledger_head.c.sku_id)
            .limit(limit - len(found))
        ).scalars()
        codes = list(rows)
        if not codes:
            break
        after = codes[-1]
        levels = read_levels(connection, codes, now=now)
        # A hold that has ended but was not swept yet may lift a SKU above its threshold again.
        found += [levels[code] for code in codes if code in levels and levels[code].is_low]
    return found


def skus_with_due_holds(connection: sa.Connection, now: datetime, limit: int) -> list[str]:
    """SKU ids that have a hold to end by now, the longest overdue first."""
    statement = (
        sa.select(ledger_head.c.sku_id)
        .where(ledger_head.c.next_expiry_at.is_not(None), ledger_head.c.next_expiry_at <= now)
        .order_by(ledger_head.c.next_expiry_at)
        .limit(limit)
    )
    return list(connection.execute(statement).scalars())


def level_as_of(
    connection: sa.Connection, code: str, moment: datetime, *, recorded: bool = False
) -> LevelView | None:
    """The level at `moment`, with today's thresholds; None for an unknown code.

    By default everything that had happened by then counts, however late it was entered;
    `recorded=True` shows what the ledger knew at that moment.
    """
    found = find_registered(connection, [normalise(code)])
    if not found:
        return None
    (sku_id, generation), *_ = found.values()
    balances = _recorded_balances(connection, sku_id, generation, moment)
    _end_lapsed(connection, (sku_id, generation), moment, balances)
    if not recorded:
        _count_late_entries(connection, (sku_id, generation), moment, balances)
    places = [
        LocationLevel(place, on_hand, reserved, on_hand - reserved)
        for place, (on_hand, reserved) in sorted(balances.items())
    ]
    return _view(select_in(connection, _HEADS, [sku_id])[0], places)


_Balances = dict[str, tuple[int, int]]


def _recorded_balances(
    connection: sa.Connection, sku_id: str, generation: int, moment: datetime
) -> _Balances:
    """Balances after the last event recorded by `moment`, per location."""
    seq = last_seq_by(connection, sku_id, moment)
    event = stock_event.c
    places = connection.execute(
        sa.text("SELECT location_id FROM stock_level WHERE sku_id = :sku_id"), {"sku_id": sku_id}
    ).scalars()
    balances: _Balances = {}
    for place in list(places):
        row = connection.execute(
            sa.select(event.on_hand_after, event.reserved_after, event.generation)
            .where(event.sku_id == sku_id, event.seq <= seq, event.location_id == place)
            .order_by(event.seq.desc())
            .limit(1)
        ).first()
        if row is not None and row.generation == generation:
            balances[place] = (row.on_hand_after, row.reserved_after)
    return balances


def last_seq_by(connection: sa.Connection, sku_id: str, moment: datetime) -> int:
    """The last event recorded by `moment` (0: none)."""
    found = connection.execute(_LAST_SEQ, {"sku_id": sku_id, "moment": moment}).scalar()
    return found or 0


def _end_lapsed(
    connection: sa.Connection, sku: tuple[str, int], moment: datetime, balances: _Balances
) -> None:
    """Take off holds that had ended by `moment` and whose end was, or will be, recorded later."""
    hold, event = reservation.c, stock_event.c
    swept_later = (
        sa.select(event.location_id, sa.func.sum(-event.reserved_change))
        .where(event.sku_id == sku[0], event.generation == sku[1], event.kind == "expired")
        .where(event.happened_at < event.recorded_at)  # the index of late entries
        .where(event.recorded_at > moment, event.happened_at <= moment)
        .group_by(event.location_id)
    )
    not_swept = (
        sa.select(hold.location_id, sa.func.sum(hold.units_held))
        .where(hold.sku_id == sku[0], hold.generation == sku[1], hold.units_held > 0)
        .where(hold.expires_at <= moment)
        .group_by(hold.location_id)
    )
    for statement in (swept_later, not_swept):
        for place, units in connection.execute(statement):
            on_hand, reserved = balances.get(place, (0, 0))
            balances[place] = (on_hand, reserved - int(units))


def _count_late_entries(
    connection: sa.Connection, sku: tuple[str, int], moment: datetime, balances: _Balances
) -> None:
    """Add what happened by `moment` but was entered after it (expiries are counted already)."""
    event = stock_event.c
    statement = (
        sa.select(
            event.location_id,
            sa.func.sum(event.on_hand_change),
            sa.func.sum(event.reserved_change),
        )
        .where(event.sku_id == sku[0], event.generation == sku[1], event.kind != "expired")
        .where(event.happened_at < event.recorded_at)
        .where(event.recorded_at > moment, event.happened_at <= moment)
        .group_by(event.location_id)
    )
    for place, on_hand_change, reserved_change in connection.execute(statement):
        on_hand, reserved = balances.get(place, (0, 0))
        balances[place] = (on_hand + int(on_hand_change), reserved + int(reserved_change))
