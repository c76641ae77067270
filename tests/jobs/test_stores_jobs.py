"""The stores' jobs against shops that sell: catalogues, orders, confirmations, keys."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from onhand.access.model import Accepted, Actor, Asked
from onhand.catalog.commands.listings import map_listing
from onhand.catalog.commands.skus import create_skus
from onhand.catalog.commands.stores import update_store
from onhand.catalog.model.listings import ListingMapped, ListingMapping
from onhand.catalog.model.skus import NewSku
from onhand.catalog.model.stores import StoreChange, StoreStatus
from onhand.catalog.queries.listings import ListingFilter, ListingView, list_listings
from onhand.orders.queries.due import read_cursor
from onhand.simulators.rakuten import (
    Fault,
    FaultKind,
    Item,
    Request,
    Response,
    Variant,
    buy_basket,
    cancel,
)
from onhand.simulators.rakuten.buying import Wish
from tests.marketplace import POLL_S, VARIANT, Answer, Marketplace

DAY_S = 86_400


def listings(marketplace: Marketplace, store_id: str = "tokyo") -> dict[str, ListingView]:
    """The store's listings by item."""
    with marketplace.database.read() as connection:
        page = list_listings(connection, ListingFilter(store=store_id, limit=1000))
    return {view.item: view for view in page.listings}


# Catalogue


def test_a_new_item_is_found_and_told_its_number(marketplace: Marketplace) -> None:
    marketplace.offer(tote=10)
    marketplace.set_up()
    marketplace.goods.register(mug=4)
    marketplace.list_item("tokyo", "mug")
    view = marketplace.run("catalog.pull", "tokyo")
    assert (view.state, view.done_count, view.counts["new"]) == ("done", 2, 1)
    marketplace.catch_up()
    assert marketplace.shown("mug") == {"tokyo": 4, "osaka": None}


def test_a_large_catalogue_comes_in_pages(marketplace: Marketplace) -> None:
    for number in range(230):
        marketplace.list_item("tokyo", f"item{number:03}", at_shop=None)
    view = marketplace.run("catalog.pull", "tokyo")
    assert view.done_count == 230
    assert len(listings(marketplace)) == 230
    assert marketplace.line.count("search", "tokyo") >= 3


def test_two_variants_and_letters_alike(marketplace: Marketplace) -> None:
    """ManageNumber is folded by the shop, variantId is not."""
    marketplace.goods.register("red", "blue")
    variants = {"A": Variant("RED"), "a": Variant("blue")}
    marketplace.shop("tokyo").add_item(Item("ToTe", "tote", variants), {"A": 0, "a": 0})
    marketplace.goods.receive("red", 3)
    marketplace.goods.receive("blue", 5)
    marketplace.set_up()
    shop = marketplace.shop("tokyo")
    assert (shop.quantity("tote", "A"), shop.quantity("tote", "a")) == (3, 5)
    buy_basket(shop, [Wish("tote", "A", 1), Wish("tote", "a", 2)])
    marketplace.catch_up()
    assert marketplace.goods.units("red").available == 2
    assert marketplace.goods.units("blue").available == 3


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=FaultKind.ENDLESS, function="items.search"),
        Fault(kind=FaultKind.TRUNCATED, function="items.search"),
        Fault(kind=FaultKind.HTML, function="items.search", status=200),
        Fault(kind=FaultKind.LOST, function="items.search"),
    ],
)
def test_a_catalogue_that_cannot_be_read_loses_nothing(
    marketplace: Marketplace, fault: Fault
) -> None:
    marketplace.offer(tote=10)
    marketplace.set_up()
    marketplace.clock.advance(2 * DAY_S)
    marketplace.rakuten.faults.plan(fault, times=100)
    view = marketplace.run("catalog.pull", "tokyo")
    assert view.state == "failed"
    assert view.errors
    assert listings(marketplace)["tote"].missing_since is None
    marketplace.rakuten.faults.clear()
    assert marketplace.run("catalog.pull", "tokyo").state == "done"


def test_pages_that_repeat_and_change_places(marketplace: Marketplace) -> None:
    for number in range(150):
        marketplace.list_item("tokyo", f"item{number:03}", at_shop=None)
    for kind in (FaultKind.REPEATED, FaultKind.REORDERED):
        marketplace.rakuten.faults.plan(Fault(kind=kind, function="items.search"), times=2)
        assert marketplace.run("catalog.pull", "tokyo").state == "done"
    assert len(listings(marketplace)) == 150


