"""`onhand orders …` on both databases."""

from datetime import timedelta

import pytest

from onhand.bootstrap.clock import utc_now
from onhand.channels.port import Confirmation, ConfirmResult, OrderState
from onhand.db.database import Database
from onhand.orders.commands import settle_confirmations
from onhand.stock.commands import Ledger
from onhand.stock.model.commands import Policy
from tests.cli.conftest import Run
from tests.orders.market import STORE, Market, line, order
from tests.shop import FakeClock, Shop


@pytest.fixture
def market(database: Database) -> Market:
    """A store that lists ten totes, an hour ago."""
    clock = FakeClock(utc_now() - timedelta(hours=1))
    market = Market(Shop(Ledger(database, clock=clock, policy=Policy()), clock))
    market.open(STORE)
    market.shop.register(tote=10)
    market.offer("tote", "tote")
    return market


def test_orders_are_listed_and_shown(on: Run, market: Market) -> None:
    market.take(order(line("tote", 2), order_id="o1"))
    market.take(order(line("tote", 1), order_id="o2", state=OrderState.SHIPPED))
    market.take(order(line("ghost", 1), order_id="o3"))

    listed = on("orders", "list", "--json").answer
    assert ([one["order"] for one in listed["orders"]], listed["more"]) == (
        ["o3", "o2", "o1"],
        False,
    )
    shipped = on("orders", "list", "--state", "shipped", "--store", STORE.upper(), "--json").answer
    assert [one["order"] for one in shipped["orders"]] == ["o2"]
    assert len(on("orders", "list", "--sku", "TOTE", "--json").answer["orders"]) == 2
    some = on("orders", "list", "--limit", "1")
    assert ("o3" in some.out, "o2" in some.out, "more than 1" in some.err) == (True, False, True)
    whole = on("orders", "show", STORE, "o1", "--json").answer
    assert (whole["stock"][0]["held"], len(whole["messages"])) == (2, 1)
    shown = on("orders", "show", STORE, "o3")
    assert ("ghost" in shown.out, "unmapped" in shown.out) == (True, True)


def test_the_desk_is_shown_and_cleared(on: Run, market: Market) -> None:
    market.take(order(line("ghost", 1), order_id="o1"))

    (entry,) = on("orders", "desk", "--kind", "unmapped", "--json").answer["entries"]
    assert "map_listing" in on("orders", "desk", "--store", STORE).out
    done = on("orders", "close", entry["entry"], "--note", "called the buyer", "--json").answer
    assert done == {"entry": entry["entry"], "closed_how": "called the buyer"}
    assert on("orders", "desk", "--json").answer == {"stores": [], "entries": [], "more": False}
    assert "called the buyer" in on("orders", "desk", "--closed").out
    again = on("orders", "close", entry["entry"], "--note", "again", "--json")
    assert (again.code, again.answer["code"]) == (1, "entry_closed")


def test_a_confirmation_is_tried_again(on: Run, market: Market) -> None:
    market.take(order(line("tote", 1), order_id="o1"))
    for _ in range(6):
        failed = {"o1": ConfirmResult(Confirmation.FAILED, "busy")}
        settle_confirmations(market.database, STORE, failed, now=market.clock.advance(20))

    assert "busy" in on("orders", "show", STORE, "o1").out
    assert "due to be confirmed" in on("orders", "retry", STORE, "o1").out
    assert on("orders", "desk", "--json").answer["entries"] == []


def test_oversales_are_told(on: Run, market: Market) -> None:
    market.take(order(line("tote", 12), order_id="o1"))

    (sold,) = on("orders", "oversold", "--sku", "tote", "--json").answer["oversales"]
    assert (sold["missing_units"], sold["sale"]["order"]) == (2, "o1")
    assert "2 more safety stock" in on("orders", "oversold", "--store", STORE).out
    later = on("orders", "oversold", "--since", "2999-01-01T00:00:00Z", "--json").answer
    assert later["oversales"] == []


def test_orders_are_reconciled(on: Run, market: Market) -> None:
    market.take(order(line("tote", 2), order_id="o1"))
    agreed = on("orders", "reconcile", "--json")
    assert (agreed.code, agreed.answer) == (0, {"checked": 1, "mismatches": []})
    on("stock", "release", "tote=1", "--for", f"order:{STORE}:o1")

    found = on("orders", "reconcile", "--store", STORE, "--json")
    (one,) = found.answer["mismatches"]
    assert (found.code, one["kind"], one["expected_held"], one["found_held"]) == (1, "ledger", 2, 1)
    assert "1 mismatches" in on("orders", "reconcile").out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("show", STORE, "none"), 1, "order_not_found"),
        (("show", STORE, "\x1b[2J"), 2, "control characters"),
        (("show", "楽天", "o1"), 2, "a-z, 0-9 and hyphen"),
        (("list", "--state", "eaten"), 2, "--state"),
        (("list", "--limit", "0"), 2, "--limit"),
        (("desk", "--kind", "love"), 2, "--kind"),
        (("close", "none", "--note", "x"), 1, "entry_not_found"),
        (("close", "none", "--note", " "), 2, "500 characters"),
        (("close", "none", "--note", "x" * 201), 1, "invalid_reason"),
        (("retry", STORE, "none"), 1, "order_not_found"),
        (("oversold", "--since", "yesterday"), 2, "a moment looks like"),
        (("reconcile", "--store", "nowhere"), 1, "unknown_store"),
    ],
)
def test_what_cannot_be(
    on: Run, market: Market, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = on("orders", *arguments)

    assert (done.code, says in done.err, done.out) == (code, True, "")
