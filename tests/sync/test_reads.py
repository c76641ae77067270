"""Reading shops back, and drifts: numbers that are not what we believed (Y6)."""

from collections.abc import Callable

import pytest

from onhand.simulators.rakuten import Request, Response, edit_stock_by_hand
from onhand.sync.commands import reads
from onhand.sync.commands.drifts import repair
from onhand.sync.commands.marks import ask_to_read
from onhand.sync.model.fence import Doubt
from tests.marketplace import POLL_S, VARIANT, Answer, Marketplace
from tests.shop import cart, reserve

HOUR_S = 3600


def settle_check(marketplace: Marketplace) -> None:
    """An hour later tokyo is checked; then polls and pushes go on."""
    marketplace.clock.advance(HOUR_S + 1)
    marketplace.do("orders.poll", "tokyo")
    marketplace.do("sync.check", "tokyo")
    marketplace.do("sync.push", "tokyo")
    marketplace.catch_up()


def drifted(marketplace: Marketplace, units: int) -> None:
    """Somebody edits tokyo's number in its own screens."""
    edit_stock_by_hand(marketplace.shop("tokyo"), "tote", VARIANT, units)


@pytest.mark.parametrize(
    ("units", "cause"), [(25, "raised_at_the_shop"), (12, "lowered_at_the_shop_or_lost_order")]
)
def test_a_small_drift_is_repaired_and_told(
    marketplace: Marketplace, units: int, cause: str
) -> None:
    marketplace.offer(tote=20)
    marketplace.set_up()
    drifted(marketplace, units)
    settle_check(marketplace)
    assert marketplace.shown("tote") == {"tokyo": 20, "osaka": 20}
    (drift,) = marketplace.drifts()
    assert (drift.believed, drift.shown, drift.cause) == (20, units, cause)
    assert drift.closed_how == "repaired"
    assert marketplace.state("tokyo", "tote").stale_at is None
    settle_check(marketplace)
    assert len(marketplace.drifts()) == 1


def test_a_large_loss_waits_for_a_person(marketplace: Marketplace) -> None:
    marketplace.offer(tote=200)
    marketplace.set_up()
    drifted(marketplace, 100)
    settle_check(marketplace)
    assert marketplace.shown("tote")["tokyo"] == 100
    state = marketplace.state("tokyo", "tote")
    assert (state.failure, state.drift) == ("drift", -100)
    (drift,) = marketplace.drifts()
    assert (drift.closed_at, drift.cause) == (None, "lowered_at_the_shop_or_lost_order")

    with marketplace.database.begin() as connection:
        repair(connection, [marketplace.listing_id("tokyo", "tote")], now=marketplace.clock())
    marketplace.catch_up()
    assert marketplace.shown("tote")["tokyo"] == 200
    (drift,) = marketplace.drifts()
    assert drift.closed_how == "repaired by hand"


def test_a_large_loss_is_not_forgotten_when_something_else_happens(
    marketplace: Marketplace,
) -> None:
    """Another read, another small difference: still a person's to decide."""
    marketplace.offer(tote=200)
    marketplace.set_up()
    drifted(marketplace, 100)
    settle_check(marketplace)
    with marketplace.database.begin() as connection:
        listing_id = marketplace.listing_id("tokyo", "tote")
        ask_to_read(connection, [listing_id], now=marketplace.clock())
    marketplace.catch_up()
    assert marketplace.shown("tote")["tokyo"] == 100
    drifted(marketplace, 98)
    settle_check(marketplace)
    assert marketplace.shown("tote")["tokyo"] == 98
    assert marketplace.state("tokyo", "tote").drift == -102
    (drift,) = marketplace.drifts()
    assert drift.closed_at is None


def test_a_large_surplus_is_taken_back_at_once(marketplace: Marketplace) -> None:
    """Too many on show would be sold: that waits for nobody."""
    marketplace.offer(tote=20)
    marketplace.set_up()
    drifted(marketplace, 500)
    settle_check(marketplace)
    assert marketplace.shown("tote")["tokyo"] == 20
    (drift,) = marketplace.drifts()
    assert (drift.cause, drift.closed_how) == ("raised_at_the_shop", "repaired")


