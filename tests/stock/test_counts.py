"""Stocktakes: sheets that are opened, filled in while stock moves on, and closed once."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from onhand.access.model import Accepted, Actor, Asked
from onhand.db.database import Database
from onhand.stock.commands import Ledger
from onhand.stock.commands.counts import (
    Counted,
    CountEntry,
    NewCount,
    cancel_count,
    close_count,
    enter_counts,
    open_count,
)
from onhand.stock.model.commands import Caller, Policy, ResetSku
from onhand.stock.model.refusals import (
    CountEnded,
    CountNotFound,
    IdempotencyConflict,
    UnknownLocation,
    UnknownSku,
)
from onhand.stock.queries.counts import CountView, list_counts, read_count
from tests.gate import wait_for_lock_queue
from tests.shop import FakeClock, Shop, Units, cart, deduct, order, reserve
from tests.stock.recount import assert_sound, table

CLERK = Actor("clerk", "manual", "192.0.2.1")


def opened(shop: Shop, *skus: str, location: str = "main", blind: bool = False) -> str:
    """The id of a new sheet."""
    new = NewCount("spring", location, skus, blind)
    result = open_count(shop.database, Asked(CLERK, shop.clock()), new)
    assert isinstance(result, Accepted), result
    count_id: str = json.loads(result.answer)["id"]
    return count_id


def enter(shop: Shop, count_id: str, **found: int) -> object:
    """Note what was found."""
    entry = CountEntry(count_id, tuple(Counted(code, units) for code, units in found.items()))
    return enter_counts(shop.database, Asked(CLERK, shop.clock()), entry)


def close(shop: Shop, count_id: str, *, actor: Actor = CLERK, key: str | None = None) -> object:
    """Bring the differences into the ledger."""
    return close_count(shop.ledger, Asked(actor, shop.clock(), key), count_id)


def sheet(shop: Shop, count_id: str) -> CountView:
    """The sheet as it is now."""
    with shop.database.read() as connection:
        view = read_count(connection, count_id)
    assert view is not None
    return view


def lines(view: CountView) -> dict[str, tuple[int | None, int | None, int | None]]:
    """Expected, counted and difference by SKU."""
    return {line.sku: (line.expected, line.counted, line.difference) for line in view.lines}


def test_what_was_found_becomes_on_hand(shop: Shop, clock: FakeClock) -> None:
    shop.register("c", a=5, b=2)
    count_id = opened(shop, "a", "b", "c")
    enter(shop, count_id, a=4, b=2)
    assert shop.units("a") == Units(5, 0)
    assert lines(sheet(shop, count_id)) == {
        "a": (5, 4, -1),
        "b": (2, 2, 0),
        "c": (None, None, None),
    }
    clock.advance(60)
    assert isinstance(close(shop, count_id), Accepted)
    assert (shop.units("a"), shop.units("b")) == (Units(4, 0), Units(2, 0))
    view = sheet(shop, count_id)
    assert (view.state, view.closed_at, view.created_by) == ("closed", clock(), "clerk")
    assert shop.kinds("a") == ["received", "counted"]
    assert shop.kinds("c") == []
    assert_sound(shop.database)


def test_movements_after_each_figure_are_kept(shop: Shop) -> None:
    shop.register(a=10, b=10)
    count_id = opened(shop, "a", "b")
    enter(shop, count_id, a=9)
    shop.do(deduct(order(1), a=2, b=2))
    enter(shop, count_id, b=8)
    shop.do(deduct(order(2), a=1, b=1))
    close(shop, count_id)
    assert (shop.units("a"), shop.units("b")) == (Units(6, 0), Units(7, 0))


def test_a_figure_may_be_entered_again(shop: Shop) -> None:
    shop.register(a=10)
    count_id = opened(shop, "a")
    enter(shop, count_id, a=3)
    shop.do(deduct(order(), a=1))
    enter(shop, count_id, a=9)
    assert lines(sheet(shop, count_id)) == {"a": (9, 9, 0)}
    close(shop, count_id)
    assert shop.units("a") == Units(9, 0)


def test_closing_again_counts_once(shop: Shop) -> None:
    shop.register(a=10)
    count_id = opened(shop, "a")
    enter(shop, count_id, a=7)
    first = close(shop, count_id)
    assert isinstance(first, Accepted)
    shop.receive("a", 1)
    again = close(shop, count_id)
    assert isinstance(again, Accepted)
    assert (again.answer, again.replayed) == (first.answer, True)
    assert shop.units("a") == Units(8, 0)


def test_closing_names_who_did_and_counts_once_whoever_does_it_again(shop: Shop) -> None:
    shop.register(a=10)
    count_id = opened(shop, "a")
    enter(shop, count_id, a=7)
    first = close(shop, count_id)
    again = close(shop, count_id, actor=Actor("boss"))
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert (again.answer, again.replayed) == (first.answer, True)
    assert shop.units("a") == Units(7, 0)
    event = table(shop.database, "stock_event")[-1]
    assert (event["kind"], event["actor"], event["source"]) == ("counted", "clerk", "manual")
    (entry,) = [e for e in table(shop.database, "audit_entry") if e["action"] == "Count"]
    assert (entry["actor"], entry["origin"]) == ("clerk", "192.0.2.1")


def test_a_key_stands_for_one_closing(shop: Shop) -> None:
    shop.register(a=10)
    first, other = opened(shop, "a"), opened(shop, "a")
    enter(shop, first, a=7)
    done = close(shop, first, key="k")
    assert isinstance(done, Accepted)
    again = close(shop, first, key="k")
    assert isinstance(again, Accepted)
    assert (again.answer, again.replayed) == (done.answer, True)
    assert close(shop, other, key="k") == IdempotencyConflict("k")
    assert sheet(shop, other).state == "open"
    assert shop.units("a") == Units(7, 0)


def test_a_key_of_a_refused_closing_may_be_used_again(shop: Shop) -> None:
    shop.register(a=5)
    count_id = opened(shop, "a")
    enter(shop, count_id, a=4)
    shop.do(ResetSku("a"))
    for _ in range(2):
        assert close(shop, count_id, key="k") == UnknownSku(("a",))
        assert sheet(shop, count_id).state == "open"


def test_a_key_stands_for_one_cancelling(shop: Shop) -> None:
    shop.register(a=10)
    first, other = opened(shop, "a"), opened(shop, "a")

    def cancel(count_id: str) -> object:
        return cancel_count(shop.database, Asked(CLERK, shop.clock(), "k"), count_id)

    done = cancel(first)
    assert isinstance(done, Accepted)
    shop.clock.advance(5)
    assert cancel(first) == replace(done, replayed=True)
    assert cancel(other) == IdempotencyConflict("k")
    assert sheet(shop, other).state == "open"
    assert close(shop, first, key="k") == IdempotencyConflict("k")


def test_a_callers_own_key_cannot_be_taken_for_a_sheets(shop: Shop) -> None:
    shop.register(a=10)
    count_id = opened(shop, "a")
    enter(shop, count_id, a=7)
    shop.do(deduct(order(), a=1), caller=Caller("stocktake"), key=count_id)
    shop.do(deduct(order(2), a=1), caller=Caller("clerk"), key=count_id)
    assert isinstance(close(shop, count_id), Accepted)
    assert shop.units("a") == Units(5, 0)


def test_a_long_sheet_is_filled_in_with_few_statements(shop: Shop) -> None:
    skus = [f"s{number:03}" for number in range(300)]
    shop.register(*skus)
    shop.register(z=2)
    count_id = opened(shop, *skus, "z")
    statements: list[str] = []
    engine = shop.database.engine

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    sa.event.listen(engine, "before_cursor_execute", note)
    enter(shop, count_id, **dict.fromkeys(skus, 4), z=1)
    sa.event.remove(engine, "before_cursor_execute", note)
    assert len(statements) < 15
    close(shop, count_id)
    assert (shop.units("s000"), shop.units("s299")) == (Units(4, 0), Units(4, 0))
    assert shop.units("z") == Units(1, 0)


def test_a_blind_sheet_shows_what_was_expected_only_when_closed(shop: Shop) -> None:
    shop.register(a=10)
    count_id = opened(shop, "a", blind=True)
    answer = enter(shop, count_id, a=7)
    assert isinstance(answer, Accepted)
    (line,) = json.loads(answer.answer)["lines"]
    assert (line["expected"], line["counted"], line["difference"]) == (None, 7, None)
    assert lines(sheet(shop, count_id)) == {"a": (None, 7, None)}
    close(shop, count_id)
    assert lines(sheet(shop, count_id)) == {"a": (10, 7, -3)}


def test_held_units_that_were_not_found_are_oversold(shop: Shop) -> None:
    shop.register(a=10)
    shop.do(reserve(cart(), a=8))
    count_id = opened(shop, "a")
    enter(shop, count_id, a=5)
    close(shop, count_id)
    assert shop.units("a") == Units(5, 8)
    assert shop.kinds("a")[-1] == "oversold"
    assert_sound(shop.database)


def test_a_location_of_its_own(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=10)
    shop.receive("a", 4, at="east")
    count_id = opened(shop, "a", location="east")
    enter(shop, count_id, a=3)
    close(shop, count_id)
    places = assert_sound(shop.database)["a"].places
    assert {name: place.on_hand for name, place in places.items()} == {"main": 10, "east": 3}


def test_a_cancelled_sheet_has_no_effect(shop: Shop) -> None:
    shop.register(a=10)
    count_id = opened(shop, "a")
    enter(shop, count_id, a=3)
    assert isinstance(cancel_count(shop.database, Asked(CLERK, shop.clock()), count_id), Accepted)
    for refusal in (
        close(shop, count_id),
        enter(shop, count_id, a=4),
        cancel_count(shop.database, Asked(CLERK, shop.clock()), count_id),
    ):
        assert refusal == CountEnded(count_id, "cancelled")
    assert shop.units("a") == Units(10, 0)


def test_a_closed_sheet_takes_no_more_figures(shop: Shop) -> None:
    shop.register(a=10)
    count_id = opened(shop, "a")
    enter(shop, count_id, a=3)
    close(shop, count_id)
    assert enter(shop, count_id, a=4) == CountEnded(count_id, "closed")
    refusal = cancel_count(shop.database, Asked(CLERK, shop.clock()), count_id)
    assert refusal == CountEnded(count_id, "closed")


@pytest.mark.parametrize(
    ("new", "refusal"),
    [
        (NewCount("x", "moon", ("a",)), UnknownLocation("moon")),
        (NewCount("x", "main", ("a", "ghost")), UnknownSku(("ghost",))),
    ],
)
def test_a_sheet_that_cannot_be(shop: Shop, new: NewCount, refusal: object) -> None:
    shop.register(a=1)
    assert open_count(shop.database, Asked(CLERK, shop.clock()), new) == refusal
    with shop.database.read() as connection:
        assert list_counts(connection, limit=9) == []


def test_what_is_not_on_the_sheet(shop: Shop) -> None:
    shop.register(a=1, b=1)
    count_id = opened(shop, "a")
    assert enter(shop, count_id, a=2, b=2) == UnknownSku(("b",))
    assert lines(sheet(shop, count_id)) == {"a": (None, None, None)}
    assert enter(shop, "none", a=2) == CountNotFound("none")
    assert close(shop, "none") == CountNotFound("none")


def test_an_alias_means_its_sku(shop: Shop) -> None:
    shop.register(a=5)
    shop.add_alias("aa", "a")
    count_id = opened(shop, "aa", "a")
    enter(shop, count_id, aa=4)
    close(shop, count_id)
    assert shop.units("a") == Units(4, 0)


def test_sheets_are_listed_newest_first_in_pages(shop: Shop) -> None:
    shop.register(a=1)
    ids = [opened(shop, "a") for _ in range(5)]
    with shop.database.read() as connection:
        first = list_counts(connection, limit=3)
        rest = list_counts(connection, limit=3, before=first[-1].id)
    assert [view.id for view in (*first, *rest)] == ids[::-1]


def test_a_sheet_the_ledger_refuses_stays_open(shop: Shop) -> None:
    shop.register(a=5, b=5)
    count_id = opened(shop, "a", "b")
    enter(shop, count_id, a=4, b=4)
    shop.do(ResetSku("a"))
    assert close(shop, count_id) == UnknownSku(("a",))
    assert sheet(shop, count_id).state == "open"
    assert shop.units("b") == Units(5, 0)


def test_a_figure_entered_while_the_sheet_is_closed_counts_or_is_refused(
    postgres_database: Database, clock: FakeClock
) -> None:
    """Entering has begun before closing, and commits while closing waits for it."""
    shop = Shop(Ledger(postgres_database, clock=clock, policy=Policy()), clock)
    shop.register(a=5)
    count_id = opened(shop, "a")
    with ThreadPoolExecutor(2) as threads, postgres_database.engine.connect() as blocker:
        blocker.execute(sa.text("SELECT 1 FROM ledger_head WHERE sku_id = 'a' FOR UPDATE"))
        entering = threads.submit(enter, shop, count_id, a=3)
        wait_for_lock_queue(postgres_database, 1)
        closing = threads.submit(close, shop, count_id)
        wait_for_lock_queue(postgres_database, 2)
        blocker.rollback()
        entered: Any = entering.result(20)
        closing.result(20)
    counted = lines(sheet(shop, count_id))["a"][1]
    assert (counted == 3) == isinstance(entered, Accepted)
    assert shop.units("a") == Units(5 if counted is None else 3, 0)
