"""What every report is asked for, and the form in which all of them answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import msgspec

Cell = str | int | float | None
MOST_DAYS = 400
DEFAULT_SPAN = timedelta(days=30)
_OPEN_ENDED = frozenset({"holds_by_age"})


class Report(msgspec.Struct, frozen=True):
    """One report: its rows, and totals over all there is, also where rows were cut off (`more`).

    It counts what happened from `since` (null: from the beginning) until just before `until`.
    Which members rows and totals have depends on the report.
    """

    name: str
    since: datetime | None
    until: datetime
    zone: str
    rows: Sequence[Mapping[str, Cell]]
    totals: Mapping[str, Cell]
    more: bool


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the reader's calendar, as far as the period covers it."""

    date: date
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` (None: from the beginning) until just before `until`, days in `zone`."""

    since: datetime | None
    until: datetime
    zone: ZoneInfo

    @property
    def begins(self) -> datetime:
        """The first moment of the period."""
        return self.since or datetime.min.replace(tzinfo=UTC)

    @property
    def span(self) -> timedelta:
        """How long it is."""
        return self.until - self.begins

    def days(self) -> list[Day]:
        """Its days, the first and last cut to the period.

        Raises:
            ValueError: there are more than `MOST_DAYS`.
        """
        if self.span > timedelta(days=MOST_DAYS):
            raise ValueError(f"a report by day covers at most {MOST_DAYS} days")
        found = []
        begins = self.begins
        while begins < self.until:
            day = begins.astimezone(self.zone).date()
            midnight = datetime.combine(day + timedelta(days=1), time.min, self.zone)
            ends = min(midnight.astimezone(UTC), self.until)
            found.append(Day(day, begins, ends))
            begins = ends
        return found


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def period_of(
    name: str,
    since: datetime | None,
    until: datetime | None,
    *,
    zone: str,
    now: datetime,
) -> Period:
    """The period a report is asked for: by default the last 30 days, never beyond now.

    `holds_by_age` begins at the beginning by default: what is held longest matters most. Raises:
        ValueError: the zone is unknown, or the period is empty.
    """
    if zone not in _zones():
        raise ValueError(f"{zone[:40]!r} is no time zone such as Asia/Tokyo")
    ends = now if until is None else min(until, now)
    if since is None and name not in _OPEN_ENDED:
        since = ends - DEFAULT_SPAN
    if since is not None and since >= ends:
        raise ValueError("since must come before until, and before now")
    return Period(since, ends, ZoneInfo(zone))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report's period, the present moment, and how many rows it shows (1 … 1000)."""

    period: Period
    now: datetime
    limit: int = 100


def report_of(
    name: str,
    wanted: Wanted,
    rows: Sequence[Mapping[str, Cell]],
    totals: Mapping[str, Cell],
    *,
    cut_from: Sequence[object] = (),
) -> Report:
    """A report of the wanted period; `cut_from` is what was found before rows were cut off."""
    period = wanted.period
    more = len(cut_from) > len(rows)
    return Report(name, period.since, period.until, period.zone.key, rows, totals, more)


def ratio(part: float, whole: float, *, digits: int) -> float | None:
    """A rounded quotient, None where it means nothing."""
    return round(part / whole, digits) if whole > 0 else None
