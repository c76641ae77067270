"""Z9: the same order delivered five times at the same instant: one effect."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from onhand.access.tables import audit_entry
from onhand.channels.port import ChannelOrder, OrderState
from onhand.orders.commands import TakenIn
from onhand.orders.tables import channel_order, order_line, order_sight, order_stock
from tests.orders.market import BELIEF, STORE, Market, line, order
from tests.shop import Shop, Units
from tests.stock.recount import assert_sound
from tests.zoo.takers import TakerProcesses, taker_processes

TIMES = 5


@pytest.fixture(scope="module")
def takers() -> Iterator[TakerProcesses]:
    """Worker processes, started once."""
    with taker_processes() as processes:
        yield processes


def assert_once(market: Market, taken: list[TakenIn], state: OrderState) -> None:
    """One of them did something, and it was done once."""
    assert [one.changed for one in taken].count(True) == 1
    held = 0 if state is OrderState.SHIPPED else 3
    assert market.shop.units("tote") == Units(10 - 3 + held, held)
    assert market.shop.units("mug") == Units(7 + held // 3, held // 3)
    assert market.belief("tote") == (BELIEF - 3, None)
    assert market.belief("mug") == (BELIEF - 1, None)
    assert len(market.table(channel_order)) == 1
    assert len(market.table(order_line)) == 3
    assert len(market.table(order_stock)) == 2
    assert len(market.table(order_sight)) == 1
    actions = [action for (action,) in market.table(audit_entry, "action")]
    assert actions.count("Reserve") == 1
    assert_sound(market.database)


def prepared(shop: Shop) -> Market:
    """A store with totes and mugs."""
    market = Market(shop)
    market.open(STORE)
    shop.register(tote=10, mug=8)
    market.offer("tote", "tote")
    market.offer("mug", "mug")
    return market


def new_order(state: OrderState) -> ChannelOrder:
    """Two identical lines and another one."""
    return order(line("tote", 1), line("tote", 2), line("mug", 1, "2"), state=state)


def test_z09_five_threads(shop: Shop) -> None:
    market = prepared(shop)
    start = threading.Barrier(TIMES)
    delivered = new_order(OrderState.PLACED)

    def take() -> TakenIn:
        start.wait(10)
        return market.take(delivered)

    with ThreadPoolExecutor(TIMES) as threads:
        futures = [threads.submit(take) for _ in range(TIMES)]
        taken = [future.result(60) for future in futures]
    assert [one.is_new for one in taken].count(True) == 1
    assert_once(market, taken, OrderState.PLACED)


def test_z09_five_processes(shop: Shop, takers: TakerProcesses) -> None:
    market = prepared(shop)
    taken = takers.run(shop.database, [new_order(OrderState.SHIPPED)] * TIMES)
    assert_once(market, taken, OrderState.SHIPPED)


def test_z09_five_states_of_one_order(shop: Shop, takers: TakerProcesses) -> None:
    """Sights of different moments at once: the newest is what remains."""
    market = prepared(shop)
    states = [
        OrderState.PLACED,
        OrderState.CONFIRMED,
        OrderState.CHANGING,
        OrderState.CONFIRMED,
        OrderState.SHIPPED,
    ]
    assert len(states) == TIMES
    takers.run(
        shop.database,
        [order(line("tote", 2), state=state, read_s=60 + n) for n, state in enumerate(states)],
    )
    assert shop.units("tote") == Units(8, 0)
    assert market.belief("tote") == (BELIEF - 2, None)
    assert_sound(shop.database)


def test_z09_different_orders_of_the_same_skus(shop: Shop, takers: TakerProcesses) -> None:
    """Nobody waits for ever: the same SKUs and listings, named in opposite order."""
    market = prepared(shop)
    both = [line("tote", 1), line("mug", 1, "2")]
    orders = [order(*both[:: (-1) ** n], order_id=f"o{n}") for n in range(TIMES)]
    taken = takers.run(shop.database, orders)
    assert all(one.is_new for one in taken)
    assert shop.units("tote") == Units(10, TIMES)
    assert shop.units("mug") == Units(8, TIMES)
    assert market.belief("mug") == (BELIEF - TIMES, None)
