"""Taking orders in: one order, one effect on stock and beliefs (O2, O3)."""

import pytest

from onhand.channels.port import OrderState
from onhand.orders.commands import OrderKey
from onhand.orders.model.desk import EntryKind
from onhand.orders.model.sights import State
from onhand.orders.tables import (
    channel_order,
    desk_entry,
    order_line,
    order_message,
    order_sight,
    order_stock,
)
from onhand.stock.model.commands import Caller, Line, Release, ResetSku
from tests.orders.market import BELIEF, STORE, Market, line, order
from tests.shop import Units

WAITING = [OrderState.CHANGING, OrderState.CANCELLING]


@pytest.fixture
def tote(market: Market) -> Market:
    """Ten totes, listed."""
    market.shop.register(tote=10)
    market.offer("tote", "tote")
    return market


def test_the_states_are_those_of_the_port() -> None:
    assert {state.value for state in State} == {state.value for state in OrderState}


@pytest.mark.parametrize(
    "state", [OrderState.PLACED, OrderState.CONFIRMED, *WAITING], ids=lambda state: state.value
)
def test_a_new_order_is_held_without_end(tote: Market, state: OrderState) -> None:
    taken = tote.take(order(line("tote", 2), state=state))
    assert (taken.is_new, taken.changed, taken.shortfall, taken.problems) == (True, True, {}, ())
    assert tote.shop.units("tote") == Units(10, 2)
    assert tote.belief("tote") == (BELIEF - 2, None)
    tote.clock.advance(10**8)
    assert tote.shop.units("tote").reserved == 2


def test_an_order_first_seen_shipped(tote: Market) -> None:
    tote.take(order(line("tote", 2), state=OrderState.SHIPPED))
    assert tote.shop.units("tote") == Units(8, 0)
    assert tote.belief("tote") == (BELIEF - 2, None)
    assert tote.table(order_stock, "held_units", "shipped_units") == [(0, 2)]


def test_an_order_first_seen_cancelled_takes_nothing(tote: Market) -> None:
    """The shop took the units and may or may not have put them back."""
    taken = tote.take(order(line("tote", 2), state=OrderState.CANCELLED))
    assert taken.changed
    assert tote.shop.units("tote") == Units(10, 0)
    assert tote.belief("tote") == (BELIEF, "order_changed")


def test_the_life_of_an_order(tote: Market) -> None:
    tote.take(order(line("tote", 2)))
    tote.take(order(line("tote", 2), state=OrderState.CONFIRMED, read_s=61))
    assert tote.shop.units("tote") == Units(10, 2)
    tote.take(order(line("tote", 2), state=OrderState.SHIPPED, read_s=62))
    assert tote.shop.units("tote") == Units(8, 0)
    assert tote.belief("tote") == (BELIEF - 2, None)
    assert len(tote.table(order_sight)) == 3
    assert [(which, raw) for *_, which, _, raw in tote.table(order_message)] == [
        ("first", '["placed", [["1", 2]]]'),
        ("newest", '["shipped", [["1", 2]]]'),
    ]


def test_a_cancelled_order_is_let_go(tote: Market) -> None:
    tote.take(order(line("tote", 2)))
    tote.take(order(line("tote", 2), state=OrderState.CANCELLED, read_s=61))
    assert tote.shop.units("tote") == Units(10, 0)
    assert tote.belief("tote") == (BELIEF - 2, "order_changed")


def test_a_cancelled_order_that_comes_back_is_held_again(tote: Market) -> None:
    """Z6, for orders of a shop."""
    for turn in range(5):
        tote.take(order(line("tote", 2), read_s=60 + 2 * turn))
        assert tote.shop.units("tote") == Units(10, 2)
        tote.take(order(line("tote", 2), state=OrderState.CANCELLED, read_s=61 + 2 * turn))
        assert tote.shop.units("tote") == Units(10, 0)


