"""Z13: a unit sold at the shop, not yet taken in, is not brought back by our push."""

import pytest

from onhand.simulators.rakuten import Fault, FaultKind, cancel, change_units
from onhand.sync.commands.marks import ask_to_read
from tests.marketplace import Marketplace

UPSERT = "inventories.bulk.upsert"


def poll_all(marketplace: Marketplace) -> None:
    """Take in the orders of both shops and follow the ledger."""
    for store_id in ("tokyo", "osaka"):
        assert marketplace.run("orders.poll", store_id).state == "done"
    marketplace.run("sync.follow")


def test_z13_a_push_crosses_a_sale(marketplace: Marketplace) -> None:
    marketplace.offer(tote=10)
    marketplace.set_up()
    marketplace.buy("tokyo", "tote", 3)
    marketplace.goods.receive("tote", 5)
    marketplace.run("sync.follow")
    marketplace.run("sync.push", "tokyo")
    marketplace.run("sync.push", "osaka")
    assert marketplace.shown("tote") == {"tokyo": 12, "osaka": 15}  # osaka cannot know yet
    told = marketplace.line.count("bulk-upsert", "tokyo")

    poll_all(marketplace)
    assert marketplace.goods.units("tote").available == 12
    marketplace.run("sync.push", "tokyo")
    marketplace.run("sync.push", "osaka")
    assert marketplace.shown("tote") == {"tokyo": 12, "osaka": 12}
    assert marketplace.line.count("bulk-upsert", "tokyo") == told  # it had the right number
    marketplace.check_whole()


def test_z13_the_sale_happens_while_the_push_is_under_way(marketplace: Marketplace) -> None:
    marketplace.offer(tote=10)
    marketplace.set_up()
    marketplace.goods.receive("tote", 5)
    marketplace.run("sync.follow")
    marketplace.line.meddle = lambda request, carry: (
        marketplace.buy("tokyo", "tote", 2) if request.path.endswith("bulk-upsert") else None,
        carry(),
    )[1]
    marketplace.run("sync.push", "tokyo")
    marketplace.line.meddle = None
    assert marketplace.shown("tote")["tokyo"] == 13
    poll_all(marketplace)
    marketplace.catch_up()
    assert marketplace.shown("tote") == {"tokyo": 13, "osaka": 13}


@pytest.mark.parametrize("kind", [FaultKind.LOST, FaultKind.LATE, FaultKind.ERROR])
@pytest.mark.parametrize("after", [False, True])
def test_z13_the_push_is_lost(marketplace: Marketplace, kind: FaultKind, after: bool) -> None:
    """Nobody knows whether it took effect; sales before and after it are not known either."""
    if kind is FaultKind.LATE and after:
        return  # there is one way of landing late
    marketplace.offer(tote=10)
    marketplace.set_up()
    marketplace.rakuten.faults.plan(
        Fault(kind=kind, function=UPSERT, shop="tokyo", after=after, delay_s=40)
    )
    marketplace.buy("tokyo", "tote", 3)
    marketplace.goods.receive("tote", 5)
    marketplace.run("sync.follow")
    marketplace.run("sync.push", "tokyo")
    marketplace.buy("tokyo", "tote", 1)
    for _ in range(8):  # reading, but nothing is taken in
        marketplace.clock.advance(45)
        marketplace.run("sync.read", "tokyo")
        marketplace.run("sync.push", "tokyo")
        assert (marketplace.shown("tote")["tokyo"] or 0) <= 11
    marketplace.catch_up()
    marketplace.catch_up()
    assert marketplace.shown("tote") == {"tokyo": 11, "osaka": 11}
    assert not marketplace.drifts()
    marketplace.check_whole()


def test_z13_a_read_has_the_sale_off_already(marketplace: Marketplace) -> None:
    """The number read must not be raised before every order placed until then is in."""
    marketplace.offer(tote=10)
    marketplace.set_up()
    marketplace.buy("tokyo", "tote", 3)
    marketplace.clock.advance(120)
    with marketplace.database.begin() as connection:
        listing_id = marketplace.listing_id("tokyo", "tote")
        ask_to_read(connection, [listing_id], now=marketplace.clock())
    marketplace.run("sync.read", "tokyo")
    assert marketplace.state("tokyo", "tote").belief == 7
    marketplace.run("sync.push", "tokyo")
    assert marketplace.shown("tote")["tokyo"] == 7
    assert marketplace.state("tokyo", "tote").waits_for_orders

    marketplace.goods.receive("tote", 5)
    marketplace.run("sync.follow")
    marketplace.run("sync.push", "tokyo")
    assert marketplace.shown("tote")["tokyo"] == 7
    marketplace.clock.advance(61)
    poll_all(marketplace)
    marketplace.run("sync.push", "tokyo")
    assert marketplace.shown("tote")["tokyo"] == 12
    assert marketplace.state("tokyo", "tote").belief == 12
    assert not marketplace.drifts()


