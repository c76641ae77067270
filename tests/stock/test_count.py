"""Count: on hand becomes what was found; a shortfall is said aloud."""

import pytest

from onhand.stock.model.commands import Count, CountLine
from onhand.stock.model.refusals import UnknownLocation, UnknownSku
from tests.shop import FakeClock, Shop, Units, cart, deduct, order, release, reserve
from tests.stock.recount import assert_sound, table


def count(found: int, *, expected: int | None = None, location: str | None = None) -> Count:
    """Count `a`."""
    return Count((CountLine("a", found, expected, location),), reason="stocktake")


@pytest.mark.parametrize("found", [0, 4, 5, 6])
def test_on_hand_becomes_what_was_found(shop: Shop, found: int) -> None:
    shop.register(a=5)
    shop.do(count(found))
    assert shop.units("a") == Units(found, 0)
    assert shop.kinds("a") == ["received", "counted"]
    assert_sound(shop.database)


def test_movements_since_the_count_are_kept(shop: Shop) -> None:
    shop.register(a=10)
    shop.do(deduct(order(), a=4))  # after somebody had counted 9 where the ledger said 10
    shop.do(count(9, expected=10))
    assert shop.units("a") == Units(5, 0)


def test_held_units_beyond_what_was_found_are_oversold(shop: Shop) -> None:
    shop.register(a=10)
    shop.do(reserve(cart(), a=6))
    shop.do(count(4))
    assert shop.units("a") == Units(4, 6)
    assert shop.kinds("a")[-2:] == ["counted", "oversold"]
    assert assert_sound(shop.database)["a"].places["main"].shortfall == 2


def test_the_leave_goes_as_the_shortfall_is_made_good(shop: Shop) -> None:
    shop.register(a=10)
    shop.do(reserve(cart(1), a=6))
    shop.do(count(4))
    shop.do(release(cart(1), a=1))
    assert assert_sound(shop.database)["a"].places["main"].shortfall == 1
    shop.receive("a", 5)
    assert assert_sound(shop.database)["a"].places["main"].shortfall == 0
    assert shop.refuse(reserve(cart(2), a=5)).code == "insufficient_stock"


def test_the_count_is_remembered_on_the_sku(shop: Shop, clock: FakeClock) -> None:
    shop.register("b", a=10)
    clock.advance(60)
    shop.do(count(10))
    heads = {row["sku_id"]: row["counted_at"] for row in table(shop.database, "ledger_head")}
    assert str(heads["a"])[:16].replace("T", " ") == "2026-03-01 12:01"


def test_every_line_or_none(shop: Shop) -> None:
    shop.register(a=10)
    both = Count((CountLine("a", 3), CountLine("ghost", 1)))
    assert shop.refuse(both) == UnknownSku(("ghost",))
    assert shop.refuse(count(3, location="moon")) == UnknownLocation("moon")
    assert shop.units("a") == Units(10, 0)


def test_a_shortfall_that_shrinks_is_not_said_again(shop: Shop) -> None:
    shop.register(a=10)
    shop.do(reserve(cart(), a=6))
    shop.do(count(3))
    shop.do(count(4))
    assert shop.kinds("a")[-3:] == ["counted", "oversold", "counted"]
    assert assert_sound(shop.database)["a"].places["main"].shortfall == 2
