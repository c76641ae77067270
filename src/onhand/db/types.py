"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine


@lru_cache(maxsize=4096)  # a batch writes the same few moments again and again
def to_text(moment: datetime) -> str:
    """The one text form of a moment: ISO 8601, microseconds, `+00:00`; it sorts by time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def from_text(text: str) -> datetime:
    """A moment from the form `to_text` gives."""
    return datetime.fromisoformat(text)


def from_row(value: str | datetime | None) -> datetime | None:
    """A moment as a driver hands it over (text on SQLite), in UTC."""
    if value is None:
        return None
    return from_text(value) if isinstance(value, str) else value.astimezone(UTC)


class UtcTimestamp(TypeDecorator[datetime]):
    """A moment in UTC: `timestamptz` on PostgreSQL, sortable ISO text on SQLite."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`timestamptz` where the database has it."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse naive moments; write UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC) if dialect.name == "postgresql" else to_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Always an aware moment in UTC."""
        return from_row(value)
