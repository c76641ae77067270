"""Z20: two disjoint SKUs never block each other (PostgreSQL)."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from onhand.db.database import Database
from onhand.stock.commands import Ledger
from onhand.stock.model.commands import Policy
from tests.gate import GateClock, wait_for_lock_queue
from tests.shop import FakeClock, Shop, Units, deduct, order, release, reserve
from tests.stock.recount import assert_sound


@pytest.fixture
def database(postgres_database: Database) -> Database:
    """SQLite has one writer: this is about PostgreSQL."""
    return postgres_database


def test_z20_the_other_sku_is_served_while_one_is_locked(shop: Shop, clock: FakeClock) -> None:
    shop.register(a=5, b=5)
    gate = GateClock()
    slow = Shop(Ledger(shop.database, clock=gate, policy=Policy()), clock)
    with ThreadPoolExecutor(2) as threads:
        held_up = threads.submit(slow.do, reserve(order(1), a=1))
        assert gate.reached.wait(10)
        began = time.monotonic()
        shop.do(reserve(order(2), b=1))
        shop.do(deduct(order(2)))
        shop.do(reserve(order(3), b=2))
        shop.do(release(order(3)))
        assert time.monotonic() - began < 5
        same = threads.submit(shop.do, reserve(order(4), a=1))
        wait_for_lock_queue(shop.database)  # the same SKU does wait
        assert not same.done()
        gate.open()
        held_up.result(10)
        same.result(10)
    assert (shop.units("a"), shop.units("b")) == (Units(5, 2), Units(4, 0))
    assert_sound(shop.database)


def test_z20_reading_waits_for_nobody(shop: Shop, clock: FakeClock) -> None:
    shop.register(a=5)
    gate = GateClock()
    slow = Shop(Ledger(shop.database, clock=gate, policy=Policy()), clock)
    writer = threading.Thread(target=slow.do, args=(reserve(order(1), a=1),))
    writer.start()
    assert gate.reached.wait(10)
    began = time.monotonic()
    assert shop.units("a") == Units(5, 0)
    assert time.monotonic() - began < 5
    gate.open()
    writer.join(10)
    assert shop.units("a") == Units(5, 1)