def test_orders_that_come_late_explain_a_difference(marketplace: Marketplace) -> None:
    marketplace.offer(tote=20)
    marketplace.set_up()
    marketplace.clock.advance(HOUR_S + 1)
    marketplace.buy("tokyo", "tote", 3)
    marketplace.clock.advance(POLL_S + 10)
    marketplace.do("sync.check", "tokyo")
    (drift,) = marketplace.drifts()
    assert (drift.believed, drift.shown, drift.cause) == (20, 17, "unexplained")
    marketplace.do("sync.push", "tokyo")
    assert marketplace.shown("tote")["tokyo"] == 17
    marketplace.catch_up()
    (drift,) = marketplace.drifts()
    assert (drift.cause, drift.closed_how) == ("late_orders", "explained")
    assert marketplace.shown("tote") == {"tokyo": 17, "osaka": 17}
    marketplace.check_whole()


def test_late_orders_and_an_edit_at_once(marketplace: Marketplace) -> None:
    """Three were sold and two more taken off by hand; only the two are a drift."""
    marketplace.offer(tote=20)
    marketplace.set_up()
    marketplace.clock.advance(HOUR_S + 1)
    marketplace.buy("tokyo", "tote", 3)
    drifted(marketplace, 15)
    marketplace.clock.advance(POLL_S + 10)
    marketplace.do("sync.check", "tokyo")
    marketplace.catch_up()
    marketplace.catch_up()
    (drift,) = marketplace.drifts()
    assert drift.cause == "lowered_at_the_shop_or_lost_order"
    assert marketplace.shown("tote") == {"tokyo": 17, "osaka": 17}


def test_a_check_that_finds_what_it_should_raises_no_fence(marketplace: Marketplace) -> None:
    marketplace.offer(tote=20)
    marketplace.set_up()
    marketplace.clock.advance(HOUR_S + 1)
    before = marketplace.state("tokyo", "tote")
    marketplace.do("sync.check", "tokyo")
    after = marketplace.state("tokyo", "tote")
    assert after.checked_at > before.checked_at
    assert (after.read_to, after.revision) == (before.read_to, before.revision)
    assert not marketplace.drifts()


def test_every_settled_listing_is_checked_in_turn(marketplace: Marketplace) -> None:
    names = [f"item{number}" for number in range(5)]
    marketplace.offer(stores=["tokyo"], **dict.fromkeys(names, 3))
    marketplace.set_up()
    with marketplace.database.read() as connection:
        before = marketplace.clock()
        rows = reads.unchecked(connection, "tokyo", before=before, limit=3)
        assert len(rows) == 3
        assert reads.unchecked(connection, "osaka", before=before, limit=3) == []
    marketplace.clock.advance(HOUR_S + 1)
    marketplace.do("sync.check", "tokyo")
    now = marketplace.clock()
    assert {marketplace.state("tokyo", name).checked_at for name in names} == {now}


def test_something_happens_while_the_number_is_read(marketplace: Marketplace) -> None:
    """The read is thrown away: what it showed is of before."""
    marketplace.offer(tote=20)
    marketplace.set_up()
    with marketplace.database.begin() as connection:
        listing_id = marketplace.listing_id("tokyo", "tote")
        ask_to_read(connection, [listing_id], now=marketplace.clock())

    def meddle(request: Request, carry: Callable[[], Answer]) -> Answer:
        answer = carry()
        if request.path.endswith("bulk-get"):
            marketplace.line.meddle = None
            marketplace.buy("tokyo", "tote", 4)
            marketplace.clock.advance(1)
            marketplace.do("orders.poll", "tokyo")
        return answer

    marketplace.line.meddle = meddle
    with marketplace.database.read() as connection:
        rows = reads.in_doubt(connection, "tokyo", now=marketplace.clock(), limit=10)
    with marketplace.environment.shops.connected("tokyo") as channel:
        reading = channel.read_stock([row.key for row in rows])
    assert set(reading.units.values()) == {20}
    assert reads.settle_reading(marketplace.database, "tokyo", rows, reading) == 0
    assert marketplace.state("tokyo", "tote").doubt == Doubt.ASKED
    assert marketplace.state("tokyo", "tote").belief == 16
    marketplace.catch_up()
    assert marketplace.shown("tote") == {"tokyo": 16, "osaka": 16}


