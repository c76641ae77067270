"""Confirming: exactly what was shown, once, and what happens when stock moves meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa

from onhand.catalog.queries import read_skus
from onhand.imports.commands.asking import AskAnswer, cancel
from onhand.imports.commands.work import work_on
from onhand.imports.commands.working import Pace, Stop
from onhand.imports.model.choices import Choices, Role
from onhand.imports.model.plan import Action, Flag, Mode, StockMode, Terms
from onhand.imports.model.states import ImportState
from onhand.imports.model.wishes import ImportMoved, ImportNotReady
from onhand.imports.queries.changes import Shown
from onhand.stock.model.commands import SetPolicy
from onhand.stock.tables import stock_event
from tests.imports.importing import Importer, Told, table
from tests.shop import Shop, cart, deduct, order, reserve

REPLACE = Terms(stock=StockMode.REPLACE)
ADD = Terms(stock=StockMode.ADD)


def events_of(importer: Importer, import_id: str) -> list[tuple[str, int]]:
    """SKU and change of every event of an import."""
    event = stock_event.c
    with importer.database.read() as connection:
        rows = connection.execute(
            sa.select(event.sku_id, event.on_hand_change)
            .where(event.reference_type == "import", event.reference_id == import_id)
            .order_by(event.sku_id)
        )
        return [tuple(row) for row in rows]


def test_what_moved_since_the_preview_keeps_everything_out(shop: Shop, importer: Importer) -> None:
    shop.register(a=5, b=5)
    seen = importer.preview(table(("a", 9), ("b", 9), ("c", 1)), REPLACE)
    shop.receive("b", 1)
    shop.register("c")

    refused = importer.ask_confirm(seen.import_id)

    assert isinstance(refused, ImportMoved)
    assert refused.count == 2
    assert [(one.sku, one.expected_on_hand, one.on_hand) for one in refused.moved] == [
        ("b", 5, 6),
        ("c", 0, None),
    ]
    assert importer.on_hand() == {"a": 5, "b": 6}
    assert importer.view(seen.import_id).state is ImportState.PREVIEWED


def test_the_rest_can_be_brought_in_and_what_moved_is_told(shop: Shop, importer: Importer) -> None:
    shop.register(a=5, b=5)
    seen = importer.preview(table(("a", 9), ("b", 9)), REPLACE)
    shop.receive("b", 1)

    done = importer.confirm(seen.import_id, leave_out_moved=True)

    assert done.counts.outcomes == {"applied": 1, "moved": 1}
    assert importer.on_hand() == {"a": 9, "b": 6}
    (moved,) = importer.changes(seen.import_id, Shown.MOVED).values()
    assert (moved.sku, moved.before, moved.found_on_hand) == ("b", 5, 6)


def test_the_same_file_is_looked_through_anew_until_it_is_brought_in(
    shop: Shop, importer: Importer
) -> None:
    shop.register(a=5)
    first = importer.preview(table(("a", 9)), REPLACE)
    shop.receive("a", 2)

    again = importer.preview(table(("a", 9)), REPLACE)

    assert again.import_id == first.import_id
    assert importer.changes(again.import_id)["a"].before == 7
    assert importer.confirm(again.import_id).state is ImportState.APPLIED
    assert importer.on_hand() == {"a": 9}


def test_the_same_file_twice_is_one_import(shop: Shop, importer: Importer) -> None:
    shop.register(a=5)
    done = importer.bring_in(table(("a", 3)), ADD)

    asked = importer.ask(table(("a", 3)), ADD)

    assert asked == AskAnswer(done.import_id, is_repeat=True)
    assert importer.ask_confirm(done.import_id) == AskAnswer(done.import_id, is_repeat=True)
    assert work_on(importer.workshop, Told()) is None
    assert importer.on_hand() == {"a": 8}


def test_an_operator_may_want_it_again(shop: Shop, importer: Importer) -> None:
    shop.register(a=5)
    done = importer.bring_in(table(("a", 3)), ADD)

    again = importer.preview(table(("a", 3)), ADD, again=True)

    assert again.import_id != done.import_id
    assert again.also_imported == [done.import_id]
    importer.confirm(again.import_id)
    assert importer.on_hand() == {"a": 11}


def test_another_way_to_take_the_file_is_another_import(shop: Shop, importer: Importer) -> None:
    shop.register(a=5)
    added = importer.bring_in(table(("a", 3)), ADD)
    replaced = importer.preview(table(("a", 3)), REPLACE)
    read_otherwise = importer.ask(table(("a", 3)), ADD, Choices(encoding="cp932"))

    assert replaced.import_id != added.import_id
    assert replaced.also_imported == [added.import_id]
    assert read_otherwise == AskAnswer(added.import_id, is_repeat=True)


def test_two_confirmations_at_one_instant_bring_it_in_once(shop: Shop) -> None:
    people = [Importer(shop, holder, Pace(1000, 3)) for holder in ("one", "two", "three")]
    shop.register(**{f"s{n}": n for n in range(20)})
    rows = [(f"s{n}", 5) for n in range(20)]
    seen = people[0].preview(table(*rows), ADD)
    together = Barrier(len(people))

    def confirm(person: Importer) -> object:
        together.wait()
        asked = person.ask_confirm(seen.import_id)
        while work_on(person.workshop, Told()) is not None:
            pass
        return asked

    with ThreadPoolExecutor(len(people)) as threads:
        answers = list(threads.map(confirm, people))

    assert sorted(answer.is_repeat for answer in answers if isinstance(answer, AskAnswer)) == [
        False,
        True,
        True,
    ]
    assert people[0].view(seen.import_id).state is ImportState.APPLIED
    assert events_of(people[0], seen.import_id) == sorted(rows)


def test_what_is_held_stays_covered(shop: Shop, importer: Importer) -> None:
    shop.register(a=10, b=10)
    shop.do(SetPolicy("b", allow_oversell=True))
    shop.do(reserve(cart(1), a=6))
    shop.do(reserve(cart(2), b=6))

    seen = importer.preview(table(("a", 5), ("b", 5), ("c", 1)), REPLACE)

    changes = importer.changes(seen.import_id)
    assert (changes["a"].action, changes["a"].flags) == (Action.BLOCKED, [Flag.BELOW_RESERVED])
    assert (changes["b"].action, changes["b"].flags) == (Action.SET, [Flag.OVERSOLD])
    done = importer.confirm(seen.import_id)
    assert done.counts.outcomes == {"applied": 2, "left_out": 1}
    assert importer.on_hand() == {"a": 10, "b": 5, "c": 1}
    assert "oversold" in shop.kinds("b")


def test_units_held_after_the_preview_are_not_taken_from_under_the_hold(
    shop: Shop, importer: Importer
) -> None:
    shop.register(a=10, b=10)
    seen = importer.preview(table(("a", 4), ("b", 4)), REPLACE)
    shop.do(reserve(cart(), a=8))

    done = importer.confirm(seen.import_id)

    assert done.counts.outcomes == {"applied": 1, "refused": 1}
    assert importer.on_hand() == {"a": 10, "b": 4}


def test_more_than_was_previewed_is_added_to_what_was_sold_meanwhile(
    shop: Shop, importer: Importer
) -> None:
    shop.register(a=10)
    seen = importer.preview(table(("a", 4)), ADD)
    shop.do(reserve(order(), a=3))
    shop.do(deduct(order()))

    assert importer.confirm(seen.import_id).counts.outcomes == {"applied": 1}
    assert importer.on_hand() == {"a": 11}


def test_names_pictures_and_further_codes_are_taken_stock_is_not(
    shop: Shop, importer: Importer
) -> None:
    shop.register(a=10, b=1)
    text = table(
        ("a", 99, " 急須 ", "https://x.test/a.jpg"),
        ("new", 5, "湯呑", ""),
        ("b", 1, "", "no address"),
        header="sku,quantity,name,image_url",
    )

    done = importer.bring_in(text, Terms(mode=Mode.METADATA_ONLY))

    assert (done.counts.names, done.counts.images, done.counts.new) == (2, 1, 1)
    with shop.database.read() as connection:
        a, b, new = read_skus(connection, ["a", "b", "new"])
    assert (a.name, a.image_url) == ("急須", "https://x.test/a.jpg")
    assert (b.name, b.image_url) == ("", None)
    assert (new.original_sku, new.name) == ("new", "湯呑")
    assert {sku: units for sku, units in importer.on_hand().items() if units} == {"a": 10, "b": 1}


def test_two_numbers_for_one_sku_leave_it_out_and_both_rows_are_bad(
    shop: Shop, importer: Importer
) -> None:
    shop.register(a=1, b=1)
    text = table(("a", 5), ("b", 7), ("A", 6), ("b", 7), ("x", 1), ("x", 2))

    done = importer.bring_in(text, REPLACE)

    assert done.counts.bad == {"conflicting_rows": 4}
    assert done.counts.repeated_rows == 3
    assert importer.on_hand() == {"a": 1, "b": 7}
    with shop.database.read() as connection:
        assert importer.changes(done.import_id)["x"].outcome == "left_out"
        known = connection.execute(sa.text("SELECT count(*) FROM sku WHERE sku_id = 'x'")).scalar()
    assert known == 0


def test_an_alias_in_the_file_is_the_sku(shop: Shop, importer: Importer) -> None:
    shop.register(a=1)
    shop.add_alias("A-OLD", "a")

    importer.bring_in(table(("a-old", 5), ("a", 5)), REPLACE)

    assert importer.on_hand() == {"a": 5}


@pytest.mark.parametrize("stop", [Stop.CANCEL, Stop.LATER])
def test_stopped_on_the_way_it_goes_on_where_it_was(shop: Shop, stop: Stop) -> None:
    importer = Importer(shop, pace=Pace(1000, 2))
    rows = [(f"s{n}", n + 1) for n in range(7)]
    seen = importer.preview(table(*rows), REPLACE)
    importer.ask_confirm(seen.import_id)
    told = Told()
    told.at = lambda done: setattr(told, "stop", stop if done >= 4 else None)

    work_on(importer.workshop, told)

    half = importer.view(seen.import_id)
    assert half.done == 4
    assert len(events_of(importer, seen.import_id)) == 4
    if stop is Stop.CANCEL:
        assert half.state is ImportState.STOPPED
        assert half.counts.outcomes == {"applied": 4}
        assert importer.confirm(seen.import_id).state is ImportState.APPLIED
    else:
        assert half.state is ImportState.CONFIRMED
        assert work_on(importer.workshop, Told()) == seen.import_id
    assert events_of(importer, seen.import_id) == rows
    assert importer.view(seen.import_id).counts.outcomes == {"applied": 7}


def test_a_preview_that_was_cancelled_cannot_be_confirmed(shop: Shop, importer: Importer) -> None:
    seen = importer.preview(table(("a", 1)), REPLACE)
    cancel(shop.database, importer.asked(), seen.import_id)

    refused = importer.ask_confirm(seen.import_id)

    assert refused == ImportNotReady(seen.import_id, "cancelled")
    assert importer.preview(table(("a", 1)), REPLACE).state is ImportState.PREVIEWED


def test_nobody_else_works_on_an_import_before_its_holder_is_silent(
    shop: Shop, importer: Importer
) -> None:
    other = Importer(shop, "other")
    asked = importer.ask(table(("a", 1)), REPLACE)
    assert isinstance(asked, AskAnswer)

    assert work_on(other.workshop, Told()) is None
    shop.clock.advance(31)
    assert work_on(other.workshop, Told()) == asked.import_id
    assert other.view(asked.import_id).state is ImportState.PREVIEWED


def test_a_column_once_named_is_remembered_for_the_store(shop: Shop, importer: Importer) -> None:
    shop.register(a=1)
    named = Choices(mapping={Role.SKU: "Artikel"})
    seen = importer.preview(table(("a", 2), header="Artikel,quantity"), REPLACE, choices=named)
    importer.confirm(seen.import_id)

    next_one = importer.preview(table(("a", 3), header="Artikel,quantity"), REPLACE)
    plain = importer.preview(table(("a", 4)), REPLACE)

    assert (next_one.state, next_one.counts.skus) == (ImportState.PREVIEWED, 1)
    assert (plain.state, plain.counts.skus) == (ImportState.PREVIEWED, 1)


def test_a_file_that_is_no_table_is_refused_with_its_reason(importer: Importer) -> None:
    seen = importer.preview(b"%PDF-1.7 not a table", REPLACE)

    assert seen.state is ImportState.REFUSED
    assert seen.problem == {"code": "unreadable_file", "found": "pdf", "line": None}
    assert importer.changes(seen.import_id) == {}


def test_signs_that_no_database_keeps_do_no_harm(importer: Importer) -> None:
    text = "商品管理番号,sku,quantity,store,name\nm\x00n,a,1,s\x00,n\x00ame\nm,b,x\x00y,,\n"

    done = importer.bring_in(text, REPLACE)

    assert done.state is ImportState.APPLIED
    assert importer.on_hand() == {"a": 1}
    assert done.counts.bad == {"quantity_not_a_number": 1}
