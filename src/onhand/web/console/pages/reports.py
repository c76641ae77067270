"""Reports over a period: a chart, a table, a file."""

from collections.abc import Generator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import Field
from starlette.responses import Response

from onhand.access.model import Right
from onhand.imports.model.exports import Cell as FileCell
from onhand.imports.writers.cells import Sheet
from onhand.imports.writers.delimited import Csv
from onhand.stock.queries.reports import Report, Wanted, period_of, read_report
from onhand.web.console.forms import Form
from onhand.web.console.languages import mark
from onhand.web.console.navigation import Entry
from onhand.web.console.pages.periods import begins
from onhand.web.console.pages.reports_words import AGES, REPORTS, STATES, Column, Kind, Look
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit
from onhand.web.console.words import word
from onhand.web.downloads import Download
from onhand.web.errors import Problem, Refused

pages = Pages(
    Entry(label=mark("Reports"), icon="report-analytics", path="/reports", order=70, key="r")
)
_SHOWN = 50
_MOST = 1000  # rows of a file, as a report can give
_IN_CHART = 12
_SPANS = (7, 30, 90, 365)


class Asked(Form):
    """Which time; `until` is the last day."""

    days: int | None = Field(None, ge=1, le=365)
    since: date | None = None
    until: date | None = None


@pages.get("/reports", Right.READ)
def show_reports(visit: Visit) -> Response:
    """The reports there are, the first of them shown."""
    return visit.go(visit.url("/reports/units"))


@pages.get("/reports/{name}", Right.READ)
def show_report(visit: Visit) -> Response:
    """One report."""
    look, report = _read(visit, _SHOWN)
    asked = visit.filters(Asked)
    last = report.until.astimezone(visit.reader.zone) - timedelta(microseconds=1)
    return visit.page(
        "reports/report.html",
        look=look,
        report=report,
        reports=REPORTS,
        rows=[[_told(visit, column, row) for column in look.columns] for row in report.rows],
        totals=[(column, _told(visit, column, report.totals)) for column in look.totals],
        chart=_chart(visit, look, report),
        asked=asked,
        spans=_SPANS,
        since=None if report.since is None else report.since.astimezone(visit.reader.zone).date(),
        until=last.date(),
    )


@pages.get("/reports/{name}/export", Right.READ)
def export_report(visit: Visit) -> Response:
    """The rows of a report as a CSV file."""
    look, report = _read(visit, _MOST)
    headings = tuple(visit.text(column.label) for column in look.columns)
    sheet = Sheet(look.name, headings, visit.reader.zone)
    page = [tuple(_cell(column, row) for column in look.columns) for row in report.rows]

    def chunks() -> Generator[bytes, None, None]:
        yield from Csv(sheet).chunks([page])

    name = f"{look.name}-{visit.now:%Y%m%d-%H%M%S}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Download(chunks(), "text/csv; charset=utf-8", headers)


def _read(visit: Visit, limit: int) -> tuple[Look, Report]:
    look = REPORTS.get(visit.path("name"))
    if look is None:
        raise Refused(Problem("not_found"))
    asked = visit.filters(Asked)
    zone, now = visit.reader.zone, visit.now
    until = None if asked.until is None else begins(asked.until + timedelta(days=1), zone)
    since = begins(asked.since, zone)
    if since is None and asked.days is not None:
        since = min(until or now, now) - timedelta(days=asked.days)
    name = visit.user.timezone
    with visit.environment.database.snapshot() as connection:
        try:
            period = period_of(look.name, since, until, zone=name, now=now)
            return look, read_report(connection, look.name, Wanted(period, now, limit))
        except ValueError:  # no such period: the usual one
            period = period_of(look.name, None, None, zone=name, now=now)
            return look, read_report(connection, look.name, Wanted(period, now, limit))


def _told(visit: Visit, column: Column, row: Mapping[str, Any]) -> str:
    """A value as the reader writes it."""
    value, reader = row.get(column.member), visit.reader
    if value is None:
        return "–"
    if column.kind is Kind.NUMBER:
        return reader.number(value)
    if column.kind is Kind.CHANGE:
        return reader.signed(int(value))
    if column.kind is Kind.SHARE:
        return reader.percent(float(value))
    if column.kind is Kind.MOMENT:
        return reader.moment(datetime.fromisoformat(str(value)))
    if column.kind is Kind.DAY:
        return reader.day(date.fromisoformat(str(value)))
    return _named(visit, column.kind, str(value))


def _named(visit: Visit, kind: Kind, value: str) -> str:
    if kind in {Kind.EVENT, Kind.REFERENCE}:
        return visit.text(word(kind.value, value))
    words = {Kind.AGE: AGES, Kind.STATE: STATES}.get(kind, {})
    return visit.text(words[value]) if value in words else value


def _cell(column: Column, row: Mapping[str, Any]) -> FileCell:
    value = row.get(column.member)
    if column.kind is Kind.MOMENT and value is not None:
        return datetime.fromisoformat(str(value)).astimezone(UTC)
    return str(value) if isinstance(value, float) else value


def _chart(visit: Visit, look: Look, report: Report) -> dict[str, Any] | None:
    rows = report.rows
    if not rows:
        return None
    if look.name == "movements":
        return _movements(visit, rows)
    by = look.columns[0]
    shown = rows[:_IN_CHART]
    if look.name == "holds_by_age":
        ages = [age for age in AGES if any(row["age"] == age for row in rows)]
        sums = [sum(int(row["units"] or 0) for row in rows if row["age"] == age) for age in ages]
        return {
            "x": [visit.text(AGES[age]) for age in ages],
            "series": [(visit.text(look.series[0].label), sums)],
        }
    if look.name == "count_accuracy":
        shown = list(reversed(shown))
    return {
        "x": [_told(visit, by, row) for row in shown],
        "series": [
            (visit.text(one.label), [row.get(one.member) for row in shown]) for one in look.series
        ],
    }


def _movements(visit: Visit, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Units by day: a line for each kind that moved units."""
    days = sorted({str(row["day"]) for row in rows})
    kinds = sorted({str(row["kind"]) for row in rows if row["on_hand_change"]})
    units = {(row["day"], row["kind"]): row["on_hand_change"] for row in rows}
    if not kinds:
        return None
    return {
        "x": [visit.reader.day(date.fromisoformat(day)) for day in days],
        "series": [
            (visit.text(word("event", kind)), [units.get((day, kind), 0) for day in days])
            for kind in kinds
        ],
    }