def test_the_same_again_and_older_ones_change_nothing(tote: Market) -> None:
    tote.take(order(line("tote", 2), state=OrderState.CONFIRMED, read_s=60))
    before = tote.table(channel_order)
    for again in (
        order(line("tote", 2), state=OrderState.CONFIRMED, read_s=60),
        order(line("tote", 2), state=OrderState.PLACED, read_s=60),
        order(line("tote", 5), state=OrderState.CANCELLED, read_s=59),
    ):
        assert not tote.take(again).changed
    assert tote.table(channel_order) == before
    assert not tote.take(order(line("tote", 2), state=OrderState.CONFIRMED, read_s=70)).changed
    assert not tote.take(order(line("tote", 2), state=OrderState.CANCELLED, read_s=69)).changed
    assert tote.shop.units("tote") == Units(10, 2)
    assert tote.shop.kinds("tote") == ["received", "reserved"]


def test_of_two_sights_of_one_instant_the_further_wins(tote: Market) -> None:
    tote.take(order(line("tote", 2)))
    assert tote.take(order(line("tote", 2), state=OrderState.CANCELLED)).changed
    assert not tote.take(order(line("tote", 2), state=OrderState.CONFIRMED)).changed
    assert tote.shop.units("tote") == Units(10, 0)


def test_fewer_units_and_deleted_lines_are_let_go(tote: Market) -> None:
    tote.shop.register(mug=5)
    tote.offer("mug", "mug")
    tote.take(order(line("tote", 4), line("mug", 1, "2")))
    tote.take(order(line("tote", 3), line("mug", 1, "2"), read_s=61))
    assert tote.shop.units("tote") == Units(10, 3)
    assert tote.belief("tote") == (BELIEF - 4, "order_changed")
    assert tote.belief("mug") == (BELIEF - 1, None)
    tote.take(order(line("tote", 3), read_s=62))
    assert tote.shop.units("mug") == Units(5, 0)
    assert tote.belief("mug") == (BELIEF - 1, "order_changed")
    assert len(tote.table(order_line)) == 1


def test_more_units_are_held_and_the_listing_is_doubted(tote: Market) -> None:
    tote.take(order(line("tote", 2)))
    tote.take(order(line("tote", 5), read_s=61))
    assert tote.shop.units("tote") == Units(10, 5)
    assert tote.belief("tote") == (BELIEF - 5, "order_changed")


@pytest.mark.parametrize("state", WAITING, ids=lambda state: state.value)
def test_nothing_is_let_go_while_the_shop_decides(tote: Market, state: OrderState) -> None:
    tote.take(order(line("tote", 4)))
    tote.take(order(line("tote", 1), state=state, read_s=61))
    assert tote.shop.units("tote") == Units(10, 4)
    assert tote.belief("tote") == (BELIEF - 4, None)
    tote.take(order(line("tote", 1), state=OrderState.CONFIRMED, read_s=62))
    assert tote.shop.units("tote") == Units(10, 1)
    assert tote.belief("tote") == (BELIEF - 4, "order_changed")


def test_an_odd_status_leaves_stock_as_it_is(tote: Market) -> None:
    tote.take(order(line("tote", 4)))
    taken = tote.take(order(line("tote", 1), state=OrderState.ODD, read_s=61))
    assert taken.problems == (EntryKind.ODD_STATUS,)
    assert tote.shop.units("tote") == Units(10, 4)
    tote.take(order(line("tote", 1), state=OrderState.CONFIRMED, read_s=62))
    assert tote.shop.units("tote") == Units(10, 1)
    assert tote.table(desk_entry, "kind", "closed_how") == [("odd_status", "settled")]


