"""The simulator against the reference: the order API; marks as in test_rakuten_conformance."""

from typing import Any

import pytest

from onhand.simulators.rakuten import (
    Knobs,
    Wish,
    buy,
    buy_basket,
    cancel,
    change_units,
    edit_stock_by_hand,
)
from tests.simulators.calls import (
    CANCEL,
    CONFIRM,
    GET,
    SEARCH,
    SHIP,
    TODAY,
    Bench,
    told,
)

PURCHASES = "/es/2.0/purchaseItem/getOrderItem/"


def bought(bench: Bench, units: int = 2) -> str:
    """An order of totes in L."""
    number = buy(bench.shop, "tote-canvas", "BK-L", units)
    assert number is not None
    return number


def test_a_a_search_gives_numbers_and_pages(bench: Bench) -> None:
    """(A) INFO_101, a list of texts, and the three paging numbers."""
    numbers = [bought(bench) for _ in range(3)]
    paging = {"requestRecordsAmount": 2, "requestPage": 2, "SortModelList": [{"sortDirection": 1}]}
    found = bench.post(SEARCH, {**TODAY, "PaginationRequestModel": paging})

    assert found["orderNumberList"] == numbers[2:]
    assert found["MessageModelList"][0]["messageCode"].endswith("SEARCH_ORDER_INFO_101")
    pages = {"totalRecordsAmount": 3, "totalPages": 2, "requestPage": 2}
    assert found["PaginationResponseModel"] == pages
    newest = bench.post(
        SEARCH,
        {
            **TODAY,
            "PaginationRequestModel": {"SortModelList": [{"sortColumn": 1, "sortDirection": 2}]},
        },
    )
    assert newest["orderNumberList"] == numbers[::-1]


def test_a_no_hits_are_info_102_with_nulls(bench: Bench) -> None:
    """(A, live) paging numbers are null."""
    found = bench.post(SEARCH, TODAY)

    assert found["orderNumberList"] == []
    assert found["MessageModelList"][0]["messageCode"].endswith("INFO_102")
    assert set(found["PaginationResponseModel"].values()) == {None}


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-22T00:00:00+09:00",
        "2026-11-22T00:00:00Z",
        "2026-11-22T00:00:00.000+0900",
        "2026-11-22T00:00:00",
        "2026-11-22",
        "2026/11/22 00:00:00",
        "20261122000000",
        "2026-11-22T00:00:00+0000",
        "2026-13-22T00:00:00+0900",
    ],
)
def test_a_only_one_form_of_moments(bench: Bench, moment: str) -> None:
    """(A/B) anything but YYYY-MM-DDThh:mm:ss+0900 is ERROR_011."""
    assert told(bench.ask("POST", SEARCH, {**TODAY, "startDatetime": moment})) == (400, "ERROR_011")


def test_a_missing_empty_and_wrong_fields(bench: Bench) -> None:
    """(A) ERROR_009 missing, 010 empty, 011 wrong; lists and paging are null then."""
    without = {name: value for name, value in TODAY.items() if name != "dateType"}
    answer = bench.ask("POST", SEARCH, without)
    document: Any = answer.json()

    assert told(answer) == (400, "ERROR_009")
    assert document["orderNumberList"] is None
    assert document["PaginationResponseModel"] is None
    assert told(bench.ask("POST", SEARCH, {**TODAY, "endDatetime": ""})) == (400, "ERROR_010")
    assert told(bench.ask("POST", SEARCH, {**TODAY, "dateType": 7})) == (400, "ERROR_011")
    states = {**TODAY, "orderProgressList": [100, 150]}
    assert told(bench.ask("POST", SEARCH, states)) == (400, "ERROR_011")


def test_a_limits_of_a_search(bench: Bench) -> None:
    """(A) 63 days wide, 730 days back, 1,000 a page; (U) the codes are labelled as simulated."""
    wide = {**TODAY, "startDatetime": "2026-09-20T23:59:58+0900"}
    old = {
        **TODAY,
        "startDatetime": "2024-11-01T00:00:00+0900",
        "endDatetime": "2024-12-01T00:00:00+0900",
    }
    backwards = {**TODAY, "endDatetime": "2026-11-21T00:00:00+0900"}
    many = {**TODAY, "PaginationRequestModel": {"requestRecordsAmount": 1_001}}
    for body in (wide, old, backwards, many):
        status, found = told(bench.ask("POST", SEARCH, body))
        assert (status, found[:9]) == (400, "ERROR_0xx")
    fits = {**TODAY, "startDatetime": "2026-09-20T23:59:59+0900"}
    assert bench.ask("POST", SEARCH, fits).status == 200


