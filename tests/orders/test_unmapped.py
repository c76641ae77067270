"""Lines nobody knows are kept, and held once their listing means a SKU (O3)."""

import pytest

from onhand.access.model import Accepted, Actor, Asked
from onhand.channels.port import OrderState
from onhand.orders.commands import TakenIn, close_entry, retry_unmapped
from onhand.orders.model.desk import EntryKind
from onhand.orders.tables import desk_entry, order_line, order_stock
from onhand.stock.model.commands import ResetSku
from tests.orders.market import BELIEF, STORE, Market, line, order
from tests.shop import Units


def retry(market: Market, limit: int = 100) -> list[TakenIn]:
    """Try again to hold what was not known."""
    return retry_unmapped(market.ledger, STORE, now=market.clock(), limit=limit)


def test_a_listing_without_sku_is_held_once_it_is_mapped(market: Market) -> None:
    market.shop.register(tote=10)
    listing_id = market.offer("tote", None)
    taken = market.take(order(line("tote", 2), line("tote", 1, "2")))
    assert taken.problems == (EntryKind.UNMAPPED,)
    assert market.belief("tote") == (BELIEF - 3, None)  # its shop sold it all the same
    ((subject, facts),) = market.table(desk_entry, "subject", "facts")
    assert (subject, facts["units"], facts["listing"]) == ("tote v", 3, listing_id)
    assert retry(market) == []
    market.map(listing_id, "tote")
    assert [done.order_id for done in retry(market)] == ["o1"]
    assert market.shop.units("tote") == Units(10, 3)
    assert market.belief("tote") == (BELIEF - 3, None)
    assert market.table(desk_entry, "kind", "closed_how") == [("unmapped", "settled")]
    assert retry(market) == []


def test_a_listing_that_appears_later(market: Market) -> None:
    market.shop.register(tote=10)
    market.take(order(line("tote", 2)))
    market.offer("tote", "tote")
    assert len(retry(market)) == 1
    assert market.shop.units("tote") == Units(10, 2)
    assert market.belief("tote") == (BELIEF - 2, "order_changed")


def test_a_shipped_order_is_shipped_once_it_is_mapped(market: Market) -> None:
    market.shop.register(tote=10)
    market.take(order(line("tote", 2), state=OrderState.SHIPPED))
    market.offer("tote", "tote")
    retry(market)
    assert market.shop.units("tote") == Units(8, 0)


def test_a_cancelled_order_leaves_nothing_to_map(market: Market) -> None:
    market.shop.register(tote=10)
    market.take(order(line("tote", 2)))
    market.take(order(line("tote", 2), state=OrderState.CANCELLED, read_s=61))
    market.offer("tote", "tote")
    assert retry(market) == []
    assert market.table(desk_entry, "closed_how") == [("settled",)]


def test_at_most_so_many_orders_at_once(market: Market) -> None:
    market.shop.register(tote=10)
    for number in range(5):
        market.take(order(line("tote", 1), order_id=f"o{number}"))
    market.offer("tote", "tote")
    assert [len(retry(market, 2)) for _ in range(4)] == [2, 2, 1, 0]
    assert market.shop.units("tote") == Units(10, 5)


def test_an_unregistered_sku_is_unknown(market: Market) -> None:
    market.shop.register(tote=10)
    market.offer("tote", "tote")
    market.shop.do(ResetSku("tote"))
    assert market.take(order(line("tote", 2))).problems == (EntryKind.UNMAPPED,)
    assert retry(market) == []


def test_a_line_keeps_the_sku_it_was_taken_in_with(market: Market) -> None:
    market.shop.register(tote=10, bag=10)
    listing_id = market.offer("tote", "tote")
    market.take(order(line("tote", 2)))
    for sku_id in ("bag", None):
        market.map(listing_id, sku_id)
        state = OrderState.CONFIRMED if sku_id else OrderState.SHIPPED
        taken = market.take(order(line("tote", 2), state=state, read_s=70 if sku_id else 80))
        assert taken.problems == ()
    assert market.shop.units("tote") == Units(8, 0)
    assert market.shop.units("bag") == Units(10, 0)


def test_other_lines_of_the_order_are_held(market: Market) -> None:
    market.shop.register(tote=10)
    market.offer("tote", "tote")
    market.take(order(line("tote", 2), line("mug", 1, "2")))
    assert market.shop.units("tote") == Units(10, 2)
    assert market.table(order_line, "line_no", "sku_id") == [(1, "tote"), (2, None)]
    assert market.table(order_stock, "sku_id", "held_units") == [("tote", 2)]


@pytest.mark.parametrize("times", [1, 3])
def test_closed_by_hand_stays_closed_while_nothing_changes(market: Market, times: int) -> None:
    market.take(order(line("mug", 1)))
    ((entry_id,),) = market.table(desk_entry, "entry_id")
    asked = Asked(Actor("ann"), market.clock())
    assert isinstance(close_entry(market.database, asked, entry_id, "not ours"), Accepted)
    for time in range(times):
        state = OrderState.CONFIRMED if time % 2 else OrderState.CHANGING
        market.take(order(line("mug", 1), state=state, read_s=61 + time))
    assert market.table(desk_entry, "closed_by") == [("ann",)]
    market.take(order(line("mug", 2), read_s=99))
    assert len(market.table(desk_entry)) == 2
