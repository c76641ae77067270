"""`onhand stock` and `onhand sku`, on both databases."""

import getpass
import json
import os
import pwd

import pytest

from onhand.db.database import Database
from onhand.stock.model.events import chain_hash, encode_fields
from tests.cli.conftest import Run
from tests.shop import Shop

USER = f"cli:{pwd.getpwuid(os.geteuid()).pw_name}"


@pytest.fixture
def goods(on: Run) -> Run:
    """Ten units of `ab-1` and three of `set of 2`."""
    assert on("sku", "add", "AB-1", " Set of 2 ").code == 0
    assert on("stock", "receive", "AB-1=10", "set of 2=3", "--reason", "delivery").code == 0
    return on


def test_an_order_is_held_shipped_in_parts_and_partly_returned(goods: Run) -> None:
    held = goods("stock", "reserve", "ab-1=4", "set of 2=1", "--for", "order:7", "--json")
    shipped = goods("stock", "deduct", "ab-1=3", "--for", "order:7", "--json")
    returned = goods("stock", "return", "ab-1=2", "--for", "order:7", "--json")
    released = goods("stock", "release", "--for", "order:7", "--json")
    level = goods("stock", "show", "AB-1", "--json")

    assert [done.code for done in (held, shipped, returned, released)] == [0, 0, 0, 0]
    assert [hold["quantity"] for hold in held.answer["reservations"]] == [4, 1]
    assert {hold["owner"] for hold in held.answer["reservations"]} == {USER}
    assert shipped.answer["levels"][0]["reserved"] == 1
    found = level.answer["levels"]["ab-1"]
    assert (found["on_hand"], found["reserved"], found["available"]) == (9, 0, 9)


def test_a_refusal_names_the_facts_and_ends_with_1(goods: Run) -> None:
    told = goods("stock", "reserve", "ab-1=11", "--for", "cart:1")
    machine = goods("stock", "reserve", "ab-1=11", "set of 2=4", "--for", "cart:1", "--json")

    assert told.code == machine.code == 1
    assert told.out == ""
    assert "ab-1: 11 asked, 10 left" in told.err
    assert machine.answer["code"] == "insufficient_stock"
    assert machine.answer["shortages"] == [
        {"sku": "ab-1", "asked": 11, "left": 10},
        {"sku": "set of 2", "asked": 4, "left": 3},
    ]


def test_the_same_key_does_it_once(goods: Run) -> None:
    first = goods("stock", "receive", "ab-1=5", "--key", "delivery-9", "--json")
    again = goods("stock", "receive", "ab-1=5", "--key", "delivery-9", "--json")
    other = goods("stock", "receive", "ab-1=6", "--key", "delivery-9", "--json")

    assert first.code == again.code == 0
    assert first.answer == again.answer
    assert "first answer" in again.err
    assert other.code == 1
    assert other.answer["code"] == "idempotency_conflict"


def test_corrections_counts_and_policy(goods: Run) -> None:
    reason = ("--reason", "found behind the shelf")

    assert goods("stock", "adjust", "ab-1=2", "--mode", "add", *reason).code == 0
    assert goods("stock", "adjust", "ab-1=1", "--mode", "subtract", *reason).code == 0
    assert goods("stock", "adjust", "ab-1=12", "--mode", "set", *reason).code == 0
    assert goods("stock", "count", "ab-1=0").code == 0
    assert goods("sku", "policy", "ab-1", "--oversell", "--safety-stock=2", "--low-at=3").code == 0
    assert goods("stock", "reserve", "ab-1=1", "--for", "order:1", "--until", "never").code == 0
    found = goods("stock", "show", "ab-1", "--json").answer["levels"]["ab-1"]
    low = goods("stock", "low", "--json").answer["levels"]

    assert (found["on_hand"], found["reserved"], found["available"]) == (0, 1, -1)
    assert (found["allow_oversell"], found["safety_stock"]) == (True, 2)
    assert [level["sku"] for level in low] == ["ab-1"]


def test_units_move_between_locations(goods: Run, shop: Shop) -> None:
    shop.add_location("osaka")

    moved = goods("stock", "transfer", "ab-1=4", "--to", "osaka")
    nowhere = goods("stock", "transfer", "ab-1=4", "--to", "mars", "--json")
    level = goods("stock", "show", "ab-1")

    assert moved.code == 0
    assert nowhere.answer["code"] == "unknown_location"
    assert [line.split() for line in level.out.splitlines()[2:]] == [
        ["ab-1", "main", "6", "0", "6"],
        ["ab-1", "osaka", "4", "0", "4"],
    ]


def test_history_holds_and_explanation(goods: Run) -> None:
    goods("stock", "reserve", "ab-1=4", "--for", "cart:9", "--owner", "ann")

    events = goods("stock", "history", "ab-1", "--json").answer["events"]
    came_in = goods("stock", "history", "ab-1", "--view", "IN", "--json").answer["events"]
    holds = goods("stock", "holds", "--owner", "ann", "--json").answer["reservations"]
    nobody = goods("stock", "holds", "--owner", "bob", "--json").answer["reservations"]
    explained = goods("stock", "explain", "ab-1")

    assert [event["kind"] for event in events] == ["reserved", "received"]
    assert {(event["actor"], event["source"]) for event in events} == {(USER, "manual")}
    assert [event["kind"] for event in came_in] == ["received"]
    assert [(hold["quantity"], hold["reference_id"]) for hold in holds] == [(4, "9")]
    assert nobody == []
    assert "= sellable, never below 0" in explained.out
    assert "cart:9" in explained.out


