"""Goods that come in, corrections, transfers, history, locations and stocktakes."""

from datetime import timedelta

from tests.shop import FakeClock
from tests.web.client import Api, cart, order


def test_goods_come_in_and_are_corrected(shop: Api) -> None:
    shop.post("/inventory/receive", {"lines": [{"sku": "CE1111", "quantity": 5}]})
    assert shop.units() == (15, 0)
    for mode, quantity, on_hand in (("add", 2, 17), ("subtract", 7, 10), ("set", 0, 0)):
        body = {"mode": mode, "quantity": quantity, "reason": "recounted"}
        shop.put("/inventory/CE1111/adjust", body)
        assert shop.units() == (on_hand, 0)


def test_held_units_stay_covered_by_a_correction(shop: Api) -> None:
    shop.post("/inventory/reserve/cart", cart(quantity=4))

    body = {"mode": "set", "quantity": 3, "reason": "recounted"}
    problem = shop.put("/inventory/ce1111/adjust", body, expect=409)
    assert problem["shortages"] == [{"sku": "ce1111", "asked": 7, "left": 6}]
    shop.put("/inventory/ce1111/threshold", {"allow_oversell": True})
    shop.put("/inventory/ce1111/adjust", body)
    assert shop.get("/inventory/ce1111")["available"] == -1


def test_many_skus_are_corrected_all_or_none(shop: Api) -> None:
    shop.post("/skus", {"sku": "b"}, expect=201)
    lines = [
        {"sku": "ce1111", "mode": "subtract", "quantity": 1},
        {"sku": "b", "mode": "set", "quantity": 3},
    ]
    broken = [*lines, {"sku": "nobody", "mode": "add", "quantity": 1}]

    problem = shop.post("/inventory/adjust/bulk", {"reason": "r", "lines": broken}, expect=404)
    assert problem["skus"] == ["nobody"]
    assert (shop.units(), shop.units("b")) == ((10, 0), (0, 0))
    shop.post("/inventory/adjust/bulk", {"reason": "r", "lines": lines})
    assert (shop.units(), shop.units("b")) == ((9, 0), (3, 0))


def test_units_move_between_locations(shop: Api) -> None:
    place = {"location": "osaka", "name": "大阪倉庫", "priority": 10}
    assert shop.post("/locations", place, expect=201) == {**place, "active": True}
    assert shop.post("/locations", place, expect=409)["code"] == "location_exists"
    body = {"lines": [{"sku": "ce1111", "quantity": 4}], "to_location": "osaka"}

    shop.post("/inventory/transfer", body)

    levels = shop.get("/inventory/ce1111")["locations"]
    assert {level["location"]: level["on_hand"] for level in levels} == {"main": 6, "osaka": 4}
    shop.post("/inventory/reserve/cart", cart(quantity=10))
    assert shop.post("/inventory/transfer", body, expect=409)["code"] == "insufficient_stock"
    nowhere = body | {"to_location": "nowhere"}
    assert shop.post("/inventory/transfer", nowhere, expect=404)["location"] == "nowhere"


def test_locations_are_renamed_and_deactivated_when_empty(shop: Api) -> None:
    shop.post("/locations", {"location": "osaka", "name": "Osaka"}, expect=201)
    shop.post(
        "/inventory/receive", {"lines": [{"sku": "ce1111", "quantity": 1, "location": "osaka"}]}
    )

    problem = shop.patch("/locations/osaka", {"active": False}, expect=409)
    assert (problem["code"], problem["skus"]) == ("location_not_empty", 1)
    assert shop.patch("/locations/main", {"active": False}, expect=409)["code"] == "main_location"
    body = {"lines": [{"sku": "ce1111", "quantity": 1, "location": "osaka"}], "to_location": "main"}
    shop.post("/inventory/transfer", body)
    changed = shop.patch("/locations/osaka", {"active": False, "name": "Ōsaka"})
    assert (changed["active"], changed["name"]) == (False, "Ōsaka")
    shop.patch("/locations/osaka", {}, expect=422)
    shop.patch("/locations/nowhere", {"name": "x"}, expect=404)
    names = [place["location"] for place in shop.get("/locations")["locations"]]
    assert names == ["main", "osaka"]


