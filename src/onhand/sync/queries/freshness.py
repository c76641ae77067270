"""How fresh the stores' numbers were, hour by hour (Y7)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.db.types import to_text

MOST_HOURS = 24 * 14
_HOUR = timedelta(hours=1)
# The least age that so many hundredths of an hour's deliveries do not pass; `hour` as ISO text.
_AGES = (
    "WITH told AS (SELECT store_id, {hour} AS hour, {seconds} AS age FROM push "
    "WHERE settled_at >= :since AND settled_at <= :until AND outcome = 'delivered' "
    "AND stale_at IS NOT NULL AND store_id = :store), "
    "ranked AS (SELECT store_id, hour, age, "
    "row_number() OVER (PARTITION BY store_id, hour ORDER BY age) AS place, "
    "count(*) OVER (PARTITION BY store_id, hour) AS number FROM told) "
    "SELECT hour, min(CASE WHEN place >= 0.5 * number THEN age END), "
    "min(CASE WHEN place >= 0.99 * number THEN age END) FROM ranked GROUP BY hour"
)
_BY_DIALECT = {
    "sqlite": {
        "hour": "substr(settled_at, 1, 13)",
        "seconds": "(julianday(settled_at) - julianday(stale_at)) * 86400.0",
    },
    "postgresql": {
        "hour": "to_char(timezone('UTC', settled_at), 'YYYY-MM-DD\"T\"HH24')",
        "seconds": "extract(epoch FROM settled_at - stale_at)",
    },
}


class StoreFreshness(msgspec.Struct, frozen=True):
    """Of each hour, how old changes were when the store's shop had them, in seconds.

    None: nothing was told in that hour.
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
    dialect = connection.dialect.name
    statement = sa.text(_AGES.format(**_BY_DIALECT[dialect]))
    since: datetime | str = starts[0]
    until: datetime | str = now
    if dialect == "sqlite":
        since, until = to_text(starts[0]), to_text(now)
    found = []
    for store_id in connection.execute(sa.text("SELECT store_id FROM store ORDER BY store_id")):
        rows = connection.execute(
            statement, {"since": since, "until": until, "store": store_id[0]}
        ).all()
        if rows:
            found.append(_line(store_id[0], rows, starts))
    return FreshnessHistory(starts, found)


def _line(store_id: str, rows: Iterable[Sequence[Any]], starts: list[datetime]) -> StoreFreshness:
    middle: list[float | None] = [None] * len(starts)
    slow: list[float | None] = [None] * len(starts)
    for hour, half, most in rows:
        at = (datetime.fromisoformat(f"{hour}:00+00:00") - starts[0]) // _HOUR
        middle[at], slow[at] = round(float(half), 3), round(float(most), 3)
    return StoreFreshness(store_id, middle, slow)
