"""Reads: levels, past moments, holds, history and explanation agree with the events."""

from datetime import timedelta

import pytest

from onhand.stock.model.commands import (
    Adjust,
    AdjustLine,
    AdjustMode,
    Count,
    CountLine,
    Receive,
    ResetSku,
    SetPolicy,
    Transfer,
)
from onhand.stock.queries.history import HistoryFilter, explain, history
from onhand.stock.queries.holds import HoldFilter, list_holds
from onhand.stock.queries.levels import LevelView, level_as_of, low_stock, read_levels, read_offered
from tests.shop import START, FakeClock, Shop, cart, deduct, give_back, lines, order, reserve


def level(shop: Shop, code: str = "a") -> LevelView:
    """The level as read now."""
    with shop.database.read() as connection:
        return read_levels(connection, [code], now=shop.clock())[code]


def as_of(shop: Shop, seconds: float, *, recorded: bool = False) -> tuple[int, int]:
    """On hand and reserved of `a`, some seconds after START."""
    moment = START + timedelta(seconds=seconds)
    with shop.database.read() as connection:
        view = level_as_of(connection, "a", moment, recorded=recorded)
    assert view is not None
    assert view.available == view.on_hand - view.reserved
    return view.on_hand, view.reserved


def test_sellable_is_available_without_the_safety_stock(shop: Shop) -> None:
    shop.register(a=10)
    shop.do(SetPolicy("a", safety_stock=4, low_stock_threshold=6))
    shop.do(reserve(cart(), a=3))
    view = level(shop)
    assert (view.available, view.sellable, view.safety_stock) == (7, 3, 4)
    assert not view.is_low
    shop.do(reserve(cart(), a=5))
    view = level(shop)
    assert (view.available, view.sellable) == (2, 0)
    assert view.is_low
    assert not view.is_out


def test_what_a_shop_is_told_comes_from_the_same_units(shop: Shop, clock: FakeClock) -> None:
    shop.add_location("east")
    shop.register(a=10, b=7, c=0)
    shop.receive("a", 5, at="east")
    shop.do(SetPolicy("b", safety_stock=4))
    shop.do(reserve(order(), a=12))
    clock.advance(60)
    shop.do(reserve(cart(), a=2, b=3))
    for seconds in (60, 899, 900, 960):  # each hold ends after 15 minutes
        now = START + timedelta(seconds=seconds)
        with shop.database.read() as connection:
            levels = read_levels(connection, ["a", "b", "c"], now=now)
            offered = read_offered(connection, ["a", "b", "c", "unknown"], now=now)
        assert offered == {
            code: (view.available, view.safety_stock) for code, view in levels.items()
        }


def test_levels_by_location_add_up(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=10)
    shop.receive("a", 5, at="east")
    shop.do(reserve(order(), a=12))
    view = level(shop)
    assert [(p.location, p.on_hand, p.reserved, p.available) for p in view.locations] == [
        ("east", 5, 2, 3),
        ("main", 10, 10, 0),
    ]
    assert (view.on_hand, view.reserved, view.available) == (15, 12, 3)


def test_every_past_moment_shows_what_was_then(shop: Shop, clock: FakeClock) -> None:
    shop.register(a=10)
    for ask in (
        reserve(order(), a=4),
        deduct(order(), a=3),
        give_back(order(), a=1),
        Count((CountLine("a", 6),)),
    ):
        clock.advance(10)
        shop.do(ask)
    seen = [as_of(shop, seconds) for seconds in (-1, 0, 9, 10, 20, 30, 39.999999, 40, 999)]
    assert seen == [
        *((0, 0), (10, 0), (10, 0), (10, 4), (7, 1), (8, 1), (8, 1), (6, 1)),
        (6, 0),  # the order's hold ended after 15 minutes
    ]


def test_a_late_entry_counts_from_when_it_happened(shop: Shop, clock: FakeClock) -> None:
    shop.register(a=10)
    clock.advance(100)
    shop.do(Receive(lines(a=5), happened_at=START + timedelta(seconds=40)))
    assert [as_of(shop, s) for s in (39, 40, 99, 100)] == [(10, 0), (15, 0), (15, 0), (15, 0)]
    known = [as_of(shop, s, recorded=True) for s in (39, 40, 99, 100)]
    assert known == [(10, 0), (10, 0), (10, 0), (15, 0)]


def test_a_sku_in_its_new_life_has_no_past(shop: Shop, clock: FakeClock) -> None:
    shop.register(a=10)
    clock.advance(10)
    shop.do(ResetSku("a"))
    with shop.database.read() as connection:
        assert level_as_of(connection, "a", START) is None
        assert history(connection, "a", HistoryFilter()) is None
        assert explain(connection, "a", now=clock()) is None
        assert read_levels(connection, ["a"], now=clock()) == {}


