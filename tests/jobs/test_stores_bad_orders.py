"""Orders that make no sense: taken in as they are, on the desk, and never in anybody's way."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from onhand.access.model import Accepted
from onhand.catalog.commands.listings import map_listing
from onhand.catalog.model.listings import ListingMapping
from onhand.simulators.rakuten import Item, Request, Response, Variant, buy_basket, change_units
from onhand.simulators.rakuten.buying import Wish
from onhand.stock.model.commands import ResetSku
from onhand.sync.commands.marks import mark_stale
from tests.marketplace import POLL_S, VARIANT, Answer, Marketplace

Bend = Callable[[dict[str, Any]], None]


def bent(bends: Mapping[str | None, Bend]) -> Callable[[Request, Callable[[], Answer]], Answer]:
    """A line on which some orders' messages are changed."""

    def meddle(request: Request, carry: Callable[[], Answer]) -> Answer:
        answer = carry()
        if not isinstance(answer, Response) or not request.path.endswith("getOrder/"):
            return answer
        document = json.loads(answer.body)
        for order in document["OrderModelList"]:
            if order["orderNumber"] in bends:
                bends[order["orderNumber"]](order)
        return Response(200, answer.headers, json.dumps(document).encode())

    return meddle


def set_units(order: dict[str, Any], units: int) -> None:
    """Let the first line be of so many units."""
    first_item(order)["units"] = units


def first_item(order: dict[str, Any]) -> dict[str, Any]:
    """The first line of an order's message."""
    found: dict[str, Any] = order["PackageModelList"][0]["ItemModelList"][0]
    return found


ABSURD = (0, -1, -10_000, 10_001, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**30)


def test_absurd_units(marketplace: Marketplace) -> None:
    """The lines count for nothing and are on the desk; the order beside them is taken in."""
    marketplace.offer(tote=30)
    marketplace.set_up()
    odd = {marketplace.buy("tokyo", "tote", 1): units for units in ABSURD}
    good = marketplace.buy("tokyo", "tote", 2)
    marketplace.line.meddle = bent(
        {number: partial(set_units, units=units) for number, units in odd.items()}
    )
    marketplace.run_for(2 * POLL_S, step=20)
    assert set(marketplace.orders()) == {*odd, good}
    assert marketplace.goods.units("tote").reserved == 2
    assert len(marketplace.desk()) == len(odd)
    assert {kind for kind, _ in marketplace.desk()} <= {"bad_line", "odd_status"}
    marketplace.line.meddle = None  # the shop says what it meant
    marketplace.run_for(6 * POLL_S, step=30)
    assert not marketplace.desk()
    assert marketplace.shown("tote") == {"tokyo": 19, "osaka": 19}
    marketplace.check_whole()


BENT: dict[str, Bend] = {
    "units as text": lambda order: first_item(order).update(units="3"),
    "units missing": lambda order: first_item(order).pop("units"),
    "no lines": lambda order: order["PackageModelList"][0].update(ItemModelList=[]),
    "no packages": lambda order: order.update(PackageModelList=[]),
    "lines null": lambda order: order["PackageModelList"][0].update(ItemModelList=None),
    "a status nobody knows": lambda order: order.update(orderProgress=950),
    "status as text": lambda order: order.update(orderProgress="100"),
    "no date": lambda order: order.update(orderDatetime=None),
    "another calendar": lambda order: order.update(orderDatetime="令和8年3月1日"),
    "a flag of 7": lambda order: first_item(order).update(deleteItemFlag=7),
    "no item": lambda order: first_item(order).update(manageNumber=""),
    "two skus": lambda order: first_item(order).update(SkuModelList=[{}, {}]),
    "a name with NUL": lambda order: first_item(order).update(itemName="a\0b"),
}