@pytest.mark.parametrize("is_capped", [False, True])
def test_a_nothing_beyond_15_000(is_capped: bool) -> None:
    """(A) number 15,001 cannot be reached; (U) whether the total says how many there are."""
    bench = Bench(Knobs(search_total_is_capped=is_capped, auto_cancel_days=None))
    edit_stock_by_hand(bench.shop, "lone", "normal-inventory", 99_999)
    for _ in range(15_001):
        assert buy(bench.shop, "lone", "normal-inventory", 1)
    paging = {"requestRecordsAmount": 1_000, "requestPage": 15}
    found = bench.post(SEARCH, {**TODAY, "PaginationRequestModel": paging})
    beyond = {**TODAY, "PaginationRequestModel": {**paging, "requestPage": 16}}

    assert len(found["orderNumberList"]) == 1_000
    assert found["PaginationResponseModel"]["totalPages"] == 15
    total = found["PaginationResponseModel"]["totalRecordsAmount"]
    assert total == (15_000 if is_capped else 15_001)
    assert bench.ask("POST", SEARCH, beyond).status == 400


def test_a_an_order_in_its_tree(bench: Bench) -> None:
    """(A) PascalCase models, the pair, the code, the choices; ids are numbers."""
    number = bought(bench)
    order = bench.order(number)
    (line,) = order["PackageModelList"][0]["ItemModelList"]

    assert number == "400123-20261122-0000100001"
    assert (order["orderProgress"], order["orderDatetime"]) == (100, "2026-11-22T12:00:10+0900")
    assert (line["manageNumber"], line["itemNumber"], line["units"]) == ("tote-canvas", "TOTE", 2)
    assert (line["inventoryType"], line["deleteItemFlag"]) == (2, 0)
    assert line["SkuModelList"] == [
        {
            "variantId": "BK-L",
            "merchantDefinedSkuId": "TOTE-BK-L",
            "skuInfo": "カラー:黒\nサイズ:L",
        }
    ]


def test_a_versions_of_an_order(bench: Bench) -> None:
    """(A) version is mandatory, SKUs from 7; (C) 1 and 2 are refused, 3 is not."""
    asked: dict[str, object] = {"orderNumberList": [bought(bench)]}
    assert told(bench.ask("POST", GET, asked)) == (400, "ERROR_009")
    for refused in (1, 2, 11):
        assert bench.ask("POST", GET, {**asked, "version": refused}).status == 400
    offered: tuple[int | str, ...] = (3, 6, 7, "10")
    for version in offered:
        found = bench.post(GET, {**asked, "version": version})
        line = found["OrderModelList"][0]["PackageModelList"][0]["ItemModelList"][0]
        assert ("SkuModelList" in line) == (int(version) >= 7)
        assert found.get("version") == (int(version) if int(version) >= 6 else None)


def test_d_unknown_orders_are_told_one_by_one(bench: Bench) -> None:
    """(D) the known ones come all the same; (U) more than 100 are refused."""
    number = bought(bench)
    found = bench.post(GET, {"orderNumberList": [number, "1-2-3"], "version": 7})

    assert [order["orderNumber"] for order in found["OrderModelList"]] == [number]
    assert found["MessageModelList"][1]["orderNumber"] == "1-2-3"
    many = {"orderNumberList": [str(one) for one in range(101)], "version": 7}
    assert bench.ask("POST", GET, many).status == 400


def test_a_the_twin_without_buyers(bench: Bench) -> None:
    """(A) purchaseItem: no version, no addresses, no restore and delete flags, no parcels."""
    number = bought(bench)
    found = bench.post(PURCHASES, {"orderNumberList": [number]})
    (order,) = found["OrderModelList"]
    (package,) = order["PackageModelList"]

    assert found["MessageModelList"][0]["messageCode"] == "ORDER_EXT_API_GET_ORDER_INFO_101"
    assert order["OrdererModel"] == {"prefecture": "東京都"}
    assert "ShippingModelList" not in package
    assert not {"restoreInventoryFlag", "deleteItemFlag"} & package["ItemModelList"][0].keys()
    assert package["ItemModelList"][0]["SkuModelList"][0]["variantId"] == "BK-L"
    numbers = bench.post("/es/2.0/purchaseItem/searchOrderItem/", TODAY)["orderNumberList"]
    assert numbers == [number]


def test_b_confirming_goes_by_200_to_300(bench: Bench) -> None:
    """(B) 100 to 200, then by itself to 300; (C) 103 when moved on, 102 when cancelled."""
    number, gone, unfixed = bought(bench), bought(bench), bought(bench)
    assert cancel(bench.shop, gone)
    bench.shop.order(unfixed).amount_fixed = False
    found = bench.post(CONFIRM, {"orderNumberList": [number, gone, unfixed]})

    codes = [one["messageCode"].partition("CONFIRM_ORDER_")[2] for one in found["MessageModelList"]]
    assert codes == ["INFO_101", "ERROR_102", "ERROR_105"]
    assert bench.order(unfixed)["requestPrice"] == -9_999
    assert bench.order(number)["orderProgress"] == 200
    again = bench.post(CONFIRM, {"orderNumberList": [number]})
    assert again["MessageModelList"][0]["messageCode"].endswith("ERROR_103")
    bench.clock.wait(60)
    assert bench.order(number)["orderProgress"] == 300
    assert bench.order(number)["orderFixDatetime"] is not None


