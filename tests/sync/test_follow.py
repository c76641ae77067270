"""Marking what changed (Y1): no change is missed, none wakes sync twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from onhand.db.database import Database
from onhand.db.errors import TransactionConflict
from onhand.simulators.rakuten import Fault, FaultKind
from onhand.stock.model.commands import Reserve
from onhand.stock.queries.feed import read_feed
from onhand.sync.commands.follow import follow
from onhand.sync.commands.marks import mark_skus, mark_stale, mark_store
from onhand.sync.model.fence import Doubt
from onhand.sync.tables import feed_position, listing_push, sku_pace
from tests.marketplace import Marketplace
from tests.shop import cart, lines, reserve


def marks(marketplace: Marketplace) -> dict[tuple[str, str], int]:
    """How often each listing was marked."""
    statement = sa.select(listing_push.c.listing_id, listing_push.c.mark)
    with marketplace.database.read() as connection:
        found = dict(tuple(row) for row in connection.execute(statement))
    names = [
        (code, item)
        for code, shop in marketplace.rakuten.shops.items()
        for item in shop.record.items
    ]
    return {key: found.get(marketplace.listing_id(*key), 0) for key in names}


def test_a_change_marks_the_listings_of_its_sku_in_every_store(marketplace: Marketplace) -> None:
    marketplace.offer(tote=5, mug=5)
    marketplace.set_up()
    before = marks(marketplace)
    marketplace.goods.receive("tote", 1)
    assert follow(marketplace.database, now=marketplace.clock()) == 1
    after = marks(marketplace)
    assert {key for key in after if after[key] != before[key]} == {
        ("tokyo", "tote"),
        ("osaka", "tote"),
    }
    assert follow(marketplace.database, now=marketplace.clock()) == 0


def test_a_burst_is_one_push(marketplace: Marketplace) -> None:
    marketplace.offer(tote=5)
    marketplace.set_up()
    told = marketplace.line.count("bulk-upsert", "tokyo")
    for number in range(5):
        marketplace.goods.do(reserve(cart(number), tote=1))
    marketplace.run("sync.follow")
    marketplace.run("sync.push", "tokyo")
    assert marketplace.line.count("bulk-upsert", "tokyo") == told + 1
    assert marketplace.shown("tote")["tokyo"] == 0


def test_what_sync_writes_does_not_wake_it(marketplace: Marketplace) -> None:
    marketplace.offer(tote=5)
    marketplace.set_up()
    marketplace.rakuten.faults.plan(Fault(kind=FaultKind.CONFLICT, shop="tokyo"))
    marketplace.goods.receive("tote", 1)
    marketplace.run("sync.follow")
    marketplace.run("sync.push", "tokyo")
    before = marks(marketplace)
    assert follow(marketplace.database, now=marketplace.clock()) == 1
    assert marks(marketplace) == before


def test_marks_and_cursor_move_together(marketplace: Marketplace) -> None:
    """The process ends before the commit: the next one follows the same events again."""
    marketplace.offer(tote=5)
    marketplace.set_up()
    marketplace.goods.receive("tote", 1)
    before = marks(marketplace)

    class GoneError(Exception):
        """The process ended."""

    def die(*_: object) -> None:
        raise GoneError

    sa.event.listen(marketplace.database.engine, "commit", die)
    try:
        with pytest.raises(GoneError):
            follow(marketplace.database, now=marketplace.clock())
    finally:
        sa.event.remove(marketplace.database.engine, "commit", die)
    assert marks(marketplace) == before
    assert follow(marketplace.database, now=marketplace.clock()) == 1
    assert marks(marketplace)["tokyo", "tote"] == before["tokyo", "tote"] + 1


def test_small_pages_miss_nothing(marketplace: Marketplace) -> None:
    marketplace.offer(tote=5, mug=5)
    marketplace.set_up()
    for number in range(7):
        units = {("tote", "mug")[number % 2]: 1}
        marketplace.goods.do(Reserve(cart(number), "ann", lines(**units)))
    followed = 0
    while events := follow(marketplace.database, now=marketplace.clock(), limit=2):
        followed += events
    assert followed == 7
    with marketplace.database.read() as connection:
        cursor = connection.execute(sa.select(feed_position.c.cursor)).scalar_one()
        assert read_feed(connection, after=cursor, limit=10).events == []
    for code in ("tokyo", "osaka"):
        marketplace.run("sync.push", code)
    assert marketplace.shown("tote") == {"tokyo": 1, "osaka": 1}
    assert marketplace.shown("mug") == {"tokyo": 2, "osaka": 2}


@pytest.mark.slow
def test_two_followers_share_the_feed(marketplace_on_postgres: Marketplace) -> None:
    """Each event is followed once, whoever follows; conflicts are told and come again."""
    marketplace = marketplace_on_postgres
    marketplace.offer(tote=500)
    marketplace.set_up()
    for number in range(60):
        marketplace.goods.do(reserve(cart(number), tote=1))
    before = marks(marketplace)

    def work() -> int:
        url = marketplace.database.url.render_as_string(hide_password=False)
        own = Database(url, schema=marketplace.database.schema)
        followed, idle = 0, 0
        while idle < 3:
            try:
                events = follow(own, now=marketplace.clock(), limit=3)
            except TransactionConflict:
                continue
            followed += events
            idle = 0 if events else idle + 1
        own.dispose()
        return followed

    with ThreadPoolExecutor(2) as threads:
        shares = [future.result(60) for future in [threads.submit(work) for _ in range(2)]]
    assert sum(shares) == 60
    assert marks(marketplace)["tokyo", "tote"] - before["tokyo", "tote"] >= 20


def test_a_listing_is_read_before_it_is_told_anything(marketplace: Marketplace) -> None:
    marketplace.offer(tote=5, at_shop=3)
    marketplace.run("catalog.pull", "tokyo")
    state = marketplace.state("tokyo", "tote")
    assert (state.doubt, state.belief) == (Doubt.NEW, None)
    marketplace.run("sync.push", "tokyo")
    assert marketplace.shown("tote")["tokyo"] == 3
    marketplace.run("sync.read", "tokyo")
    assert marketplace.state("tokyo", "tote").belief == 3


def test_marking_by_hand(marketplace: Marketplace) -> None:
    """By listing, by SKU, by store; what is not mapped or not there is left out."""
    marketplace.offer(tote=5, mug=5)
    marketplace.list_item("tokyo", "stranger")
    marketplace.set_up()
    now = marketplace.clock()
    stranger = marketplace.listing_id("tokyo", "stranger")
    tote = marketplace.listing_id("tokyo", "tote")

    def count(mark: Callable[[sa.Connection], int]) -> int:
        with marketplace.database.begin() as connection:
            return mark(connection)

    assert count(lambda c: mark_stale(c, [tote, tote, stranger, "nobody"], now=now)) == 1
    assert count(lambda c: mark_stale(c, [], now=now)) == 0
    assert count(lambda c: mark_skus(c, ["tote", "nobody"], now=now)) == 2
    assert count(lambda c: mark_store(c, "tokyo", now=now)) == 2
    assert count(lambda c: mark_store(c, "tokyo", now=now, sku_id="mug")) == 1
    assert count(lambda c: mark_store(c, "nowhere", now=now)) == 0


def test_the_pace_of_a_sku_is_what_was_reserved_of_late(marketplace: Marketplace) -> None:
    marketplace.offer(tote=50, mug=50)
    marketplace.set_up()
    marketplace.buy("tokyo", "tote", 4)
    marketplace.catch_up()
    marketplace.goods.receive("mug", 9)
    marketplace.catch_up()
    marketplace.clock.advance(3.5 * 86_400)
    marketplace.buy("tokyo", "tote", 1)
    marketplace.catch_up()
    with marketplace.database.read() as connection:
        paces = dict(
            tuple(r) for r in connection.execute(sa.select(sku_pace.c.sku_id, sku_pace.c.units))
        )
    assert paces.keys() == {"tote"}
    assert 2.9 < paces["tote"] < 3.1  # half of the four, and one
