"""Reads of sync: pages, counts, freshness, and that no list walks a whole store."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from onhand.db.database import Database
from onhand.stock.commands import Ledger
from onhand.stock.model.commands import Policy
from onhand.sync.queries.drifts import DriftFilter, list_drifts
from onhand.sync.queries.failed import FailedFilter, list_failed
from onhand.sync.queries.pushes import PushFilter, list_pushes
from onhand.sync.queries.status import StoreSync, read_freshness, read_status
from onhand.sync.tables import call_slot, drift, listing_push, push
from tests.orders.market import Market
from tests.shop import START, FakeClock, Shop

STORES = ("osaka", "tokyo")
Row = dict[str, Any]


@pytest.fixture
def market(shop: Shop) -> Market:
    """Two stores that list the same four goods."""
    market = Market(shop)
    market.open(*STORES)
    for item in "abcd":
        market.shop.register(**{item: 5})
        for store in STORES:
            market.offer(item, item, store_id=store)
    return market


def change(database: Database, listing_id: str, **values: object) -> None:
    """Set what the fence knows of a listing."""
    chosen = listing_push.c.listing_id == listing_id
    with database.begin() as connection:
        connection.execute(sa.update(listing_push).where(chosen).values(values))


def told(
    number: int, *, store: str = "tokyo", age_s: float = 1.0, **more: object
) -> dict[str, object]:
    """A settled push, `number` seconds before START."""
    at = START - timedelta(seconds=number)
    usual: Row = {
        "push_id": f"p{number:06}",
        "listing_id": f"{store}/{'abcd'[number % 4]}",
        "store_id": store,
        "mode": "relative",
        "units": -1,
        "believed": 5,
        "target": 4,
        "stale_at": at - timedelta(seconds=age_s),
        "settled_at": at,
        "outcome": "delivered",
        "reason": None,
    }
    return usual | more


def status_of(database: Database, store: str) -> StoreSync:
    """How a store stands at START."""
    with database.read() as connection:
        (found,) = (one for one in read_status(connection, now=START) if one.store == store)
    return found


def test_the_log_of_several_stores_is_one_list(market: Market) -> None:
    rows = [told(number, store=STORES[number % 2]) for number in range(40)]
    rows += [told(7, store="osaka", listing_id="osaka/b", push_id="p000007x")]  # at one moment
    with market.database.begin() as connection:
        connection.execute(sa.insert(push), rows)

    seen, after = [], None
    with market.database.read() as connection:
        while True:
            page = list_pushes(connection, PushFilter(limit=7, after=after))
            assert len(page.pushes) <= 7
            seen += [one.push for one in page.pushes]
            after = page.cursor
            if after is None:
                break
    newest = sorted(rows, key=lambda row: (row["settled_at"], row["push_id"]), reverse=True)
    assert seen == [row["push_id"] for row in newest]


def test_freshness_is_taken_from_deliveries_of_a_day(market: Market) -> None:
    rows = [told(number, age_s=number + 1) for number in range(100)]
    rows += [
        told(200, age_s=9_000, outcome="unknown"),
        told(201, stale_at=None),
        told(86_401, age_s=9_000),
        told(202, age_s=9_000, store="osaka"),
    ]
    with market.database.begin() as connection:
        connection.execute(sa.insert(push), rows)
        fresh = read_freshness(connection, "tokyo", now=START)

    assert (fresh.deliveries, fresh.p50_s, fresh.p99_s) == (100, 50.0, 99.0)
    assert status_of(market.database, "tokyo").last_delivered_at == START


def test_one_delivery_is_all_of_its_figures(market: Market) -> None:
    with market.database.begin() as connection:
        connection.execute(sa.insert(push), [told(1, age_s=2.5)])
        fresh = read_freshness(connection, "tokyo", now=START)

    assert (fresh.deliveries, fresh.p50_s, fresh.p99_s) == (1, 2.5, 2.5)


def test_a_listing_is_counted_where_it_stands(market: Market) -> None:
    database = market.database
    earlier = START - timedelta(seconds=30)
    stale = {"stale_at": earlier, "due_at": earlier}
    change(database, "tokyo/a", **stale, waits_for_orders=True)
    change(database, "tokyo/b", **stale, doubt="write_unknown", read_after=START)
    change(database, "tokyo/c", **stale, failed_at=START, failure="no such item")
    change(database, "tokyo/d", failure="drift")
    change(database, "osaka/a", **stale, push_id="p", push_until=START, push_mode="relative")
    found = {"listing_id": "tokyo/d", "store_id": "tokyo", "found_at": START, "cause": "x"}
    with database.begin() as connection:
        connection.execute(sa.insert(drift), [{"drift_id": "d1", **found}])
        slots = {"store_id": "tokyo", "function": "f", "next_at_s": START.timestamp() + 1.5}
        connection.execute(sa.insert(call_slot), slots)

    tokyo, osaka = status_of(database, "tokyo"), status_of(database, "osaka")
    assert (tokyo.queued, tokyo.oldest_s, tokyo.waiting_for_orders) == (2, 30.0, 1)
    assert (tokyo.in_doubt, tokyo.failed, tokyo.needs_person) == ({"write_unknown": 1}, 1, 1)
    assert (tokyo.in_flight, tokyo.calls) == (0, {"f": 1.5})
    assert (osaka.queued, osaka.in_flight, osaka.failed, osaka.calls) == (1, 1, 0, {})


@pytest.mark.parametrize("limit", [0, 1001])
def test_pages_have_a_size(market: Market, limit: int) -> None:
    with market.database.read() as connection:
        for read in (
            lambda: list_pushes(connection, PushFilter(limit=limit)),
            lambda: list_failed(connection, FailedFilter(limit=limit)),
            lambda: list_drifts(connection, DriftFilter(limit=limit)),
        ):
            with pytest.raises(ValueError, match="limit"):
                read()


def test_no_read_walks_every_listing(sqlite_database: Database, clock: FakeClock) -> None:
    """What the database is asked is looked up by an index, whatever the size of the stores."""
    Market(Shop(Ledger(sqlite_database, clock=clock, policy=Policy()), clock)).open("tokyo")
    asked: list[str] = []

    def note(*happening: Any) -> None:
        asked.append(happening[2])

    sa.event.listen(sqlite_database.engine, "before_cursor_execute", note)
    with sqlite_database.read() as connection:
        read_status(connection, now=START)
        list_failed(connection, FailedFilter())
        list_drifts(connection, DriftFilter(store="tokyo"))
        list_pushes(connection, PushFilter(store="tokyo"))
        assert len(asked) > 10
        sa.event.remove(sqlite_database.engine, "before_cursor_execute", note)
        plans = [
            row[3]
            for sql in asked
            for row in connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {sql}", tuple("x" * sql.count("?"))
            )
        ]

    whole = [plan for plan in plans if plan.startswith("SCAN") and "INDEX" not in plan]
    small = ("SCAN store", "SCAN call_slot", "SCAN newest", "SCAN ranked", "SCAN (subquery")
    assert [plan for plan in whole if not plan.startswith(small)] == []
    by_index = [plan for plan in plans if plan.startswith("SCAN listing_push")]
    assert {plan.rpartition("INDEX ")[2] for plan in by_index} <= {
        "ix_listing_push_stale",
        "ix_listing_push_doubt",
        "ix_listing_push_failed",
        "ix_listing_push_in_flight",
    }
