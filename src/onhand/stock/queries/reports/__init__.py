"""Reports over stock (S15): what each counts and its formulas are in docs/reference/reports.md."""

from collections.abc import Callable

import sqlalchemy as sa

from onhand.stock.queries.reports.moves import movements, units_by_location
from onhand.stock.queries.reports.period import (
    Cell,
    Period,
    Report,
    Wanted,
    period_of,
)
from onhand.stock.queries.reports.selling import slow_stock, top_movers, turnover
from onhand.stock.queries.reports.standing import count_accuracy, holds_by_age
from onhand.stock.queries.reports.totals import Totals, read_totals

_REPORTS: dict[str, Callable[[sa.Connection, Wanted], Report]] = {
    "units": units_by_location,
    "movements": movements,
    "turnover": turnover,
    "top_movers": top_movers,
    "slow_stock": slow_stock,
    "count_accuracy": count_accuracy,
    "holds_by_age": holds_by_age,
}
NAMES = tuple(_REPORTS)


def read_report(connection: sa.Connection, name: str, wanted: Wanted) -> Report:
    """The report of this name.

    Raises:
        ValueError: the period has more days than the report can show.
    """
    return _REPORTS[name](connection, wanted)


__all__ = [
    "NAMES",
    "Cell",
    "Period",
    "Report",
    "Totals",
    "Wanted",
    "period_of",
    "read_report",
    "read_totals",
]
