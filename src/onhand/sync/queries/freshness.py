"""How fresh the stores' numbers were, hour by hour (Y7)."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa

from onhand.db.types import to_text

MOST_HOURS = 24 * 14
_HOUR = timedelta(hours=1)
MOST_DELIVERIES = 1_000
# How old a change was when the shop had it, of the newest deliveries of a stretch of time.
_AGES = (
    "SELECT {seconds} FROM push WHERE store_id = :store AND settled_at >= :since "
    "AND settled_at < :until AND outcome = 'delivered' AND stale_at IS NOT NULL "
    "ORDER BY settled_at DESC LIMIT :most"
)
_SECONDS = {
    "sqlite": "(julianday(settled_at) - julianday(stale_at)) * 86400.0",
    "postgresql": "extract(epoch FROM settled_at - stale_at)",
}


class StoreFreshness(msgspec.Struct, frozen=True):
    """Of each hour, how old changes were when the store's shop had them, in seconds.

    None: nothing was told in that hour. Of more than 1,000 deliveries in an hour the newest 1,000
    count.
    """

    store: str
    p50_s: list[float | None]
    p99_s: list[float | None]


class FreshnessHistory(msgspec.Struct, frozen=True):
    """Hours by their beginnings, oldest first; the last one is not over yet.

    Stores that were told nothing in all of them are left out.
    """

    hours: list[datetime]
    stores: list[StoreFreshness]


def freshness_per_hour(connection: sa.Connection, *, now: datetime, hours: int) -> FreshnessHistory:
    """How fresh every store's numbers were in the last `hours` (1 … 336) hours.

    Raises:
        ValueError: `hours` is out of range.
    """
    if not 1 <= hours <= MOST_HOURS:
        raise ValueError(f"the hours are 1 … {MOST_HOURS}")
    running = now.replace(minute=0, second=0, microsecond=0)
    starts = [running - _HOUR * back for back in reversed(range(hours))]
    statement = sa.text(_AGES.format(seconds=_SECONDS[connection.dialect.name]))
    found = []
    for (store_id,) in connection.execute(sa.text("SELECT store_id FROM store ORDER BY store_id")):
        ages = [_ages(connection, statement, store_id, since=start) for start in starts]
        if any(ages):
            slow = [_least(each, 0.99) for each in ages]
            found.append(StoreFreshness(store_id, [_least(each, 0.5) for each in ages], slow))
    return FreshnessHistory(starts, found)


def _ages(
    connection: sa.Connection, statement: sa.TextClause, store_id: str, *, since: datetime
) -> list[float]:
    """The ages of an hour's deliveries, the least first."""
    span: tuple[datetime | str, datetime | str] = (since, since + _HOUR)
    if connection.dialect.name == "sqlite":
        span = (to_text(since), to_text(since + _HOUR))
    asked = {"store": store_id, "since": span[0], "until": span[1], "most": MOST_DELIVERIES}
    return sorted(float(age) for (age,) in connection.execute(statement, asked))


def _least(ages: Sequence[float], share: float) -> float | None:
    """The least age that so large a share (0 … 1) of them does not pass."""
    return round(ages[math.ceil(share * len(ages)) - 1], 3) if ages else None
