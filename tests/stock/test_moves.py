"""Receive, adjust and transfer: units that lie in a location."""

from dataclasses import replace
from datetime import timedelta

import pytest

from onhand.access.model import Accepted
from onhand.stock.model.commands import (
    Adjust,
    AdjustLine,
    AdjustMode,
    Command,
    Deduct,
    Line,
    Receive,
    SetPolicy,
    Transfer,
)
from onhand.stock.model.events import Reference, ReferenceType
from onhand.stock.model.refusals import (
    BalanceTooLarge,
    IdempotencyConflict,
    InsufficientStock,
    InvalidMoment,
    Refusal,
    SameLocation,
    Shortage,
    StockMoved,
    UnknownLocation,
    UnknownSku,
)
from tests.shop import START, TILL, FakeClock, Shop, Units, cart, deduct, lines, order, reserve
from tests.stock.recount import assert_sound, dump, table


def adjust(mode: AdjustMode, units: int, *, location: str | None = None) -> Adjust:
    """Correct `a`."""
    return Adjust((AdjustLine("a", mode, units, location),), reason="damaged")


def test_received_units_are_on_hand(shop: Shop) -> None:
    shop.add_location("east")
    shop.register("a", "b")
    answer = shop.do(Receive((Line("a", 2), Line("b", 1), Line("a", 3, "east"))))
    assert [level["on_hand"] for level in answer["levels"]] == [5, 1]
    places = assert_sound(shop.database)["a"].places
    assert {name: place.on_hand for name, place in places.items()} == {"main": 2, "east": 3}


def test_a_receipt_names_what_it_belongs_to(shop: Shop) -> None:
    shop.register("a")
    file = Reference(ReferenceType.IMPORT, "file-1")
    shop.do(Receive((Line("a", 2),), reference=file), key="once")
    (event,) = table(shop.database, "stock_event")
    assert (event["reference_type"], event["reference_id"]) == file
    other = Receive((Line("a", 2),), reference=Reference(ReferenceType.IMPORT, "file-2"))
    assert shop.refuse(other, key="once") == IdempotencyConflict("once")


@pytest.mark.parametrize(("mode", "after"), [("set", 2), ("add", 7), ("subtract", 3)])
def test_an_adjustment_changes_the_number_that_was_seen_and_no_other(
    shop: Shop, mode: str, after: int
) -> None:
    shop.add_location("east")
    shop.register(a=5)
    shop.receive("a", 4, at="east")
    line = AdjustLine("a", AdjustMode(mode), 2, None, 5)
    shop.do(deduct(order(), a=1))
    assert shop.refuse(Adjust((line,), "seen")) == StockMoved("a", "main", 5, 4)
    shop.receive("a", 1)
    shop.do(Adjust((line,), "seen"), key="once")
    assert shop.units("a").on_hand == after + 4
    blind = Adjust((replace(line, expected_on_hand_units=None),), "seen")
    assert shop.refuse(blind, key="once") == IdempotencyConflict("once")


def test_of_two_who_saw_the_same_number_one_changes_it(shop: Shop) -> None:
    shop.register("new", a=5)
    seen = Adjust((AdjustLine("a", AdjustMode.SET, 9, None, 5),), "seen")
    first, second = shop.ledger.execute([Command(TILL, seen), Command(TILL, seen)])
    assert isinstance(first, Accepted)
    assert second == StockMoved("a", "main", 5, 9)
    untouched = Adjust((AdjustLine("new", AdjustMode.SET, 3, None, 0),), "seen")
    shop.do(untouched)
    assert shop.refuse(untouched) == StockMoved("new", "main", 0, 3)


@pytest.mark.parametrize(
    ("ask", "refusal"),
    [
        (Receive((Line("a", 1), Line("ghost", 1))), UnknownSku(("ghost",))),
        (Receive((Line("a", 1), Line("a", 1, "moon"))), UnknownLocation("moon")),
        (Receive((Line("a", 10**12 + 1),)), BalanceTooLarge("a", 10**12)),
        (
            Receive((Line("a", 1),), happened_at=START + timedelta(microseconds=1)),
            InvalidMoment("happened_at", "2026-03-01T12:00:00.000001+00:00"),
        ),
    ],
)
def test_a_receipt_that_cannot_be(shop: Shop, ask: Receive, refusal: Refusal) -> None:
    shop.register("a")
    assert shop.refuse(ask) == refusal
    assert table(shop.database, "stock_event") == []


def test_a_late_entry_keeps_when_it_happened(shop: Shop) -> None:
    shop.register("a")
    yesterday = START - timedelta(days=1)
    shop.do(Receive(lines(a=2), reason="found the slip", happened_at=yesterday))
    (event,) = table(shop.database, "stock_event")
    assert str(event["happened_at"])[:10] == "2026-02-28"
    assert str(event["recorded_at"])[:10] == "2026-03-01"
    assert event["reason"] == "found the slip"
    assert_sound(shop.database)