def test_messages_of_another_shape(marketplace: Marketplace) -> None:
    marketplace.offer(tote=30)
    marketplace.set_up()
    odd = {marketplace.buy("tokyo", "tote", 1): name for name in BENT}
    good = marketplace.buy("tokyo", "tote", 2)
    marketplace.line.meddle = bent({number: BENT[name] for number, name in odd.items()})
    assert marketplace.run("orders.poll", "tokyo").state == "done"
    assert set(marketplace.orders()) == {*odd, good}
    assert 2 <= marketplace.goods.units("tote").reserved <= 2 + len(odd)
    marketplace.line.meddle = None
    marketplace.clock.advance(POLL_S)
    marketplace.do("orders.reread", "tokyo")
    assert marketplace.goods.units("tote").reserved == 2 + len(odd)
    assert not marketplace.desk()
    marketplace.catch_up()
    marketplace.check_whole()


def test_a_known_order_that_turns_odd_keeps_what_it_holds(marketplace: Marketplace) -> None:
    marketplace.offer(tote=20)
    marketplace.set_up()
    number = marketplace.buy("tokyo", "tote", 3)
    marketplace.catch_up()
    assert marketplace.goods.units("tote").reserved == 3
    marketplace.line.meddle = bent({number: lambda order: order.update(PackageModelList=[])})
    marketplace.clock.advance(POLL_S)
    marketplace.do("orders.reread", "tokyo")
    assert marketplace.goods.units("tote").reserved == 3
    assert marketplace.desk()
    marketplace.line.meddle = None
    marketplace.catch_up()
    assert not marketplace.desk()
    marketplace.check_whole()


def test_deleted_lines_count_for_nothing(marketplace: Marketplace) -> None:
    marketplace.offer(tote=20, mug=5)
    marketplace.set_up()
    shop = marketplace.shop("tokyo")
    number = buy_basket(shop, [Wish("tote", VARIANT, 2), Wish("mug", VARIANT, 1)])
    assert number is not None
    tote, _ = shop.order(number).lines()
    change_units(shop, number, tote.line_id, 0)
    marketplace.catch_up()
    assert marketplace.goods.units("tote").reserved == 0
    assert marketplace.goods.units("mug").reserved == 1
    marketplace.catch_up()
    assert marketplace.shown("tote") == {"tokyo": 20, "osaka": 20}
    marketplace.check_whole()


def test_a_line_nobody_knows_is_held_once_it_is_mapped(marketplace: Marketplace) -> None:
    marketplace.offer(tote=20)
    marketplace.goods.register(cup=9)
    stranger = Item("stranger", "stranger", {VARIANT: Variant("")})
    marketplace.shop("tokyo").add_item(stranger, {VARIANT: 9})
    marketplace.set_up()
    wishes = [Wish("tote", VARIANT, 2), Wish("stranger", VARIANT, 3)]
    assert buy_basket(marketplace.shop("tokyo"), wishes)
    marketplace.catch_up()
    assert marketplace.goods.units("tote").reserved == 2
    assert [kind for kind, _ in marketplace.desk()] == ["unmapped"]
    assert marketplace.do("orders.hold-mapped", "tokyo").done == 0

    listing_id = marketplace.listing_id("tokyo", "stranger")
    mapping = ListingMapping(listing_id, "cup")
    then = partial(mark_stale, now=marketplace.clock())
    done = map_listing(marketplace.database, marketplace.asked(), mapping, then=then)
    assert isinstance(done, Accepted)
    assert marketplace.do("orders.hold-mapped", "tokyo").done == 1
    assert marketplace.goods.units("cup").reserved == 3
    assert not marketplace.desk()
    marketplace.catch_up()
    assert marketplace.shown("stranger")["tokyo"] == 6
    assert marketplace.do("orders.hold-mapped", "tokyo").done == 0