def test_an_item_that_is_gone_is_missing_after_two_pulls_a_day_apart(
    marketplace: Marketplace,
) -> None:
    marketplace.offer(tote=10, mug=3)
    marketplace.set_up()
    marketplace.shop("tokyo").delete_item("tote")
    marketplace.clock.advance(1)
    marketplace.run("catalog.pull", "tokyo")
    assert listings(marketplace)["tote"].missing_since is None
    marketplace.clock.advance(DAY_S)
    marketplace.run("catalog.pull", "tokyo")
    found = listings(marketplace)
    assert found["tote"].missing_since is not None
    assert found["mug"].missing_since is None


def test_two_listings_of_one_sku_show_the_same(marketplace: Marketplace) -> None:
    marketplace.offer(tote=10)
    second = Item("tote-2", "tote again", {VARIANT: Variant("tote")})
    marketplace.shop("tokyo").add_item(second, {VARIANT: 0})
    marketplace.set_up()
    assert marketplace.shown("tote") == {"tokyo": 10, "osaka": 10}
    assert marketplace.shown("tote-2")["tokyo"] == 10
    marketplace.buy("tokyo", "tote-2", 4)
    marketplace.catch_up()
    assert marketplace.shown("tote") == {"tokyo": 6, "osaka": 6}
    assert marketplace.shown("tote-2")["tokyo"] == 6


def test_a_listing_is_mapped_once(marketplace: Marketplace) -> None:
    """A second SKU is refused; by a person's word it takes the other's place, and its number."""
    marketplace.offer(tote=10)
    marketplace.goods.register(mug=3)
    marketplace.set_up()
    listing_id = marketplace.listing_id("tokyo", "tote")
    asked, mapping = marketplace.asked(), ListingMapping(listing_id, "mug")
    refused = map_listing(marketplace.database, asked, mapping)
    assert isinstance(refused, ListingMapped)
    marketplace.catch_up()
    assert marketplace.shown("tote") == {"tokyo": 10, "osaka": 10}


def test_a_sku_that_is_registered_later_is_mapped_pushed_and_held(marketplace: Marketplace) -> None:
    for code in ("tokyo", "osaka"):
        marketplace.list_item(code, "tote", at_shop=4)
    marketplace.set_up()
    marketplace.run("catalog.map")
    number = marketplace.buy("tokyo", "tote", 3)
    marketplace.catch_up()
    assert marketplace.desk() == [("unmapped", "tote v")]
    new = [NewSku("TOTE")]
    create_skus(marketplace.database, Asked(Actor("mei"), marketplace.clock()), new)
    marketplace.goods.receive("tote", 10)
    assert marketplace.run("catalog.map").counts == {"mapped": 2}
    marketplace.do("orders.hold-mapped", "tokyo")
    marketplace.catch_up()
    assert number is not None
    assert tuple(marketplace.goods.units("tote")) == (10, 3)
    assert marketplace.shown("tote") == {"tokyo": 7, "osaka": 7}
    assert not marketplace.desk()
    marketplace.clock.advance(3600)
    assert marketplace.run("catalog.map").done_count == 0


# Orders


def test_an_order_goes_its_whole_way(marketplace: Marketplace) -> None:
    marketplace.offer(tote=10)
    marketplace.set_up()
    number = marketplace.buy("tokyo", "tote", 3)
    assert number is not None
    marketplace.run("orders.poll", "tokyo")
    assert marketplace.orders() == {number: "placed"}
    assert marketplace.run("orders.confirm", "tokyo").done_count == 1
    assert marketplace.shop("tokyo").order(number).progress == 200
    marketplace.clock.advance(70)
    marketplace.run("orders.reread", "tokyo")
    assert marketplace.orders() == {number: "confirmed"}
    assert tuple(marketplace.goods.units("tote")) == (10, 3)
    marketplace.shop("tokyo").order(number).progress = 500
    marketplace.clock.advance(70)
    marketplace.run("orders.reread", "tokyo")
    assert marketplace.orders() == {number: "shipped"}
    assert tuple(marketplace.goods.units("tote")) == (7, 0)
    marketplace.catch_up()
    marketplace.check_whole()


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=FaultKind.LOST, function="order.confirmOrder"),
        Fault(kind=FaultKind.LOST, function="order.confirmOrder", after=True),
        Fault(kind=FaultKind.ERROR, function="order.confirmOrder", after=True),
        Fault(kind=FaultKind.TRUNCATED, function="order.confirmOrder"),
        Fault(kind=FaultKind.MAINTENANCE, function="order.confirmOrder"),
    ],
)
def test_a_confirmation_that_is_lost_is_tried_again(marketplace: Marketplace, fault: Fault) -> None:
    marketplace.offer(tote=10)
    marketplace.set_up()
    number = marketplace.buy("tokyo", "tote", 3)
    assert number is not None
    marketplace.rakuten.faults.plan(fault)
    marketplace.run_for(2 * POLL_S, step=10)
    assert marketplace.shop("tokyo").order(number).progress >= 200
    marketplace.run_for(POLL_S, step=20)
    assert marketplace.orders() == {number: "confirmed"}
    assert tuple(marketplace.goods.units("tote")) == (10, 3)
    assert not marketplace.desk()


