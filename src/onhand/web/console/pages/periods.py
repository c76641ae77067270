"""Days of the reader's calendar as moments."""

from datetime import UTC, date, datetime, time, tzinfo


def begins(day: date | None, zone: tzinfo) -> datetime | None:
    """The first moment of a day."""
    return None if day is None else datetime.combine(day, time.min, zone).astimezone(UTC)


def ends(day: date | None, zone: tzinfo) -> datetime | None:
    """The last moment of a day."""
    return None if day is None else datetime.combine(day, time.max, zone).astimezone(UTC)
