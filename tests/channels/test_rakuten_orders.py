"""Finding and reading orders: none lost, none twice, a broken one shown to a person."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from onhand.channels.errors import ChannelProtocolError, ListingRejected
from onhand.channels.port import ChannelLine, ChannelOrder, ListingKey, OrderState
from onhand.channels.rakuten.channel import RakutenChannel
from tests.channels.rakuten_answers import NO_HITS, found, item, order, orders
from tests.channels.scripted import ScriptedShop, says
from tests.shop import START

SINCE, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)


def placed(rakuten: RakutenChannel, since: datetime = SINCE) -> list[ChannelOrder]:
    """All orders of the window in one list."""
    return [one for page in rakuten.placed_orders(since, UNTIL) for one in page]


def read(shop: ScriptedShop, rakuten: RakutenChannel, content: object) -> ChannelOrder:
    """This order as the connector reads it."""
    shop.will(says(orders(content)))
    (one,) = rakuten.read_orders(["1-1"])
    return one


def test_the_search_is_asked_exactly(
    shop: ScriptedShop, rakuten: RakutenChannel, paced: list[str]
) -> None:
    shop.will(says(NO_HITS))

    assert placed(rakuten) == []

    assert shop.heard[0].path == "/es/2.0/order/searchOrder/"
    assert shop.heard[0].body == {
        "dateType": 1,
        "startDatetime": "2026-11-01T09:00:00+0900",
        "endDatetime": "2026-11-02T09:00:00+0900",
        "orderProgressList": [100, 200, 300, 400, 500, 600, 700, 800, 900],
        "PaginationRequestModel": {
            "requestRecordsAmount": 1000,
            "requestPage": 1,
            "SortModelList": [{"sortColumn": 1, "sortDirection": 1}],
        },
    }
    assert paced == ["order.searchOrder"]


def test_orders_are_read_by_the_hundred(shop: ScriptedShop, rakuten: RakutenChannel) -> None:
    numbers = [f"1-{n}" for n in range(150)]
    shop.will(
        says(found(numbers[:100], total=150, pages=2)),
        says(found(numbers[90:][::-1], total=150, pages=2, page=2)),
        says(orders(*(order(number) for number in numbers[:100]))),
        says(orders(*(order(number) for number in numbers[100:]))),
    )

    given = [one.order_id for one in placed(rakuten)]

    assert sorted(given) == sorted(numbers)
    asked = [heard.body.get("orderNumberList", []) for heard in shop.heard]
    assert [len(chunk) for chunk in asked] == [0, 0, 100, 50]
    assert shop.heard[2].body["version"] == 7


def test_the_twin_is_asked_without_version(shop: ScriptedShop, twin: RakutenChannel) -> None:
    lines = order("1-1")
    del lines["PackageModelList"][0]["ItemModelList"][0]["deleteItemFlag"]
    shop.will(says(found(["1-1"], total=1)), says(orders(lines)))

    assert [len(one.lines) for one in placed(twin)] == [1]
    assert [heard.path for heard in shop.heard] == [
        "/es/2.0/purchaseItem/searchOrderItem/",
        "/es/2.0/purchaseItem/getOrderItem/",
    ]
    assert shop.heard[1].body == {"orderNumberList": ["1-1"]}


def test_long_windows_are_cut_and_an_order_comes_once(
    shop: ScriptedShop, rakuten: RakutenChannel
) -> None:
    shop.will(
        says(found(["1-1"], total=1)),
        says(orders(order("1-1"))),
        says(found(["1-1", "1-2"], total=2)),
        says(orders(order("1-2"))),
    )

    assert [o.order_id for o in placed(rakuten, UNTIL - timedelta(days=80))] == ["1-1", "1-2"]


@pytest.mark.parametrize("total", [15_000, 15_001, 40_000])
def test_too_many_for_one_window_are_searched_in_halves(
    shop: ScriptedShop, rakuten: RakutenChannel, total: int
) -> None:
    shop.will(
        says(found(["1-1"], total=total, pages=15)),
        says(found(["1-1"], total=1)),
        says(orders(order("1-1"))),
        says(NO_HITS),
    )

    assert len(placed(rakuten)) == 1
    windows = [(h.body.get("startDatetime"), h.body.get("endDatetime")) for h in shop.heard]
    assert windows[1] == ("2026-11-01T09:00:00+0900", "2026-11-01T21:00:00+0900")
    assert windows[3] == ("2026-11-01T21:00:00+0900", "2026-11-02T09:00:00+0900")


def test_too_many_in_one_second_is_said(shop: ScriptedShop, rakuten: RakutenChannel) -> None:
    shop.will(says(found(["1-1"], total=15_001, pages=16)))

    with pytest.raises(ChannelProtocolError, match="within one second"):
        placed(rakuten)


def test_a_page_that_came_twice_is_made_good(shop: ScriptedShop, rakuten: RakutenChannel) -> None:
    first, second = found(["1-1"], total=2, pages=1), found(["1-2"], total=2, pages=1)
    shop.will(says(first), says(second), says(orders(order("1-1"), order("1-2"))))

    assert [one.order_id for one in placed(rakuten)] == ["1-1", "1-2"]


@pytest.mark.parametrize(
    "answer",
    [
        found(["1-1"], total=2),
        found([], total=3),
        found(["1-1"], total=1, pages=99),
        found(["1-1"], total=-1),
        found(["1-1"], total=0) | {"PaginationResponseModel": None},
        NO_HITS | {"MessageModelList": []},
        NO_HITS | {"MessageModelList": None},
        NO_HITS | {"orderNumberList": {"0": "1-1"}},
        {"orderNumberList": [], "PaginationResponseModel": None},
        {"orderNumberList": ["1-1", None]},
        {"orderNumberList": [11]},
    ],
)
def test_a_search_that_contradicts_itself_is_not_no_orders(
    shop: ScriptedShop, rakuten: RakutenChannel, answer: Any
) -> None:
    shop.will(says(answer))

    with pytest.raises(ChannelProtocolError):
        placed(rakuten)


@pytest.mark.parametrize("status", [200, 400])
def test_a_refused_search_is_told(shop: ScriptedShop, rakuten: RakutenChannel, status: int) -> None:
    code = "ORDER_EXT_API_SEARCH_ORDER_ERROR_011"
    message = {"messageType": "ERROR", "messageCode": code, "message": "format"}
    content = {"orderNumberList": None, "MessageModelList": [message]}
    shop.will(says(content, status))

    with pytest.raises(ListingRejected, match=f"{code} format"):
        placed(rakuten)


def test_a_found_order_that_is_not_given_is_asked_for_again(
    shop: ScriptedShop, rakuten: RakutenChannel
) -> None:
    shop.will(
        says(found(["1-1", "1-2"], total=2)),
        says(orders(order("1-1"), order("9-9"))),
        says(orders(order("1-2"))),
    )

    assert [one.order_id for one in placed(rakuten)] == ["1-1", "1-2"]
    assert shop.heard[2].body["orderNumberList"] == ["1-2"]


def test_an_order_that_stays_away_is_missed_loudly(
    shop: ScriptedShop, rakuten: RakutenChannel
) -> None:
    shop.will(says(found(["1-1", "1-2"], total=2)), says(orders(order("1-1"))), says(orders()))
    pages = rakuten.placed_orders(SINCE, UNTIL)

    assert [one.order_id for one in next(pages)] == ["1-1"]
    with pytest.raises(ChannelProtocolError, match="found but not given: 1-2"):
        next(pages)


def test_unknown_orders_are_left_out_when_read(shop: ScriptedShop, rakuten: RakutenChannel) -> None:
    unknown = {"messageType": "ERROR", "messageCode": "X", "orderNumber": "1-2", "message": "?"}
    shop.will(says(orders(order("1-1"), order("1-1")) | {"MessageModelList": [unknown]}))

    assert [one.order_id for one in rakuten.read_orders(["1-1", "1-2"])] == ["1-1"]
    with pytest.raises(ValueError, match="at most 100"):
        rakuten.read_orders([str(number) for number in range(101)])
    assert list(rakuten.read_orders([])) == []


def test_an_order_is_read(shop: ScriptedShop, rakuten: RakutenChannel) -> None:
    one = read(shop, rakuten, order("1-1"))

    assert (one.order_id, one.state, one.status) == ("1-1", OrderState.PLACED, "100")
    assert one.ordered_at == datetime(2026, 11, 1, 0, 12, 33, tzinfo=UTC)
    assert one.read_at == START
    key = ListingKey("tote-canvas", "tote-BK-L")
    assert one.lines == (ChannelLine("5-7", key, 2, "帆布トート 黒 L", ("TOTE-BK-L", "tote-BK-L")),)


def test_nothing_personal_and_no_price_is_kept(shop: ScriptedShop, rakuten: RakutenChannel) -> None:
    one = read(shop, rakuten, order("1-1", NewField={"name": "山田"}, newField="山田"))

    for word in ("山田", "090-", "千代田", "1-1-1", "9999", "rice"):
        assert word not in one.raw
    kept = json.loads(one.raw)
    assert kept["orderNumber"] == "1-1"
    assert kept["PackageModelList"][0]["ItemModelList"][0]["units"] == 2
    assert kept["PackageModelList"][0]["ItemModelList"][0]["SkuModelList"][0]["variantId"]


STATES = {
    100: OrderState.PLACED,
    200: OrderState.CONFIRMED,
    300: OrderState.CONFIRMED,
    400: OrderState.CHANGING,
    500: OrderState.SHIPPED,
    600: OrderState.SHIPPED,
    700: OrderState.SHIPPED,
    800: OrderState.CANCELLING,
    900: OrderState.CANCELLED,
    150: OrderState.ODD,
    -1: OrderState.ODD,
}


@pytest.mark.parametrize(("progress", "state"), STATES.items())
def test_each_status_has_its_state(
    shop: ScriptedShop, rakuten: RakutenChannel, progress: int, state: OrderState
) -> None:
    one = read(shop, rakuten, order("1-1", orderProgress=progress))

    assert (one.state, one.status, len(one.lines)) == (state, str(progress), 1)


def test_deleted_lines_and_packages_do_not_count(
    shop: ScriptedShop, rakuten: RakutenChannel
) -> None:
    lines = [item(itemDetailId=n, deleteItemFlag=n % 2) for n in range(3)]
    deleted = {"basketId": 6, "packageDeleteFlag": 1, "ItemModelList": [item()]}
    content = order("1-1", *lines)
    content["PackageModelList"].append(deleted)

    assert [line.line_id for line in read(shop, rakuten, content).lines] == ["5-0", "5-2"]
    gone = read(shop, rakuten, order("1-1", item(deleteItemFlag=1)))
    assert (gone.state, gone.lines) == (OrderState.PLACED, ())


def test_equal_lines_stay_two_lines(shop: ScriptedShop, rakuten: RakutenChannel) -> None:
    content = order("1-1", item(), item(), item(itemDetailId=8))
    content["PackageModelList"].append({"basketId": 6, "ItemModelList": [item()]})

    ids = [line.line_id for line in read(shop, rakuten, content).lines]

    assert ids == ["5-7", "5-7#2", "5-8", "6-7"]


@pytest.mark.parametrize(
    ("line", "key", "codes"),
    [
        ({"SkuModelList": [{"variantId": ""}], "itemNumber": "TOTEBK"}, "TOTEBK", ("TOTEBK",)),
        ({"SkuModelList": [], "itemNumber": "TOTEBK"}, "TOTEBK", ("TOTEBK",)),
        ({"SkuModelList": None, "itemNumber": None}, "", ("Mug",)),
        ({"SkuModelList": [{"variantId": None}], "itemNumber": ""}, "", ("Mug",)),
        ({"SkuModelList": [{"variantId": "normal-inventory"}]}, "normal-inventory", ("Mug",)),
        ({"SkuModelList": [{"variantId": "mug", "skuInfo": ""}]}, "mug", ("mug", "Mug")),
    ],
)
def test_an_order_from_before_skus_falls_back(
    shop: ScriptedShop, rakuten: RakutenChannel, line: Any, key: str, codes: Any
) -> None:
    content = order("1-1", item(manageNumber="Mug", **line))

    (found_line,) = read(shop, rakuten, content).lines

    assert found_line.key == ListingKey("mug", key)
    assert found_line.codes == codes


@pytest.mark.parametrize("units", [0, -3, 10**12, 2**70])
def test_absurd_units_are_passed_on(
    shop: ScriptedShop, rakuten: RakutenChannel, units: int
) -> None:
    (line,) = read(shop, rakuten, order("1-1", item(units=units))).lines

    assert line.units == units


NO_UNITS = {key: value for key, value in item().items() if key != "units"}
BROKEN: list[dict[str, Any]] = [
    order("1-1", NO_UNITS),
    *(order("1-1", item(units=units)) for units in ("2", 1.5, None, True, [2])),
    order("1-1", item(deleteItemFlag="1")),
    order("1-1", item(deleteItemFlag=2)),
    order("1-1", item(manageNumber="")),
    order("1-1", item(itemDetailId=None)),
    order("1-1", item(SkuModelList=[{}, {}])),
    order("1-1", orderProgress="100"),
    order("1-1", orderDatetime="yesterday"),
    order("1-1", orderDatetime="0001-01-01T00:00:00+0900"),
    order("1-1", PackageModelList=None),
    order("1-1", PackageModelList=[]),
    order("1-1", PackageModelList=[{"basketId": 5, "ItemModelList": []}]),
    order("1-1", PackageModelList=[{"ItemModelList": [item()]}]),
    {"orderNumber": "1-1"},
]


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_order_is_shown_and_hides_no_other(
    shop: ScriptedShop, rakuten: RakutenChannel, broken: dict[str, Any]
) -> None:
    shop.will(
        says(found(["1-1", "1-2"], total=2)), says(orders(broken, "junk", None, order("1-2")))
    )

    odd, sound = placed(rakuten)

    assert (odd.order_id, odd.state, odd.lines) == ("1-1", OrderState.ODD, ())
    assert json.loads(odd.raw)["orderNumber"] == "1-1"
    assert "山田" not in odd.raw
    assert len(sound.lines) == 1


def test_a_cancelled_order_may_be_empty(shop: ScriptedShop, rakuten: RakutenChannel) -> None:
    one = read(shop, rakuten, order("1-1", orderProgress=900, PackageModelList=[]))

    assert one.state == OrderState.CANCELLED


@pytest.mark.parametrize(
    "answer",
    [
        {"MessageModelList": []},
        {"MessageModelList": [], "OrderModelList": None},
        {"MessageModelList": [], "OrderModelList": {}},
        {"OrderModelList": []},
    ],
)
def test_an_answer_without_orders_or_reason(
    shop: ScriptedShop, rakuten: RakutenChannel, answer: Any
) -> None:
    shop.will(says(answer))

    with pytest.raises(ChannelProtocolError):
        rakuten.read_orders(["1-1"])
