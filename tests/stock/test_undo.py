"""Undo: a file, count or command is taken back as a group, once; what happened since stays."""

from dataclasses import replace

import msgspec
import sqlalchemy as sa

from onhand.access.model import Accepted, Actor, Asked
from onhand.stock.commands.answers import UndoAnswer
from onhand.stock.commands.counts import (
    Counted,
    CountEntry,
    NewCount,
    close_count,
    enter_counts,
    open_count,
)
from onhand.stock.commands.locations import LocationChange, update_location
from onhand.stock.commands.undo import GroupUndo, undo
from onhand.stock.model.commands import (
    Adjust,
    AdjustLine,
    AdjustMode,
    Count,
    CountLine,
    Line,
    Receive,
    ResetSku,
    SetPolicy,
    Transfer,
    UndoHow,
)
from onhand.stock.model.events import Reference, ReferenceType
from onhand.stock.model.refusals import (
    Broken,
    IdempotencyConflict,
    NotUndoable,
    PartOfGroup,
    Refusal,
    UndoBreaks,
    UndoIsFinal,
    UndoNotFound,
)
from onhand.stock.queries.history import HistoryFilter, history
from onhand.stock.queries.undo import Named, UndoPreview, preview_undo
from onhand.stock.queries.verify import verify
from tests.shop import FakeClock, Shop, Units, cart, deduct, order, release, reserve
from tests.stock.recount import assert_sound, dump, table

FILE = Reference(ReferenceType.IMPORT, "file-1")
ALL, POSSIBLE = UndoHow.ALL_OR_NOTHING, UndoHow.WHAT_IS_POSSIBLE


def take_in(shop: Shop, **units: int) -> str:
    """Receive units as rows of the file; gives the command's id."""
    found = tuple(Line(code, count) for code, count in units.items())
    command_id: str = shop.do(Receive(found, reference=FILE))["command_id"]
    return command_id


def ask_undo(
    shop: Shop, named: Named, how: UndoHow = ALL, *, by: str = "till", key: str | None = None
) -> Accepted | Refusal:
    """What becomes of an undo."""
    return undo(shop.ledger, Asked(Actor(by), shop.clock(), key), GroupUndo(named, how))


def take_back(shop: Shop, named: Named, how: UndoHow = ALL) -> UndoAnswer:
    """The answer to an undo that must be accepted; the ledger is sound after it."""
    result = ask_undo(shop, named, how)
    assert isinstance(result, Accepted), result
    assert_sound(shop.database)
    assert verify(shop.database).is_clean
    return msgspec.json.decode(result.answer, type=UndoAnswer)


def preview(shop: Shop, named: Named) -> UndoPreview:
    """What an undo would do."""
    with shop.database.snapshot() as connection:
        found = preview_undo(connection, named, now=shop.clock())
    assert isinstance(found, UndoPreview), found
    return found


def places(shop: Shop, sku: str) -> dict[str, int]:
    """Units on hand by location."""
    account = assert_sound(shop.database)[sku]
    return {name: place.on_hand for name, place in account.places.items() if place.on_hand}


def told(shop: Shop, sku: str) -> list[tuple[str, int, str | None, bool]]:
    """Kind, change, what it undid and whether it was undone, oldest first."""
    with shop.database.read() as connection:
        events = history(connection, sku, HistoryFilter())
    assert events is not None
    return [(e.kind, e.on_hand_change, e.undoes, e.undone_by is not None) for e in reversed(events)]


