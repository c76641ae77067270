"""Deduct: what was held is shipped, the rest stays held."""

from onhand.stock.model.commands import Caller, Deduct, Line
from onhand.stock.model.refusals import (
    ExceedsReserved,
    InsufficientStock,
    ReservationEnded,
    ReservationNotFound,
    ReservationNotYours,
    Shortage,
    UnknownLocation,
    UnknownSku,
)
from tests.shop import FakeClock, Shop, Units, cart, deduct, lines, order, release, reserve
from tests.stock.recount import assert_sound, dump


def test_everything_that_is_held(shop: Shop) -> None:
    shop.register(a=5, b=5)
    shop.do(reserve(order(), a=2, b=3))
    answer = shop.do(deduct(order()))
    assert [(hold["shipped"], hold["state"]) for hold in answer["reservations"]] == [
        (2, "shipped"),
        (3, "shipped"),
    ]
    assert (shop.units("a"), shop.units("b")) == (Units(3, 0), Units(2, 0))
    assert_sound(shop.database)


def test_a_part_ships_and_the_rest_stays_held(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(reserve(order(), a=4))
    answer = shop.do(deduct(order(), a=1))
    (hold,) = answer["reservations"]
    assert (hold["quantity"], hold["shipped"], hold["state"]) == (3, 1, "held")
    assert shop.units("a") == Units(4, 3)


def test_several_locations_ship_each_its_own(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=10)
    shop.receive("a", 15, at="east")
    shop.do(reserve(order(), a=13))
    answer = shop.do(deduct(order(), a=13))
    assert [(hold["location"], hold["shipped"]) for hold in answer["reservations"]] == [
        ("main", 10),
        ("east", 3),
    ]
    assert shop.units("a") == Units(12, 0)
    assert_sound(shop.database)


def test_a_line_with_a_location_ships_what_is_held_there(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=10)
    shop.receive("a", 15, at="east")
    shop.do(reserve(order(), a=13))
    shop.do(Deduct(order(), lines("east", a=2)))
    places = assert_sound(shop.database)["a"].places
    assert {name: (p.on_hand, p.reserved) for name, p in places.items()} == {
        "main": (10, 10),
        "east": (13, 1),
    }


def test_more_than_reserved_is_refused(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(reserve(order(), a=2))
    before = dump(shop.database)
    assert shop.refuse(deduct(order(), a=3)) == ExceedsReserved("order-1", "a", 3, 2, 0)
    assert dump(shop.database) == before


def test_a_second_shipment_of_the_same_units_is_refused(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(reserve(order(), a=2))
    shop.do(deduct(order(), a=2))
    assert shop.refuse(deduct(order(), a=2)) == ExceedsReserved("order-1", "a", 2, 2, 2)
    assert shop.refuse(deduct(order())) == ReservationEnded("order-1", "shipped")
    assert shop.units("a") == Units(3, 0)


def test_two_lines_may_not_ship_more_than_reserved_together(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(reserve(order(), a=3))
    twice = Deduct(order(), lines(a=2) + lines(a=2))
    assert shop.refuse(twice) == ExceedsReserved("order-1", "a", 4, 3, 0)
    assert shop.units("a") == Units(5, 3)


def test_a_reference_that_never_reserved_ships_once_from_available_stock(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(reserve(cart(), a=3))
    assert shop.refuse(deduct(order(), a=3)) == InsufficientStock((Shortage("a", 3, 2),))
    answer = shop.do(deduct(order(), a=2))
    (hold,) = answer["reservations"]
    assert (hold["quantity"], hold["shipped"], hold["state"]) == (0, 2, "shipped")
    assert shop.units("a") == Units(3, 3)
    assert shop.refuse(deduct(order(), a=2)) == ExceedsReserved("order-1", "a", 2, 0, 2)
    assert_sound(shop.database)


def test_both_lines_of_an_unreserved_order_ship(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(Deduct(order(), lines(a=2) + lines(a=2)))
    assert shop.units("a") == Units(1, 0)


def test_units_whose_hold_ended_meanwhile_ship_from_available_stock(
    shop: Shop, clock: FakeClock
) -> None:
    shop.register(a=3)
    shop.do(reserve(order(), a=2))
    clock.advance(900)
    assert shop.refuse(deduct(order())) == ReservationEnded("order-1", "expired")
    shop.do(deduct(order(), a=2))
    assert shop.units("a") == Units(1, 0)
    assert shop.refuse(deduct(order(), a=1)) == ExceedsReserved("order-1", "a", 1, 2, 2)
    assert_sound(shop.database)


def test_units_whose_hold_ended_and_were_sold_are_short(shop: Shop, clock: FakeClock) -> None:
    shop.register(a=3)
    shop.do(reserve(order(1), a=2))
    clock.advance(900)
    shop.do(reserve(order(2), a=2))
    assert shop.refuse(deduct(order(1), a=2)) == InsufficientStock((Shortage("a", 2, 1),))
    assert shop.units("a") == Units(3, 2)


def test_an_unknown_reference_without_lines(shop: Shop) -> None:
    shop.register(a=3)
    assert shop.refuse(deduct(order(7))) == ReservationNotFound("order-7")


def test_released_units_do_not_ship(shop: Shop) -> None:
    shop.register(a=3)
    shop.do(reserve(order(), a=2))
    shop.do(release(order()))
    assert shop.refuse(deduct(order())) == ReservationEnded("order-1", "released")
    assert shop.refuse(deduct(order(), a=1)) == ExceedsReserved("order-1", "a", 1, 0, 0)


def test_other_peoples_holds_do_not_ship(shop: Shop) -> None:
    shop.register(a=3)
    shop.do(reserve(order(), a=2))
    thief = Caller("other")
    assert shop.refuse(deduct(order()), caller=thief) == ReservationNotYours("order-1")
    assert shop.refuse(deduct(order(), a=1), caller=thief) == ReservationNotYours("order-1")


def test_unknown_codes_refuse_every_line(shop: Shop) -> None:
    shop.register(a=3)
    shop.do(reserve(order(), a=2))
    before = dump(shop.database)
    assert shop.refuse(deduct(order(), a=1, ghost=1)) == UnknownSku(("ghost",))
    elsewhere = Deduct(order(2), (Line("a", 1, "moon"),))
    assert shop.refuse(elsewhere) == UnknownLocation("moon")
    assert dump(shop.database) == before


def test_all_stock_held_by_the_order_itself(shop: Shop) -> None:
    shop.register(a=3)
    shop.do(reserve(order(), a=3))
    shop.do(deduct(order(), a=3))
    assert shop.units("a") == Units(0, 0)


def test_a_location_ships_what_is_held_elsewhere_and_nothing_stays_held_twice(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=10)
    shop.receive("a", 15, at="east")
    shop.do(reserve(order(), a=3))
    shop.do(Deduct(order(), lines("east", a=2)))
    places = assert_sound(shop.database)["a"].places
    assert {name: (p.on_hand, p.reserved) for name, p in places.items()} == {
        "main": (10, 1),
        "east": (13, 0),
    }
    shop.do(Deduct(order(), ()))
    assert shop.units("a") == Units(22, 0)
