"""Confirming orders: retries that survive a restart, and then a person (O4)."""

from datetime import timedelta

import pytest

from onhand.access.model import Accepted, Actor, Asked
from onhand.access.tables import audit_entry
from onhand.channels.port import Confirmation, ConfirmResult, OrderState
from onhand.orders.commands import (
    OrderKey,
    confirmation_failed,
    retry_confirmation,
    settle_confirmations,
)
from onhand.orders.model.refusals import OrderNotFound, OrderNotWaiting
from onhand.orders.queries.due import due_confirmations, open_orders
from onhand.orders.tables import channel_order, desk_entry
from tests.orders.market import STORE, Market, line, order
from tests.shop import START, Shop

KEY = OrderKey(STORE, "o1")


@pytest.fixture
def market(shop: Shop) -> Market:
    """A store that lists totes."""
    market = Market(shop)
    market.open(STORE)
    shop.register(tote=9)
    market.offer("tote", "tote")
    return market


def due(market: Market) -> list[str]:
    """Orders to be confirmed now."""
    with market.database.read() as connection:
        return due_confirmations(connection, STORE, now=market.clock(), limit=100)


def settle(market: Market, outcome: Confirmation, order_id: str = "o1") -> None:
    """What came of confirming an order."""
    results = {order_id: ConfirmResult(outcome, "why")}
    settle_confirmations(market.database, STORE, results, now=market.clock())


def ann(market: Market, key: str | None = None) -> Asked:
    """A person asks."""
    return Asked(Actor("ann"), market.clock(), key)


def confirmations(market: Market) -> list[tuple[object, ...]]:
    """What is recorded of the only order's confirmation."""
    return market.table(channel_order, "confirm_due_at", "confirm_failures", "confirmed_at")


def test_a_new_order_is_due_at_once(market: Market) -> None:
    market.take(order(line("tote", 1)))
    market.take(order(line("tote", 1), order_id="o2"), confirm=False)
    market.take(order(line("tote", 1), order_id="o3", state=OrderState.CONFIRMED))
    assert due(market) == ["o1"]
    settle(market, Confirmation.CONFIRMED)
    assert due(market) == []
    assert (None, 0, START) in confirmations(market)


def test_an_order_seen_confirmed_is_not_confirmed(market: Market) -> None:
    market.take(order(line("tote", 1)))
    market.take(order(line("tote", 1), state=OrderState.CONFIRMED, read_s=61))
    assert due(market) == []
    settle(market, Confirmation.FAILED)  # an answer that comes late
    assert confirmations(market) == [(None, 0, None)]


def test_another_sight_of_a_waiting_order_keeps_its_turn(market: Market) -> None:
    market.take(order(line("tote", 1)))
    settle(market, Confirmation.FAILED)
    market.take(order(line("tote", 2), read_s=61))
    assert confirmations(market) == [(START + timedelta(seconds=1), 1, None)]


@pytest.mark.parametrize("outcome", [Confirmation.ALREADY, Confirmation.CANCELLED])
def test_one_that_moved_on_is_read_again_at_once(market: Market, outcome: Confirmation) -> None:
    market.take(order(line("tote", 1), read_s=0))
    market.take(order(line("tote", 1), read_s=-5, order_id="o2"))
    market.clock.advance(10)
    settle(market, outcome)
    assert due(market) == ["o2"]
    with market.database.read() as connection:
        now = market.clock.advance(1)
        found = open_orders(connection, STORE, now=now, limit=10)
    assert {one.order_id for one in found} == {"o1", "o2"}


def test_tried_again_after_1_2_4_8_and_16_seconds(market: Market) -> None:
    market.take(order(line("tote", 1)))
    for wait_s in (1, 2, 4, 8, 16):
        assert due(market) == ["o1"]
        confirmation_failed(market.database, STORE, ["o1"], "down", now=market.clock())
        market.clock.advance(wait_s - 0.001)
        assert due(market) == []
        market.clock.advance(0.001)
    assert due(market) == ["o1"]
    assert market.table(desk_entry) == []
    settle(market, Confirmation.FAILED)
    market.clock.advance(10**6)
    assert due(market) == []
    (entry,) = market.table(desk_entry, "kind", "facts", "closed_at")
    assert entry == ("failed_confirmation", {"failures": 6, "reason": "why"}, None)
    assert ("ConfirmOrder", "order:tokyo:o1", "store:tokyo") in market.table(
        audit_entry, "action", "subject", "actor"
    )


def give_up(market: Market) -> None:
    """Fail until a person is asked."""
    for _ in range(6):
        settle(market, Confirmation.FAILED)


def test_tried_again_by_hand(market: Market) -> None:
    market.take(order(line("tote", 1)))
    give_up(market)
    first = retry_confirmation(market.database, ann(market, "k"), KEY)
    again = retry_confirmation(market.database, ann(market, "k"), KEY)
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert (first.answer, again.replayed) == (again.answer, True)
    assert due(market) == ["o1"]
    assert market.table(desk_entry, "closed_by") == [("ann",)]
    give_up(market)
    assert len(market.table(desk_entry)) == 2


def test_what_cannot_be_tried_again(market: Market) -> None:
    market.take(order(line("tote", 1), state=OrderState.SHIPPED))
    refused = retry_confirmation(market.database, ann(market), KEY)
    assert refused == OrderNotWaiting(STORE, "o1", "shipped")
    for order_id in ("o9", "o\0"):
        unknown = retry_confirmation(market.database, ann(market), OrderKey(STORE, order_id))
        assert unknown == OrderNotFound(STORE, order_id)


def test_the_entry_closes_when_the_order_moves_on(market: Market) -> None:
    market.take(order(line("tote", 1)))
    give_up(market)
    market.take(order(line("tote", 1), read_s=61, state=OrderState.CONFIRMED))
    kinds = dict(market.table(desk_entry, "kind", "closed_how"))
    assert kinds["failed_confirmation"] == "settled"


def test_unknown_orders_are_passed_over(market: Market) -> None:
    settle(market, Confirmation.FAILED, "nobody")
    assert market.table(channel_order) == []
