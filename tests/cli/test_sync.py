"""`onhand sync …` and `onhand drift …` on both databases."""

from datetime import timedelta

import pytest

from onhand.bootstrap.clock import utc_now
from onhand.db.database import Database
from onhand.stock.commands import Ledger
from onhand.stock.model.commands import Policy
from onhand.sync.commands.settle import Outcome
from tests.cli.conftest import Run
from tests.shop import FakeClock
from tests.sync.counter import TOKYO, Counter

LISTING = "TOTE/v1"


@pytest.fixture
def counter(database: Database) -> Counter:
    """Reads and pushes made by hand, an hour ago."""
    clock = FakeClock(utc_now() - timedelta(hours=1))
    return Counter(Ledger(database, clock=clock, policy=Policy()), clock)


@pytest.fixture
def tokyo(on: Run, counter: Counter) -> Run:
    """The command line on a database with a store whose listing of `ce1111` was told 10."""
    assert on("sku", "add", "CE1111").code == 0
    assert on("stock", "receive", "ce1111=10").code == 0
    assert on("store", "create", TOKYO, "--name", "東京").code == 0
    counter.listing(TOKYO)
    counter.read(TOKYO, 3)
    assert counter.push(TOKYO) == 1
    return on


def test_status_tells_how_stores_stand(tokyo: Run) -> None:
    (store,) = tokyo("sync", "status", "--json").answer["stores"]
    assert (store["sync"]["store"], store["sync"]["queued"], store["orders"]) == (TOKYO, 0, None)
    assert store["sync"]["freshness"]["deliveries"] == 1
    shown = tokyo("sync", "status")
    assert (shown.code, TOKYO in shown.out) == (0, True)


def test_a_store_is_told_anew(tokyo: Run) -> None:
    marked = tokyo("sync", "push", "all", "--sku", "CE1111", "--json").answer
    assert marked == {"marked": 1, "stores": {TOKYO: 1}, "sku": "ce1111"}
    assert TOKYO in tokyo("sync", "push", TOKYO.upper()).out
    (store,) = tokyo("sync", "status", "--json").answer["stores"]
    assert store["sync"]["queued"] == 1
    again = tokyo("sync", "push", "all", "--key", "k")
    repeated = tokyo("sync", "push", "all", "--key", "k")
    assert (again.out, "used before" in repeated.err) == (repeated.out, True)


def test_a_failed_listing_is_tried_again(tokyo: Run, counter: Counter) -> None:
    tokyo("stock", "count", "ce1111=2")
    tokyo("sync", "push", TOKYO)
    for _ in range(5):
        counter.push(TOKYO, Outcome.REFUSED, "no such item")
        counter.read(TOKYO, 3)

    (failed,) = tokyo("sync", "failed", "--json").answer["failed"]
    assert (failed["cause"], failed["target"]) == ("no such item", 2)
    assert "no such item" in tokyo("sync", "failed", "--store", TOKYO).out
    assert tokyo("sync", "retry", TOKYO, LISTING).code == 0
    assert tokyo("sync", "failed", "--json").answer == {"failed": [], "more": False}
    refused = tokyo("sync", "retry", TOKYO, LISTING, "--json")
    assert (refused.code, refused.answer["code"]) == (1, "unknown_push")


def test_the_log_and_the_explanation(tokyo: Run, counter: Counter) -> None:
    tokyo("stock", "count", "ce1111=8")
    tokyo("sync", "push", TOKYO)
    counter.push(TOKYO)

    log = tokyo("sync", "log", "--sku", "ce1111", "--json").answer
    assert ([one["units"] for one in log["pushes"]], log["more"]) == ([-2, 7], False)
    first = tokyo("sync", "log", "--limit", "1")
    assert ("-2" in first.out, "more than 1" in first.err) == (True, True)
    why = tokyo("sync", "explain", TOKYO, LISTING, "--json").answer
    assert (why["standing"], why["target"], why["believed"]) == ("right", 8, 8)
    shown = tokyo("sync", "explain", TOKYO, LISTING)
    assert (shown.code, "available" in shown.out, "delivered" in shown.out) == (0, True, True)


