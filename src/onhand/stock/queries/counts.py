"""Stocktakes: what was counted, against what the ledger said."""

from datetime import datetime

import msgspec
import sqlalchemy as sa

from onhand.stock.tables import count_line, count_sheet


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


def read_count(connection: sa.Connection, count_id: str) -> CountView | None:
    """One stocktake with its lines by SKU code."""
    sheet = connection.execute(
        sa.select(count_sheet).where(count_sheet.c.count_id == count_id)
    ).first()
    if sheet is None:
        return None
    rows = connection.execute(
        sa.select(count_line).where(count_line.c.count_id == count_id).order_by(count_line.c.sku_id)
    )
    hidden = sheet.blind and sheet.state == "open"
    return _view(sheet, [_line(row, hidden=hidden) for row in rows])


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


def _line(row: sa.Row[tuple[object, ...]], *, hidden: bool) -> CountLineView:
    known = row.counted_units is not None and not hidden
    return CountLineView(
        sku=row.sku_id,
        expected=None if hidden else row.expected_units,
        counted=row.counted_units,
        difference=row.counted_units - row.expected_units if known else None,
        counted_by=row.counted_by,
        counted_at=row.counted_at,
    )
