"""Reserve: every line or none, from wherever the units are."""

from datetime import timedelta

import pytest

from onhand.stock.commands import Ledger
from onhand.stock.model.commands import Caller, Line, Policy, Reserve
from onhand.stock.model.refusals import (
    HoldLimitReached,
    InsufficientStock,
    InvalidMoment,
    ReservationNotYours,
    Shortage,
    UnknownLocation,
    UnknownSku,
)
from tests.shop import START, FakeClock, Shop, Units, cart, lines, order, release, reserve
from tests.stock.recount import assert_sound, dump, table


def test_a_hold_lowers_what_is_available(shop: Shop) -> None:
    shop.register(a=10)
    answer = shop.do(reserve(cart(), a=3))
    assert shop.units("a") == Units(10, 3)
    (level,) = answer["levels"]
    assert level == {"sku": "a", "on_hand": 10, "reserved": 3, "available": 7, "version": 2}
    (hold,) = answer["reservations"]
    assert hold == {
        "id": table(shop.database, "reservation")[0]["reservation_id"],
        "sku": "a",
        "location": "main",
        "quantity": 3,
        "shipped": 0,
        "returned": 0,
        "state": "held",
        "owner": "ann",
        "reference_type": "cart",
        "reference_id": "cart-1",
        "expires_at": (START + timedelta(seconds=1800)).isoformat(timespec="microseconds"),
    }
    assert_sound(shop.database)


def test_the_last_unit_can_be_held_and_no_more(shop: Shop) -> None:
    shop.register(a=3)
    shop.do(reserve(cart(1), a=3))
    assert shop.refuse(reserve(cart(2), a=1)) == InsufficientStock((Shortage("a", 1, 0),))
    assert shop.units("a") == Units(3, 3)


def test_a_refusal_names_every_short_sku_with_asked_and_left(shop: Shop) -> None:
    shop.register(a=3, b=1, c=9)
    before = dump(shop.database)
    refusal = shop.refuse(reserve(cart(), a=4, b=2, c=9))
    assert refusal == InsufficientStock((Shortage("a", 4, 3), Shortage("b", 2, 1)))
    assert dump(shop.database) == before


def test_all_lines_are_held_together(shop: Shop) -> None:
    shop.register(a=3, b=1)
    answer = shop.do(reserve(order(), a=3, b=1))
    assert [hold["sku"] for hold in answer["reservations"]] == ["a", "b"]
    assert (shop.units("a"), shop.units("b")) == (Units(3, 3), Units(1, 1))
    assert_sound(shop.database)


def test_holds_of_carts_and_orders_end_after_their_own_default(shop: Shop) -> None:
    shop.register(a=3)
    ends = [
        shop.do(reserve(reference, a=1))["reservations"][0]["expires_at"]
        for reference in (cart(), order())
    ]
    assert ends == ["2026-03-01T12:30:00.000000+00:00", "2026-03-01T12:15:00.000000+00:00"]


def test_an_explicit_end_and_no_end(shop: Shop, clock: FakeClock) -> None:
    shop.register(a=3)
    end = clock() + timedelta(microseconds=1)
    one = shop.do(Reserve(cart(), "ann", lines(a=1), expires_at=end))
    two = shop.do(Reserve(order(), "ann", lines(a=1), never_expires=True))
    assert one["reservations"][0]["expires_at"] == "2026-03-01T12:00:00.000001+00:00"
    assert two["reservations"][0]["expires_at"] is None


@pytest.mark.parametrize("seconds", [0, -1, -86_400])
def test_an_end_that_has_come_already_is_refused(shop: Shop, seconds: int) -> None:
    shop.register(a=3)
    end = START + timedelta(seconds=seconds)
    refusal = shop.refuse(Reserve(cart(), "ann", lines(a=1), expires_at=end))
    assert refusal == InvalidMoment("expires_at", end.isoformat(timespec="microseconds"))
    assert shop.units("a").reserved == 0