def test_rules_are_shown_tried_and_set(tokyo: Run) -> None:
    assert tokyo("sync", "rule", TOKYO, "--json").answer["rule"]["cap_units"] is None
    dry = tokyo("sync", "rule", TOKYO, "--set", "cap_units=4", "--dry-run", "--json").answer
    assert (dry["preview"]["count"], dry["rule"]["cap_units"]) == (1, 4)
    assert "would be told" in tokyo("sync", "rule", TOKYO, "--set", "paused=none", "--dry-run").out
    assert tokyo("sync", "rule", TOKYO, "--json").answer["rule"]["cap_units"] is None

    both = ("--set", "cap_units=4", "--set", "share_percent=50")
    assert tokyo("sync", "rule", TOKYO, *both).code == 0
    own = tokyo("sync", "rule", TOKYO, LISTING, "--set", "cap_units=2", "--json").answer
    assert (own["rule"]["share_percent"], own["effective"]["share_percent"]) == (None, 50)
    dry = tokyo("sync", "rule", TOKYO, LISTING, "--set", "fixed_units=1", "--dry-run", "--json")
    assert [one["would_show"] for one in dry.answer["preview"]["changes"]] == [1]
    off = tokyo("sync", "rule", TOKYO, "--set", "share_percent=none", "--json").answer
    assert (off["rule"]["share_percent"], off["rule"]["cap_units"]) == (None, 4)
    assert "holds" in tokyo("sync", "rule", TOKYO, LISTING).out


def test_a_drift_is_listed_and_repaired(tokyo: Run, counter: Counter) -> None:
    counter.read(TOKYO, 2)
    assert counter.push(TOKYO) == 0

    (found,) = tokyo("drift", "list", "--json").answer["drifts"]
    assert (found["believed"], found["shown"], found["needs_person"]) == (10, 2, True)
    assert "needs you" in tokyo("drift", "list", "--store", TOKYO).out
    assert tokyo("drift", "repair", TOKYO, LISTING).code == 0
    assert tokyo("drift", "list", "--json").answer["drifts"] == []
    assert "repaired by hand" in tokyo("drift", "list", "--closed").out
    refused = tokyo("drift", "repair", TOKYO, LISTING, "--json")
    assert (refused.code, refused.answer["code"]) == (1, "unknown_drift")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("sync", "push", "nowhere"), 1, "unknown_store"),
        (("sync", "push", "楽天"), 2, "a-z, 0-9 and hyphen"),
        (("sync", "push", "all", "--sku", "ghost"), 1, "unknown_sku"),
        (("sync", "retry", TOKYO, "ghost/v1"), 1, "unknown_listing"),
        (("sync", "retry", TOKYO, "ghost"), 2, "ITEM/VARIANT"),
        (("sync", "explain", "nowhere", LISTING), 1, "unknown_store"),
        (("sync", "rule", "nowhere"), 1, "unknown_store"),
        (("sync", "rule", TOKYO, "ghost/v1"), 1, "unknown_listing"),
        (("sync", "rule", TOKYO, "--set", "price=3"), 2, "NAME=VALUE"),
        (("sync", "rule", TOKYO, "--set", "cap_units"), 2, "NAME=VALUE"),
        (("sync", "rule", TOKYO, "--set", "cap_units=few"), 2, "whole number"),
        (("sync", "rule", TOKYO, "--set", "paused=perhaps"), 2, "true, false or none"),
        (("sync", "rule", TOKYO, "--set", "share_percent=101"), 1, "invalid_rule"),
        (("sync", "rule", TOKYO, "--set", "share_percent=101", "--dry-run"), 1, "invalid_rule"),
        (("sync", "failed", "--limit", "0"), 2, "--limit"),
        (("drift", "repair", TOKYO, "\udcff/v1"), 2, "ITEM/VARIANT"),
    ],
)
def test_what_cannot_be(tokyo: Run, arguments: tuple[str, ...], code: int, says: str) -> None:
    done = tokyo(*arguments)

    assert (done.code, says in done.err, done.out) == (code, True, "")
