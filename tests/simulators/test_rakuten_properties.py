"""What holds whatever is sold, written, cancelled and edited."""

from collections import Counter
from datetime import timedelta
from itertools import permutations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from onhand.simulators.rakuten import (
    EntryKind,
    Fault,
    FaultKind,
    Habits,
    Item,
    Knobs,
    Rakuten,
    Shop,
    Variant,
    buy,
    cancel,
    change_units,
    edit_stock_by_hand,
)
from onhand.simulators.rakuten.shop import ENDED
from onhand.simulators.rakuten.world import OrderLapsed
from tests.simulators.calls import SEARCH, START, TODAY, Bench, Clock

PAIRS = [("tote-canvas", "BK-L"), ("tote-canvas", "BK-M"), ("lone", "normal-inventory")]
BUSY = Habits(
    orders_per_hour=120.0,
    changes=0.2,
    cancels=0.2,
    second_line=0.5,
    same_line_twice=0.2,
    second_package=0.3,
)
SHIFT_S = 6 * 3_600

pairs = st.sampled_from(PAIRS)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), pairs, st.integers(1, 4)),
        st.tuples(st.just("write"), pairs, st.integers(-6, 6)),
        st.tuples(st.just("set"), pairs, st.integers(0, 20)),
        st.tuples(st.just("hand"), pairs, st.integers(0, 20)),
        st.tuples(st.just("cancel"), st.booleans(), st.integers(0, 20)),
        st.tuples(st.just("change"), st.just(0), st.integers(0, 4)),
        st.tuples(st.just("wait"), st.just(0), st.integers(1, 200)),
    ),
    max_size=30,
)


def play(bench: Bench, step: tuple[str, Any, int]) -> None:
    """Do one of the steps, as far as the shop lets one."""
    kind, what, units = step
    orders = bench.shop.orders()
    if kind == "buy":
        buy(bench.shop, what[0], what[1], units)
    elif kind == "write":
        bench.write((*what, "RELATIVE", units))
    elif kind == "set":
        bench.write((*what, "ABSOLUTE", units))
    elif kind == "hand":
        edit_stock_by_hand(bench.shop, what[0], what[1], units)
    elif kind == "wait":
        bench.clock.wait(units)
    elif orders and kind == "cancel":
        cancel(bench.shop, orders[units % len(orders)].number, restock=what)
    elif orders and orders[-1].lines():
        change_units(bench.shop, orders[-1].number, orders[-1].lines()[0].line_id, units)


def check_book(shop: Shop) -> None:
    """Opening units, sales, writes and what came back make the quantity, step by step."""
    held: Counter[tuple[str, str]] = Counter()
    for entry in shop.ledger():
        held[entry.item, entry.variant] += entry.change
        assert held[entry.item, entry.variant] == entry.after >= 0
    assert {pair: shop.quantity(*pair) for pair in shop.quantities()} == dict(held)


def check_orders(shop: Shop) -> None:
    """What was sold and not brought back is what living orders ask for."""
    out: Counter[str] = Counter()
    for entry in shop.ledger():
        if entry.kind is EntryKind.SOLD:
            out[entry.order] += entry.units
        elif entry.kind is EntryKind.RESTOCKED:
            out[entry.order] -= entry.units
    for order in shop.orders():
        asked = sum(line.units for line in order.lines())
        if order.progress < 800 and not order.modified:
            assert out[order.number] == asked
        assert out[order.number] >= 0


@settings(max_examples=60, deadline=None)
@given(steps=steps, delay=st.sampled_from([0.0, 60.0]))
def test_stock_is_conserved(steps: list[tuple[str, Any, int]], delay: float) -> None:
    knobs = Knobs(restock_delay_s=delay, change_settles_s=delay, cancel_settles_s=delay)
    bench = Bench(knobs)
    for step in steps:
        play(bench, step)
        check_book(bench.shop)
    check_orders(bench.shop)


@settings(max_examples=30, deadline=None)
@given(units=st.lists(st.integers(-3, 5), min_size=1, max_size=3))
def test_relative_writes_commute(units: list[int]) -> None:
    seen = set()
    for order in permutations(units):
        bench = Bench()
        edit_stock_by_hand(bench.shop, *PAIRS[0], 100)
        for one in order:
            assert bench.write((*PAIRS[0], "RELATIVE", one)).status == 204
        buy(bench.shop, *PAIRS[0], 1)
        seen.add(bench.shop.quantity(*PAIRS[0]))
    assert seen == {99 + sum(units)}


@settings(max_examples=25, deadline=None)
@given(count=st.integers(0, 40), size=st.integers(1, 15), is_newest=st.booleans())
def test_paging_gives_every_order_once(count: int, size: int, is_newest: bool) -> None:
    bench = Bench()
    edit_stock_by_hand(bench.shop, *PAIRS[0], 1_000)
    placed = []
    for number in range(count):
        placed.append(buy(bench.shop, *PAIRS[0], 1))
        bench.clock.wait(number % 3)
    sorting = [{"sortColumn": 1, "sortDirection": 2 if is_newest else 1}]
    found: list[str] = []
    page, pages = 1, 1
    while page <= pages:
        paging = {"requestRecordsAmount": size, "requestPage": page, "SortModelList": sorting}
        answer = bench.post(SEARCH, {**TODAY, "PaginationRequestModel": paging})
        found += answer["orderNumberList"]
        pages = answer["PaginationResponseModel"]["totalPages"] or 0
        page += 1

    assert found == (placed[::-1] if is_newest else placed)


