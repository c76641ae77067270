"""Z18: a stocktake while holds exist: down to the held amount, else an explicit shortfall."""

import pytest

from onhand.stock.model.commands import Adjust, AdjustLine, AdjustMode, Count, CountLine
from onhand.stock.queries.history import HistoryFilter, history
from tests.shop import Shop, Units, cart, deduct, order, reserve
from tests.stock.recount import assert_sound


def held(shop: Shop) -> Shop:
    """Six of ten units are held."""
    shop.register(a=10)
    shop.do(reserve(order(), a=6))
    return shop


@pytest.mark.parametrize(("found", "shortfall"), [(10, 0), (7, 0), (6, 0), (5, 1), (0, 6)])
def test_z18_what_was_found_becomes_on_hand(shop: Shop, found: int, shortfall: int) -> None:
    held(shop).do(Count((CountLine("a", found),)))
    assert shop.units("a") == Units(found, 6)
    assert assert_sound(shop.database)["a"].places["main"].shortfall == shortfall
    assert ("oversold" in shop.kinds("a")) == (shortfall > 0)


def test_z18_the_shortfall_is_in_the_history(shop: Shop) -> None:
    held(shop).do(Count((CountLine("a", 4),), reason="stocktake"))
    with shop.database.read() as connection:
        events = history(connection, "a", HistoryFilter(kind="oversold"))
    assert events is not None
    (event,) = events
    assert (event.on_hand, event.reserved, event.shortfall, event.reason) == (4, 6, 2, "stocktake")


def test_z18_an_adjustment_is_a_request_and_stops_at_the_held_amount(shop: Shop) -> None:
    def set_to(units: int) -> Adjust:
        return Adjust((AdjustLine("a", AdjustMode.SET, units),), reason="correction")

    held(shop)
    assert shop.refuse(set_to(5)).code == "insufficient_stock"
    shop.do(set_to(6))
    assert shop.units("a") == Units(6, 6)


def test_z18_nothing_more_is_sold_while_short_and_the_holders_can_ship(shop: Shop) -> None:
    held(shop).do(Count((CountLine("a", 4),)))
    assert shop.refuse(reserve(cart(), a=1)).code == "insufficient_stock"
    shop.do(deduct(order(), a=6))
    assert shop.units("a") == Units(-2, 0)
    shop.receive("a", 3)
    shop.do(reserve(cart(), a=1))
    assert_sound(shop.database)
