"""What moved: sums of events by kind and day, and units by state and location."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from onhand.db.types import to_text
from onhand.stock.model.events import Kind
from onhand.stock.queries.reports.period import Cell, Day, Report, Wanted, report_of
from onhand.stock.queries.reports.totals import lapsed_units
from onhand.stock.queries.reports.visible import of_removed, sum_visible
from onhand.stock.tables import stock_event, stock_level

# A SKU that was removed is no longer visible, and neither is its past: `sku_reset` least of all.
KINDS = tuple(kind for kind in Kind if kind is not Kind.SKU_RESET)
_EVENT = stock_event.c

# One stretch of the index by kind and moment for each sum: no sorting, no table.
_BY_DAY = {
    "sqlite": """
SELECT day.key, kind.value, (
    SELECT json_array(count(*), coalesce(sum(on_hand_change), 0), coalesce(sum(reserved_change), 0))
    FROM stock_event
    WHERE stock_event.kind = kind.value
    AND happened_at >= json_extract(day.value, '$[0]')
    AND happened_at < json_extract(day.value, '$[1]')
)
FROM json_each(:days) AS day CROSS JOIN json_each(:kinds) AS kind
""",
    "postgresql": """
SELECT width_bucket(happened_at, :bounds) - 1, kind,
    json_build_array(count(*), sum(on_hand_change), sum(reserved_change))::text
FROM stock_event
WHERE kind = ANY(:kinds) AND happened_at >= :since AND happened_at < :until
GROUP BY 1, 2
""",
}

_Sums = dict[tuple[int, str], list[int]]


def movements(connection: sa.Connection, wanted: Wanted) -> Report:
    """Events and units by day and kind; every day and kind with any event, oldest first.

    Raises:
        ValueError: the period has too many days.
    """
    days = wanted.period.days()
    sums = _sums_by_day(connection, days) if days else {}
    for key, gone in _sums_of_removed(connection, days).items():
        sums[key] = [a - b for a, b in zip(sums[key], gone, strict=True)]
    rows: list[Mapping[str, Cell]] = []
    totals = [0, 0, 0]
    for at, day in enumerate(days):
        for kind in KINDS:
            found = sums.get((at, kind.value), [0, 0, 0])
            if found[0]:
                rows.append({"day": day.date.isoformat(), "kind": kind.value, **_members(found)})
                totals = [a + b for a, b in zip(totals, found, strict=True)]
    return report_of("movements", wanted, rows, _members(totals))


def _members(sums: Sequence[int]) -> dict[str, Cell]:
    return dict(zip(("events", "on_hand_change", "reserved_change"), sums, strict=True))


def _sums_by_day(connection: sa.Connection, days: Sequence[Day]) -> _Sums:
    kinds = [kind.value for kind in KINDS]
    parameters: dict[str, Any]
    if connection.dialect.name == "sqlite":
        bounds = [[to_text(day.since), to_text(day.until)] for day in days]
        parameters = {"days": json.dumps(bounds), "kinds": json.dumps(kinds)}
    else:
        since, until = days[0].since, days[-1].until
        starts = [day.since for day in days]
        parameters = {"bounds": starts, "kinds": kinds, "since": since, "until": until}
    rows = connection.execute(sa.text(_BY_DAY[connection.dialect.name]), parameters)
    return {(int(day), kind): json.loads(sums) for day, kind, sums in rows}


def _sums_of_removed(connection: sa.Connection, days: Sequence[Day]) -> _Sums:
    """What the sums above hold of SKUs' lives that have ended."""
    found: _Sums = defaultdict(lambda: [0, 0, 0])
    gone = of_removed(connection)
    if not days or gone is None:
        return found
    statement = (
        sa.select(_EVENT.happened_at, _EVENT.kind, _EVENT.on_hand_change, _EVENT.reserved_change)
        .where(*gone, _EVENT.kind != Kind.SKU_RESET)
        .where(_EVENT.happened_at >= days[0].since, _EVENT.happened_at < days[-1].until)
    )
    for row in connection.execute(statement):
        at = next(n for n, day in enumerate(days) if row.happened_at < day.until)
        sums = found[at, row.kind]
        found[at, row.kind] = [
            sums[0] + 1,
            sums[1] + row.on_hand_change,
            sums[2] + row.reserved_change,
        ]
    return found


def units_by_location(connection: sa.Connection, wanted: Wanted) -> Report:
    """Units on hand at each location when the period began and ended, and their state at its end.

    What is reserved is known of the present only: null where the period ended before.
    """
    period = wanted.period
    level = stock_level.c
    sums = (sa.func.sum(level.on_hand), sa.func.sum(level.reserved), sa.func.sum(level.shortfall))
    now_units = {
        place: [int(on_hand), int(reserved), int(shortfall)]
        for place, on_hand, reserved, shortfall in connection.execute(
            sa.select(level.location_id, *sums).group_by(level.location_id)
        )
    }
    for (_, place), units in lapsed_units(connection, now=wanted.now).items():
        now_units[place][1] -= units
    places = sorted(now_units)
    later = changes_by_location(connection, places, period.until, until=None)
    during = changes_by_location(connection, places, period.begins, until=period.until)
    is_now = period.until >= wanted.now
    rows: list[dict[str, Cell]] = []
    for place in places:
        on_hand, reserved, shortfall = now_units[place]
        closing = on_hand - later[place]
        opening = closing - during[place]
        row: dict[str, Cell] = {
            "location": place,
            "opening_on_hand": opening,
            "on_hand": closing,
            "change": closing - opening,
            "reserved": reserved if is_now else None,
            "available": closing - reserved if is_now else None,
            "short": shortfall if is_now else None,
        }
        rows.append(row)
    names = [name for name in rows[0] if name != "location"] if rows else []
    return report_of("units", wanted, rows, {name: _sum(rows, name) for name in names})


def _sum(rows: Sequence[Mapping[str, Cell]], name: str) -> int | None:
    values = [row[name] for row in rows]
    return None if None in values else sum(int(value or 0) for value in values)


def changes_by_location(
    connection: sa.Connection,
    places: Sequence[str],
    since: datetime,
    *,
    until: datetime | None,
) -> dict[str, int]:
    """By how much on hand changed at each of these locations, of what is visible now."""
    happened = [_EVENT.happened_at >= since]
    if until is not None:
        happened.append(_EVENT.happened_at < until)
    # One pass over the index; grouping by location would sort all of it on SQLite.
    sums = [
        sa.func.sum(_EVENT.on_hand_change).filter(_EVENT.location_id == place) for place in places
    ]
    if not places:
        return {}
    units = sum_visible(connection, sums, happened)
    return dict(zip(places, units, strict=True))
