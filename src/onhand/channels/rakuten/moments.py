"""Rakuten's way of writing moments, and windows of search that it accepts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

JST = timezone(timedelta(hours=9), "JST")
# searchOrder: at most 63 days. A day less, because whether both ends count is not stated.
LONGEST_WINDOW = timedelta(days=62)
SECOND = timedelta(seconds=1)


def to_order_api(moment: datetime) -> str:
    """The one form searchOrder accepts (`+09:00`, `Z`, fractions get ERROR_011).

    Raises ValueError when the moment has no zone.
    """
    if moment.tzinfo is None:
        message = "a moment needs its zone"
        raise ValueError(message)
    return moment.astimezone(JST).strftime("%Y-%m-%dT%H:%M:%S+0900")


def from_rakuten(text: str) -> datetime:
    """A moment in UTC, from any ISO 8601 form; without zone it is Japanese time.

    Raises ValueError when it is none.
    """
    moment = datetime.fromisoformat(text)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=JST)).astimezone(UTC)
    except OverflowError as error:
        message = "a moment beyond the calendar"
        raise ValueError(message) from error


def windows(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Windows of whole seconds that cover `since` to `until`, each sharing its end with the next.

    Whether an end is part of a window is not stated, so no second lies only at the edge of one
    window between two others.
    """
    start = since.replace(microsecond=0)
    end = until.replace(microsecond=0) + (SECOND if until.microsecond else timedelta())
    while start < end:
        stop = min(start + LONGEST_WINDOW, end)
        yield start, stop
        start = stop


def halves(
    start: datetime, end: datetime
) -> tuple[tuple[datetime, datetime], tuple[datetime, datetime]] | None:
    """A window in two, at a whole second; None when it is too short to be cut."""
    middle = start + (end - start) // 2
    middle = middle.replace(microsecond=0)
    return ((start, middle), (middle, end)) if start < middle < end else None