def busy_world(clock: Clock, seed: int) -> Rakuten:
    """Two shops with forty SKUs and eager buyers."""
    rakuten = Rakuten(clock, seed=seed)
    for code in ("tokyo-bags", "osaka-bags"):
        shop = rakuten.open_shop(code)
        for number in range(20):
            variants = {"a": Variant(f"A{number}"), "b": Variant("" if number == 3 else "B")}
            shop.add_item(Item(f"i{number}", "商品", variants), {"a": 9_000, "b": 500})
    rakuten.start_buyers(BUSY)
    return rakuten


def test_buyers_are_the_seeds_however_time_is_cut() -> None:
    whole, cut, other = Clock(), Clock(), Clock()
    one, two = busy_world(whole, 7), busy_world(cut, 7)
    three = busy_world(other, 8)
    whole.wait(SHIFT_S)
    other.wait(SHIFT_S)
    for _ in range(96):
        cut.wait(SHIFT_S / 96)
        two.advance(cut.now)
    for rakuten in (one, two, three):
        rakuten.advance(START + timedelta(seconds=SHIFT_S))

    assert one.snapshot() == two.snapshot() != three.snapshot()
    for shop in one.shops.values():
        check_book(shop)
        check_orders(shop)


def test_buyers_do_all_that_buyers_do() -> None:
    clock = Clock()
    shop = busy_world(clock, 7).shops["tokyo-bags"]
    clock.wait(SHIFT_S)
    orders = shop.orders()
    sold = Counter(line.manage_number for order in orders for line in order.lines())

    assert 450 < len(orders) < 900
    assert sold["i0"] > 3 * sold["i15"]
    assert any(order.modified for order in orders)
    assert any(order.progress == 900 for order in orders)
    assert any(len(order.packages) > 1 for order in orders)
    pairs_of = [[(one.manage_number, one.variant_id) for one in o.lines()] for o in orders]
    assert any(len(set(found)) < len(found) for found in pairs_of)
    assert any(("i3", "b") in found for found in pairs_of)


def test_a_restart_changes_nothing() -> None:
    clock = Clock()
    first = busy_world(clock, 3)
    first.faults.by_chance(Fault(kind=FaultKind.LATE, function="inventories.*"), 0.5)
    clock.wait(SHIFT_S / 2)
    first.advance(clock.now)
    second = Rakuten.restore(first.snapshot(), clock)
    assert second.snapshot() == first.snapshot()
    clock.wait(SHIFT_S / 2)
    first.advance(clock.now)
    second.advance(clock.now)

    assert second.snapshot() == first.snapshot()
    numbers = [order.number for order in second.shops["tokyo-bags"].orders()]
    assert len(set(numbers)) == len(numbers) > 400


def test_what_was_packed_is_shipped_and_what_has_ended_is_forgotten() -> None:
    clock = Clock()
    rakuten = busy_world(clock, 7)
    rakuten.knobs.kept_orders = 100
    rakuten.knobs.auto_confirm_s = 60.0
    rakuten.start_buyers(structs.replace(BUSY, ships_after_s=1_800.0, restock_delay_s=60.0))
    sizes = []
    for _ in range(4):
        clock.wait(SHIFT_S / 2)
        rakuten.advance(clock.now)
        sizes.append(len(rakuten.snapshot()))

    assert sizes[-1] < 1.3 * sizes[0]
    for shop in rakuten.shops.values():
        orders = shop.orders()
        open_ones = [order for order in orders if order.progress not in ENDED]
        assert len(orders) <= 110 + len(open_ones)
        assert {order.progress for order in orders} >= {300, 500, 900}
        assert all(order.shipped_at for order in orders if order.progress == 500)
        assert len(shop.ledger()) <= 3 * 110 + len(open_ones)
    due = [entry[2] for entry in rakuten.world.state.due]
    known = {order.number for shop in rakuten.shops.values() for order in shop.orders()}
    assert {event.order for event in due if isinstance(event, OrderLapsed)} <= known
    restored = Rakuten.restore(rakuten.snapshot(), clock)
    clock.wait(SHIFT_S / 2)
    restored.advance(clock.now)


def test_nothing_is_forgotten_unless_it_is_asked_for() -> None:
    clock = Clock()
    rakuten = busy_world(clock, 7)
    clock.wait(SHIFT_S)
    rakuten.advance(clock.now)

    assert rakuten.knobs.kept_orders is None
    assert {order.progress for shop in rakuten.shops.values() for order in shop.orders()} <= {
        *(100, 900),
    }
