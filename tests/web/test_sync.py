"""Numbers told to shops over HTTP: what waits, failed and differs, and why."""

from datetime import timedelta

import pytest

from onhand.channels.port import StockReading
from onhand.sync.commands import reads
from onhand.sync.commands.claims import claim
from onhand.sync.commands.settle import Outcome
from tests.sync.counter import OSAKA, TERMS, TOKYO, Counter
from tests.web.client import Api
from tests.web.conftest import NewApi
from tests.web.selling import store_status


def fail(counter: Counter, store: str) -> None:
    """Have the shop refuse until the listing is given up."""
    for _ in range(5):
        counter.push(store, Outcome.REFUSED, "no such item")
        counter.read(store, 3)


def test_the_status_tells_what_waits_and_how_fresh_it_is(
    shop: Api, counter: Counter, tokyo: str
) -> None:
    right = store_status(shop, TOKYO)
    assert (right["queued"], right["oldest_s"], right["in_doubt"]) == (0, None, {})
    assert right["freshness"]["deliveries"] == 1
    assert right["freshness"]["p50_s"] == right["freshness"]["p99_s"] > 0
    assert right["last_delivered_at"]
    assert right["taken_in_until"]

    counter.listing(OSAKA)
    counter.clock.advance(30)
    waits = store_status(shop, OSAKA)
    assert (waits["queued"], waits["oldest_s"], waits["in_doubt"]) == (1, 30, {"new": 1})
    assert waits["freshness"] == {"deliveries": 0, "p50_s": None, "p99_s": None}
    shop.patch(f"/stores/{OSAKA}", {"status": "paused"})
    assert store_status(shop, OSAKA)["paused_reason"] == "by_hand"
    (osaka, _) = shop.get("/sync/status")["stores"]
    assert osaka["orders"] is None

    claim(counter.database, TOKYO, TERMS, now=counter.clock())
    shop.post(f"/sync/{TOKYO}", {}, expect=202)
    shop.put("/inventory/ce1111/adjust", {"mode": "set", "quantity": 4, "reason": "count"})
    claim(counter.database, TOKYO, TERMS, now=counter.clock())
    assert store_status(shop, TOKYO)["in_flight"] == 1


def test_a_listing_without_a_sku_does_not_wait(shop: Api, counter: Counter) -> None:
    listing = counter.listing(TOKYO)
    shop.delete(f"/listings/{listing}/sku")

    stands = store_status(shop, TOKYO)
    assert (stands["queued"], stands["in_doubt"]) == (0, {})
    assert shop.get(f"/sync/explain/{listing}")["standing"] == "unmapped"


def test_a_store_is_told_anew(shop: Api, counter: Counter, tokyo: str) -> None:
    osaka = counter.listing(OSAKA)
    shop.post("/skus", {"sku": "other", "aliases": ["twin"]}, expect=201)

    everything = shop.post("/sync/all", expect=202)
    assert everything == {"marked": 2, "stores": {OSAKA: 1, TOKYO: 1}, "sku": None}
    assert store_status(shop, TOKYO)["queued"] == 1
    one = shop.post(f"/sync/{TOKYO.upper()}", {"sku": "CE1111"}, expect=202)
    assert one["stores"] == {TOKYO: 1}
    assert shop.post("/sync/all", {"sku": "twin"}, expect=202)["marked"] == 0
    assert shop.post("/sync/nowhere", expect=404)["code"] == "unknown_store"
    assert shop.post("/sync/all", {"sku": "ghost"}, expect=404)["code"] == "unknown_sku"
    shop.post("/sync/all", {"skus": []}, expect=422)
    assert osaka != tokyo


def test_asking_again_with_the_same_key_answers_the_same(
    shop: Api, counter: Counter, tokyo: str
) -> None:
    asked = {"headers": {"Idempotency-Key": "k"}}
    first = shop.send("POST", f"/sync/{TOKYO}", **asked)
    counter.push(TOKYO)
    assert store_status(shop, TOKYO)["queued"] == 0
    again = shop.send("POST", f"/sync/{TOKYO}", **asked)

    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    # The first answer may have been lost before the marks were made.
    assert store_status(shop, TOKYO)["queued"] == 1
    shop.post(f"/sync/{OSAKA}", expect=409, **asked)