def test_levels_as_of_a_moment(goods: Run) -> None:
    (event,) = goods("stock", "history", "ab-1", "--json").answer["events"]

    then = goods("stock", "as-of", "ab-1", event["recorded_at"], "--json")
    before = goods("stock", "as-of", "ab-1", "2020-01-01T00:00:00Z", "--recorded", "--json")

    assert then.answer["on_hand"] == 10
    assert before.answer["on_hand"] == 0


def test_unknown_codes_end_with_1_wherever_they_are_asked_for(goods: Run) -> None:
    shown = goods("stock", "show", "ab-1", "zz", "--json")

    assert shown.code == 1
    assert list(shown.answer["levels"]) == ["ab-1"]
    assert shown.answer["unknown"] == ["zz"]
    for words in (
        ("stock", "history", "zz"),
        ("stock", "explain", "zz"),
        ("stock", "as-of", "zz", "2026-01-01T00:00:00Z"),
        ("stock", "receive", "zz=1"),
        ("sku", "show", "zz"),
        ("sku", "alias", "zz", "yy"),
        ("sku", "policy", "zz", "--oversell"),
        ("sku", "remove", "zz", "--yes"),
    ):
        done = goods(*words, "--json")
        assert (done.code, done.answer["code"]) == (1, "unknown_sku"), words


def test_skus_are_listed_named_aliased_and_removed(goods: Run) -> None:
    assert goods("sku", "add", "CUP", "--name", "湯呑み").code == 0
    assert goods("sku", "alias", "cup", "4901234567894").code == 0
    assert goods("stock", "receive", "4901234567894=2").code == 0
    listed = goods("sku", "list", "--search", "湯", "--json").answer["skus"]
    page = goods("sku", "list", "--limit", "2", "--json").answer
    shown = goods("sku", "show", "4901234567894")
    taken = goods("sku", "alias", "ab-1", "4901234567894", "--json")
    gone = goods("sku", "remove", "cup", "--yes", "--reason", "no longer sold")
    again = goods("sku", "add", "cup", "--json")
    level = goods("stock", "show", "cup", "--json").answer["levels"]["cup"]

    assert [(sku["sku"], sku["name"]) for sku in listed] == [("cup", "湯呑み")]
    assert ([sku["sku"] for sku in page["skus"]], page["more"]) == (["ab-1", "cup"], True)
    assert "湯呑み" in shown.out
    assert taken.answer["code"] == "alias_taken"
    assert gone.code == again.code == 0
    assert (level["on_hand"], level["reserved"]) == (0, 0)


def test_an_alias_can_be_taken_away(goods: Run) -> None:
    assert goods("sku", "alias", "ab-1", "other").code == 0
    assert goods("sku", "alias", "ab-1", "other", "--remove").code == 0
    assert goods("sku", "alias", "ab-1", "other", "--remove").code == 1


def test_an_export_proves_itself_without_the_database(goods: Run, database: Database) -> None:
    goods("stock", "reserve", "ab-1=4", "--for", "order:7")
    goods("stock", "deduct", "--for", "order:7")

    done = goods("ledger", "export")
    events = [json.loads(line) for line in done.out.splitlines()]

    assert len(events) == 4
    assert events[-1]["hash"] in done.err
    heads: dict[str, str] = {}
    for event in events:
        fields = tuple(value for name, value in event.items() if name != "hash")
        heads[event["sku_id"]] = chain_hash(heads.get(event["sku_id"], ""), encode_fields(fields))
        assert heads[event["sku_id"]] == event["hash"]


def test_the_caller_is_the_account_not_what_the_environment_says(
    goods: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert getpass.getuser() == "somebody-else"

    goods("stock", "count", "ab-1=9")

    (latest, _) = goods("stock", "history", "ab-1", "--json").answer["events"]
    assert latest["actor"] == USER


def test_what_others_wrote_cannot_command_the_terminal(goods: Run, shop: Shop) -> None:
    goods("stock", "receive", "ab-1=1", "--reason", "[red]sale[/red]")
    shop.register("esc")
    with shop.database.begin() as connection:
        connection.exec_driver_sql("UPDATE sku SET name = '\x1b[31mred' WHERE sku_id = 'esc'")

    listed = goods("sku", "list")

    assert "\x1b" not in listed.out
    assert "�[31mred" in listed.out


def test_a_command_is_looked_at_and_taken_back(goods: Run) -> None:
    done = goods("stock", "adjust", "ab-1=4", "--mode", "add", "--reason", "wrong", "--json")
    named = f"command:{done.answer['command_id']}"
    seen = goods("stock", "undo", named, "--dry-run", "--json")
    shown = goods("stock", "undo", named, "--dry-run")
    undone = goods("stock", "undo", named, "--json")
    again = goods("stock", "undo", named)
    final = goods("stock", "undo", f"command:{undone.answer['undo_id']}")

    assert [line["units"] for line in seen.answer["lines"]] == [-4]
    assert "1 of 1 SKUs can be taken back" in shown.err
    assert (undone.answer["skus"], undone.answer["done_by"]) == (1, USER)
    assert "first answer" in again.err
    assert named in again.out
    assert (final.code, "Adjust the stock instead" in final.err) == (1, True)
    assert goods("stock", "undo", "order:1").code == 2
    assert goods("stock", "show", "ab-1", "--json").answer["levels"]["ab-1"]["on_hand"] == 10


def test_an_undo_that_breaks_shows_what_is_left_out(goods: Run) -> None:
    done = goods("stock", "receive", "ab-1=4", "set of 2=4", "--json")
    named = f"command:{done.answer['command_id']}"
    goods("stock", "reserve", "ab-1=12", "--for", "order:1")

    assert goods("stock", "undo", named).code == 1
    shown = goods("stock", "undo", named, "--dry-run")
    assert "2 units are gone" in shown.out
    undone = goods("stock", "undo", named, "--how", "what_is_possible")
    assert undone.code == 0
    assert "2 units are gone" in undone.out
