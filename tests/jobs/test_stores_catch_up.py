"""Polling out of turn: a number that waits for orders is raised soon, and shops are not flooded."""

from datetime import timedelta

import pytest

from onhand.channels.errors import ChannelUnavailable
from onhand.jobs.orders import BETWEEN_POLLS
from onhand.simulators.rakuten import Fault, FaultKind
from onhand.sync.commands.marks import ask_to_read
from onhand.sync.model.fence import Doubt
from tests.marketplace import Marketplace
from tests.shop import cart, reserve

LOST = Fault(kind=FaultKind.LOST, function="inventories.bulk.upsert", after=True)
SEARCHES = Fault(kind=FaultKind.ERROR, function="order.search*", status=503)
FAR = 86_400  # seconds between two polls by schedule: none comes while a test looks


@pytest.fixture
def store(marketplace: Marketplace) -> str:
    """A store whose next poll by schedule is far away, at rest."""
    marketplace.open_store("kyoto", poll_interval_s=FAR)
    marketplace.offer(stores=["kyoto"], tote=5)
    marketplace.set_up()
    marketplace.run_for(150, step=30)
    assert marketplace.shown("tote")["kyoto"] == 5
    return "kyoto"


def polls(marketplace: Marketplace) -> int:
    """How often the store's orders were searched."""
    return marketplace.line.count("searchOrder", "kyoto")


def test_a_raise_after_a_doubtful_read_waits_minutes_only(
    marketplace: Marketplace, store: str
) -> None:
    before = polls(marketplace)
    marketplace.rakuten.faults.plan(LOST, times=1)
    marketplace.goods.receive("tote", 2)
    marketplace.run_for(20)
    assert marketplace.state(store, "tote").doubt == Doubt.WRITE_UNKNOWN
    marketplace.goods.receive("tote", 3)
    marketplace.run_for(260, step=10)
    assert marketplace.shown("tote")[store] == 10
    assert polls(marketplace) == before + 1
    marketplace.run_for(600, step=60)
    assert polls(marketplace) == before + 1  # nothing waits any more


def test_an_order_from_before_the_read_is_in_before_the_raise(
    marketplace: Marketplace, store: str
) -> None:
    marketplace.rakuten.faults.plan(LOST, times=1)
    marketplace.goods.receive("tote", 2)
    marketplace.run_for(20)
    marketplace.buy(store, "tote", 4)
    marketplace.goods.receive("tote", 1)
    marketplace.run_for(400, step=20)
    assert marketplace.shown("tote")[store] == 4
    assert marketplace.state(store, "tote").stale_at is None


@pytest.mark.parametrize("fails", [False, True])
def test_polls_out_of_turn_keep_a_distance(
    marketplace: Marketplace, store: str, fails: bool
) -> None:
    """Every ten seconds another number comes to wait for orders."""
    names = [f"item{number:02}" for number in range(12)]
    marketplace.offer(stores=[store], **dict.fromkeys(names, 1))
    marketplace.run("catalog.pull", store)
    marketplace.run_for(200, step=40)
    if fails:
        marketplace.rakuten.faults.by_chance(SEARCHES, 1.0)
    before = polls(marketplace)
    for name in (*names, *names, *names):
        marketplace.goods.receive(name, 1)
        with marketplace.database.begin() as connection:
            ask_to_read(connection, [marketplace.listing_id(store, name)], now=marketplace.clock())
        marketplace.tick(10)
    most = timedelta(seconds=10 * 3 * len(names)) / BETWEEN_POLLS + 1
    assert (1 if fails else 5) <= polls(marketplace) - before <= most


def test_units_sold_elsewhere_are_taken_away_in_doubt(marketplace: Marketplace) -> None:
    """The shop is told of them before anybody knows what it shows; nothing is raised."""
    marketplace.offer(tote=9)
    marketplace.set_up()
    marketplace.rakuten.faults.plan(LOST, times=1)
    marketplace.goods.receive("tote", 1)
    marketplace.run("sync.follow")
    with pytest.raises(ChannelUnavailable):
        marketplace.do("sync.push", "tokyo")
    marketplace.goods.do(reserve(cart(), tote=4))
    marketplace.run("sync.follow")
    assert marketplace.do("sync.push", "tokyo").done == 1
    state = marketplace.state("tokyo", "tote")
    assert (state.doubt, state.belief) == (Doubt.WRITE_UNKNOWN, 6)
    assert marketplace.shown("tote")["tokyo"] == 6
    marketplace.goods.receive("tote", 5)
    marketplace.run("sync.follow")
    assert marketplace.do("sync.push", "tokyo").done == 0  # a raise waits
    assert marketplace.do("sync.push", "tokyo").done == 0
    assert marketplace.state("tokyo", "tote").waits_for_orders
    marketplace.catch_up()
    marketplace.check_whole()


def test_a_refused_lowering_in_doubt_harms_no_other(marketplace: Marketplace) -> None:
    """What we presumed was too much: its call is refused, others' numbers go out by their own."""
    marketplace.offer(tote=2, mug=8)
    marketplace.set_up()
    marketplace.rakuten.faults.plan(
        Fault(kind=FaultKind.LOST, function="inventories.bulk.upsert", after=False), times=1
    )
    marketplace.goods.receive("tote", 5)
    marketplace.run("sync.follow")
    with pytest.raises(ChannelUnavailable):
        marketplace.do("sync.push", "tokyo")
    marketplace.goods.do(reserve(cart(), tote=6, mug=1))
    marketplace.run("sync.follow")
    marketplace.run("sync.push", "tokyo")
    assert marketplace.shown("mug")["tokyo"] == 7
    state = marketplace.state("tokyo", "tote")
    assert (state.doubt, state.push_id) == (Doubt.CALL_REFUSED, None)
    assert state.read_after > marketplace.clock()  # not before the first push can have landed
    assert marketplace.state("tokyo", "mug").doubt is None
    marketplace.catch_up()
    marketplace.check_whole()
