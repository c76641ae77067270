"""The fixtures give what they promise."""

from onhand.db.migrate import is_current
from tests.shop import Shop, Units, cart, reserve


def test_a_shop_on_a_fresh_database(shop: Shop) -> None:
    assert is_current(shop.database)
    shop.register("Empty", a=5)
    shop.do(reserve(cart(), a=2))
    assert shop.units("a") == Units(5, 2)
    assert shop.units("empty") == Units(0, 0)


def test_the_next_test_starts_empty(shop: Shop) -> None:
    assert is_current(shop.database)
    assert shop.units("a") == Units(0, 0)
