"""How the stores' numbers stand: what waits, since when, why, and how fresh they are (Y7)."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.catalog.queries.stores import list_stores
from onhand.catalog.tables import listing
from onhand.db.types import to_text
from onhand.sync.queries.drifts import DRIFTED
from onhand.sync.tables import call_slot, drift, listing_push, push, store_progress

FRESHNESS_OVER = timedelta(hours=24)
_MOST_DELIVERIES = 2_000
_PUSH = listing_push.c
_SECONDS = {
    "sqlite": "(julianday(settled_at) - julianday(stale_at)) * 86400.0",
    "postgresql": "extract(epoch FROM settled_at - stale_at)",
}
# The least age that so many hundredths of the deliveries do not pass.
_AGES = (
    "WITH newest AS (SELECT {seconds} AS age FROM push "
    "WHERE store_id = :store AND settled_at > :since AND outcome = 'delivered' "
    "AND stale_at IS NOT NULL ORDER BY settled_at DESC LIMIT :most), "
    "ranked AS (SELECT age, row_number() OVER (ORDER BY age) AS place, count(*) OVER () AS number "
    "FROM newest) "
    "SELECT max(number), min(CASE WHEN place >= 0.5 * number THEN age END), "
    "min(CASE WHEN place >= 0.99 * number THEN age END) FROM ranked"
)


class Freshness(msgspec.Struct, frozen=True):
    """How old changes were when the shop had them, in seconds, over the last 24 hours.

    Of more than 2,000 deliveries in that time the newest 2,000 count.
    """

    deliveries: int
    p50_s: float | None
    p99_s: float | None


class StoreSync(msgspec.Struct, frozen=True):
    """How one store's numbers stand; counts are mapped listings.

    `queued` have a change the shop was not told yet, the oldest since `oldest_s` seconds. Of all
    listings, `in_flight` are being told, `in_doubt` (by reason) have to be read first,
    `waiting_for_orders` are raised once late orders are in. `failed` were given up,
    `needs_person` were changed at the shop by more than is repaired unasked: neither is queued.
    `is_late`: the oldest queued change is older than `freshness_target_s` now; `missed_target`: so
    was one in a hundred of the last 24 hours when the shop had it.
    `calls` says in how many seconds each of the shop's functions may be called next.
    """

    store: str
    name: str
    status: str
    paused_reason: str | None
    paused_at: datetime | None
    paused_detail: str | None
    queued: int
    oldest_s: float | None
    in_flight: int
    in_doubt: dict[str, int]
    waiting_for_orders: int
    failed: int
    needs_person: int
    last_delivered_at: datetime | None
    freshness: Freshness
    freshness_target_s: int
    is_late: bool
    missed_target: bool
    taken_in_until: datetime | None
    calls: dict[str, float]


def read_status(connection: sa.Connection, *, now: datetime) -> list[StoreSync]:
    """How every store's numbers stand, by store."""
    queues = {row.store_id: row for row in connection.execute(_queues())}
    doubts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for store_id, reason, number in connection.execute(_doubts()):
        doubts[store_id][reason] = number
    counts = [
        _counted(connection, statement) for statement in (_in_flight(), _failed(), _drifted())
    ]
    until = {
        row.store_id: row.taken_in_until for row in connection.execute(sa.select(store_progress))
    }
    calls = read_calls(connection, now=now)
    found = []
    for store in list_stores(connection, now=now):
        queue = queues.get(store.store)
        oldest = None if queue is None else queue.oldest_at
        oldest_s = None if oldest is None else max(0.0, (now - oldest).total_seconds())
        freshness = read_freshness(connection, store.store, now=now)
        target_s = store.settings.freshness_target_s
        in_flight, failed, drifted = (count.get(store.store, 0) for count in counts)
        found.append(
            StoreSync(
                store=store.store,
                name=store.name,
                status=store.status,
                paused_reason=store.paused_reason,
                paused_at=store.paused_at,
                paused_detail=store.paused_detail,
                queued=0 if queue is None else queue.queued,
                oldest_s=oldest_s,
                in_flight=in_flight,
                in_doubt=doubts[store.store],
                waiting_for_orders=0 if queue is None else queue.waiting,
                failed=failed,
                needs_person=drifted,
                last_delivered_at=_last_delivered(connection, store.store),
                freshness=freshness,
                freshness_target_s=target_s,
                is_late=(oldest_s or 0) > target_s,
                missed_target=(freshness.p99_s or 0) > target_s,
                taken_in_until=until.get(store.store),
                calls=calls.get(store.store, {}),
            )
        )
    return found