def test_a_file_is_taken_back_whole(shop: Shop, clock: FakeClock) -> None:
    shop.register("c", a=10, b=4)
    take_in(shop, a=5, b=1)
    take_in(shop, a=2, c=3)
    clock.advance(60)
    shop.do(reserve(cart(), a=2))
    answer = take_back(shop, FILE)
    assert (answer.undoes, answer.skus, answer.left_out) == ("import:file-1", 3, [])
    assert [shop.units(code) for code in "abc"] == [Units(10, 2), Units(4, 0), Units(0, 0)]
    assert told(shop, "a") == [
        ("received", 10, None, False),
        ("received", 5, None, True),
        ("received", 2, None, True),
        ("reserved", 0, None, False),
        ("adjusted", -7, "import:file-1", False),
    ]
    with shop.database.read() as connection:
        events = history(connection, "a", HistoryFilter()) or []
    assert {e.undone_by for e in events if e.undone_by} == {answer.undo_id, events[0].command_id}
    (entry,) = [e for e in table(shop.database, "audit_entry") if e["action"] == "Undo"]
    assert (entry["subject"], entry["actor"]) == ("import:file-1", "till")


def test_a_count_is_taken_back_by_its_difference(shop: Shop) -> None:
    clerk = Actor("clerk", "manual")
    shop.register(a=10, b=5)
    new = NewCount("spring", "main", ("a", "b"))
    opened = open_count(shop.database, Asked(clerk, shop.clock()), new)
    assert isinstance(opened, Accepted)
    count_id = msgspec.json.decode(opened.answer)["id"]
    shop.do(deduct(order(1), a=2))
    entry = CountEntry(count_id, (Counted("a", 5), Counted("b", 5)))
    enter_counts(shop.database, Asked(clerk, shop.clock()), entry)
    shop.do(deduct(order(2), a=1))
    closed = close_count(shop.ledger, Asked(clerk, shop.clock()), count_id)
    assert isinstance(closed, Accepted)
    assert shop.units("a") == Units(4, 0)
    shop.do(deduct(order(3), a=1))
    by_command, by_count = closed.command_id, Reference(ReferenceType.MANUAL, count_id)
    assert preview(shop, by_command) == preview(shop, by_count)
    answer = take_back(shop, by_command)
    assert (answer.undoes, answer.skus) == (f"manual:{count_id}", 1)
    assert (shop.units("a"), shop.units("b")) == (Units(6, 0), Units(5, 0))
    again = ask_undo(shop, by_count)
    assert isinstance(again, Accepted)
    assert again.replayed


def test_a_set_is_taken_back_by_its_difference(shop: Shop) -> None:
    shop.register(a=10)
    line = AdjustLine("a", AdjustMode.SET, 25)
    done = shop.do(Adjust((line,), reason="typed wrongly"))
    shop.do(deduct(order(), a=3))
    take_back(shop, done["command_id"])
    assert shop.units("a") == Units(7, 0)
    counted = shop.do(Count((CountLine("a", 2),)))
    shop.receive("a", 4)
    take_back(shop, counted["command_id"])
    assert shop.units("a") == Units(11, 0)


def test_a_transfer_goes_back(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=10, b=10)
    done = shop.do(Transfer((Line("a", 4), Line("b", 4)), "east"))
    shop.do(deduct(order(1), a=6))
    answer = take_back(shop, done["command_id"])
    assert answer.skus == 2
    assert (places(shop, "a"), places(shop, "b")) == ({"main": 4}, {"main": 10})
    assert told(shop, "a")[-2:] == [
        ("transferred", -4, f"command:{done['command_id']}", False),
        ("transferred", 4, f"command:{done['command_id']}", False),
    ]


def test_half_a_transfer_is_never_taken_back(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=10, b=10)
    done = shop.do(Transfer((Line("a", 4), Line("b", 4)), "east"))
    moved = Transfer((Line("a", 1, "east"),), "main")
    shop.do(moved)
    answer = take_back(shop, done["command_id"], POSSIBLE)
    assert answer.left_out == [Broken("a", "east", -4, "units_gone", 1)]
    assert (places(shop, "a"), places(shop, "b")) == ({"main": 7, "east": 3}, {"main": 10})


