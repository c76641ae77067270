"""Reserving, releasing, deducting, returning, over both forms of the API."""

from datetime import timedelta
from typing import Any

import msgspec

from onhand.stock.commands.answers import StockAnswer
from onhand.web.examples import EXAMPLES
from tests.shop import FakeClock
from tests.web.client import Api, cart, order
from tests.web.conftest import NewApi


def test_a_cart_holds_units_for_half_an_hour(shop: Api, clock: FakeClock) -> None:
    answer = shop.post("/inventory/reserve/cart", cart(owner="ann"))

    (hold,) = answer["reservations"]
    assert (hold["quantity"], hold["owner"], hold["state"]) == (2, "ann", "held")
    assert (hold["reference_type"], hold["reference_id"]) == ("cart", "cart-1")
    end = clock() + timedelta(seconds=1800)
    assert hold["expires_at"] == end.isoformat(timespec="microseconds")
    assert shop.units() == (10, 2)
    clock.advance(1800)
    assert shop.units() == (10, 0)


def test_the_documented_answer_is_the_answer(shop: Api) -> None:
    answer = shop.send("POST", "/inventory/reserve/cart", json=cart())

    decoded = msgspec.json.decode(answer.content, type=StockAnswer)
    assert len(decoded.reservations) == len(decoded.levels) == 1
    msgspec.convert(EXAMPLES[StockAnswer], StockAnswer)


def test_an_order_can_hold_without_end(shop: Api, clock: FakeClock) -> None:
    shop.post("/inventory/reserve/order", order(1))
    shop.post("/inventory/reserve/order", order(2, expires_at=None))
    moment = (clock() + timedelta(hours=2)).isoformat()
    answer = shop.post("/inventory/reserve/order", order(3, expires_at=moment))

    assert answer["reservations"][0]["expires_at"].startswith(moment[:19])
    clock.advance(901)
    assert shop.units() == (10, 4)
    clock.advance(7200)
    assert shop.units() == (10, 2)


def test_a_key_is_answered_once_and_refused_for_another_request(shop: Api) -> None:
    headers = {"Idempotency-Key": "k-1"}
    first = shop.send("POST", "/inventory/reserve/cart", json=cart(), headers=headers)
    again = shop.send("POST", "/inventory/reserve/cart", json=cart(), headers=headers)
    other = shop.send("POST", "/inventory/reserve/cart", json=cart(2), headers=headers)

    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.content == first.content
    assert other.status_code == 409
    assert other.json()["code"] == "idempotency_conflict"
    assert other.json()["idempotency_key"] == "k-1"
    assert shop.units() == (10, 2)


def test_too_little_stock_is_refused_with_every_figure(shop: Api) -> None:
    problem = shop.post("/inventory/reserve/cart", cart(quantity=11), expect=409)

    assert problem["code"] == "insufficient_stock"
    assert problem["shortages"] == [{"sku": "ce1111", "asked": 11, "left": 10}]
    assert "11" in problem["detail"]
    assert shop.units() == (10, 0)


def test_a_cart_is_released_in_part_and_whole(shop: Api) -> None:
    shop.post("/inventory/reserve/cart", cart(quantity=5))

    some = {"cart_id": "cart-1", "sku": "CE1111", "quantity": 2}
    shop.delete("/inventory/reserve/cart", params=some)
    assert shop.units() == (10, 3)
    shop.delete("/inventory/reserve/cart", params={"cart_id": "cart-1"})
    assert shop.units() == (10, 0)
    problem = shop.delete("/inventory/reserve/cart", params={"cart_id": "nobody"}, expect=404)
    assert problem["code"] == "reservation_not_found"


def test_an_order_is_released_in_part_and_whole(shop: Api) -> None:
    shop.post("/inventory/reserve/order", order(quantity=5))

    path = "/inventory/reserve/order/order-1"
    problem = shop.delete(path, params={"sku": "ce1111", "quantity": 6}, expect=409)
    assert (problem["code"], problem["held"]) == ("exceeds_held", 5)
    shop.delete(path, params={"sku": "ce1111", "quantity": 2})
    assert shop.units() == (10, 3)
    shop.delete(path)
    assert shop.units() == (10, 0)


def test_an_order_id_may_have_slashes_and_spaces(shop: Api) -> None:
    body = order() | {"order_id": "2026/11 №7"}
    shop.post("/inventory/reserve/order", body)

    shop.delete("/inventory/reserve/order/2026%2F11%20%E2%84%967")
    assert shop.units() == (10, 0)


def test_an_order_ships_in_parcels_and_comes_back(shop: Api) -> None:
    shop.post("/inventory/reserve/order", order(quantity=5))

    shop.post("/inventory/deduct", order(quantity=2, reason="parcel 1"))
    assert shop.units() == (8, 3)
    shop.post("/inventory/deduct", {"order_id": "order-1"})
    assert shop.units() == (5, 0)
    assert shop.post("/inventory/deduct", order(quantity=1), expect=409)["code"] == (
        "exceeds_reserved"
    )
    shop.post("/inventory/return", order(quantity=1))
    assert shop.units() == (6, 0)
    problem = shop.post("/inventory/return", order(quantity=5), expect=409)
    assert (problem["code"], problem["returnable"]) == ("exceeds_shipped", 4)


def test_a_return_of_an_unknown_order_is_taken_from_operators_only(
    shop: Api, new_api: NewApi
) -> None:
    problem = new_api("reserve").post("/inventory/return", order(), expect=404)
    assert problem["code"] == "reservation_not_found"
    new_api("operator").post("/inventory/return", order())
    assert shop.units() == (12, 0)


