"""The feed: every event once, in an order that late commits cannot slip behind."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from onhand.db.database import Database
from onhand.stock.commands import Ledger
from onhand.stock.model.commands import Command, Line, Policy, Reserve
from onhand.stock.queries.feed import START, FeedPage, read_feed
from tests.crew import SIZE, ThreadCrew
from tests.gate import GateClock
from tests.shop import TILL, FakeClock, Shop, cart, deduct, order, release, reserve
from tests.stock.recount import table

LIMIT_S = 20.0


def page(database: Database, after: str | None = None, *, limit: int = 1000) -> FeedPage:
    """A page of the feed."""
    with database.read() as connection:
        return read_feed(connection, after=after, limit=limit)


class Follower:
    """Reads on from where it was, as a shop's sync would."""

    def __init__(self, database: Database, *, limit: int = 7) -> None:
        """From the start."""
        self._database = database
        self._limit = limit
        self._cursor: str | None = None
        self.seen: list[tuple[str, int]] = []

    def read(self) -> bool:
        """One page; whether there is more at once."""
        found = page(self._database, self._cursor, limit=self._limit)
        assert len(found.events) <= self._limit
        self.seen += [(event.sku, event.seq) for event in found.events]
        self._cursor = found.cursor
        return found.more

    def catch_up(self, count: int) -> None:
        """Read until so many events were seen; other work of the server may delay them a little."""
        deadline = time.monotonic() + LIMIT_S
        while len(self.seen) < count and time.monotonic() < deadline:
            self.read()
        while self.read():
            pass


def everything(database: Database) -> list[tuple[str, int]]:
    """All events, sorted."""
    return sorted((row["sku_id"], row["seq"]) for row in table(database, "stock_event"))


def test_pages_miss_nothing_and_repeat_nothing(shop: Shop) -> None:
    shop.register(a=9, b=9)
    for number in range(5):
        shop.do(reserve(cart(number), a=1, b=1))
    shop.do(release(cart(0)))
    follower = Follower(shop.database, limit=3)
    follower.catch_up(14)
    assert sorted(follower.seen) == everything(shop.database)
    assert len(follower.seen) == 14


def test_a_caught_up_reader_keeps_its_cursor(shop: Shop) -> None:
    shop.register(a=9)
    Follower(shop.database).catch_up(1)
    first = page(shop.database)
    assert len(first.events) == 1
    assert not first.more
    second = page(shop.database, first.cursor)
    assert (second.events, second.cursor, second.more) == ([], first.cursor, False)


def test_an_empty_feed(database: Database) -> None:
    assert page(database) == FeedPage(events=[], cursor=START, more=False)


@pytest.mark.parametrize("cursor", ["0", "1-", "-1-2", "a-b", "1-2-3", "0-0 ", "1" * 20 + "-1"])
def test_a_malformed_cursor(database: Database, cursor: str) -> None:
    with pytest.raises(ValueError, match="cursor"):
        page(database, cursor)


def test_the_largest_cursor_is_past_everything(shop: Shop) -> None:
    shop.register(a=9)
    last = f"{2**63 - 1}-{2**63 - 1}"
    assert page(shop.database, last).events == []


@pytest.mark.parametrize("cursor", [f"{10**19 - 1}-0", f"0-{10**19 - 1}"])
def test_a_cursor_beyond_any_number_is_malformed(database: Database, cursor: str) -> None:
    with pytest.raises(ValueError, match="cursor"):
        page(database, cursor)


def test_an_event_of_a_late_committer_is_not_skipped(
    postgres_database: Database, clock: FakeClock
) -> None:
    """The first transaction began before the second and commits after it."""
    gate = GateClock()
    fast = Shop(Ledger(postgres_database, clock=clock, policy=Policy()), clock)
    slow = Shop(Ledger(postgres_database, clock=gate, policy=Policy()), clock)
    fast.register(a=5, b=5)
    follower = Follower(postgres_database)
    follower.catch_up(2)
    with ThreadPoolExecutor(1) as threads:
        late = threads.submit(slow.do, reserve(order(1), a=1))
        assert gate.reached.wait(LIMIT_S)
        fast.do(reserve(order(2), b=1))
        assert fast.kinds("b") == ["received", "reserved"]  # committed, and yet
        follower.read()
        assert len(follower.seen) == 2  # not shown while something may come before it
        gate.open()
        late.result(LIMIT_S)
    follower.catch_up(4)
    assert follower.seen[2:] == [("a", 2), ("b", 2)]


def test_a_reader_does_not_hold_up_the_feed(postgres_database: Database, clock: FakeClock) -> None:
    shop = Shop(Ledger(postgres_database, clock=clock, policy=Policy()), clock)
    with postgres_database.snapshot() as connection:
        read_feed(connection, after=None, limit=1)
        shop.register(a=5)
        follower = Follower(postgres_database)
        follower.catch_up(1)
    assert follower.seen == [("a", 1)]


def test_a_follower_beside_parallel_writers(shop: Shop) -> None:
    codes = ("a", "b", "c")
    shop.register(a=90, b=90, c=90)
    shares = [
        [
            Command(TILL, Reserve(order(f"{worker}-{n}"), "ann", (Line(codes[n % 3], 1),)))
            for n in range(15)
        ]
        for worker in range(SIZE)
    ]
    follower = Follower(shop.database)
    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(ThreadCrew().run, shop.database, shares)
        while not writing.done():
            follower.read()
        writing.result(LIMIT_S)
    expected = everything(shop.database)
    follower.catch_up(len(expected))
    # Each once and none left out; overlapping batches may come in either order, `seq` tells.
    assert sorted(follower.seen) == expected


def test_events_tell_what_happened(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(deduct(order(), a=2), key="k")
    Follower(shop.database).catch_up(2)
    event = page(shop.database).events[1]
    assert (event.kind, event.on_hand_change, event.on_hand) == ("shipped", -2, 3)
    assert (event.reference_type, event.reference_id) == ("order", "order-1")
    assert (event.actor, event.idempotency_key) == ("till", "k")
