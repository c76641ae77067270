"""The clock; everything else has the time passed in."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The current moment in UTC."""
    return datetime.now(UTC)
