"""Z17: all stock is held by order A: A can still ship."""

from onhand.stock.model.commands import SetPolicy
from tests.shop import Shop, Units, deduct, order, reserve
from tests.stock.recount import assert_sound


def test_z17_the_order_that_holds_everything_ships(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=3, b=2)
    shop.receive("a", 2, at="east")
    shop.do(reserve(order(), a=5, b=2))
    assert shop.refuse(deduct(order(2), a=1)).code == "insufficient_stock"
    shop.do(deduct(order(), a=4))
    shop.do(deduct(order(), a=1, b=2))
    assert (shop.units("a"), shop.units("b")) == (Units(0, 0), Units(0, 0))
    assert shop.kinds("a").count("oversold") == 0
    assert_sound(shop.database)


def test_z17_also_below_the_safety_stock_and_after_an_oversell(shop: Shop) -> None:
    shop.register(a=3)
    shop.do(SetPolicy("a", allow_oversell=True, safety_stock=10))
    shop.do(reserve(order(1), a=3))
    shop.do(reserve(order(2), a=2))
    shop.do(SetPolicy("a", allow_oversell=False))
    shop.do(deduct(order(1)))
    assert shop.units("a") == Units(0, 2)
    assert_sound(shop.database)
