"""Moments are stored in UTC and come back in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from onhand.access.tables import api_token
from onhand.db.database import Database
from onhand.db.types import from_text, to_text

TOKYO = timezone(timedelta(hours=9))
EARLY = datetime(2026, 3, 1, 8, 59, 59, 999_999, tzinfo=TOKYO)


def insert(database: Database, name: str, moment: datetime) -> None:
    """A row with a moment."""
    values = {"token_id": name, "token_hash": name, "name": name, "scope": "viewer"}
    with database.begin() as connection:
        connection.execute(sa.insert(api_token).values(created_at=moment, **values))


def test_a_moment_of_any_zone_comes_back_in_utc(database: Database) -> None:
    insert(database, "till", EARLY)
    with database.read() as connection:
        (moment,) = connection.execute(sa.select(api_token.c.created_at)).scalars()
    assert moment == EARLY
    assert moment.utcoffset() == timedelta(0)


def test_moments_sort_by_time(database: Database) -> None:
    moments = [EARLY + timedelta(microseconds=step) for step in (2, 0, 1, 10**7)]
    for number, moment in enumerate(moments):
        zone = UTC if number % 2 else TOKYO
        insert(database, f"token-{number}", moment.astimezone(zone))
    with database.read() as connection:
        found = list(
            connection.execute(
                sa.select(api_token.c.created_at).order_by(api_token.c.created_at)
            ).scalars()
        )
        later = connection.execute(
            sa.select(sa.func.count()).where(api_token.c.created_at > moments[2])
        ).scalar_one()
    assert found == sorted(moments)
    assert later == 2


def test_a_moment_without_zone_is_refused(database: Database) -> None:
    with pytest.raises(sa.exc.StatementError, match="time zone"):
        insert(database, "till", EARLY.replace(tzinfo=None))


def test_the_text_form_and_back() -> None:
    assert to_text(EARLY) == "2026-02-28T23:59:59.999999+00:00"
    assert to_text(datetime(2026, 3, 1, tzinfo=UTC)) == "2026-03-01T00:00:00.000000+00:00"
    assert from_text(to_text(EARLY)) == EARLY
