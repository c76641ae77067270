"""Verification: every level, hold and chain recomputed from the events (S12)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from onhand.db.database import Database
from onhand.db.lookup import select_in
from onhand.db.types import to_text
from onhand.stock.encoding import encode
from onhand.stock.model.book import Balance
from onhand.stock.model.events import Event
from onhand.stock.model.fold import Fold, Mismatch

Progress = Callable[[int], None]  # events done so far

_FETCH = 2_000  # events held in memory at once
_SKUS_AT_ONCE = 200
_FIELDS = ", ".join(Event._fields)
_NOTHING = Balance()


@dataclass(slots=True)
class VerifyReport:
    """What was checked and what did not add up."""

    events: int = 0
    skus: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether everything added up."""
        return not self.mismatches


def verify(database: Database, progress: Progress | None = None) -> VerifyReport:
    """Recompute the whole ledger from its events, on one consistent snapshot; repairs nothing.

    Raises:
        DatabaseUnavailable: the database went away meanwhile.
    """
    report = VerifyReport()
    with database.snapshot() as connection:
        folds: list[Fold] = []
        totals = _reservation_totals(connection)
        for fold in _folds(connection, report, progress):
            folds.append(fold)
            derived = totals.get((fold.sku_id, fold.generation), (0, 0, 0))
            report.mismatches += _compare_totals(fold, derived)
            if len(folds) == _SKUS_AT_ONCE:
                _compare(connection, folds, report)
                folds = []
        _compare(connection, folds, report)
        _check_without_events(connection, report)
    return report


def _folds(
    connection: sa.Connection, report: VerifyReport, progress: Progress | None
) -> Iterator[Fold]:
    fold: Fold | None = None
    for event in stream_events(
        connection,
        f"SELECT {_FIELDS} FROM stock_event ORDER BY sku_id, seq",  # noqa: S608 — field names
    ):
        if fold is None or event.sku_id != fold.sku_id:
            if fold is not None:
                yield fold
            fold = Fold(event.sku_id, encode)
            report.skus += 1
        fold.add(event)
        report.events += 1
        if progress is not None and report.events % _FETCH == 0:
            progress(report.events)
    if fold is not None:
        yield fold
    if progress is not None:
        progress(report.events)


def stream_events(connection: sa.Connection, sql: str) -> Iterator[Event]:
    """Events of a statement that selects `Event`'s fields, a few at a time."""
    streaming = connection.execution_options(stream_results=True, max_row_buffer=_FETCH)
    rows = streaming.exec_driver_sql(sql)
    while batch := rows.fetchmany(_FETCH):
        yield from map(event_from_row, batch)


def event_from_row(row: Any) -> Event:
    """An event as it was hashed: moments as text, whatever the driver makes of them."""
    if isinstance(row[19], datetime):
        return Event._make((*row[:19], to_text(row[19]), to_text(row[20]), row[21]))
    return Event._make(row)


def _compare(connection: sa.Connection, folds: list[Fold], report: VerifyReport) -> None:
    """Hold the stored heads, levels and holds against what the events say."""
    skus = [fold.sku_id for fold in folds]
    heads = {
        row[0]: tuple(row[1:])
        for row in select_in(
            connection,
            "SELECT sku_id, generation, version, hash, on_hand, reserved FROM ledger_head "
            "WHERE sku_id IN {list}",
            skus,
        )
    }
    levels: dict[str, dict[str, tuple[int, ...]]] = {}
    for sku_id, place, *units in select_in(
        connection,
        "SELECT sku_id, location_id, on_hand, reserved, shortfall FROM stock_level "
        "WHERE sku_id IN {list}",
        skus,
    ):
        levels.setdefault(sku_id, {})[place] = tuple(units)
    held: dict[str, dict[str, int]] = {}
    for sku_id, reservation_id, units in select_in(
        connection,
        "SELECT sku_id, reservation_id, units_held FROM reservation "
        "WHERE sku_id IN {list} AND units_held > 0",
        skus,
    ):
        held.setdefault(sku_id, {})[reservation_id] = units
    for fold in folds:
        report.mismatches += fold.mismatches
        report.mismatches += _compare_head(fold, heads.get(fold.sku_id))
        report.mismatches += _compare_levels(fold, levels.get(fold.sku_id, {}))
        report.mismatches += _compare_holds(fold, held.get(fold.sku_id, {}))