def read_freshness(connection: sa.Connection, store_id: str, *, now: datetime) -> Freshness:
    """How fresh the store's numbers were over the last 24 hours."""
    dialect = connection.dialect.name
    since = now - FRESHNESS_OVER
    values = {
        "store": store_id,
        "since": to_text(since) if dialect == "sqlite" else since,
        "most": _MOST_DELIVERIES,
    }
    statement = sa.text(_AGES.format(seconds=_SECONDS[dialect]))
    number, middle, slow = connection.execute(statement, values).one()
    return Freshness(number or 0, _rounded(middle), _rounded(slow))


def read_calls(connection: sa.Connection, *, now: datetime) -> dict[str, dict[str, float]]:
    """By store and function, in how many seconds the next call may be sent; 0: now."""
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    slot = call_slot.c
    for row in connection.execute(sa.select(call_slot).order_by(slot.store_id, slot.function)):
        found[row.store_id][row.function] = round(max(0.0, row.next_at_s - now.timestamp()), 3)
    return found


def _queues() -> sa.Select[Any]:
    return (
        sa.select(
            _PUSH.store_id,
            sa.func.count().label("queued"),
            sa.func.min(_PUSH.stale_at).label("oldest_at"),
            sa.func.count(sa.case((_PUSH.waits_for_orders & _PUSH.doubt.is_(None), 1))).label(
                "waiting"
            ),
        )
        .where(_PUSH.stale_at.is_not(None), _PUSH.failed_at.is_(None), _mapped())
        .group_by(_PUSH.store_id)
    )


def _doubts() -> sa.Select[Any]:
    return (
        sa.select(_PUSH.store_id, _PUSH.doubt, sa.func.count())
        .where(_PUSH.doubt.is_not(None), _mapped())
        .group_by(_PUSH.store_id, _PUSH.doubt)
        .order_by(_PUSH.doubt)
    )


def _in_flight() -> sa.Select[Any]:
    return _number().where(_PUSH.push_id.is_not(None), _mapped())


def _failed() -> sa.Select[Any]:
    return _number().where(_PUSH.failed_at.is_not(None), _mapped())


def _drifted() -> sa.Select[Any]:
    is_open = sa.select(drift.c.listing_id).where(drift.c.closed_at.is_(None))
    return _number().where(_PUSH.listing_id.in_(is_open), _PUSH.failure == DRIFTED, _mapped())


def _number() -> sa.Select[Any]:
    # Grouped by an expression: to group by the column SQLite would walk all of another index.
    by_store = _PUSH.store_id.concat("")
    columns: list[sa.ColumnElement[Any]] = [
        by_store.label("store_id"),
        sa.func.count().label("number"),
    ]
    return sa.select(*columns).group_by(by_store)


def _mapped() -> sa.ColumnElement[bool]:
    """Nothing is told to a listing without a SKU, whatever its row still says."""
    own = sa.select(listing.c.listing_id).where(listing.c.listing_id == _PUSH.listing_id)
    return sa.exists(own.where(listing.c.sku_id.is_not(None)))


def _counted(connection: sa.Connection, statement: sa.Select[Any]) -> dict[str, int]:
    return {row.store_id: row.number for row in connection.execute(statement)}


def _last_delivered(connection: sa.Connection, store_id: str) -> datetime | None:
    latest = (
        sa.select(push.c.settled_at)
        .where(push.c.store_id == store_id, push.c.outcome == "delivered")
        .order_by(push.c.settled_at.desc())
        .limit(1)
    )
    return connection.execute(latest).scalar()


def _rounded(seconds: Any) -> float | None:
    return None if seconds is None else round(float(seconds), 3)