@pytest.mark.slow
@pytest.mark.parametrize(("skew_s", "lag_s"), [(0, 50), (25, 25), (-50, 0), (50, 0)])
def test_z13_clocks_and_search_disagree(
    marketplace: Marketplace, skew_s: float, lag_s: float
) -> None:
    """The shop's clock is off, and its search shows an order late; all within a minute."""
    marketplace.rakuten.knobs.order_index_lag_s = lag_s
    marketplace.shop("tokyo").record.skew_s = skew_s
    marketplace.offer(tote=30)
    marketplace.set_up()
    most = 30
    for sale in range(6):
        marketplace.buy("tokyo", "tote", 2)
        most -= 2
        if sale in (1, 3):
            marketplace.goods.receive("tote", 4)
            most += 4
        marketplace.tick(7)
        assert (marketplace.shown("tote")["tokyo"] or 0) <= most
    marketplace.run_for(400, step=33)
    assert marketplace.shown("tote") == {"tokyo": 26, "osaka": 26}
    marketplace.check_whole()


@pytest.mark.slow
@pytest.mark.parametrize("restock", [True, False])
def test_z13_the_unknown_sale_is_cancelled(marketplace: Marketplace, restock: bool) -> None:
    """Whether the shop put the units back or not, it shows the right number in the end."""
    marketplace.offer(tote=10)
    marketplace.set_up()
    number = marketplace.buy("tokyo", "tote", 3)
    assert number is not None
    marketplace.goods.receive("tote", 5)
    marketplace.tick()
    cancel(marketplace.shop("tokyo"), number, restock=restock)
    marketplace.run_for(400, step=33)
    assert marketplace.orders() == {number: "cancelled"}
    assert marketplace.shown("tote") == {"tokyo": 15, "osaka": 15}
    marketplace.check_whole()


@pytest.mark.slow
@pytest.mark.parametrize("units", [1, 5])
def test_z13_the_buyer_changes_the_units(marketplace: Marketplace, units: int) -> None:
    marketplace.offer(tote=10)
    marketplace.set_up()
    number = marketplace.buy("tokyo", "tote", 3)
    assert number is not None
    marketplace.tick()
    (line,) = marketplace.shop("tokyo").order(number).lines()
    assert change_units(marketplace.shop("tokyo"), number, line.line_id, units)
    marketplace.goods.receive("tote", 5)
    marketplace.run_for(400, step=33)
    assert marketplace.shown("tote") == {"tokyo": 15 - units, "osaka": 15 - units}
    marketplace.check_whole()


def test_z13_lowering_does_not_wait_for_orders(marketplace: Marketplace) -> None:
    """After a read the number may fall at once; the late order then takes nothing twice."""
    marketplace.offer(tote=10)
    marketplace.set_up()
    marketplace.buy("tokyo", "tote", 3)
    with marketplace.database.begin() as connection:
        listing_id = marketplace.listing_id("tokyo", "tote")
        ask_to_read(connection, [listing_id], now=marketplace.clock())
    marketplace.run("sync.read", "tokyo")
    marketplace.buy("osaka", "tote", 6)
    marketplace.run("orders.poll", "osaka")
    marketplace.run("sync.follow")
    marketplace.run("sync.push", "tokyo")
    assert marketplace.shown("tote")["tokyo"] == 4
    marketplace.catch_up()
    assert marketplace.shown("tote") == {"tokyo": 1, "osaka": 1}
    marketplace.check_whole()


@pytest.mark.slow
@pytest.mark.parametrize("skew_s", [-300, 300])
def test_z13_clocks_five_minutes_apart(marketplace: Marketplace, skew_s: float) -> None:
    """More than the fence allows for: late, but nothing is lost, and right in the end."""
    marketplace.shop("tokyo").record.skew_s = skew_s
    marketplace.offer(tote=30)
    marketplace.set_up()
    marketplace.clock.advance(600)  # what was placed before the store was opened is left alone
    for sale in range(5):
        marketplace.buy("tokyo", "tote", 2)
        if sale in (1, 3):
            marketplace.goods.receive("tote", 4)
        marketplace.tick(40)
    marketplace.run_for(1200, step=60)
    assert marketplace.shown("tote") == {"tokyo": 28, "osaka": 28}
    marketplace.check_whole()
