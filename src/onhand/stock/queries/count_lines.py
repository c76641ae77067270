"""Stocktakes as pages show them: how far one is, its lines a page at a time, what to put on one."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
import sqlalchemy as sa

from onhand.catalog.model.skus import Status
from onhand.catalog.tables import sku
from onhand.stock.queries.counts import CountLineView, CountShow, CountView, is_hidden, line_view
from onhand.stock.queries.stock_list import StockFilter, StockState, list_stock
from onhand.stock.tables import count_line, stock_level

_LINE = count_line.c
_DIFFERENCE = _LINE.counted_units - _LINE.expected_units
_PAGE = 1000


class CountTotals(msgspec.Struct, frozen=True):
    """How far a stocktake is: lines, and whole units above and below what the ledger said.

    On a blind sheet the last three are hidden (None) until it is closed.
    """

    lines: int
    counted: int
    differing: int | None
    units_more: int | None
    units_fewer: int | None


def read_totals(connection: sa.Connection, sheet: CountView) -> CountTotals:
    """How far a stocktake is."""
    more = sa.case((_DIFFERENCE > 0, _DIFFERENCE), else_=0)
    fewer = sa.case((_DIFFERENCE < 0, -_DIFFERENCE), else_=0)
    row = connection.execute(
        sa.select(
            sa.func.count().label("lines"),
            sa.func.count(_LINE.counted_units).label("counted"),
            sa.func.coalesce(sa.func.sum(sa.case((_DIFFERENCE != 0, 1), else_=0)), 0),
            sa.func.coalesce(sa.func.sum(more), 0),
            sa.func.coalesce(sa.func.sum(fewer), 0),
        ).where(_LINE.count_id == sheet.id)
    ).one()
    lines, counted, *units = row
    if is_hidden(sheet):
        return CountTotals(lines, counted, None, None, None)
    return CountTotals(lines, counted, *(int(one) for one in units))


@dataclass(frozen=True, slots=True)
class LinesWanted:
    """Which lines of a stocktake, by SKU code; `after` is the last code seen."""

    show: CountShow = CountShow.ALL
    limit: int = 50
    after: str | None = None


def list_lines(
    connection: sa.Connection, sheet: CountView, wanted: LinesWanted
) -> list[CountLineView]:
    """Lines of a stocktake, one page; a blind sheet shows no differences while it is open."""
    hidden = is_hidden(sheet)
    within = [_LINE.count_id == sheet.id]
    if wanted.show is CountShow.COUNTED:
        within.append(_LINE.counted_units.is_not(None))
    elif wanted.show is CountShow.UNCOUNTED:
        within.append(_LINE.counted_units.is_(None))
    elif wanted.show is CountShow.DIFFERENCES:
        within.append(sa.false() if hidden else _DIFFERENCE != 0)
    if wanted.after is not None:
        within.append(_LINE.sku_id > wanted.after)
    rows = connection.execute(
        sa.select(count_line).where(*within).order_by(_LINE.sku_id).limit(wanted.limit)
    )
    return [line_view(row, hidden=hidden) for row in rows]


def last_counted(connection: sa.Connection, sheet: CountView, *, limit: int) -> list[CountLineView]:
    """The lines that were counted last, the newest first."""
    rows = connection.execute(
        sa.select(count_line)
        .where(_LINE.count_id == sheet.id, _LINE.counted_at.is_not(None))
        .order_by(_LINE.counted_at.desc(), _LINE.sku_id)
        .limit(limit)
    )
    return [line_view(row, hidden=is_hidden(sheet)) for row in rows]


def skus_kept_at(connection: sa.Connection, location: str, *, most: int) -> list[str]:
    """The registered SKUs that are or were kept at a location, up to `most`, by code."""
    level = stock_level.c
    rows = connection.execute(
        sa.select(level.sku_id)
        .join(sku, sku.c.sku_id == level.sku_id)
        .where(level.location_id == location, sku.c.status != Status.UNREGISTERED)
        .order_by(level.sku_id)
        .limit(most)
    )
    return list(rows.scalars())


def skus_found(
    connection: sa.Connection, search: str | None, *, is_low: bool, most: int, now: datetime
) -> list[str]:
    """The registered SKUs that a search finds, or only the low ones of them, up to `most`."""
    state = StockState.LOW if is_low else None
    found: list[str] = []
    after: str | None = None
    while len(found) < most:
        limit = min(_PAGE, most - len(found))
        wanted = StockFilter(search=search, state=state, limit=limit, after=after)
        page = list_stock(connection, wanted, now=now)
        found += [line.sku for line in page.stock]
        after = page.cursor
        if after is None:
            break
    return found