def test_history_is_filtered_and_paged(shop: Api) -> None:
    shop.post("/inventory/reserve/order", order())
    shop.post("/inventory/deduct", {"order_id": "order-1"})

    path = "/inventory/CE1111/transactions"
    kinds = [event["kind"] for event in shop.get(path)["events"]]
    assert kinds == ["shipped", "reserved", "received"]
    out = shop.get(path, params={"view": "OUT"})["events"]
    assert [event["on_hand_change"] for event in out] == [-2]
    assert shop.get(path, params={"kind": "reserved", "location": "nowhere"})["events"] == []
    first = shop.get(path, params={"limit": 2})
    rest = shop.get(path, params={"limit": 2, "before": first["cursor"]})
    assert [event["kind"] for event in rest["events"]] == ["received"]
    assert rest["cursor"] is None
    assert shop.get("/events/ce1111")["events"] == shop.get(path)["events"]
    assert shop.get("/events/nobody", expect=404)["code"] == "unknown_sku"
    shop.get(path, params={"view": "SIDEWAYS"}, expect=422)
    shop.get(path, params={"before": 2**63}, expect=422)
    shop.get(path, params={"since": "2026-03-01T00:00:00"}, expect=422)


def test_a_level_is_explained_by_what_adds_up_to_it(shop: Api) -> None:
    shop.post("/inventory/reserve/order", order())

    found = shop.get("/inventory/ce1111/explain")

    assert sum(line["on_hand_change"] for line in found["events"]) == found["level"]["on_hand"]
    assert sum(hold["quantity"] for hold in found["holds"]) == found["level"]["reserved"] == 2
    shop.get("/inventory/nobody/explain", expect=404)


def test_ended_holds_are_recorded_when_asked(shop: Api, clock: FakeClock) -> None:
    shop.post("/inventory/reserve/cart", cart())

    assert shop.post("/inventory/cleanup/expired-reservations") == {"skus": 0}
    clock.advance(1800)
    assert shop.post("/inventory/cleanup/expired-reservations") == {"skus": 1}
    assert shop.get("/events/ce1111")["events"][0]["kind"] == "expired"


def test_events_are_entered_by_hand(shop: Api, clock: FakeClock) -> None:
    yesterday = (clock() - timedelta(days=1)).isoformat()
    base = {"sku": "ce1111", "reason": "by hand"}
    for more, on_hand in (
        ({"kind": "received", "quantity": 5, "happened_at": yesterday}, 15),
        ({"kind": "adjusted", "mode": "subtract", "quantity": 1}, 14),
        ({"kind": "counted", "quantity": 20}, 20),
        ({"kind": "shipped", "quantity": 2, "order_id": "o-1"}, 18),
        ({"kind": "returned", "quantity": 1, "order_id": "o-1"}, 19),
    ):
        shop.post("/events/manual", base | more)
        assert shop.units() == (on_hand, 0)
    events = shop.get("/events/ce1111")["events"]
    assert [event["kind"] for event in events[:5]] == [
        "returned",
        "shipped",
        "counted",
        "adjusted",
        "received",
    ]
    assert {event["source"] for event in events[:5]} == {"manual"}
    assert events[4]["happened_at"] < events[4]["recorded_at"]


