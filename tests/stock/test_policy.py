"""Oversell policy: leave is given per SKU, and what is missing is said aloud."""

from onhand.stock.model.commands import Adjust, AdjustLine, AdjustMode, Reserve, SetPolicy
from onhand.stock.model.refusals import InsufficientStock, Shortage, UnknownSku
from tests.shop import Shop, Units, cart, deduct, lines, order, release, reserve
from tests.stock.recount import assert_sound, table


def test_with_leave_more_can_be_held_than_there_is(shop: Shop) -> None:
    shop.register(a=2)
    shop.do(SetPolicy("a", allow_oversell=True))
    shop.do(reserve(order(), a=5))
    assert shop.units("a") == Units(2, 5)
    assert shop.kinds("a") == ["received", "reserved", "oversold"]
    assert assert_sound(shop.database)["a"].places["main"].shortfall == 3


def test_what_is_there_is_taken_first_the_missing_at_the_first_location(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=2)
    shop.receive("a", 3, at="east")
    shop.do(SetPolicy("a", allow_oversell=True))
    answer = shop.do(reserve(order(), a=9))
    assert [(hold["location"], hold["quantity"]) for hold in answer["reservations"]] == [
        ("main", 6),
        ("east", 3),
    ]
    places = assert_sound(shop.database)["a"].places
    assert {name: place.shortfall for name, place in places.items()} == {"main": 4, "east": 0}


def test_each_further_shortfall_is_an_event_of_its_own(shop: Shop) -> None:
    shop.register("a")
    shop.do(SetPolicy("a", allow_oversell=True))
    shop.do(deduct(order(1), a=1))
    shop.do(deduct(order(2), a=1))
    assert shop.kinds("a") == ["shipped", "oversold", "shipped", "oversold"]
    assert shop.units("a") == Units(-2, 0)
    assert_sound(shop.database)


def test_a_receipt_makes_the_shortfall_good(shop: Shop) -> None:
    shop.register("a")
    shop.do(SetPolicy("a", allow_oversell=True))
    shop.do(reserve(order(), a=5))
    shop.receive("a", 4)
    assert assert_sound(shop.database)["a"].places["main"].shortfall == 1
    shop.do(release(order()))
    assert assert_sound(shop.database)["a"].places["main"].shortfall == 0


def test_adjusting_below_what_is_held_with_leave(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(SetPolicy("a", allow_oversell=True))
    shop.do(reserve(order(), a=4))
    line = AdjustLine("a", AdjustMode.SET, 1)
    shop.do(Adjust((line,), reason="damaged"))
    assert shop.units("a") == Units(1, 4)
    assert shop.kinds("a")[-2:] == ["adjusted", "oversold"]


def test_leave_taken_back_stops_the_next_one(shop: Shop) -> None:
    shop.register(a=1)
    shop.do(SetPolicy("a", allow_oversell=True))
    shop.do(reserve(order(1), a=3))
    shop.do(SetPolicy("a", allow_oversell=False))
    assert shop.refuse(reserve(order(2), a=1)) == InsufficientStock((Shortage("a", 1, 0),))
    shop.do(deduct(order(1)))
    assert shop.units("a") == Units(-2, 0)
    assert_sound(shop.database)


def test_stock_elsewhere_does_not_hide_a_shortfall(shop: Shop) -> None:
    """In total two are left: no more can be taken at the location that has five."""
    shop.add_location("east")
    shop.register("a")
    shop.do(SetPolicy("a", allow_oversell=True))
    shop.do(Reserve(order(1), "ann", lines("main", a=3)))
    shop.do(SetPolicy("a", allow_oversell=False))
    shop.receive("a", 5, at="east")
    asked = Reserve(order(2), "ann", lines("east", a=3))
    assert shop.refuse(asked) == InsufficientStock((Shortage("a", 3, 2),))
    shop.do(Reserve(order(2), "ann", lines("east", a=2)))
    assert shop.units("a") == Units(5, 5)
    assert_sound(shop.database)


def test_leave_for_one_sku_is_none_for_another(shop: Shop) -> None:
    shop.register(a=1, b=1)
    shop.do(SetPolicy("a", allow_oversell=True))
    refusal = shop.refuse(reserve(order(), a=2, b=2))
    assert refusal == InsufficientStock((Shortage("b", 2, 1),))
    assert shop.units("a") == Units(1, 0)


def test_a_policy_keeps_what_is_not_named(shop: Shop) -> None:
    shop.register(a=1)
    shop.do(SetPolicy("a", safety_stock=2, low_stock_threshold=5))
    shop.do(SetPolicy("a", allow_oversell=True))
    (head,) = table(shop.database, "ledger_head")
    assert (head["safety_stock"], head["low_stock_threshold"]) == (2, 5)
    assert bool(head["allow_oversell"])
    entry = table(shop.database, "audit_entry", "recorded_at, command_id")[-1]
    assert '"allow_oversell":false' in entry["before"]
    assert '"allow_oversell":true' in entry["after"]


def test_the_threshold_decides_what_is_low(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(SetPolicy("a", low_stock_threshold=5))
    (head,) = table(shop.database, "ledger_head")
    assert bool(head["is_low"])
    shop.receive("a", 1)
    (head,) = table(shop.database, "ledger_head")
    assert not head["is_low"]
    shop.do(reserve(cart(), a=1))
    (head,) = table(shop.database, "ledger_head")
    assert bool(head["is_low"])


def test_an_unknown_sku_has_no_policy(shop: Shop) -> None:
    assert shop.refuse(SetPolicy("ghost", safety_stock=1)) == UnknownSku(("ghost",))


def test_a_policy_change_is_not_a_stock_event(shop: Shop) -> None:
    shop.register("a")
    shop.do(SetPolicy("a", safety_stock=1))
    assert shop.kinds("a") == []