@pytest.mark.slow
def test_a_confirmation_that_never_works_is_a_persons(marketplace: Marketplace) -> None:
    marketplace.offer(tote=10)
    marketplace.set_up()
    number = marketplace.buy("tokyo", "tote", 3)
    fault = Fault(kind=FaultKind.LOST, function="order.confirmOrder")
    marketplace.rakuten.faults.plan(fault, times=1000)
    marketplace.run_for(5 * POLL_S, step=10)
    assert marketplace.orders() == {number: "placed"}
    assert ("failed_confirmation", "") in marketplace.desk()
    assert marketplace.line.count("confirmOrder") == 6
    assert tuple(marketplace.goods.units("tote")) == (10, 3)
    assert marketplace.shown("tote") == {"tokyo": 7, "osaka": 7}


def test_a_store_that_does_not_want_its_orders_confirmed(marketplace: Marketplace) -> None:
    marketplace.open_store("kobe", confirm_orders=False)
    marketplace.offer(tote=10)
    marketplace.set_up()
    number = marketplace.buy("kobe", "tote", 1)
    marketplace.run_for(3 * POLL_S, step=20)
    assert marketplace.orders("kobe") == {number: "placed"}
    assert marketplace.line.count("confirmOrder") == 0


@pytest.mark.slow
def test_orders_through_the_api_without_names(marketplace: Marketplace) -> None:
    """PurchaseItemAPI shows the same orders and nothing of the buyers."""
    marketplace.open_store("kobe", use_purchase_item_api=True)
    marketplace.offer(tote=10)
    marketplace.set_up()
    number = marketplace.buy("kobe", "tote", 4)
    assert number is not None
    marketplace.run_for(2 * POLL_S, step=20)
    cancel(marketplace.shop("kobe"), number)
    marketplace.run_for(6 * POLL_S, step=30)
    assert marketplace.orders("kobe") == {number: "cancelled"}
    assert marketplace.line.count("searchOrderItem", "kobe") > 0
    assert marketplace.line.count("searchOrder", "kobe") == 0
    assert set(marketplace.shown("tote").values()) == {10}
    marketplace.check_whole()


def test_after_a_long_pause_nothing_is_missing(marketplace: Marketplace) -> None:
    """The poll goes on a day at a time, and again from where it broke off."""
    marketplace.offer(tote=100)
    marketplace.set_up()
    for _ in range(8):
        marketplace.buy("tokyo", "tote", 1)
        marketplace.clock.advance(DAY_S / 2)
    fault = Fault(kind=FaultKind.LOST, function="order.searchOrder")
    seen = 0

    def meddle(request: Request, carry: Callable[[], Answer]) -> Answer:
        nonlocal seen
        seen += request.path.endswith("searchOrder/")
        if seen == 3:
            seen += 1
            marketplace.rakuten.faults.plan(fault)
        return carry()

    marketplace.line.meddle = meddle
    assert marketplace.run("orders.poll", "tokyo").state == "failed"
    with marketplace.database.read() as connection:
        cursor = read_cursor(connection, "tokyo")
    assert cursor is not None
    assert cursor.taken_in_until is not None
    behind = marketplace.clock() - cursor.taken_in_until
    assert timedelta(days=1) < behind < timedelta(days=3)
    assert 3 <= len(marketplace.orders()) < 8
    assert marketplace.run("orders.poll", "tokyo").state == "done"
    assert len(marketplace.orders()) == 8
    marketplace.catch_up()
    assert marketplace.goods.units("tote").available == 92
    marketplace.check_whole()