def _compare_head(fold: Fold, stored: tuple[object, ...] | None) -> list[Mismatch]:
    names = ("generation", "version", "hash", "on_hand", "reserved")
    derived = (
        fold.generation,
        fold.version,
        fold.hash,
        sum(balance.on_hand for balance in fold.balances.values()),
        sum(balance.reserved for balance in fold.balances.values()),
    )
    pairs = zip(names, stored or (None,) * len(names), derived, strict=True)
    return [
        Mismatch(fold.sku_id, f"total {name}", str(is_now), str(should_be))
        for name, is_now, should_be in pairs
        if is_now != should_be
    ]


def _compare_levels(fold: Fold, stored: dict[str, tuple[int, ...]]) -> list[Mismatch]:
    found = []
    for place in sorted(stored.keys() | fold.balances.keys()):
        balance = fold.balances.get(place, _NOTHING)
        derived = (balance.on_hand, balance.reserved, balance.shortfall)
        names = ("on_hand", "reserved", "shortfall")
        kept = stored.get(place, (None, None, None) if place in fold.balances else (0, 0, 0))
        found += [
            Mismatch(fold.sku_id, f"level {name}", str(is_now), str(should_be), location=place)
            for name, is_now, should_be in zip(names, kept, derived, strict=True)
            if is_now != should_be
        ]
    return found


def _compare_holds(fold: Fold, stored: dict[str, int]) -> list[Mismatch]:
    return [
        Mismatch(
            fold.sku_id,
            "reservation units_held",
            str(stored.get(hold, 0)),
            str(fold.held.get(hold, 0)),
            reservation=hold,
        )
        for hold in sorted(stored.keys() | fold.held.keys())
        if stored.get(hold, 0) != fold.held.get(hold, 0)
    ]


_Totals = dict[tuple[str, int], tuple[int, ...]]


def _reservation_totals(connection: sa.Connection) -> _Totals:
    """Units reserved, shipped and returned by SKU and generation, in one pass over the table."""
    rows = connection.exec_driver_sql(
        "SELECT sku_id, generation, sum(units_reserved), sum(units_shipped), "
        "sum(units_returned) FROM reservation GROUP BY sku_id, generation"
    )
    return {
        (sku_id, generation): tuple(int(units) for units in sums)
        for sku_id, generation, *sums in rows
    }


def _compare_totals(fold: Fold, stored: tuple[int, ...]) -> list[Mismatch]:
    derived = (fold.units_reserved, fold.units_shipped, fold.units_returned)
    names = ("units_reserved", "units_shipped", "units_returned")
    return [
        Mismatch(fold.sku_id, f"reservations {name}", str(is_now), str(should_be))
        for name, is_now, should_be in zip(names, stored, derived, strict=True)
        if is_now != should_be
    ]


def _check_without_events(connection: sa.Connection, report: VerifyReport) -> None:
    """Balances and holds of SKUs that have no event at all."""
    for table, units in (
        ("ledger_head", "on_hand <> 0 OR reserved <> 0 OR version"),
        ("stock_level", "on_hand <> 0 OR reserved <> 0 OR shortfall"),
        ("reservation", "units_held"),
    ):
        rows = connection.execute(
            sa.text(
                f"SELECT DISTINCT t.sku_id FROM {table} t WHERE ({units} <> 0) AND NOT EXISTS "  # noqa: S608 — fixed names above
                "(SELECT 1 FROM stock_event e WHERE e.sku_id = t.sku_id)"
            )
        )
        report.mismatches += [
            Mismatch(sku_id, f"{table} without events", "present", "absent")
            for sku_id in rows.scalars()
        ]
