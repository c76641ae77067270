"""Stock in numbers over HTTP."""

from typing import Any

import pytest

from onhand.stock.queries.reports import NAMES
from tests.shop import FakeClock
from tests.web.client import Api, cart
from tests.web.conftest import NewApi


def test_the_dashboard(shop: Api) -> None:
    shop.post("/skus", {"sku": "none"}, expect=201)
    shop.post("/inventory/reserve/cart", cart(quantity=3))
    found = shop.get("/dashboard", params={"hours": 2})
    assert found["stock"] == {
        "skus": 2,
        "on_hand": 10,
        "reserved": 3,
        "available": 7,
        "low": 1,
        "out": 1,
        "oversold": 0,
    }
    assert (len(found["orders"]["hours"]), found["orders"]["total"]) == (2, 0)


def test_the_list_of_stock(shop: Api) -> None:
    for code in ("b-1", "b-2"):
        shop.post("/skus", {"sku": code, "name": "青い急須", "aliases": [f"49{code}"]}, expect=201)
    shop.post("/inventory/receive", {"lines": [{"sku": "b-2", "quantity": 4}]})

    def codes(**wanted: Any) -> list[str]:
        return [line["sku"] for line in shop.get("/inventory", params=wanted)["stock"]]

    assert codes() == ["b-1", "b-2", "ce1111"]
    assert codes(search="急須", sort="available", descending=True) == ["ce1111", "b-2", "b-1"]
    assert codes(search="い急") == ["b-1", "b-2", "ce1111"]
    assert codes(search="9B-") == ["b-1", "b-2"]
    assert codes(state="out") == ["b-1"]
    assert codes(store="nowhere") == []
    first = shop.get("/inventory", params={"limit": 2, "sort": "on_hand"})
    assert [line["level"]["on_hand"] for line in first["stock"]] == [0, 4]
    after = {"limit": 2, "sort": "on_hand", "after": first["cursor"]}
    assert [line["sku"] for line in shop.get("/inventory", params=after)["stock"]] == ["ce1111"]
    wrong = shop.get("/inventory", params={**after, "sort": "code"}, expect=422)
    assert wrong["errors"][0]["field"] == "query.after"


def test_a_timeline(shop: Api, clock: FakeClock) -> None:
    since = clock().isoformat()
    shop.get("/inventory/ce1111/timeline", params={"since": since}, expect=422)
    clock.advance(60)
    shop.post("/inventory/reserve/cart", cart(quantity=3))
    clock.advance(60)
    found = shop.get("/inventory/CE1111/timeline", params={"since": since})
    steps = [(p["on_hand"], p["reserved"], p["available"]) for p in found["points"]]
    assert (found["sku"], found["events"]) == ("ce1111", 1)
    assert steps == [(10, 0, 10), (10, 3, 7), (10, 3, 7)]
    shop.get("/inventory/nobody/timeline", params={"since": since}, expect=404)


@pytest.mark.parametrize("name", NAMES)
def test_every_report_is_answered(shop: Api, clock: FakeClock, name: str) -> None:
    clock.advance(60)
    found = shop.get(f"/reports/{name}", params={"zone": "Asia/Tokyo", "limit": 1})
    assert (found["name"], found["zone"], found["more"]) == (name, "Asia/Tokyo", False)
    assert found["totals"]


def test_what_is_no_report_or_period_is_refused(shop: Api) -> None:
    shop.get("/reports/profits", expect=422)
    for wrong in ({"zone": "Mars"}, {"since": "2199-01-01T00:00:00Z"}, {"limit": 0}, {"x": 1}):
        shop.get("/reports/units", params=wrong, expect=422)
    long = {"since": "2020-01-01T00:00:00Z"}
    assert shop.get("/reports/movements", params=long, expect=422)["code"] == "invalid_request"


def test_who_may(new_api: NewApi, shop: Api) -> None:
    since = {"since": "2026-01-01T00:00:00Z"}
    viewer = new_api("viewer")
    for path in ("/dashboard", "/inventory", "/reports/units"):
        viewer.get(path)
    viewer.get("/inventory/ce1111/timeline", params=since, expect=403)