def test_orders_from_before_the_store_was_opened_are_left_alone(marketplace: Marketplace) -> None:
    """The shop has them off its number already."""
    marketplace.rakuten.open_shop("kobe")
    marketplace.offer(stores=["kobe"], at_shop=10, tote=8)
    before = marketplace.buy("kobe", "tote", 2)
    marketplace.clock.advance(3600)
    marketplace.take_on("kobe")
    after = marketplace.buy("kobe", "tote", 1)
    marketplace.set_up()
    assert before not in marketplace.orders("kobe")
    assert after in marketplace.orders("kobe")
    assert marketplace.shown("tote")["kobe"] == 7


@pytest.mark.slow
def test_pages_of_orders_that_repeat_and_change_places(marketplace: Marketplace) -> None:
    marketplace.offer(tote=100)
    marketplace.set_up()
    numbers = {marketplace.buy("tokyo", "tote", 1) for _ in range(25)}
    for kind in (FaultKind.REPEATED, FaultKind.REORDERED):
        fault = Fault(kind=kind, function="order.*", shop="tokyo")
        marketplace.rakuten.faults.plan(fault, times=2)
        assert marketplace.run("orders.poll", "tokyo").state == "done"
        assert set(marketplace.orders()) == numbers
        assert tuple(marketplace.goods.units("tote")) == (100, 25)
    marketplace.catch_up()
    marketplace.check_whole()


# Keys


def test_when_the_keys_end_is_known(marketplace: Marketplace) -> None:
    assert marketplace.run("stores.check-keys", "tokyo").state == "done"
    store = marketplace.store("tokyo")
    assert store.key_expires_at == marketplace.shop("tokyo").key_expires_at
    assert store.key_days_left == 90
    marketplace.clock.advance(85 * DAY_S)
    assert marketplace.store("tokyo").key_warning == "14_days"
    marketplace.shop("tokyo").renew_key()
    marketplace.give_keys("tokyo")
    assert marketplace.store("tokyo").key_expires_at is None
    marketplace.run("stores.check-keys", "tokyo")
    assert marketplace.store("tokyo").key_days_left == 90


def test_asking_when_the_keys_end_is_not_allowed_everywhere(marketplace: Marketplace) -> None:
    """The licence function may be unticked: that is told and pauses nothing."""
    marketplace.shop("tokyo").deny("license.expiryDate")
    view = marketplace.run("stores.check-keys", "tokyo")
    assert (view.state, len(view.errors)) == ("done", 1)
    assert marketplace.store("tokyo").status == "active"


@pytest.mark.slow
def test_a_paused_store_is_not_called_and_resumes_where_it_was(marketplace: Marketplace) -> None:
    marketplace.offer(tote=10)
    marketplace.set_up()
    change = StoreChange("tokyo", status=StoreStatus.PAUSED)
    assert isinstance(update_store(marketplace.database, marketplace.asked(), change), Accepted)
    marketplace.tick()
    calls = len(marketplace.line.calls)
    marketplace.buy("tokyo", "tote", 2)
    marketplace.buy("osaka", "tote", 1)
    marketplace.run_for(3 * POLL_S, step=20)
    assert not [code for code, _ in marketplace.line.calls[calls:] if code == "tokyo"]
    assert marketplace.shown("tote") == {"tokyo": 8, "osaka": 9}
    change = StoreChange("tokyo", status=StoreStatus.ACTIVE)
    update_store(marketplace.database, marketplace.asked(), change)
    marketplace.run_for(4 * POLL_S, step=20)
    assert marketplace.shown("tote") == {"tokyo": 7, "osaka": 7}
    marketplace.check_whole()


def test_answers_of_another_shape_are_never_no_orders(marketplace: Marketplace) -> None:
    marketplace.offer(tote=10)
    marketplace.set_up()
    marketplace.clock.advance(POLL_S)
    number = marketplace.buy("tokyo", "tote", 2)
    bodies: list[object] = [
        {},
        [],
        None,
        {"orderNumberList": None, "MessageModelList": []},
        {"orderNumberList": [], "MessageModelList": [], "PaginationResponseModel": {}},
        {"orderNumberList": [None], "MessageModelList": []},
        {"MessageModelList": [{"messageType": "INFO"}]},
        {"orderNumberList": ["x"] * 3, "MessageModelList": [], "PaginationResponseModel": []},
    ]
    for body in bodies:
        answer = Response(200, {}, json.dumps(body).encode())
        marketplace.line.meddle = lambda request, carry, answer=answer: answer
        assert marketplace.run("orders.poll", "tokyo").state == "failed", body
    marketplace.line.meddle = None
    assert marketplace.orders() == {}
    marketplace.run("orders.poll", "tokyo")
    assert marketplace.orders() == {number: "placed"}