def test_d_a_shipping_date_for_each_package_makes_500(bench: Bench) -> None:
    """(D) the trigger; (A) YYYY-MM-DD, else ERROR_011; only once it waits for shipment."""
    wishes = [Wish("lone", "normal-inventory", 1), Wish("tote-canvas", "BK-L", 1, package=1)]
    number = buy_basket(bench.shop, wishes)
    assert number is not None
    baskets = [package.basket_id for package in bench.shop.order(number).packages]

    def ship(basket: int, date: str) -> tuple[int, str]:
        parcel = {"deliveryCompany": "1001", "shippingNumber": "123", "shippingDate": date}
        basketed = [{"basketId": basket, "ShippingModelList": [parcel]}]
        body = {"orderNumber": number, "BasketidModelList": basketed}
        return told(bench.ask("POST", SHIP, body))

    assert ship(baskets[0], "2026-11-22")[0] == 400
    bench.post(CONFIRM, {"orderNumberList": [number]})
    bench.clock.wait(60)
    assert ship(baskets[0], "2026/11/22") == (400, "ERROR_011")
    assert ship(baskets[0], "2026-11-22") == (200, "INFO_101")
    assert bench.order(number)["orderProgress"] == 300
    assert ship(baskets[1], "2026-11-22") == (200, "INFO_101")
    assert bench.order(number)["orderProgress"] == 500


@pytest.mark.parametrize(
    ("restore", "large", "medium"), [(0, 10, 2), (1, 10, 3), (2, 8, 2)], ids=["item", "all", "none"]
)
def test_b_cancelling_restores_by_type(
    bench: Bench, *, restore: int, large: int, medium: int
) -> None:
    """(B) 0 as the SKU says, 1 all, 2 none; not once it is shipped or cancelled."""
    wishes = [Wish("tote-canvas", "BK-L", 2), Wish("tote-canvas", "BK-M", 1)]
    number = buy_basket(bench.shop, wishes)
    assert number is not None
    body = {"orderNumber": number, "inventoryRestoreType": restore, "changeReasonDetailApply": 8}
    assert told(bench.ask("POST", CANCEL, body)) == (200, "INFO_101")

    assert bench.order(number)["orderProgress"] == 900
    assert bench.shop.quantity("tote-canvas", "BK-L") == large
    assert bench.shop.quantity("tote-canvas", "BK-M") == medium
    assert bench.ask("POST", CANCEL, body).status == 400


def test_u_changes_and_cancellations_may_take_a_while() -> None:
    """(U) how long 400 and 800 last: knobs; (B) a change sets modifyFlag, 0 deletes the line."""
    bench = Bench(Knobs(change_settles_s=60, cancel_settles_s=60, restock_delay_s=90))
    number = buy_basket(bench.shop, [Wish("tote-canvas", "BK-L", 2)] * 2)
    assert number is not None
    line = bench.shop.order(number).lines()[0].line_id
    assert change_units(bench.shop, number, line, 0)
    assert bench.order(number)["orderProgress"] == 400
    bench.clock.wait(60)
    order = bench.order(number)
    lines = order["PackageModelList"][0]["ItemModelList"]

    assert (order["orderProgress"], order["modifyFlag"]) == (100, 1)
    assert [one["deleteItemFlag"] for one in lines] == [1, 0]
    assert cancel(bench.shop, number)
    assert bench.order(number)["orderProgress"] == 800
    bench.clock.wait(60)
    assert bench.order(number)["orderProgress"] == 900
    assert bench.shop.quantity("tote-canvas", "BK-L") == 8
    bench.clock.wait(30)
    assert bench.shop.quantity("tote-canvas", "BK-L") == 10


def test_c_an_order_nobody_confirms_lapses_after_14_days(bench: Bench) -> None:
    """(C) cancelled by Rakuten; (D) with the stock back as the SKU says."""
    number = bought(bench)
    bench.clock.wait(14 * 86_400)

    assert bench.order(number)["orderProgress"] == 900
    assert bench.shop.quantity("tote-canvas", "BK-L") == 10


def test_b_rms_can_confirm_by_itself() -> None:
    """(B) a client may see 200 and 300 without having confirmed."""
    bench = Bench(Knobs(auto_confirm_s=30, processing_s=30))
    number = bought(bench)
    seen = []
    for _ in range(3):
        seen.append(bench.shop.order(number).progress)
        bench.clock.wait(30)
    assert seen == [100, 200, 300]


def test_d_the_units_are_gone_with_the_order(bench: Bench) -> None:
    """(D) lowered at once; more than there is cannot be ordered, two lines count together."""
    assert buy(bench.shop, "tote-canvas", "BK-M", 4) is None
    assert buy_basket(bench.shop, [Wish("tote-canvas", "BK-M", 2)] * 2) is None
    assert buy(bench.shop, "tote-canvas", "BK-M", 3) is not None
    assert bench.read(("tote-canvas", "BK-M")) == {("tote-canvas", "BK-M"): 0}