def test_units_are_taken_from_main_first_then_by_priority(shop: Shop) -> None:
    shop.add_location("far", priority=200)
    shop.add_location("near", priority=50)
    shop.register(a=2)
    shop.receive("a", 3, at="near")
    shop.receive("a", 5, at="far")
    answer = shop.do(reserve(order(), a=6))
    assert [(hold["location"], hold["quantity"]) for hold in answer["reservations"]] == [
        ("main", 2),
        ("near", 3),
        ("far", 1),
    ]
    assert_sound(shop.database)


def test_a_line_with_a_location_takes_from_there_only(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=10)
    shop.receive("a", 2, at="east")
    refusal = shop.refuse(Reserve(cart(), "ann", lines("east", a=3)))
    assert refusal == InsufficientStock((Shortage("a", 3, 2),))
    shop.do(Reserve(cart(), "ann", lines("east", a=2)))
    assert shop.units("a") == Units(12, 2)


def test_an_unknown_location_is_refused(shop: Shop) -> None:
    shop.register(a=1)
    assert shop.refuse(Reserve(cart(), "ann", lines("moon", a=1))) == UnknownLocation("moon")


def test_an_unknown_sku_is_refused_with_all_lines(shop: Shop) -> None:
    shop.register(a=1)
    assert shop.refuse(reserve(cart(), a=1, ghost=1)) == UnknownSku(("ghost",))
    assert shop.units("a") == Units(1, 0)


def test_a_registered_sku_without_events_has_nothing_to_hold(shop: Shop) -> None:
    shop.register("a")
    assert shop.refuse(reserve(cart(), a=1)) == InsufficientStock((Shortage("a", 1, 0),))
    assert_sound(shop.database)


def test_an_owner_token_holds_for_its_owner_only(shop: Shop) -> None:
    shop.register(a=5)
    bound = Caller("web", bound_owner="ann")
    shop.do(reserve(cart(1), owner="ann", a=1), caller=bound)
    refusal = shop.refuse(reserve(cart(2), owner="bob", a=1), caller=bound)
    assert refusal == ReservationNotYours("cart-2")
    assert shop.units("a").reserved == 1


def test_the_limit_per_owner_counts_all_holds_of_a_sku(shop: Shop, clock: FakeClock) -> None:
    ledger = Ledger(shop.database, clock=clock, policy=Policy(max_held_units_per_owner=5))
    strict = Shop(ledger, clock)
    strict.register(a=20, b=20)
    strict.do(reserve(cart(1), a=3))
    assert strict.refuse(reserve(cart(2), a=3)) == HoldLimitReached("a", "ann", 3, 3, 5)
    assert strict.refuse(Reserve(cart(2), "ann", lines(a=1) + lines(a=2))) == HoldLimitReached(
        "a", "ann", 2, 4, 5
    )
    strict.do(reserve(cart(2), a=2, b=5))
    strict.do(reserve(cart(3), owner="bob", a=5))
    assert strict.units("a") == Units(20, 10)
    strict.do(release(cart(1)))
    strict.do(reserve(cart(4), a=3))
    assert_sound(strict.database)


def test_the_limit_per_owner_does_not_count_ended_holds(shop: Shop, clock: FakeClock) -> None:
    ledger = Ledger(shop.database, clock=clock, policy=Policy(max_held_units_per_owner=5))
    strict = Shop(ledger, clock)
    strict.register(a=20)
    strict.do(reserve(cart(1), a=5))
    clock.advance(1800)
    strict.do(reserve(cart(2), a=5))
    assert strict.units("a") == Units(20, 5)


def test_the_same_sku_twice_by_location_and_anywhere(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=2)
    shop.receive("a", 2, at="east")
    shop.do(Reserve(cart(), "ann", (Line("a", 3), Line("a", 1, "east"))))
    assert shop.units("a") == Units(4, 4)
    assert_sound(shop.database)
