"""How well stock was known, and what is held how long: count accuracy, holds by age."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from onhand.stock.queries.reports.period import Cell, Report, Wanted, ratio, report_of
from onhand.stock.tables import count_line, count_sheet, reservation

_LINE = count_line.c
_SHEET = count_sheet.c
_HOLD = reservation.c

# The youngest first; what is older than all of them is the last group.
AGES = {
    "under_1_hour": timedelta(hours=1),
    "under_1_day": timedelta(days=1),
    "under_7_days": timedelta(days=7),
    "under_30_days": timedelta(days=30),
}
OLDEST = "30_days_or_more"


def count_accuracy(connection: sa.Connection, wanted: Wanted) -> Report:
    """Stocktakes closed in the period, the newest first, and how far they were off."""
    difference = _LINE.counted_units - _LINE.expected_units

    def total(value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.func.coalesce(sa.func.sum(value), 0)

    sums = (
        sa.func.count().label("lines"),
        total(sa.case((difference == 0, 1), else_=0)).label("exact_lines"),
        total(_LINE.expected_units).label("expected"),
        total(_LINE.counted_units).label("counted"),
        total(sa.case((difference > 0, difference), else_=0)).label("surplus"),
        total(sa.case((difference < 0, -difference), else_=0)).label("missing"),
    )
    counted = (
        sa.select(*sums)
        .select_from(count_sheet)
        .join(count_line, _LINE.count_id == _SHEET.count_id)
        .where(_SHEET.state == "closed", _LINE.counted_units.is_not(None))
        .where(_SHEET.closed_at >= wanted.period.begins)
        .where(_SHEET.closed_at < wanted.period.until)
    )
    sheet = (_SHEET.count_id, _SHEET.name, _SHEET.location_id, _SHEET.closed_at)
    found = connection.execute(
        counted.add_columns(*sheet)
        .group_by(*sheet)
        .order_by(_SHEET.closed_at.desc(), _SHEET.count_id.desc())
        .limit(wanted.limit + 1)
    ).all()
    rows: list[Mapping[str, Cell]] = [
        {
            "count": row.count_id,
            "name": row.name,
            "location": row.location_id,
            "closed_at": row.closed_at.isoformat(),
            **_accuracy(row),
        }
        for row in found[: wanted.limit]
    ]
    totals = _accuracy(connection.execute(counted).one())
    return report_of("count_accuracy", wanted, rows, totals, cut_from=found)


def _accuracy(row: sa.Row[Any]) -> dict[str, Cell]:
    lines, exact, expected, counted, surplus, missing = map(int, row[:6])
    off = surplus + missing
    return {
        "lines": lines,
        "exact_lines": exact,
        "expected": expected,
        "counted": counted,
        "surplus": surplus,
        "missing": missing,
        "line_accuracy": ratio(exact, lines, digits=4),
        "unit_accuracy": ratio(max(0, expected - off), expected, digits=4),
    }


def holds_by_age(connection: sa.Connection, wanted: Wanted) -> Report:
    """Holds made in the period and not ended yet, by how long ago they were made, and for what."""
    age = sa.case(
        *((_HOLD.created_at > wanted.now - limit, name) for name, limit in AGES.items()),
        else_=OLDEST,
    )
    found = connection.execute(
        sa.select(age, _HOLD.reference_type, sa.func.count(), sa.func.sum(_HOLD.units_held))
        .where(_HOLD.units_held > 0)
        .where(sa.or_(_HOLD.expires_at.is_(None), _HOLD.expires_at > wanted.now))
        .where(_HOLD.created_at >= wanted.period.begins)
        .where(_HOLD.created_at < wanted.period.until)
        .group_by(age, _HOLD.reference_type)
    )
    sums = {(group, kind): (int(holds), int(units)) for group, kind, holds, units in found}
    order = [*AGES, OLDEST]
    rows = [
        {"age": group, "reference_type": kind, "holds": holds, "units": units}
        for (group, kind), (holds, units) in sorted(
            sums.items(), key=lambda item: (order.index(item[0][0]), item[0][1])
        )
    ]
    totals = {
        "holds": sum(holds for holds, _ in sums.values()),
        "units": sum(units for _, units in sums.values()),
    }
    return report_of("holds_by_age", wanted, rows, totals)