def test_a_hold_is_resized_moved_and_becomes_an_orders(shop: Api, clock: FakeClock) -> None:
    (hold,) = shop.post("/inventory/reserve/cart", cart())["reservations"]
    path = f"/inventory/reservations/{hold['id']}"

    assert shop.patch(path, {"quantity": 4})["reservations"][0]["quantity"] == 4
    problem = shop.patch(path, {"expires_at": None}, expect=422)
    assert (problem["code"], problem["reservation"]) == ("cart_hold_must_end", hold["id"])
    moment = (clock() + timedelta(hours=3)).isoformat()
    assert shop.patch(path, {"expires_at": moment})["reservations"][0]["expires_at"]
    (changed,) = shop.patch(path, {"order_id": "order-9", "expires_at": None})["reservations"]
    assert (changed["reference_id"], changed["expires_at"]) == ("order-9", None)
    assert shop.patch(path, {"quantity": 11}, expect=409)["code"] == "insufficient_stock"
    shop.patch(path, {}, expect=422)
    shop.patch(path, {"quantity": None}, expect=422)
    shop.patch("/inventory/reservations/nobody", {"quantity": 1}, expect=404)
    past = (clock() - timedelta(seconds=1)).isoformat()
    assert shop.patch(path, {"expires_at": past}, expect=422)["code"] == "invalid_moment"


def test_reservations_are_listed_page_by_page(shop: Api, clock: FakeClock) -> None:
    for number in range(3):
        shop.post("/inventory/reserve/cart", cart(number, owner=f"owner-{number}"))
    shop.delete("/inventory/reserve/cart", params={"cart_id": "cart-2"})

    def listed(**wanted: Any) -> list[str]:
        answer = shop.get("/inventory/reservations", params=wanted)
        return [hold["reference_id"] for hold in answer["reservations"]]

    assert listed() == ["cart-0", "cart-1"]
    assert listed(include_ended=True) == ["cart-0", "cart-1", "cart-2"]
    assert listed(owner="owner-1", sku="CE1111") == ["cart-1"]
    assert listed(reference_type="order") == []
    assert listed(reference_id="cart-0") == ["cart-0"]
    first = shop.get("/inventory/reservations", params={"limit": 1})
    assert listed(after=first["cursor"]) == ["cart-1"]
    clock.advance(1800)
    assert listed() == []


def test_foreign_holds_are_not_touched_nor_listed(shop: Api, new_api: NewApi) -> None:
    ours, theirs = new_api("reserve", name="ours"), new_api("reserve", name="theirs")
    (hold,) = ours.post("/inventory/reserve/cart", cart())["reservations"]
    ours.post("/inventory/reserve/order", order())

    path = f"/inventory/reservations/{hold['id']}"
    for problem in (
        theirs.patch(path, {"quantity": 1}, expect=403),
        theirs.delete("/inventory/reserve/cart?cart_id=cart-1", expect=403),
        theirs.delete("/inventory/reserve/order/order-1", expect=403),
        theirs.post("/inventory/deduct", order(), expect=403),
    ):
        assert problem["code"] == "reservation_not_yours"
    assert theirs.get("/inventory/reservations")["reservations"] == []
    assert len(ours.get("/inventory/reservations")["reservations"]) == 2
    shop.delete("/inventory/reserve/cart?cart_id=cart-1")
    assert shop.units() == (10, 2)


def test_an_expired_hold_cannot_be_changed_or_released(shop: Api, clock: FakeClock) -> None:
    (hold,) = shop.post("/inventory/reserve/cart", cart())["reservations"]
    clock.advance(1800)

    path = f"/inventory/reservations/{hold['id']}"
    problem = shop.patch(path, {"quantity": 1}, expect=409)
    assert (problem["code"], problem["state"]) == ("reservation_ended", "expired")
    some = {"cart_id": "cart-1", "sku": "ce1111", "quantity": 1}
    assert shop.delete("/inventory/reserve/cart", params=some, expect=409)["held"] == 0


def test_the_generic_form_does_the_same(shop: Api, clock: FakeClock) -> None:
    base = "/inventory-management"
    business = {"business_type": "ORDER", "business_id": "order-1"}
    units = {"sku_code": "CE1111", **business}

    shop.post(f"{base}/reserve", {**units, "quantity": 5, "expires_at": None})
    clock.advance(100_000)
    assert shop.units() == (10, 5)
    shop.post(f"{base}/release", {**units, "quantity": 1})
    assert shop.units() == (10, 4)
    shop.post(f"{base}/deduct", {**units, "quantity": 3})
    assert shop.units() == (7, 1)
    shop.post(f"{base}/rollback", {**units, "quantity": 2})
    assert shop.units() == (9, 1)
    shop.post(f"{base}/deduct", business)
    assert shop.units() == (8, 0)
    unknown = {**units, "business_id": "nobody", "quantity": 1}
    assert shop.post(f"{base}/rollback", unknown, expect=404)["code"] == "reservation_not_found"
    in_cart = {**units, "business_type": "CART", "quantity": 1}
    shop.post(f"{base}/reserve", in_cart)
    shop.post(f"{base}/release", {"business_type": "CART", "business_id": "order-1"})
    assert shop.units() == (8, 0)
    shop.post(f"{base}/reserve", {**in_cart, "expires_at": None}, expect=422)
    shop.post(f"{base}/release", units, expect=422)
