"""Claiming what is due, and what becomes of claims whose process is gone (Y1–Y4)."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from onhand.access.model import Accepted
from onhand.channels.port import ListingKey, PushMode, StockChange
from onhand.db.database import Database
from onhand.simulators.rakuten import EntryKind
from onhand.sync.commands.claims import Claim, Terms, claim
from onhand.sync.commands.rules import set_rule
from onhand.sync.commands.settle import Outcome, Settlement, recover, settle
from onhand.sync.model.fence import Doubt, Mode
from onhand.sync.model.rules import Rule
from onhand.sync.tables import listing_push
from tests.marketplace import VARIANT, Marketplace
from tests.shop import cart, reserve

TERMS = Terms(rows=400, most_units=99_999)


def claim_tokyo(marketplace: Marketplace, terms: Terms = TERMS) -> Claim:
    """What is due in tokyo."""
    return claim(marketplace.database, "tokyo", terms, now=marketplace.clock())


def items(claimed: Claim) -> list[str]:
    """The items of a claim, in its order."""
    return [row.key.item for row in claimed.rows]


def receive(marketplace: Marketplace, *names: str) -> None:
    """A unit more of each, followed."""
    for name in names:
        marketplace.goods.receive(name, 1)
    marketplace.run("sync.follow")


def test_a_claim_says_what_to_send(marketplace: Marketplace) -> None:
    marketplace.offer(tote=5, mug=8)
    marketplace.set_up()
    marketplace.goods.do(reserve(cart(), tote=2))
    receive(marketplace, "mug")
    due = claim_tokyo(marketplace)
    sends = {row.key: (row.send.mode, row.send.units) for row in due.rows}
    assert sends == {
        ListingKey("tote", VARIANT): (Mode.RELATIVE, -2),
        ListingKey("mug", VARIANT): (Mode.RELATIVE, 1),
    }
    assert {(row.sku_id, row.attempt) for row in due.rows} == {("tote", 1), ("mug", 1)}


def test_one_push_of_a_listing_at_a_time(marketplace: Marketplace) -> None:
    marketplace.offer(tote=5, mug=8)
    marketplace.set_up()
    receive(marketplace, "tote")
    first = claim_tokyo(marketplace)
    receive(marketplace, "tote", "mug")
    assert items(claim_tokyo(marketplace)) == ["mug"]
    assert claim_tokyo(marketplace).planned == 0
    settle(marketplace.environment.ledger, first, now=marketplace.clock())
    assert items(claim_tokyo(marketplace)) == ["tote"]


def test_the_riskiest_go_first(marketplace: Marketplace) -> None:
    """Few left and selling fast before many left and lying still; nothing waits for ever."""
    marketplace.offer(slow=500, empty=1, fast=40)
    marketplace.set_up()
    for _ in range(3):
        marketplace.buy("osaka", "fast", 8)
        marketplace.catch_up()
    receive(marketplace, "slow", "fast")
    marketplace.goods.do(reserve(cart(), empty=1))
    marketplace.run("sync.follow")
    one = Terms(rows=1, most_units=99_999)
    order = [items(claim_tokyo(marketplace, one))[0] for _ in range(3)]
    assert order[2] == "slow"
    assert marketplace.state("tokyo", "slow").due_at <= marketplace.clock() + timedelta(minutes=30)


def test_a_claim_holds_no_more_rows_than_a_call(marketplace: Marketplace) -> None:
    names = [f"item{number}" for number in range(7)]
    marketplace.offer(stores=["tokyo"], **dict.fromkeys(names, 3))
    marketplace.set_up()
    receive(marketplace, *names)
    terms = Terms(rows=3, most_units=99_999)
    sizes = [len(claim_tokyo(marketplace, terms).rows) for _ in range(4)]
    assert sizes == [3, 3, 1, 0]


def test_what_is_not_claimed(marketplace: Marketplace) -> None:
    """In doubt, refused too often, put off, without SKU, paused by rule."""
    names = ["doubt", "failed", "later", "unmapped", "paused", "fine"]
    marketplace.offer(stores=["tokyo"], **dict.fromkeys(names, 3))
    marketplace.set_up()
    now = marketplace.clock()
    changes: dict[str, dict[str, Any]] = {
        "doubt": {"doubt": Doubt.ASKED.value, "read_after": now},
        "failed": {"failed_at": now},
        "later": {"retry_at": now + timedelta(seconds=30)},
    }
    with marketplace.database.begin() as connection:
        for name, values in changes.items():
            chosen = listing_push.c.listing_id == marketplace.listing_id("tokyo", name)
            connection.execute(sa.update(listing_push).where(chosen).values(values))
        connection.execute(sa.text("UPDATE listing SET sku_id = NULL WHERE item_key = 'unmapped'"))
    paused = set_rule(
        marketplace.database,
        marketplace.asked(),
        "tokyo",
        Rule(paused=True),
        listing_id=marketplace.listing_id("tokyo", "paused"),
    )
    assert isinstance(paused, Accepted)
    receive(marketplace, *names)
    assert items(claim_tokyo(marketplace)) == ["fine"]
    assert marketplace.state("tokyo", "paused").stale_at is None
    marketplace.clock.advance(31)
    assert items(claim_tokyo(marketplace)) == ["later"]


def test_a_claim_is_gone_with_its_transaction(marketplace: Marketplace) -> None:
    """The process ends before the commit: nothing is claimed, all is still due."""
    marketplace.offer(tote=5)
    marketplace.set_up()
    receive(marketplace, "tote")

    class GoneError(Exception):
        """The process ended."""

    def die(*_: object) -> None:
        raise GoneError

    sa.event.listen(marketplace.database.engine, "commit", die)
    try:
        with pytest.raises(GoneError):
            claim_tokyo(marketplace)
    finally:
        sa.event.remove(marketplace.database.engine, "commit", die)
    assert items(claim_tokyo(marketplace)) == ["tote"]


@pytest.mark.parametrize("was_sent", [False, True])
def test_the_process_ends_after_the_claim(marketplace: Marketplace, was_sent: bool) -> None:
    """Recovered, in doubt, read once it cannot land any more, then told what is missing."""
    marketplace.offer(tote=5)
    marketplace.set_up()
    receive(marketplace, "tote", "tote", "tote")
    due = claim_tokyo(marketplace)
    if was_sent:
        with marketplace.environment.shops.connected("tokyo") as channel:
            marketplace.clock.advance(2)
            channel.push_stock(changes_of(due))
    marketplace.buy("tokyo", "tote", 1)
    ledger = marketplace.environment.ledger
    marketplace.clock.advance(TERMS.lease_s - 10)
    assert recover(ledger, "tokyo", now=marketplace.clock()) == 0
    marketplace.clock.advance(11)
    assert recover(ledger, "osaka", now=marketplace.clock()) == 0
    assert recover(ledger, "tokyo", now=marketplace.clock()) == 1
    assert recover(ledger, "tokyo", now=marketplace.clock()) == 0

    state = marketplace.state("tokyo", "tote")
    assert (state.push_id, state.doubt, state.tries) == (None, Doubt.WRITE_UNKNOWN, 1)
    (event,) = marketplace.events("push_failed")
    assert (event.store, event.sku, event.reference_id) == ("tokyo", "tote", due.push_id)
    assert event.reason == "attempt 1: the process that sent it ended"
    assert marketplace.pushes("tokyo", "tote")[-1].outcome == Outcome.UNKNOWN
    marketplace.run("sync.read", "tokyo")
    assert marketplace.state("tokyo", "tote").doubt == Doubt.WRITE_UNKNOWN  # not yet

    marketplace.clock.advance(120)
    marketplace.catch_up()
    assert marketplace.shown("tote") == {"tokyo": 7, "osaka": 7}
    written = [e for e in marketplace.shop("tokyo").ledger() if e.kind is EntryKind.WRITTEN]
    assert sum(entry.units for entry in written) == 8
    assert marketplace.state("tokyo", "tote").tries == 0
    marketplace.check_whole()


def changes_of(due: Claim) -> Sequence[StockChange]:
    """A claim as the channel takes it."""
    return [StockChange(row.key, PushMode(row.send.mode.value), row.send.units) for row in due.rows]


def test_an_event_for_the_row_at_fault_only(marketplace: Marketplace) -> None:
    marketplace.offer(tote=5, mug=5)
    marketplace.set_up()
    receive(marketplace, "tote", "mug")
    due = claim_tokyo(marketplace)
    refused = Settlement(Outcome.REFUSED, "IE0117", row=1)
    settle(marketplace.environment.ledger, due, refused, now=marketplace.clock())
    assert [event.sku for event in marketplace.events("push_failed")] == [due.rows[1].sku_id]
    states = {row.key.item: marketplace.state("tokyo", row.key.item) for row in due.rows}
    assert {state.doubt for state in states.values()} == {Doubt.CALL_REFUSED}
    assert [states[item].refusals for item in items(due)] == [0, 1]


def test_a_refusal_without_a_row_is_everybodys(marketplace: Marketplace) -> None:
    marketplace.offer(tote=5, mug=5)
    marketplace.set_up()
    receive(marketplace, "tote", "mug")
    due = claim_tokyo(marketplace)
    refused = Settlement(Outcome.REFUSED, "no idea")
    settle(marketplace.environment.ledger, due, refused, now=marketplace.clock())
    assert {event.sku for event in marketplace.events("push_failed")} == {"tote", "mug"}
    assert marketplace.state("tokyo", "mug").refusals == 1


@pytest.mark.slow
def test_two_processes_claim_different_listings(marketplace_on_postgres: Marketplace) -> None:
    marketplace = marketplace_on_postgres
    names = [f"item{number}" for number in range(60)]
    marketplace.offer(stores=["tokyo"], **dict.fromkeys(names, 3))
    marketplace.set_up()
    receive(marketplace, *names)

    def work() -> list[str]:
        url = marketplace.database.url.render_as_string(hide_password=False)
        own = Database(url, schema=marketplace.database.schema)
        terms = Terms(rows=4, most_units=99_999)
        found: list[str] = []
        while (due := claim(own, "tokyo", terms, now=marketplace.clock())).planned:
            found += items(due)
        own.dispose()
        return found

    with ThreadPoolExecutor(3) as threads:
        shares = [future.result(60) for future in [threads.submit(work) for _ in range(3)]]
    assert sorted(item for share in shares for item in share) == sorted(names)