def test_units_sold_or_held_since_break_it(shop: Shop) -> None:
    shop.register("sold", "held", "free")
    take_in(shop, sold=5, held=5, free=5)
    shop.do(deduct(order(1), sold=2))
    shop.do(reserve(order(2), held=4))
    before = dump(shop.database)
    broken = (
        Broken("held", "main", -5, "units_gone", 4),
        Broken("sold", "main", -5, "units_gone", 2),
    )
    assert ask_undo(shop, FILE) == UndoBreaks("import:file-1", 2, broken)
    assert dump(shop.database) == before
    seen = preview(shop, FILE)
    assert (seen.skus, seen.broken_skus, seen.units) == (3, 2, -15)
    assert [(x.sku, x.breaks, x.on_hand, x.reserved, x.shortfall_units) for x in seen.lines] == [
        ("held", True, 5, 4, 4),
        ("sold", True, 3, 0, 2),
        ("free", False, 5, 0, 0),
    ]
    answer = take_back(shop, FILE, POSSIBLE)
    assert (answer.skus, tuple(answer.left_out)) == (1, broken)
    assert shop.units("held") == Units(5, 4)
    assert (shop.units("sold"), shop.units("free")) == (Units(3, 0), Units(0, 0))
    shop.do(release(order(2)))
    again = ask_undo(shop, FILE, ALL)
    assert isinstance(again, Accepted)
    assert msgspec.json.decode(again.answer, type=UndoAnswer) == answer
    assert shop.units("held") == Units(5, 0)


def test_a_hold_that_has_ended_breaks_nothing(shop: Shop, clock: FakeClock) -> None:
    shop.register("a")
    take_in(shop, a=5)
    shop.do(reserve(cart(), a=5))
    assert preview(shop, FILE).broken_skus == 1
    clock.advance(1800)
    assert preview(shop, FILE).broken_skus == 0
    take_back(shop, FILE)
    assert shop.units("a") == Units(0, 0)


def test_what_may_be_oversold_goes_below_zero_aloud(shop: Shop) -> None:
    shop.register("a")
    take_in(shop, a=5)
    shop.do(SetPolicy("a", allow_oversell=True))
    shop.do(reserve(order(), a=4))
    line = preview(shop, FILE).lines[0]
    assert (line.breaks, line.shortfall_units) == (False, 4)
    take_back(shop, FILE)
    assert shop.units("a") == Units(0, 4)
    assert shop.kinds("a")[-2:] == ["adjusted", "oversold"]


def test_what_is_short_elsewhere_is_not_made_shorter(shop: Shop) -> None:
    """A place below zero stands for units of the SKU, wherever they lie."""
    shop.add_location("east")
    shop.register(a=3)
    shop.do(reserve(order(), a=3))
    shop.do(Count((CountLine("a", 0),)))
    done = shop.do(Receive((Line("a", 2, "east"),)))
    assert ask_undo(shop, done["command_id"]) == UndoBreaks(
        f"command:{done['command_id']}", 1, (Broken("a", "east", -2, "units_gone", 2),)
    )


def test_a_sku_of_another_life_is_left_alone(shop: Shop) -> None:
    shop.register("a", "b", "c")
    take_in(shop, a=5, b=5, c=5)
    for code in "ab":
        shop.do(ResetSku(code))
    with shop.database.begin() as connection:
        connection.execute(sa.text("UPDATE sku SET status = 'active' WHERE sku_id = 'a'"))
    shop.receive("a", 9)
    shop.add_alias("b", "c")
    gone = [Broken(code, "main", -5, "sku_gone", 0) for code in "ab"]
    assert [(x.sku, x.why) for x in preview(shop, FILE).lines] == [
        ("a", "sku_gone"),
        ("b", "sku_gone"),
        ("c", None),
    ]
    assert take_back(shop, FILE, POSSIBLE).left_out == gone
    assert (shop.units("a"), shop.units("c")) == (Units(9, 0), Units(0, 0))