def test_a_push_is_claimed_while_the_number_is_read(marketplace: Marketplace) -> None:
    """A check that was overtaken by a push says nothing."""
    marketplace.offer(tote=20)
    marketplace.set_up()
    with marketplace.database.read() as connection:
        rows = reads.unchecked(connection, "tokyo", before=marketplace.clock(), limit=10)
    with marketplace.environment.shops.connected("tokyo") as channel:
        reading = channel.read_stock([row.key for row in rows])
    marketplace.goods.do(reserve(cart(), tote=5))
    marketplace.do("sync.follow")
    marketplace.do("sync.push", "tokyo")
    assert reads.settle_reading(marketplace.database, "tokyo", rows, reading) == 0
    assert marketplace.state("tokyo", "tote").belief == 15
    assert not marketplace.drifts()


def test_a_listing_that_lost_its_number_is_given_one(marketplace: Marketplace) -> None:
    marketplace.offer(tote=20)
    marketplace.set_up()
    shop = marketplace.shop("tokyo")
    with shop.open() as now:
        shop.forget(now, "tote", VARIANT)
    settle_check(marketplace)
    assert marketplace.shown("tote") == {"tokyo": 20, "osaka": 20}
    (drift,) = marketplace.drifts()
    assert (drift.shown, drift.cause, drift.closed_how) == (None, "no_number", "repaired")


def test_a_listing_without_number_gets_its_first_one(marketplace: Marketplace) -> None:
    """Set outright, and read back: the shop takes numbers of items that do not exist."""
    marketplace.offer(tote=20, at_shop=None)
    marketplace.run("catalog.pull", "tokyo")
    marketplace.run("sync.read", "tokyo")
    marketplace.run("sync.push", "tokyo")
    state = marketplace.state("tokyo", "tote")
    assert (state.belief, state.doubt) == (20, Doubt.FIRST_WRITE)
    assert [row.mode for row in marketplace.pushes("tokyo", "tote")] == ["absolute"]
    marketplace.set_up()
    assert marketplace.shown("tote") == {"tokyo": 20, "osaka": 20}


def test_an_orphan_hurts_nobody(marketplace: Marketplace) -> None:
    """The item is gone at the shop, which takes numbers for it all the same, for a day."""
    marketplace.offer(tote=20, mug=5)
    marketplace.set_up()
    marketplace.shop("tokyo").delete_item("tote")
    for _ in range(3):
        marketplace.goods.receive("tote", 1)
        marketplace.goods.receive("mug", 1)
        marketplace.catch_up()
        marketplace.clock.advance(20 * 3600)
        marketplace.do("sync.check", "tokyo")
    marketplace.catch_up()
    assert marketplace.shown("mug") == {"tokyo": 8, "osaka": 8}
    assert marketplace.shown("tote")["osaka"] == 23
    assert marketplace.state("tokyo", "tote").failed_at is None
    assert marketplace.store("tokyo").status == "active"
    # Taken up again, it gets its number.
    marketplace.list_item("tokyo", "tote", at_shop=3)
    marketplace.clock.advance(HOUR_S + 1)
    marketplace.do("sync.check", "tokyo")
    marketplace.catch_up()
    assert marketplace.shown("tote") == {"tokyo": 23, "osaka": 23}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"inventories": null}',
        b'{"inventories": [{"manageNumber": "tote", "variantId": "v", "quantity": -1}]}',
        b'{"inventories": [{"manageNumber": "tote", "variantId": "v", "quantity": "7"}]}',
        b'{"inventories": [{"manageNumber": "other", "variantId": "v", "quantity": 7}]}',
        b'{"inventories": [{"manageNumber": "tote", "variantId": "v", "quantity": 1e99}]}',
        b'{"inventories": [{"manageNumber": "tote", "variantId": "v", "quan',
        b"<html>maintenance</html>",
    ],
)
def test_an_answer_of_another_shape_is_never_no_stock(
    marketplace: Marketplace, body: bytes
) -> None:
    marketplace.offer(tote=20)
    marketplace.set_up()
    before = marketplace.state("tokyo", "tote")
    marketplace.clock.advance(HOUR_S + 1)
    marketplace.line.meddle = lambda request, carry: Response(200, {}, body)
    view = marketplace.run("sync.check", "tokyo")
    assert (view.state, len(view.errors)) == ("failed", 1)
    assert marketplace.state("tokyo", "tote") == before
    marketplace.line.meddle = None
    assert marketplace.run("sync.check", "tokyo").state == "done"
    assert not marketplace.drifts()