def test_an_order_first_seen_odd_is_held_once_it_is_known(tote: Market) -> None:
    tote.take(order(line("tote", 4), state=OrderState.ODD))
    assert tote.shop.units("tote") == Units(10, 0)
    assert tote.belief("tote") == (BELIEF, None)
    tote.take(order(line("tote", 4), state=OrderState.CONFIRMED, read_s=61))
    assert tote.shop.units("tote") == Units(10, 4)
    assert tote.belief("tote") == (BELIEF - 4, None)


def test_cancelled_after_shipping_asks_whether_the_goods_came_back(tote: Market) -> None:
    tote.take(order(line("tote", 4), state=OrderState.SHIPPED))
    taken = tote.take(order(line("tote", 4), state=OrderState.CANCELLED, read_s=61))
    assert taken.problems == (EntryKind.CANCELLED_AFTER_SHIPPING,)
    assert tote.shop.units("tote") == Units(6, 0)
    assert tote.table(desk_entry, "subject", "facts") == [("tote", {"sku": "tote", "units": 4})]
    assert tote.belief("tote") == (BELIEF - 4, "order_changed")


@pytest.mark.parametrize("units", [0, -3, 10_001, 10**30])
def test_absurd_units_are_kept_and_not_held(tote: Market, units: int) -> None:
    taken = tote.take(order(line("tote", units), line("tote", 2, "2")))
    assert taken.problems == (EntryKind.BAD_LINE,)
    assert tote.shop.units("tote") == Units(10, 2)
    ((kind, subject, facts),) = tote.table(desk_entry, "kind", "subject", "facts")
    assert (kind, subject, facts["units"]) == ("bad_line", "1", str(units))
    tote.take(order(line("tote", 1), line("tote", 2, "2"), read_s=61))
    assert tote.shop.units("tote") == Units(10, 3)
    assert tote.table(desk_entry, "kind", "closed_how") == [("bad_line", "settled")]


def test_text_that_no_database_keeps(tote: Market) -> None:
    strange = order(line("to\0te", 2), line("tote", 1, "\ud800"), order_id="o\0")
    assert tote.take(strange).problems == (EntryKind.UNMAPPED,)
    assert not tote.take(strange).changed
    assert tote.shop.units("tote") == Units(10, 1)


def test_an_order_without_lines(tote: Market) -> None:
    assert tote.take(order()).changed
    tote.take(order(line("tote", 1), read_s=61))
    assert tote.shop.units("tote") == Units(10, 1)


def test_a_sku_that_was_reset_meanwhile(tote: Market) -> None:
    tote.take(order(line("tote", 2)))
    tote.shop.do(ResetSku("tote"))
    taken = tote.take(order(line("tote", 2), state=OrderState.SHIPPED, read_s=61))
    assert taken.problems == (EntryKind.UNMAPPED,)
    assert tote.table(order_stock, "held_units", "shipped_units") == [(2, 0)]


def test_what_the_ledger_refuses_is_on_the_desk_and_tried_again(tote: Market) -> None:
    """Somebody released the order's hold by hand."""
    tote.shop.register(mug=5)
    tote.offer("mug", "mug")
    tote.take(order(line("tote", 2), line("mug", 1, "2")))
    reference = OrderKey(STORE, "o1").reference
    admin = Caller("ann", touches_all=True)
    tote.shop.do(Release(reference, (Line("tote", 2),)), caller=admin)
    cancelled = order(line("tote", 2), line("mug", 1, "2"), state=OrderState.CANCELLED, read_s=61)
    taken = tote.take(cancelled)
    assert taken.problems == (EntryKind.REFUSED,)
    assert tote.shop.units("tote") == Units(10, 0)
    assert tote.shop.units("mug") == Units(5, 0)
    ((subject, facts),) = tote.table(desk_entry, "subject", "facts")
    assert (subject, facts["code"]) == ("release tote", "exceeds_held")
    again = order(line("tote", 2), line("mug", 1, "2"), state=OrderState.CANCELLED, read_s=70)
    assert tote.take(again).problems == ()
    assert [row[-1] for row in tote.table(desk_entry)] == [None]