def test_a_closed_location_takes_nothing_back(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=10)
    done = shop.do(Transfer((Line("a", 4),), "east"))
    shop.do(Transfer((Line("a", 4, "east"),), "main"))
    change = LocationChange("east", active=False)
    closed = update_location(shop.database, Asked(Actor("boss"), shop.clock()), change)
    assert isinstance(closed, Accepted)
    refusal = ask_undo(shop, done["command_id"], POSSIBLE)
    assert isinstance(refusal, UndoBreaks)
    assert [(b.location, b.why) for b in refusal.breaks] == [("east", "location_gone")]


def test_what_cannot_be_taken_back_says_why(shop: Shop) -> None:
    shop.register(a=10)
    one, two = take_in(shop, a=1), take_in(shop, a=1)
    sold = shop.do(deduct(order(), a=1))["command_id"]
    assert ask_undo(shop, "nothing") == UndoNotFound("command:nothing")
    assert ask_undo(shop, FILE._replace(id="file-2")) == UndoNotFound("import:file-2")
    assert ask_undo(shop, order()) == NotUndoable("order:order-1", "order")
    assert ask_undo(shop, sold) == NotUndoable(f"command:{sold}", "Deduct")
    for command in (one, two):
        assert ask_undo(shop, command) == PartOfGroup(f"command:{command}", "import:file-1")
    answer = take_back(shop, FILE)
    undoing = Reference(ReferenceType.SYSTEM, "undo:import:file-1")
    assert ask_undo(shop, answer.undo_id) == UndoIsFinal(f"command:{answer.undo_id}")
    assert ask_undo(shop, undoing) == UndoIsFinal("system:undo:import:file-1")


def test_whoever_asks_again_gets_the_first_answer(shop: Shop, clock: FakeClock) -> None:
    shop.register("a")
    take_in(shop, a=5)
    first = ask_undo(shop, FILE, key="k")
    clock.advance(60)
    assert isinstance(first, Accepted)
    assert not first.replayed
    for by, how, key in (("till", ALL, "k"), ("boss", POSSIBLE, None)):
        again = ask_undo(shop, FILE, how, by=by, key=key)
        assert again == replace(first, replayed=True)
    assert shop.units("a") == Units(0, 0)
    assert shop.kinds("a") == ["received", "adjusted"]


def test_a_key_is_good_for_one_undo(shop: Shop) -> None:
    shop.register("a", "b")
    take_in(shop, a=5)
    other = shop.do(Receive((Line("b", 5),)))["command_id"]
    assert isinstance(ask_undo(shop, FILE, key="k"), Accepted)
    assert ask_undo(shop, other, key="k") == IdempotencyConflict("k")
    assert ask_undo(shop, FILE, POSSIBLE, key="k") == IdempotencyConflict("k")
    assert shop.units("b") == Units(5, 0)
    assert isinstance(ask_undo(shop, FILE, key="late"), Accepted)
    assert ask_undo(shop, other, key="late") == IdempotencyConflict("late")


def test_a_refused_undo_keeps_no_key(shop: Shop) -> None:
    shop.register("a")
    take_in(shop, a=5)
    shop.do(reserve(order(), a=1))
    assert isinstance(ask_undo(shop, FILE, key="k"), UndoBreaks)
    assert isinstance(ask_undo(shop, FILE, POSSIBLE), UndoBreaks)
    shop.do(release(order()))
    assert isinstance(ask_undo(shop, FILE, POSSIBLE, key="k"), Accepted)
    assert shop.units("a") == Units(0, 0)


def test_what_changed_nothing_is_taken_back_without_an_event(shop: Shop) -> None:
    shop.register(a=5)
    done = shop.do(Adjust((AdjustLine("a", AdjustMode.SET, 5),), "as before"))
    answer = take_back(shop, done["command_id"])
    assert (answer.skus, answer.left_out) == (0, [])
    assert shop.kinds("a") == ["received", "adjusted"]
    assert preview(shop, done["command_id"]).undone == answer
