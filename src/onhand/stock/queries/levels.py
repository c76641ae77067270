"""Levels: what is on hand, reserved and available, now or at a moment."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.catalog.model import is_valid_code, normalise
from onhand.catalog.queries import find_registered
from onhand.db.lookup import select_in
from onhand.db.types import from_row, to_text
from onhand.stock.tables import ledger_head, reservation, stock_event

_HEADS = (
    "SELECT s.sku_id, s.original_sku, h.version, h.allow_oversell, h.safety_stock, "
    "h.low_stock_threshold, h.next_expiry_at, h.counted_at "
    "FROM sku s LEFT JOIN ledger_head h ON h.sku_id = s.sku_id "
    "WHERE s.status <> 'unregistered' AND s.sku_id IN {list}"
)
_LEVELS = (
    "SELECT sku_id, location_id, on_hand, reserved FROM stock_level "
    "WHERE sku_id IN {list} ORDER BY sku_id, location_id"
)


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
    heads = {row[0]: row for row in select_in(connection, _HEADS, wanted)}
    names = {code: code for code in heads}
    missing = wanted - heads.keys()
    if missing:
        aliases = find_registered(connection, missing)
        names.update({alias: sku_id for alias, (sku_id, _) in aliases.items()})
        known = {sku_id for sku_id, _ in aliases.values()} - heads.keys()
        heads.update({row[0]: row for row in select_in(connection, _HEADS, known)})
    places = _places(connection, heads.values(), now)
    views = {sku_id: _view(row, places.get(sku_id, [])) for sku_id, row in heads.items()}
    return {code: views[sku_id] for code, sku_id in names.items()}


def _places(
    connection: sa.Connection, heads: Iterable[Sequence[Any]], now: datetime
) -> dict[str, list[LocationLevel]]:
    rows = list(heads)
    lapsed = _lapsed(connection, rows, now)
    places: dict[str, list[LocationLevel]] = {}
    for sku_id, place, on_hand, reserved in select_in(
        connection, _LEVELS, [row[0] for row in rows]
    ):
        held = reserved - lapsed.get((sku_id, place), 0)
        places.setdefault(sku_id, []).append(LocationLevel(place, on_hand, held, on_hand - held))
    return places


def _lapsed(
    connection: sa.Connection, heads: Iterable[Sequence[Any]], now: datetime
) -> dict[tuple[str, str], int]:
    """Units whose hold has ended but has not been swept yet, by SKU and location."""
    due = [row[0] for row in heads if (end := from_row(row[6])) is not None and end <= now]
    if not due:
        return {}
    rows = select_in(
        connection,
        "SELECT sku_id, location_id, sum(units_held) FROM reservation "
        "WHERE sku_id IN {list} AND units_held > 0 AND expires_at <= {value} "
        "GROUP BY sku_id, location_id",
        due,
        to_text(now),
    )
    return {(sku_id, place): int(units) for sku_id, place, units in rows}


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
    """The last event recorded by `moment` (0: none): recorded times rise with seq, so bisect."""
    head = connection.execute(
        sa.select(ledger_head.c.version).where(ledger_head.c.sku_id == sku_id)
    ).scalar()
    low, high = 0, head or 0
    while low < high:
        middle = (low + high + 1) // 2
        recorded_at = connection.execute(
            sa.select(stock_event.c.recorded_at).where(
                stock_event.c.sku_id == sku_id, stock_event.c.seq == middle
            )
        ).scalar_one()
        low, high = (middle, high) if recorded_at <= moment else (low, middle - 1)
    return low


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
