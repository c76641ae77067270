"""A shop's call limits, kept by every process together (Y4)."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta

import pytest

from onhand.db.database import Database
from onhand.simulators.rakuten import Fault, FaultKind
from onhand.sync.commands.pace import put_off, take_slot
from tests.marketplace import POLL_S, Marketplace
from tests.shop import START, FakeClock


def slots(database: Database, clock: FakeClock, times: int, **more: str) -> list[float]:
    """The waits of so many calls asked for at once."""
    store_id, function = more.get("store_id", "tokyo"), more.get("function", "search")
    return [
        take_slot(database, store_id, function, interval_s=0.5, now=clock()) for _ in range(times)
    ]


def test_slots_are_apart(database: Database, clock: FakeClock) -> None:
    assert slots(database, clock, 3) == pytest.approx([0, 0.5, 1.0])
    clock.advance(0.7)
    assert slots(database, clock, 1) == pytest.approx([0.8])
    clock.advance(60)
    assert slots(database, clock, 2) == pytest.approx([0, 0.5])


def test_functions_and_stores_do_not_wait_for_each_other(
    database: Database, clock: FakeClock
) -> None:
    slots(database, clock, 5)
    assert slots(database, clock, 1, function="get") == [0]
    assert slots(database, clock, 1, store_id="osaka") == [0]


def test_what_the_shop_asks_for_holds_everybody(database: Database, clock: FakeClock) -> None:
    slots(database, clock, 1)
    for seconds in (30, 10):  # the longer one holds
        with database.begin() as connection:
            until = clock() + timedelta(seconds=seconds)
            put_off(connection, "tokyo", "search", until=until)
    assert slots(database, clock, 2) == pytest.approx([30, 30.5])


def _take(address: tuple[str, str | None, int]) -> list[float]:
    url, schema, times = address
    database = Database(url, schema=schema)
    try:
        return [
            take_slot(database, "tokyo", "search", interval_s=1.0, now=START) for _ in range(times)
        ]
    finally:
        database.dispose()


@pytest.mark.slow
def test_processes_share_the_limit(database: Database) -> None:
    """No slot is given twice and none is left out, whichever process asks."""
    url = database.url.render_as_string(hide_password=False)
    address = (url, database.schema, 15)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(3, context) as processes:
        shares = processes.map(_take, [address] * 3)
        waits = sorted(wait for share in shares for wait in share)
    assert waits == pytest.approx(list(range(45)))


def test_a_limit_that_was_hit_is_waited_for(marketplace: Marketplace) -> None:
    """Retry-After is honoured by every function's next caller, and nobody is blamed."""
    marketplace.offer(tote=20)
    marketplace.set_up()
    marketplace.rakuten.faults.plan(
        Fault(
            kind=FaultKind.LIMITED,
            function="inventories.bulk.upsert",
            shop="tokyo",
            retry_after_s=90,
        )
    )
    marketplace.goods.receive("tote", 5)
    marketplace.tick()
    limited_at = marketplace.clock()
    assert marketplace.shown("tote") == {"tokyo": 20, "osaka": 25}
    told = marketplace.line.count("bulk-upsert", "tokyo")
    marketplace.run_for(80, step=10)
    assert marketplace.line.count("bulk-upsert", "tokyo") == told
    marketplace.run_for(POLL_S, step=10)
    assert marketplace.shown("tote") == {"tokyo": 25, "osaka": 25}
    moment = marketplace.pushes("tokyo", "tote")[-1].settled_at
    assert timedelta(seconds=85) <= moment - limited_at <= timedelta(seconds=110)
    assert not marketplace.events("push_failed")
    assert marketplace.store("tokyo").status == "active"


def test_our_calls_stay_within_the_documented_limits(marketplace: Marketplace) -> None:
    """The simulated shop refuses what is too fast: it has nothing to refuse."""
    names = [f"item{number}" for number in range(30)]
    marketplace.offer(stores=["tokyo"], **dict.fromkeys(names, 3))
    marketplace.set_up()
    for name in names:
        marketplace.goods.receive(name, 1)
        marketplace.do("sync.follow")
        marketplace.do("sync.push", "tokyo")
    assert marketplace.line.count("bulk-upsert", "tokyo") >= 30
    outcomes = {row.outcome for name in names for row in marketplace.pushes("tokyo", name)}
    assert outcomes == {"delivered"}
