"""The state of all stock in a few numbers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.stock.tables import ledger_head, reservation

_HEAD = ledger_head.c
_HOLD = reservation.c


class Totals(msgspec.Struct, frozen=True):
    """All registered SKUs together: whole units, and how many SKUs are in which state.

    `low` are at or below their threshold, `out` have nothing available, `oversold` less than
    nothing; whoever is oversold is out, and whoever is out is low.
    """

    skus: int
    on_hand: int
    reserved: int
    available: int
    low: int
    out: int
    oversold: int


def read_totals(connection: sa.Connection, *, now: datetime) -> Totals:
    """Totals over all registered SKUs; a hold whose end has come does not count."""
    available = _HEAD.on_hand - _HEAD.reserved
    number = sa.func.count()
    row = connection.execute(
        sa.select(
            number,
            sa.func.sum(_HEAD.on_hand),
            sa.func.sum(_HEAD.reserved),
            number.filter(_HEAD.is_low),
            number.filter(available <= 0),
            number.filter(available < 0),
        ).where(_HEAD.registered)
    ).one()
    skus, on_hand, reserved, low, out, oversold = (int(value or 0) for value in row)
    for head, units in _heads_with_lapsed(connection, now):
        left = head.on_hand - head.reserved
        reserved -= units
        low -= left <= head.low_stock_threshold < left + units
        out -= left <= 0 < left + units
        oversold -= left < 0 <= left + units
    return Totals(skus, on_hand, reserved, on_hand - reserved, low, out, oversold)


def lapsed_units(connection: sa.Connection, *, now: datetime) -> dict[tuple[str, str], int]:
    """Units whose hold has ended but was not swept yet, by SKU and location."""
    statement = (
        sa.select(_HOLD.sku_id, _HOLD.location_id, sa.func.sum(_HOLD.units_held))
        .where(_HOLD.units_held > 0, _HOLD.expires_at <= now)
        .group_by(_HOLD.sku_id, _HOLD.location_id)
    )
    return {(sku_id, place): int(units) for sku_id, place, units in connection.execute(statement)}


def _heads_with_lapsed(connection: sa.Connection, now: datetime) -> Sequence[tuple[Any, int]]:
    lapsed = sa.func.sum(_HOLD.units_held)
    columns = (_HEAD.on_hand, _HEAD.reserved, _HEAD.low_stock_threshold)
    statement = (
        sa.select(_HOLD.sku_id, *columns, lapsed.label("units"))
        .join(ledger_head, _HEAD.sku_id == _HOLD.sku_id)
        .where(_HEAD.registered)
        .where(_HOLD.units_held > 0, _HOLD.expires_at <= now)
        # By the hold's column: in the order of the head's, SQLite would read every head.
        .group_by(_HOLD.sku_id, *columns)
    )
    return [(row, int(row.units)) for row in connection.execute(statement)]