def test_a_failed_listing_is_shown_and_tried_again(shop: Api, counter: Counter, tokyo: str) -> None:
    shop.put("/inventory/ce1111/adjust", {"mode": "set", "quantity": 2, "reason": "count"})
    shop.post(f"/sync/{TOKYO}", expect=202)
    fail(counter, TOKYO)

    (failed,) = shop.get("/sync/failed")["failed"]
    assert (failed["listing"], failed["sku"], failed["cause"]) == (tokyo, "ce1111", "no such item")
    assert (failed["tries"], failed["refusals"], failed["target"]) == (5, 5, 2)
    assert store_status(shop, TOKYO)["failed"] == 1
    assert store_status(shop, TOKYO)["queued"] == 0
    assert shop.get("/sync/failed", params={"store": OSAKA})["failed"] == []
    assert shop.get(f"/sync/explain/{tokyo}")["standing"] == "failed"

    assert shop.post(f"/sync/failed/{tokyo}/retry") == {"listing": tokyo, "store": TOKYO}
    assert shop.get("/sync/failed")["failed"] == []
    assert store_status(shop, TOKYO)["in_doubt"] == {"asked": 1}
    assert shop.post(f"/sync/failed/{tokyo}/retry", expect=404)["code"] == "unknown_push"
    counter.read(TOKYO, 3)
    counter.push(TOKYO)
    assert shop.get(f"/sync/explain/{tokyo}")["believed"] == 2
    assert "RetryPush" in shop.send("GET", "/audit/logs").text


def test_the_log_of_pushes_is_read_page_by_page(shop: Api, counter: Counter, tokyo: str) -> None:
    for units in (8, 7, 6):
        body = {"mode": "set", "quantity": units, "reason": "count"}
        shop.put("/inventory/ce1111/adjust", body)
        shop.post(f"/sync/{TOKYO}", expect=202)
        counter.push(TOKYO)
    osaka = counter.listing(OSAKA)
    counter.read(OSAKA, None)
    counter.push(OSAKA)

    everything = shop.get("/sync/pushes")["pushes"]
    assert [one["target"] for one in everything] == [6, 6, 7, 8, 10]
    assert [one["mode"] for one in everything] == ["absolute", *["relative"] * 4]
    assert [one["units"] for one in everything] == [6, -1, -1, -2, 7]
    assert all(one["outcome"] == "delivered" and one["age_s"] > 0 for one in everything)
    found, after = [], None
    while True:
        params = {"limit": 2} if after is None else {"limit": 2, "after": after}
        page = shop.get("/sync/pushes", params=params)
        found += page["pushes"]
        after = page["cursor"]
        if after is None:
            break
    assert found == everything
    for chosen in ({"store": OSAKA}, {"listing": osaka}, {"sku": "ce1111", "store": OSAKA}):
        assert shop.get("/sync/pushes", params=chosen)["pushes"] == everything[:1]
    for chosen in ({"store": "楽天"}, {"listing": "x"}, {"listing": "\x00"}, {"sku": "ghost"}):
        assert shop.get("/sync/pushes", params=chosen)["pushes"] == []
    assert len(shop.get("/sync/pushes", params={"sku": "CE1111"})["pushes"]) == 5


@pytest.mark.parametrize("after", ["rubbish", "W10=", "WyIyMDI2IiwgIngiXQ==", "é", "eyI="])
@pytest.mark.parametrize("path", ["/sync/pushes", "/sync/failed", "/sync/drift"])
def test_a_cursor_of_another_list_is_refused(api: Api, path: str, after: str) -> None:
    assert api.get(path, params={"after": after}, expect=422)["code"] == "invalid_request"


def test_a_drift_waits_for_a_person(shop: Api, counter: Counter, tokyo: str) -> None:
    counter.read(TOKYO, 2)
    (seen,) = shop.get("/sync/drift")["drifts"]
    assert (seen["cause"], seen["needs_person"]) == ("unexplained", False)
    assert counter.push(TOKYO) == 0

    (found,) = shop.get("/sync/drift", params={"store": TOKYO})["drifts"]
    assert (found["believed"], found["shown"], found["needs_person"]) == (10, 2, True)
    assert found["cause"] == "lowered_at_the_shop_or_lost_order"
    assert store_status(shop, TOKYO)["needs_person"] == 1
    why = shop.get(f"/sync/explain/{tokyo}")
    assert (why["standing"], why["drift"]) == ("needs_person", found)
    assert shop.get("/sync/drift", params={"store": OSAKA})["drifts"] == []

    repaired = shop.post(f"/sync/drift/{tokyo}/repair")
    assert repaired == {"listing": tokyo, "store": TOKYO, "drift": found["drift"]}
    assert shop.get("/sync/drift")["drifts"] == []
    (closed,) = shop.get("/sync/drift", params={"include_closed": True})["drifts"]
    assert closed["closed_how"] == "repaired by hand"
    assert counter.push(TOKYO) == 1
    assert shop.post(f"/sync/drift/{tokyo}/repair", expect=404)["code"] == "unknown_drift"


