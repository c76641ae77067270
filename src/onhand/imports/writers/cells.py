"""A value as it stands in a file's cell."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from onhand.imports.model.exports import Cell
from onhand.imports.model.formulas import guard

_OFFSET = re.compile(r"([+-])(\d\d):([0-5]\d)", re.ASCII)
EXCEL_ROWS = 1_048_576  # of a sheet
_LARGEST_OFFSET = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file says beside its rows: its title, its columns' names, and in which zone it is.

    A workbook goes on on another sheet after `most_rows`, the names of the columns included.
    """

    title: str
    headings: tuple[str, ...]
    zone: tzinfo = UTC
    most_rows: int = EXCEL_ROWS


def as_text(value: Cell, zone: tzinfo) -> str | int | bool | None:
    """The value without moments, and without anything a spreadsheet would run.

    Moments become ISO 8601 with the zone's offset, to the second.
    """
    if value is None or type(value) is int:  # most cells are
        return value
    if isinstance(value, str):
        return guard(value)
    if isinstance(value, datetime):
        return _moment(value, zone)
    return value


def read_zone(name: str) -> tzinfo:
    """A time zone by its name in the IANA database or its offset such as `+09:00`.

    Raises:
        ValueError: there is none of that name.
    """
    offset = _OFFSET.fullmatch(name)
    if offset is not None:
        sign, hours, minutes = offset.groups()
        ahead = timedelta(hours=int(hours), minutes=int(minutes))
        if ahead <= _LARGEST_OFFSET:
            return timezone(ahead if sign == "+" else -ahead)
    if name == "UTC":
        return UTC
    if name not in _known_zones():
        raise ValueError("a time zone looks like Asia/Tokyo or +09:00")
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=4096)  # a batch records many events at one moment
def _moment(moment: datetime, zone: tzinfo) -> str:
    try:
        return moment.astimezone(zone).isoformat(timespec="seconds")
    except OverflowError:  # at the ends of the years 1 to 9999
        return moment.astimezone(UTC).isoformat(timespec="seconds")
