"""Return: units of an order come back, never more than it shipped."""

import pytest

from onhand.stock.model.commands import Caller, Line, Return
from onhand.stock.model.refusals import (
    ExceedsShipped,
    ReservationNotFound,
    ReservationNotYours,
    UnknownLocation,
    UnknownSku,
)
from tests.shop import Shop, Units, deduct, give_back, lines, order, reserve
from tests.stock.recount import assert_sound, dump


@pytest.fixture
def sold(shop: Shop) -> Shop:
    """Three units of `a` were shipped for order-1."""
    shop.register(a=5, b=5)
    shop.do(reserve(order(), a=3))
    shop.do(deduct(order()))
    return shop


def test_units_come_back(sold: Shop) -> None:
    answer = sold.do(give_back(order(), a=2))
    assert answer["reservations"][0]["returned"] == 2
    assert sold.units("a") == Units(4, 0)
    assert_sound(sold.database)


def test_never_more_than_shipped_in_all(sold: Shop) -> None:
    sold.do(give_back(order(), a=2))
    before = dump(sold.database)
    assert sold.refuse(give_back(order(), a=2)) == ExceedsShipped("order-1", "a", 2, 1)
    assert dump(sold.database) == before
    sold.do(give_back(order(), a=1))
    assert sold.units("a") == Units(5, 0)


def test_two_lines_count_together(sold: Shop) -> None:
    twice = Return(order(), lines(a=2) + lines(a=2))
    assert sold.refuse(twice) == ExceedsShipped("order-1", "a", 2, 1)
    sold.do(Return(order(), lines(a=2) + lines(a=1)))
    assert sold.units("a") == Units(5, 0)
    assert_sound(sold.database)


def test_units_come_back_to_another_location(sold: Shop) -> None:
    sold.add_location("east")
    sold.do(Return(order(), (Line("a", 1, "east"),)))
    with_events = assert_sound(sold.database)
    assert with_events["a"].places["east"].on_hand == 1
    assert with_events["a"].places["main"].on_hand == 2


def test_units_of_two_locations_come_back_where_they_were(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=1)
    shop.receive("a", 1, at="east")
    shop.do(reserve(order(), a=2))
    shop.do(deduct(order()))
    shop.do(give_back(order(), a=2))
    places = assert_sound(shop.database)["a"].places
    assert {name: place.on_hand for name, place in places.items()} == {"main": 1, "east": 1}


def test_an_order_never_seen_is_taken_at_its_word(shop: Shop) -> None:
    shop.register(a=1)
    shop.do(give_back(order(8), a=4))
    assert shop.units("a") == Units(5, 0)
    assert shop.kinds("a") == ["received", "returned"]


def test_an_order_never_seen_is_refused_where_only_known_ones_count(shop: Shop) -> None:
    shop.register(a=1)
    unseen = Return(order(8), lines(a=4), known_only=True)
    assert shop.refuse(unseen) == ReservationNotFound("order-8")


def test_a_sku_the_order_never_had(sold: Shop) -> None:
    known_only = Return(order(), lines(b=1), known_only=True)
    assert sold.refuse(known_only) == ExceedsShipped("order-1", "b", 1, 0)


def test_held_units_cannot_come_back(shop: Shop) -> None:
    shop.register(a=3)
    shop.do(reserve(order(), a=3))
    shop.do(deduct(order(), a=1))
    assert shop.refuse(give_back(order(), a=2)) == ExceedsShipped("order-1", "a", 2, 1)


def test_another_callers_order(sold: Shop) -> None:
    refusal = sold.refuse(give_back(order(), a=1), caller=Caller("other"))
    assert refusal == ReservationNotYours("order-1")


def test_unknown_codes(sold: Shop) -> None:
    assert sold.refuse(give_back(order(), ghost=1)) == UnknownSku(("ghost",))
    there = Return(order(), (Line("a", 1, "moon"),))
    assert sold.refuse(there) == UnknownLocation("moon")
    assert sold.units("a") == Units(2, 0)