def test_a_manual_event_must_make_sense(shop: Api, clock: FakeClock) -> None:
    tomorrow = (clock() + timedelta(days=1)).isoformat()
    base = {"sku": "ce1111", "reason": "by hand", "quantity": 1}
    for more in (
        {"kind": "received", "mode": "add"},
        {"kind": "adjusted"},
        {"kind": "shipped"},
        {"kind": "counted", "order_id": "o-1"},
        {"kind": "counted", "happened_at": tomorrow},
        {"kind": "received", "quantity": 0},
        {"kind": "received", "happened_at": tomorrow},
        {"kind": "reserved"},
        {"kind": "received", "reason": " "},
    ):
        shop.post("/events/manual", base | more, expect=422)


def test_a_blind_stocktake(shop: Api) -> None:
    shop.post("/skus", {"sku": "b"}, expect=201)
    body = {"name": "shelf A", "skus": ["CE1111", "b"], "blind": True}
    count = shop.post("/counts", body, expect=201)
    path = f"/counts/{count['id']}"

    sheet = shop.post(f"{path}/lines", {"lines": [{"sku": "CE1111", "counted": 8}]})
    line = next(line for line in sheet["lines"] if line["sku"] == "ce1111")
    assert (line["expected"], line["counted"], line["difference"]) == (None, 8, None)
    shop.post("/inventory/receive", {"lines": [{"sku": "ce1111", "quantity": 5}]})
    shop.post(f"{path}/close")
    shop.post(f"{path}/close")

    assert shop.units() == (13, 0)
    line = next(line for line in shop.get(path)["lines"] if line["sku"] == "ce1111")
    assert (line["expected"], line["counted"], line["difference"]) == (10, 8, -2)
    problem = shop.post(f"{path}/lines", {"lines": [{"sku": "b", "counted": 1}]}, expect=409)
    assert (problem["code"], problem["state"]) == ("count_ended", "closed")
    assert shop.get("/inventory/ce1111")["counted_at"]


def test_stocktakes_are_listed_and_cancelled(shop: Api) -> None:
    body = {"name": "shelf A", "skus": ["ce1111"]}
    ids = [shop.post("/counts", body, expect=201)["id"] for _ in range(3)]

    assert shop.post(f"/counts/{ids[0]}/cancel")["state"] == "cancelled"
    assert shop.post(f"/counts/{ids[0]}/cancel", expect=409)["code"] == "count_ended"
    first = shop.get("/counts", params={"limit": 2})
    rest = shop.get("/counts", params={"limit": 2, "before": first["cursor"]})
    found = [count["id"] for count in first["counts"] + rest["counts"]]
    assert sorted(found) == sorted(ids)
    shop.get("/counts/nobody", expect=404)
    shop.post("/counts/nobody/close", expect=404)
    shop.post("/counts", body | {"skus": ["nobody"]}, expect=404)
    shop.post("/counts", body | {"location": "nowhere"}, expect=404)


def test_a_stocktake_is_counted_with_a_scanner(shop: Api) -> None:
    sheet = shop.post("/counts", {"name": "shelf", "skus": ["ce1111"]}, expect=201)
    path = f"/counts/{sheet['id']}"
    for _ in range(2):
        headers = {"Idempotency-Key": "scan-1"}
        answer = shop.send("POST", f"{path}/scan", json={"sku": "CE1111"}, headers=headers)
        assert answer.json()["line"]["counted"] == 1
    done = shop.post(f"{path}/scan", {"sku": "ce1111", "units": 8})
    assert (done["line"]["difference"], done["counted_lines"], done["lines"]) == (-1, 1, 1)
    assert len(shop.get(f"{path}?show=differences")["lines"]) == 1
    assert shop.get(f"{path}?show=uncounted")["lines"] == []
    shop.post("/skus", {"sku": "other"}, expect=201)
    problem = shop.post(f"{path}/scan", {"sku": "other"}, expect=409)
    assert (problem["code"], problem["sku"]) == ("not_on_sheet", "other")
    shop.post("/inventory/receive", {"lines": [{"sku": "ce1111", "quantity": 1}]})
    assert shop.post(f"{path}/scan", {"sku": "ce1111"}, expect=409)["code"] == "count_moved"
