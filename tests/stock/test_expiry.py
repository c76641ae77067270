"""A hold ends to the second by the clock passed in, whether or not anything swept it."""

from datetime import datetime, timedelta

import pytest

from onhand.stock.model.commands import Adjust, AdjustLine, AdjustMode, ExpireHolds, Reserve
from onhand.stock.model.refusals import InsufficientStock, Shortage
from onhand.stock.queries.holds import HoldFilter, list_holds
from onhand.stock.queries.levels import level_as_of, low_stock, read_levels, skus_with_due_holds
from tests.shop import START, FakeClock, Shop, Units, cart, deduct, lines, order, reserve
from tests.stock.recount import assert_sound, dump, table

END = START + timedelta(seconds=100)


@pytest.fixture
def held(shop: Shop) -> Shop:
    """Three of five units of `a` are held until END."""
    shop.register(a=5)
    shop.do(Reserve(cart(), "ann", lines(a=3), expires_at=END))
    return shop


def shown(shop: Shop) -> tuple[int, int]:
    """Reserved and available units of `a` as read now."""
    with shop.database.read() as connection:
        level = read_levels(connection, ["a"], now=shop.clock())["a"]
    return level.reserved, level.available


def test_the_read_changes_at_the_very_moment(held: Shop, clock: FakeClock) -> None:
    clock.advance(99.999999)
    assert shown(held) == (3, 2)
    clock.advance(0.000001)
    assert shown(held) == (0, 5)
    assert held.units("a") == Units(5, 3)  # nothing was written by reading


def test_the_decision_changes_at_the_very_moment(held: Shop, clock: FakeClock) -> None:
    clock.advance(99.999999)
    refusal = held.refuse(reserve(cart(2), a=3))
    assert refusal == InsufficientStock((Shortage("a", 3, 2),))
    clock.advance(0.000001)
    held.do(reserve(cart(2), a=5))
    assert held.units("a") == Units(5, 5)
    assert held.kinds("a") == ["received", "reserved", "expired", "reserved"]
    assert_sound(held.database)


def test_the_event_says_when_it_ended_and_when_it_was_noticed(held: Shop, clock: FakeClock) -> None:
    clock.advance(160)
    held.receive("a", 1)
    event = table(held.database, "stock_event")[2]
    assert (event["kind"], event["reserved_change"], event["actor"]) == ("expired", -3, "system")
    assert (event["reference_type"], event["reference_id"]) == ("cart", "cart-1")
    noticed = START + timedelta(seconds=160)
    assert [_moment(event[name]) for name in ("happened_at", "recorded_at")] == [END, noticed]


def test_the_sweep_ends_what_is_due_and_nothing_else(held: Shop, clock: FakeClock) -> None:
    held.do(Reserve(cart(2), "bob", lines(a=1), expires_at=END + timedelta(seconds=1)))
    clock.advance(100)
    held.do(ExpireHolds(("a",)))
    assert held.units("a") == Units(5, 1)
    clock.advance(1)
    held.do(ExpireHolds(("a",)))
    assert held.units("a") == Units(5, 0)
    before = table(held.database, "stock_event")
    held.do(ExpireHolds(("a",)))
    assert table(held.database, "stock_event") == before
    assert_sound(held.database)


def test_what_is_due_is_found_the_longest_overdue_first(held: Shop, clock: FakeClock) -> None:
    held.register(b=5, c=5)
    held.do(Reserve(cart(2), "bob", lines(b=1), expires_at=END - timedelta(seconds=1)))
    held.do(Reserve(order(2), "bob", lines(c=1), never_expires=True))
    with held.database.read() as connection:
        assert skus_with_due_holds(connection, clock(), 10) == []
        assert skus_with_due_holds(connection, END, 10) == ["b", "a"]
        assert skus_with_due_holds(connection, END, 1) == ["b"]


def test_a_hold_shows_as_expired_before_it_is_swept(held: Shop) -> None:
    with held.database.read() as connection:
        (before,) = list_holds(connection, HoldFilter(sku="a"), now=END - timedelta(seconds=1))
        assert (before.quantity, before.state) == (3, "held")
        assert list_holds(connection, HoldFilter(sku="a"), now=END) == []
        (after,) = list_holds(connection, HoldFilter(sku="a", include_ended=True), now=END)
        assert (after.quantity, after.state) == (0, "expired")


def test_a_past_moment_shows_the_hold_until_its_end(held: Shop, clock: FakeClock) -> None:
    clock.advance(200)
    for _ in ("before the sweep", "after the sweep"):
        with held.database.read() as connection:
            just_before = level_as_of(connection, "a", END - timedelta(microseconds=1))
            at_the_end = level_as_of(connection, "a", END)
        assert just_before is not None
        assert at_the_end is not None
        assert (just_before.reserved, at_the_end.reserved) == (3, 0)
        held.do(ExpireHolds(("a",)))


def test_low_stock_does_not_count_ended_holds(held: Shop) -> None:
    held.do(reserve(order(), a=2))
    with held.database.read() as connection:
        assert [level.sku for level in low_stock(connection, now=START, limit=9)] == ["a"]
        assert low_stock(connection, now=END, limit=9) == []


def test_a_refused_command_still_lets_holds_end(held: Shop, clock: FakeClock) -> None:
    clock.advance(100)
    held.refuse(reserve(cart(2), a=6))
    assert held.kinds("a") == ["received", "reserved", "expired"]
    assert_sound(held.database)


def test_every_ask_sees_the_units_of_an_ended_hold(held: Shop, clock: FakeClock) -> None:
    clock.advance(100)
    held.do(Adjust((AdjustLine("a", AdjustMode.SET, 0),), reason="flood"))
    assert held.units("a") == Units(0, 0)


def test_many_holds_end_in_one_go(shop: Shop, clock: FakeClock) -> None:
    shop.register(a=300)
    shop.batch(*(reserve(cart(number), a=1) for number in range(300)))
    assert shop.units("a") == Units(300, 300)
    clock.advance(1800)
    shop.do(ExpireHolds(("a",)))
    assert shop.units("a") == Units(300, 0)
    assert shop.kinds("a").count("expired") == 300
    assert_sound(shop.database)


def test_a_partly_shipped_hold_ends_with_its_rest(shop: Shop, clock: FakeClock) -> None:
    shop.register(a=5)
    shop.do(reserve(order(), a=4))
    from_order = shop.do(deduct(order(), a=1))
    assert from_order["reservations"][0]["quantity"] == 3
    clock.advance(900)
    shop.do(ExpireHolds(("a",)))
    assert shop.units("a") == Units(4, 0)
    (hold,) = table(shop.database, "reservation")
    assert (hold["state"], hold["units_shipped"]) == ("expired", 1)


def test_a_sku_nobody_knows_is_nothing_to_sweep(shop: Shop) -> None:
    before = dump(shop.database)["stock_event"]
    shop.do(ExpireHolds(("ghost",)))
    assert dump(shop.database)["stock_event"] == before


def _moment(value: datetime | str) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
