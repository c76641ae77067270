"""Counting with a scanner: one SKU of a stocktake at a time (S5)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from onhand.access.commands import Change, Write, write_once
from onhand.access.model import Accepted, Asked, Refusal
from onhand.catalog.queries import find_registered
from onhand.db.database import Database
from onhand.stock.commands.counts import lock_sheet, on_hand_now
from onhand.stock.model.refusals import (
    CountEnded,
    CountMoved,
    CountNotFound,
    NotOnSheet,
    UnknownSku,
)
from onhand.stock.queries.counts import CountScanned, CountView, read_scanned, read_sheet
from onhand.stock.tables import count_line


class ScanMode(StrEnum):
    """Whether the units found replace the figure, or come on top of it."""

    SET = "set"
    ADD = "add"


@dataclass(frozen=True, slots=True)
class Scan:
    """Whole units found of one SKU (its code or an alias, normalised).

    A SKU that is not on the sheet is refused, or with `put_on_sheet` becomes a line of it.
    """

    count_id: str
    sku: str
    units: int = 1
    mode: ScanMode = ScanMode.ADD
    put_on_sheet: bool = False


def scan(database: Database, asked: Asked, found: Scan) -> Accepted | Refusal:
    """Note units found of one SKU; the answer is a `CountScanned`.

    Added units make one figure with those before: it is refused when stock moved between them,
    because nobody can tell whether what moved was counted. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """

    def run(connection: sa.Connection) -> Change | Refusal:
        lock_sheet(connection, found.count_id)
        sheet = read_sheet(connection, found.count_id)
        if sheet is None:
            return CountNotFound(found.count_id)
        if sheet.state != "open":
            return CountEnded(found.count_id, sheet.state)
        known = find_registered(connection, [found.sku]).get(found.sku)
        if known is None:
            return UnknownSku((found.sku,))
        before = read_scanned(connection, sheet, known[0])
        if before is None and not found.put_on_sheet:
            return NotOnSheet(found.count_id, known[0])
        refusal = _note(connection, sheet, _Figure(known[0], found, asked.actor.name, asked.now))
        if refusal is not None:
            return refusal
        after = read_scanned(connection, sheet, known[0])
        return Change(f"count:{found.count_id}", after, before=_line(before), after=_line(after))

    return write_once(database, asked, Write("ScanCount", found), run)


def _line(scanned: CountScanned | None) -> object | None:
    return None if scanned is None else scanned.line


@dataclass(frozen=True, slots=True)
class _Figure:
    sku_id: str
    found: Scan
    counted_by: str
    counted_at: datetime


def _note(connection: sa.Connection, sheet: CountView, figure: _Figure) -> Refusal | None:
    here = sa.and_(count_line.c.count_id == sheet.id, count_line.c.sku_id == figure.sku_id)
    row = connection.execute(
        sa.select(count_line.c.expected_units, count_line.c.counted_units).where(here)
    ).first()
    on_hand = on_hand_now(connection, sheet.location, [figure.sku_id])[figure.sku_id]
    counted = 0
    if row is not None and row.counted_units is not None and figure.found.mode is ScanMode.ADD:
        if row.expected_units != on_hand:
            return CountMoved(sheet.id, figure.sku_id)
        counted = row.counted_units
    values = {
        "expected_units": on_hand,
        "counted_units": counted + figure.found.units,
        "counted_by": figure.counted_by,
        "counted_at": figure.counted_at,
    }
    if row is None:
        names = {"count_id": sheet.id, "sku_id": figure.sku_id}
        connection.execute(sa.insert(count_line).values(**names, **values))
    else:
        connection.execute(sa.update(count_line).where(here).values(**values))
    return None