def test_an_explanation_adds_up(shop: Api, counter: Counter, tokyo: str) -> None:
    shop.put("/inventory/ce1111/threshold", {"safety_stock": 1})
    body = {"safety_units": 1, "share_percent": 50, "cap_units": 3}
    shop.put(f"/stores/{TOKYO}/rule", body)
    shop.put(f"/stores/{TOKYO}/listings/{tokyo}/rule", {"cap_units": 2})

    why = shop.get(f"/sync/explain/{tokyo}")
    assert [(step["name"], step["change"], step["units"]) for step in why["steps"]] == [
        ("on_hand", 10, 10),
        ("available", 0, 10),
        ("safety_stock", -1, 9),
        ("store_safety", -1, 8),
        ("share", -4, 4),
        ("cap", -2, 2),
    ]
    assert sum(step["change"] for step in why["steps"]) == why["target"] == 2
    assert why["believed"] + why["difference"] == why["target"]
    assert [(line["name"], line["units"]) for line in why["gap"]] == [
        ("believed", 10),
        ("queued", 2),
    ]
    assert shop.get(f"/stores/{TOKYO}/listings/{tokyo}/explain") == why
    shop.get(f"/stores/{OSAKA}/listings/{tokyo}/explain", expect=404)
    assert why["on_hand"] - why["reserved"] == why["available"]
    assert (why["rule"]["cap_units"], why["store_rule"]["cap_units"]) == (2, 3)
    assert (why["own_rule"]["cap_units"], why["own_rule"]["share_percent"]) == (2, None)
    assert why["standing"] == "queued"
    assert [push["units"] for push in why["pushes"]] == [7]
    counter.push(TOKYO)
    right = shop.get(f"/sync/explain/{tokyo}")
    assert (right["standing"], right["difference"], right["believed"]) == ("right", 0, 2)
    assert shop.get("/sync/explain/" + "0" * 32, expect=404)["code"] == "unknown_listing"
    shop.get("/sync/explain/%00", expect=404)


def test_an_explanation_says_where_a_listing_stands(
    shop: Api, counter: Counter, tokyo: str
) -> None:
    def standing() -> str:
        return str(shop.get(f"/sync/explain/{tokyo}")["standing"])

    shop.put("/inventory/ce1111/adjust", {"mode": "set", "quantity": 4, "reason": "count"})
    assert standing() == "right"  # nobody has followed the ledger yet
    shop.post(f"/sync/{TOKYO}", expect=202)
    assert standing() == "queued"
    counter.push(TOKYO, Outcome.NOT_SENT, "busy")
    assert standing() == "waits_to_retry"
    counter.clock.advance(400)
    claim(counter.database, TOKYO, TERMS, now=counter.clock())
    assert standing() == "in_flight"
    gap = shop.get(f"/sync/explain/{tokyo}")["gap"]
    assert [(line["name"], line["change"]) for line in gap] == [("believed", 10), ("in_flight", -6)]
    shop.patch(f"/stores/{TOKYO}", {"status": "paused"})
    assert standing() == "store_paused"
    shop.patch(f"/stores/{TOKYO}", {"status": "active"})
    shop.put(f"/stores/{TOKYO}/rule", {"paused": True})
    paused = shop.get(f"/sync/explain/{tokyo}")
    assert (paused["standing"], paused["target"], paused["steps"]) == ("paused_by_rule", None, [])


def test_a_number_is_raised_once_orders_are_in(shop: Api, counter: Counter) -> None:
    listing = counter.listing(TOKYO)
    now = counter.clock()
    with counter.database.begin() as connection:
        rows = reads.in_doubt(connection, TOKYO, now=now, limit=10)
    reading = StockReading({row.key: 3 for row in rows}, now, now)
    reads.settle_reading(counter.database, TOKYO, rows, reading)
    assert counter.push(TOKYO) == 0

    why = shop.get(f"/sync/explain/{listing}")
    assert (why["standing"], why["taken_in_until"]) == ("waits_for_orders", None)
    raised_after = (now + timedelta(seconds=60)).isoformat().replace("+00:00", "Z")
    assert why["belief"]["raised_after"] == raised_after
    assert store_status(shop, TOKYO)["waiting_for_orders"] == 1


def test_who_may(new_api: NewApi, shop: Api, counter: Counter, tokyo: str) -> None:
    viewer, reserve = new_api("viewer"), new_api("reserve")
    reads_of = (
        *("/sync/status", "/sync/failed", "/sync/pushes", "/sync/drift"),
        *(f"/sync/explain/{tokyo}", f"/stores/{TOKYO}/rule"),
        f"/stores/{TOKYO}/listings/{tokyo}/rule",
    )
    for path in reads_of:
        viewer.get(path)
        reserve.get(path)
    for refused in (viewer, reserve):
        refused.post("/sync/all", expect=403)
        refused.post(f"/sync/failed/{tokyo}/retry", expect=403)
        refused.post(f"/sync/drift/{tokyo}/repair", expect=403)
        refused.put(f"/stores/{TOKYO}/rule", {}, expect=403)
        refused.put(f"/stores/{TOKYO}/rule", {}, params={"dry_run": True}, expect=403)
        refused.delete(f"/stores/{TOKYO}/listings/{tokyo}/rule", expect=403)
    operator = new_api("operator")
    operator.post("/sync/all", expect=202)
    operator.put(f"/stores/{TOKYO}/rule", {})
