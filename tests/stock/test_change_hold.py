"""Change a hold: resize it, move its end, turn a cart's into an order's."""

from datetime import datetime, timedelta

import pytest

from onhand.stock.commands import Ledger
from onhand.stock.model.commands import Caller, ChangeHold, Policy, Reserve
from onhand.stock.model.refusals import (
    CartHoldMustEnd,
    ExceedsReserved,
    HoldLimitReached,
    InsufficientStock,
    InvalidMoment,
    ReservationEnded,
    ReservationNotFound,
    ReservationNotYours,
    Shortage,
)
from tests.shop import (
    START,
    FakeClock,
    Shop,
    Units,
    cart,
    deduct,
    lines,
    order,
    release,
    reserve,
    resize,
)
from tests.stock.recount import assert_sound, dump, table


def text(moment: datetime) -> str:
    """A moment as answers show it."""
    return moment.isoformat(timespec="microseconds")


@pytest.fixture
def hold(shop: Shop) -> str:
    """Three of ten units of `a` are held by cart-1."""
    shop.register(a=10)
    reservation_id: str = shop.do(reserve(cart(), a=3))["reservations"][0]["id"]
    return reservation_id


@pytest.mark.parametrize("units", [1, 2, 4, 10])
def test_resizing(shop: Shop, hold: str, units: int) -> None:
    answer = shop.do(resize(hold, units))
    assert answer["reservations"][0]["quantity"] == units
    assert shop.units("a") == Units(10, units)
    assert_sound(shop.database)


def test_resizing_to_the_same_changes_nothing(shop: Shop, hold: str) -> None:
    shop.do(resize(hold, 3))
    assert shop.kinds("a") == ["received", "reserved"]
    assert shop.units("a") == Units(10, 3)


def test_resizing_beyond_what_is_left_is_refused(shop: Shop, hold: str) -> None:
    shop.do(reserve(cart(2), a=5))
    before = dump(shop.database)
    assert shop.refuse(resize(hold, 6)) == InsufficientStock((Shortage("a", 3, 2),))
    assert dump(shop.database) == before


def test_a_hold_grows_at_its_own_location_only(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=3)
    shop.receive("a", 5, at="east")
    hold = shop.do(reserve(cart(), a=3))["reservations"][0]["id"]
    assert shop.refuse(resize(hold, 4)) == InsufficientStock((Shortage("a", 1, 0),))


def test_resizing_respects_the_limit_per_owner(shop: Shop, clock: FakeClock, hold: str) -> None:
    ledger = Ledger(shop.database, clock=clock, policy=Policy(max_held_units_per_owner=4))
    strict = Shop(ledger, clock)
    strict.do(resize(hold, 4))
    assert strict.refuse(resize(hold, 5)) == HoldLimitReached("a", "ann", 1, 4, 4)


def test_extending_and_shortening(shop: Shop, clock: FakeClock, hold: str) -> None:
    later = START + timedelta(hours=3)
    answer = shop.do(ChangeHold(hold, expires_at=later))
    assert answer["reservations"][0]["expires_at"] == text(later)
    clock.advance(3 * 3600 - 1)
    shop.receive("a", 1)
    assert shop.units("a") == Units(11, 3)
    shop.do(ChangeHold(hold, expires_at=clock() + timedelta(microseconds=1)))
    clock.advance(1)
    shop.receive("a", 1)
    assert shop.units("a") == Units(12, 0)
    assert_sound(shop.database)


def test_an_orders_hold_may_be_without_end(shop: Shop, clock: FakeClock, hold: str) -> None:
    answer = shop.do(ChangeHold(hold, never_expires=True, order_id="order-1"))
    assert answer["reservations"][0]["expires_at"] is None
    clock.advance(10**8)
    shop.receive("a", 1)
    assert shop.units("a") == Units(11, 3)


def test_an_end_in_the_past_is_refused(shop: Shop, hold: str) -> None:
    assert shop.refuse(ChangeHold(hold, expires_at=START)) == InvalidMoment(
        "expires_at", text(START)
    )


