"""Release: what a reference holds becomes available again."""

from onhand.stock.model.commands import Caller, Release
from onhand.stock.model.refusals import (
    ExceedsHeld,
    ReservationNotFound,
    ReservationNotYours,
    UnknownSku,
)
from tests.shop import Shop, Units, cart, deduct, lines, order, release, reserve
from tests.stock.recount import assert_sound, dump


def test_everything_a_reference_holds(shop: Shop) -> None:
    shop.register(a=5, b=5)
    shop.do(reserve(cart(), a=2, b=3))
    shop.do(reserve(cart(2), a=1))
    answer = shop.do(release(cart()))
    assert [hold["state"] for hold in answer["reservations"]] == ["released", "released"]
    assert (shop.units("a"), shop.units("b")) == (Units(5, 1), Units(5, 0))
    assert_sound(shop.database)


def test_some_units_and_the_rest_stays_held(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(reserve(cart(), a=4))
    answer = shop.do(release(cart(), a=1))
    assert answer["reservations"][0]["quantity"] == 3
    assert answer["reservations"][0]["state"] == "held"
    assert shop.units("a") == Units(5, 3)


def test_more_than_held_is_refused_over_all_lines(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(reserve(cart(), a=4))
    twice = Release(cart(), lines(a=3) + lines(a=2))
    assert shop.refuse(twice) == ExceedsHeld("a", 2, 1)
    assert shop.units("a") == Units(5, 4)


def test_units_at_a_location(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=2)
    shop.receive("a", 2, at="east")
    shop.do(reserve(cart(), a=4))
    assert shop.refuse(Release(cart(), lines("east", a=3))) == ExceedsHeld("a", 3, 2)
    answer = shop.do(Release(cart(), lines("east", a=2)))
    assert [hold["location"] for hold in answer["reservations"]] == ["east"]
    assert_sound(shop.database)


def test_a_reference_that_holds_nothing_of_the_sku(shop: Shop) -> None:
    shop.register(a=5, b=5)
    shop.do(reserve(cart(), a=1))
    assert shop.refuse(release(cart(), b=1)) == ExceedsHeld("b", 1, 0)
    assert shop.refuse(release(cart(), ghost=1)) == UnknownSku(("ghost",))


def test_an_unknown_reference(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(reserve(cart(), a=1))
    before = dump(shop.database)
    assert shop.refuse(release(cart(9))) == ReservationNotFound("cart-9")
    assert shop.refuse(release(order(1))) == ReservationNotFound("order-1")
    assert dump(shop.database) == before


def test_an_order_and_a_cart_of_the_same_name_are_two(shop: Shop) -> None:
    shop.register(a=5)
    as_cart, as_order = cart("x"), order("x")
    same_id = type(as_order)(as_order.type, as_cart.id)
    shop.do(reserve(as_cart, a=1))
    shop.do(reserve(same_id, a=2))
    shop.do(release(as_cart))
    assert shop.units("a") == Units(5, 2)


def test_releasing_all_twice_changes_nothing_the_second_time(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(reserve(cart(), a=2))
    shop.do(release(cart()))
    events = shop.kinds("a")
    shop.do(release(cart()))
    assert shop.kinds("a") == events
    assert shop.units("a") == Units(5, 0)


def test_other_peoples_holds_stay(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(reserve(cart(), owner="ann", a=2))
    thief = Caller("other")
    assert shop.refuse(release(cart()), caller=thief) == ReservationNotYours("cart-1")
    bound = Caller("till", bound_owner="bob")
    assert shop.refuse(release(cart()), caller=bound) == ReservationNotYours("cart-1")
    assert shop.units("a") == Units(5, 2)


def test_an_admin_touches_all_holds(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(reserve(cart(), a=2))
    shop.do(release(cart()), caller=Caller("boss", touches_all=True))
    assert shop.units("a") == Units(5, 0)


def test_only_the_callers_own_part_of_a_shared_reference(shop: Shop) -> None:
    shop.register(a=9)
    shop.do(reserve(cart(), owner="ann", a=2))
    shop.do(reserve(cart(), owner="bob", a=3))
    shop.do(release(cart()), caller=Caller("till", bound_owner="ann"))
    assert shop.units("a") == Units(9, 3)


def test_shipped_units_are_not_released(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(reserve(order(), a=3))
    shop.do(deduct(order(), a=2))
    shop.do(release(order()))
    assert shop.units("a") == Units(3, 0)
    assert_sound(shop.database)
