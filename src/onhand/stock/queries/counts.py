"""Stocktakes: what was counted, against what the ledger said."""

from datetime import datetime
from enum import StrEnum

import msgspec
import sqlalchemy as sa

from onhand.stock.tables import count_line, count_sheet


class CountShow(StrEnum):
    """Which lines of a stocktake to list; a blind sheet's differences show once it is closed."""

    ALL = "all"
    COUNTED = "counted"
    UNCOUNTED = "uncounted"
    DIFFERENCES = "differences"


class CountLineView(msgspec.Struct, frozen=True):
    """One SKU on a sheet, in whole units; `difference` is counted − expected.

    `expected` is what the ledger said when the SKU was counted. On a blind sheet it and the
    difference stay hidden (None) until the sheet is closed.
    """

    sku: str
    expected: int | None
    counted: int | None
    difference: int | None
    counted_by: str | None
    counted_at: datetime | None


class CountView(msgspec.Struct, frozen=True):
    """One stocktake at one location."""

    id: str
    name: str
    location: str
    blind: bool
    state: str
    created_by: str
    created_at: datetime
    closed_at: datetime | None
    lines: list[CountLineView]


def list_counts(
    connection: sa.Connection, *, limit: int, before: str | None = None
) -> list[CountView]:
    """Stocktakes, newest first, without their lines; `before` is the last id seen."""
    statement = sa.select(count_sheet).order_by(count_sheet.c.count_id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(count_sheet.c.count_id < before)
    return [_view(row, []) for row in connection.execute(statement)]


class CountScanned(msgspec.Struct, frozen=True):
    """The line of a scanned SKU, and how far the sheet is: so many of its lines are counted."""

    count: str
    line: CountLineView
    counted_lines: int
    lines: int


def read_count(
    connection: sa.Connection, count_id: str, *, show: CountShow = CountShow.ALL
) -> CountView | None:
    """One stocktake with its lines, or some of them, by SKU code."""
    sheet = read_sheet(connection, count_id)
    if sheet is None:
        return None
    rows = connection.execute(
        sa.select(count_line).where(count_line.c.count_id == count_id).order_by(count_line.c.sku_id)
    )
    hidden = is_hidden(sheet)
    lines = [line_view(row, hidden=hidden) for row in rows]
    return msgspec.structs.replace(sheet, lines=[line for line in lines if _shows(show, line)])


def read_sheet(connection: sa.Connection, count_id: str) -> CountView | None:
    """One stocktake without its lines."""
    row = connection.execute(
        sa.select(count_sheet).where(count_sheet.c.count_id == count_id)
    ).first()
    return None if row is None else _view(row, [])


def read_scanned(connection: sa.Connection, sheet: CountView, sku_id: str) -> CountScanned | None:
    """One line of a stocktake; None if the SKU is not on the sheet."""
    line = count_line.c
    row = connection.execute(
        sa.select(count_line).where(line.count_id == sheet.id, line.sku_id == sku_id)
    ).first()
    if row is None:
        return None
    counted, lines = connection.execute(
        sa.select(sa.func.count(line.counted_units), sa.func.count()).where(
            line.count_id == sheet.id
        )
    ).one()
    return CountScanned(sheet.id, line_view(row, hidden=is_hidden(sheet)), counted, lines)


def is_hidden(sheet: CountView) -> bool:
    """Whether a sheet keeps to itself what the ledger says."""
    return sheet.blind and sheet.state == "open"


def _shows(show: CountShow, line: CountLineView) -> bool:
    if show is CountShow.DIFFERENCES:  # none where they are hidden
        return bool(line.difference)
    if show is CountShow.ALL:
        return True
    return (line.counted is not None) == (show is CountShow.COUNTED)


def _view(row: sa.Row[tuple[object, ...]], lines: list[CountLineView]) -> CountView:
    return CountView(
        id=row.count_id,
        name=row.name,
        location=row.location_id,
        blind=row.blind,
        state=row.state,
        created_by=row.created_by,
        created_at=row.created_at,
        closed_at=row.closed_at,
        lines=lines,
    )


def line_view(row: sa.Row[tuple[object, ...]], *, hidden: bool) -> CountLineView:
    """A row of `count_line`; `hidden` keeps back what the ledger said."""
    known = row.counted_units is not None and not hidden
    return CountLineView(
        sku=row.sku_id,
        expected=None if hidden else row.expected_units,
        counted=row.counted_units,
        difference=row.counted_units - row.expected_units if known else None,
        counted_by=row.counted_by,
        counted_at=row.counted_at,
    )