def test_a_carts_hold_becomes_an_orders(shop: Shop, hold: str) -> None:
    answer = shop.do(ChangeHold(hold, order_id="order-1"))
    (changed,) = answer["reservations"]
    assert (changed["reference_type"], changed["reference_id"]) == ("order", "order-1")
    assert changed["expires_at"] == text(START + timedelta(seconds=900))
    assert shop.units("a") == Units(10, 3)
    assert shop.kinds("a") == ["received", "reserved", "released", "reserved"]
    assert shop.refuse(release(cart())) == ReservationNotFound("cart-1")
    shop.do(deduct(order()))
    assert shop.units("a") == Units(7, 0)
    assert_sound(shop.database)


def test_a_carts_hold_must_end(shop: Shop, hold: str) -> None:
    before = dump(shop.database)
    assert shop.refuse(ChangeHold(hold, never_expires=True)) == CartHoldMustEnd(hold)
    assert shop.refuse(ChangeHold(hold, units=5, never_expires=True)) == CartHoldMustEnd(hold)
    asked = Reserve(cart(2), "ann", lines(a=1), never_expires=True)
    assert shop.refuse(asked) == CartHoldMustEnd("cart-2")
    assert dump(shop.database) == before


def test_an_order_without_end_stays_without_end(shop: Shop) -> None:
    shop.register(a=5)
    asked = Reserve(order(1), "ann", lines(a=1), never_expires=True)
    hold = shop.do(asked)["reservations"][0]["id"]
    answer = shop.do(ChangeHold(hold, order_id="order-2"))
    assert answer["reservations"][0]["expires_at"] is None


def test_everything_at_once(shop: Shop, hold: str) -> None:
    later = START + timedelta(days=1)
    answer = shop.do(ChangeHold(hold, units=5, expires_at=later, order_id="order-9"))
    (changed,) = answer["reservations"]
    assert (changed["quantity"], changed["reference_id"]) == (5, "order-9")
    assert changed["expires_at"] == text(later)
    assert shop.units("a") == Units(10, 5)
    assert_sound(shop.database)


def test_converting_to_the_same_order_again_and_shipping_in_one_batch(shop: Shop) -> None:
    """The hold must count once towards what the order may ship."""
    shop.register(a=10)
    hold = shop.do(reserve(order(), a=3))["reservations"][0]["id"]
    _, shipped = shop.batch(ChangeHold(hold, order_id="order-1"), deduct(order(), a=4))
    assert shipped == ExceedsReserved("order-1", "a", 4, 3, 0)
    assert shop.units("a") == Units(10, 3)


def test_a_partly_shipped_hold_converts_its_rest(shop: Shop) -> None:
    shop.register(a=10)
    hold = shop.do(reserve(cart(), a=3))["reservations"][0]["id"]
    shop.do(deduct(cart(), a=1))
    shop.do(ChangeHold(hold, order_id="order-1"))
    shop.do(deduct(order(), a=2))
    assert shop.units("a") == Units(7, 0)
    assert_sound(shop.database)


def test_what_changed_is_in_the_audit_trail(shop: Shop, hold: str) -> None:
    shop.do(ChangeHold(hold, units=5, order_id="order-9"))
    (entry,) = [e for e in table(shop.database, "audit_entry") if e["action"] == "ChangeHold"]
    assert '"quantity":3' in entry["before"]
    assert '"reference":"cart:cart-1"' in entry["before"]
    assert '"quantity":5' in entry["after"]
    assert '"reference":"order:order-9"' in entry["after"]
    assert entry["subject"] == f"reservation:{hold}"


def test_a_hold_that_is_not_there_or_not_yours_or_over(shop: Shop, hold: str) -> None:
    assert shop.refuse(resize("none", 1)) == ReservationNotFound("none")
    thief = Caller("other")
    assert shop.refuse(resize(hold, 1), caller=thief) == ReservationNotYours(hold)
    bound = Caller("till", bound_owner="bob")
    assert shop.refuse(resize(hold, 1), caller=bound) == ReservationNotYours(hold)
    shop.do(resize(hold, 2), caller=Caller("boss", touches_all=True))
    shop.do(release(cart()))
    assert shop.refuse(resize(hold, 1)) == ReservationEnded(hold, "released")


def test_an_ended_hold_cannot_be_extended(shop: Shop, clock: FakeClock, hold: str) -> None:
    clock.advance(1800)
    late = ChangeHold(hold, expires_at=clock() + timedelta(hours=1))
    assert shop.refuse(late) == ReservationEnded(hold, "expired")
    assert shop.units("a") == Units(10, 0)