def test_an_order_before_its_item_was_ever_seen(marketplace: Marketplace) -> None:
    """The catalogue lags a day behind: the order waits on the desk, the number comes right."""
    marketplace.offer(tote=20)
    marketplace.set_up()
    marketplace.goods.register(mug=10)
    marketplace.list_item("tokyo", "mug", at_shop=10)
    marketplace.buy("tokyo", "mug", 4)
    marketplace.catch_up()
    assert [kind for kind, _ in marketplace.desk()] == ["unmapped"]
    marketplace.clock.advance(300)
    marketplace.do("catalog.pull", "tokyo")
    marketplace.do("orders.hold-mapped", "tokyo")
    assert marketplace.goods.units("mug").reserved == 4
    marketplace.catch_up()
    assert marketplace.shown("mug")["tokyo"] == 6
    assert not marketplace.desk()
    assert not marketplace.drifts()


def test_an_order_for_a_sku_that_was_unregistered(marketplace: Marketplace) -> None:
    marketplace.offer(tote=20)
    marketplace.set_up()
    marketplace.goods.do(ResetSku("tote"))
    number = marketplace.buy("tokyo", "tote", 2)
    assert marketplace.run("orders.poll", "tokyo").state == "done"
    assert marketplace.orders() == {number: "placed"}
    assert [kind for kind, _ in marketplace.desk()] == ["unmapped"]
    marketplace.run_for(3 * POLL_S, step=20)
    assert not [task for task in marketplace.tasks() if task.errors]


def test_a_sku_is_unregistered_while_its_order_is_open(marketplace: Marketplace) -> None:
    marketplace.offer(tote=20)
    marketplace.set_up()
    number = marketplace.buy("tokyo", "tote", 2)
    assert number is not None
    marketplace.catch_up()
    marketplace.goods.do(ResetSku("tote"))
    marketplace.shop("tokyo").order(number).progress = 500
    marketplace.run_for(3 * POLL_S, step=20)
    assert marketplace.orders() == {number: "shipped"}
    assert not [task for task in marketplace.tasks() if task.errors]


def test_more_than_there_is_in_one_order(marketplace: Marketplace) -> None:
    """A fact all the same: the shop has sold it."""
    marketplace.offer(tote=2)
    marketplace.set_up()
    number = marketplace.buy("tokyo", "tote", 1)
    marketplace.line.meddle = bent({number: partial(set_units, units=500)})
    marketplace.do("orders.poll", "tokyo")
    marketplace.line.meddle = None
    assert marketplace.goods.units("tote").available == -498
    assert [kind for kind, _ in marketplace.desk()] == ["shortfall"]
    marketplace.catch_up()
    assert marketplace.shown("tote")["osaka"] == 1
    assert marketplace.goods.units("tote").available == 1


def test_an_order_of_many_lines(marketplace: Marketplace) -> None:
    marketplace.offer(tote=2000)
    marketplace.set_up()
    wishes = [Wish("tote", VARIANT, 1, package=n % 7) for n in range(300)]
    number = buy_basket(marketplace.shop("tokyo"), wishes)
    marketplace.catch_up()
    assert set(marketplace.orders()) == {number}
    assert marketplace.shown("tote") == {"tokyo": 1700, "osaka": 1700}
    marketplace.check_whole()


@pytest.mark.slow
@pytest.mark.parametrize("days", [400, -3])
def test_an_order_from_another_time(marketplace: Marketplace, days: int) -> None:
    """The shop's own date is far off: the order counts, and nothing is stuck for it."""
    marketplace.offer(tote=20)
    marketplace.set_up()
    number = marketplace.buy("tokyo", "tote", 2)
    moment = marketplace.clock() - timedelta(days=days)
    text = f"{moment:%Y-%m-%dT%H:%M:%S}+0900"
    marketplace.line.meddle = bent({number: lambda order: order.update(orderDatetime=text)})
    assert marketplace.run("orders.poll", "tokyo").state == "done"
    assert marketplace.goods.units("tote").reserved == 2
    marketplace.line.meddle = None
    marketplace.catch_up()
    marketplace.clock.advance(3700)
    marketplace.do("sync.check", "tokyo")
    marketplace.catch_up()
    assert marketplace.shown("tote") == {"tokyo": 18, "osaka": 18}