def test_adding_and_subtracting(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(adjust(AdjustMode.ADD, 2))
    assert shop.units("a") == Units(7, 0)
    shop.do(adjust(AdjustMode.SUBTRACT, 7))
    assert shop.units("a") == Units(0, 0)
    assert shop.refuse(adjust(AdjustMode.SUBTRACT, 1)) == InsufficientStock((Shortage("a", 1, 0),))
    assert_sound(shop.database)


@pytest.mark.parametrize("target", [0, 3, 5, 9])
def test_setting(shop: Shop, target: int) -> None:
    shop.register(a=5)
    shop.do(adjust(AdjustMode.SET, target))
    assert shop.units("a") == Units(target, 0)
    assert_sound(shop.database)


def test_held_units_cannot_be_adjusted_away(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(reserve(cart(), a=3))
    before = dump(shop.database)
    for ask in (adjust(AdjustMode.SUBTRACT, 3), adjust(AdjustMode.SET, 2)):
        assert shop.refuse(ask) == InsufficientStock((Shortage("a", 3, 2),))
    assert dump(shop.database) == before
    shop.do(adjust(AdjustMode.SET, 3))
    assert shop.units("a") == Units(3, 3)


def test_an_adjustment_is_all_lines_or_none(shop: Shop) -> None:
    shop.register(a=5, b=1)
    both = (AdjustLine("a", AdjustMode.ADD, 1), AdjustLine("b", AdjustMode.SUBTRACT, 2))
    refusal = shop.refuse(Adjust(both, reason="count"))
    assert refusal == InsufficientStock((Shortage("b", 2, 1),))
    assert shop.units("a") == Units(5, 0)


def test_each_location_is_adjusted_by_itself(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=5)
    refusal = shop.refuse(adjust(AdjustMode.SUBTRACT, 1, location="east"))
    assert refusal == InsufficientStock((Shortage("a", 1, 0),))
    shop.do(adjust(AdjustMode.SET, 4, location="east"))
    assert shop.units("a") == Units(9, 0)
    refusal = shop.refuse(adjust(AdjustMode.ADD, 1, location="moon"))
    assert refusal == UnknownLocation("moon")


def test_units_move_between_locations(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=5, b=2)
    shop.do(Transfer(lines(a=3, b=2), "east", reason="rebalance"))
    accounts = assert_sound(shop.database)
    assert {name: p.on_hand for name, p in accounts["a"].places.items()} == {"main": 2, "east": 3}
    assert {name: p.on_hand for name, p in accounts["b"].places.items()} == {"main": 0, "east": 2}
    assert shop.kinds("a") == ["received", "transferred", "transferred"]


def test_held_units_stay_where_they_are_held(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=5)
    shop.do(reserve(cart(), a=3))
    before = dump(shop.database)
    refusal = shop.refuse(Transfer(lines(a=3), "east"))
    assert refusal == InsufficientStock((Shortage("a", 3, 2),))
    assert dump(shop.database) == before


def test_two_lines_of_a_transfer_count_together(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=5)
    refusal = shop.refuse(Transfer(lines(a=3) + lines(a=3), "east"))
    assert refusal == InsufficientStock((Shortage("a", 6, 5),))
    assert shop.units("a") == Units(5, 0)


@pytest.mark.parametrize(
    ("ask", "refusal"),
    [
        (Transfer(lines(a=1), "moon"), UnknownLocation("moon")),
        (Transfer(lines("moon", a=1), "main"), UnknownLocation("moon")),
        (Transfer(lines(ghost=1), "main"), UnknownSku(("ghost",))),
        (Transfer(lines(a=1), "main"), SameLocation("a", "main")),
        (Transfer(lines("main", a=9), "main"), SameLocation("a", "main")),
    ],
)
def test_a_transfer_that_cannot_be(shop: Shop, ask: Transfer, refusal: Refusal) -> None:
    shop.register(a=5)
    assert shop.refuse(ask) == refusal
    assert shop.units("a") == Units(5, 0)
    assert shop.kinds("a") == ["received"]


def test_a_transfer_that_lacks_units_names_what_is_left_where_they_are(shop: Shop) -> None:
    """Elsewhere more was sold than there was, so the total is less than what lies in main."""
    for place in ("east", "west"):
        shop.add_location(place)
    shop.register(a=5)
    shop.do(SetPolicy("a", allow_oversell=True))
    shop.do(Deduct(order(), lines("east", a=3)))
    assert shop.units("a") == Units(2, 0)
    for allow in (True, False):
        shop.do(SetPolicy("a", allow_oversell=allow))
        refusal = shop.refuse(Transfer(lines(a=6), "west"))
        assert refusal == InsufficientStock((Shortage("a", 6, 5),))
        refusal = shop.refuse(Transfer(lines("main", "east", a=1), "west"))
        assert refusal == InsufficientStock((Shortage("a", 1, 0),))
    shop.do(Transfer(lines(a=5), "west"))
    assert_sound(shop.database)


def test_time_running_backwards_does_not_turn_the_chain(shop: Shop, clock: FakeClock) -> None:
    shop.register(a=5)
    clock.advance(-60)
    shop.receive("a", 1)
    assert_sound(shop.database)