def test_low_stock_lists_by_code_in_pages(shop: Shop) -> None:
    shop.register(a=1, b=9, c=0, d=2)
    for code in ("a", "b", "d"):
        shop.do(SetPolicy(code, low_stock_threshold=2))
    with shop.database.read() as connection:
        everything = [view.sku for view in low_stock(connection, now=shop.clock(), limit=10)]
        assert everything == ["a", "c", "d"]
        first = [view.sku for view in low_stock(connection, now=shop.clock(), limit=2)]
        rest = low_stock(connection, now=shop.clock(), limit=10, after=first[-1])
        assert first + [view.sku for view in rest] == everything


def test_a_sku_without_events_is_low_in_the_list_as_in_its_level(shop: Shop) -> None:
    shop.register("a")
    assert level(shop).is_low
    with shop.database.read() as connection:
        assert [view.sku for view in low_stock(connection, now=shop.clock(), limit=9)] == ["a"]


def test_holds_are_found_by_what_they_are_for(shop: Shop) -> None:
    shop.register(a=10, b=10)
    shop.do(reserve(cart(1), owner="ann", a=1, b=2))
    shop.do(reserve(cart(2), owner="bob", a=3))
    shop.do(reserve(order(1), owner="ann", b=4))
    shop.do(deduct(order(1)))

    def found(wanted: HoldFilter) -> list[tuple[str, str, int]]:
        with shop.database.read() as connection:
            holds = list_holds(connection, wanted, now=shop.clock())
        return sorted((hold.sku, hold.owner, hold.quantity) for hold in holds)

    assert found(HoldFilter()) == [("a", "ann", 1), ("a", "bob", 3), ("b", "ann", 2)]
    assert found(HoldFilter(sku="a")) == [("a", "ann", 1), ("a", "bob", 3)]
    assert found(HoldFilter(owner="ann")) == [("a", "ann", 1), ("b", "ann", 2)]
    assert found(HoldFilter(reference_type="cart", reference_id="cart-2")) == [("a", "bob", 3)]
    assert found(HoldFilter(reference_type="order", include_ended=True)) == [("b", "ann", 0)]
    assert found(HoldFilter(holder="other")) == []
    assert found(HoldFilter(sku="ghost")) == []


def test_holds_in_pages_miss_none_and_repeat_none(shop: Shop) -> None:
    shop.register(a=10)
    for number in range(7):
        shop.do(reserve(cart(number), a=1))
    seen: list[str] = []
    after = None
    while True:
        with shop.database.read() as connection:
            page = list_holds(connection, HoldFilter(after=after, limit=3), now=shop.clock())
        if not page:
            break
        assert len(page) <= 3
        seen += [hold.reference_id for hold in page]
        after = page[-1].id
    assert sorted(seen) == [f"cart-{number}" for number in range(7)]


@pytest.fixture
def busy(shop: Shop, clock: FakeClock) -> Shop:
    """One of each kind of event on `a`."""
    shop.add_location("east")
    shop.register(a=10)
    for ask in (
        reserve(order(), a=4),
        deduct(order(), a=2),
        give_back(order(), a=1),
        Adjust((AdjustLine("a", AdjustMode.ADD, 1),), reason="found"),
        Transfer(lines(a=2), "east"),
        Count((CountLine("a", 7),)),
    ):
        clock.advance(10)
        shop.do(ask)
    clock.advance(900)
    shop.do(reserve(cart(), a=1))
    return shop


@pytest.mark.parametrize(
    ("wanted", "kinds"),
    [
        (HistoryFilter(view="IN"), ["returned", "received"]),
        (HistoryFilter(view="OUT"), ["shipped"]),
        (HistoryFilter(view="RESERVE"), ["reserved", "reserved"]),
        (HistoryFilter(view="RELEASE"), ["expired"]),
        (HistoryFilter(view="ADJUST"), ["counted", "transferred", "transferred", "adjusted"]),
        (HistoryFilter(kind="expired"), ["expired"]),
        (HistoryFilter(location="east"), ["transferred"]),
        (HistoryFilter(until=START), ["received"]),
        (HistoryFilter(since=START + timedelta(seconds=910)), ["reserved", "expired"]),
        (HistoryFilter(before_seq=3), ["reserved", "received"]),
        (HistoryFilter(limit=1), ["reserved"]),
    ],
)
def test_history_newest_first_and_filtered(
    busy: Shop, wanted: HistoryFilter, kinds: list[str]
) -> None:
    with busy.database.read() as connection:
        events = history(connection, "a", wanted)
    assert events is not None
    assert [event.kind for event in events] == kinds


def test_an_explanation_adds_up(busy: Shop, clock: FakeClock) -> None:
    clock.advance(1800)  # the cart's hold has ended, nobody swept it
    with busy.database.read() as connection:
        told = explain(connection, "a", now=clock())
    assert told is not None
    assert sum(line.on_hand_change for line in told.events) == told.level.on_hand
    held = sum(line.reserved_change for line in told.events)
    assert held == told.level.reserved + told.lapsed_units
    assert (told.level.reserved, told.lapsed_units, told.holds) == (0, 1, [])
    assert told.latest[0].seq == told.level.version
