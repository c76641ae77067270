"""Who may do what."""

from datetime import timedelta
from typing import Any

import pytest

from onhand.access.model import EnvironmentName
from tests.shop import FakeClock
from tests.web.client import Api, cart, order
from tests.web.conftest import NewApi, WithToken

LIVE = EnvironmentName.LIVE
ADJUST: dict[str, Any] = {"mode": "add", "quantity": 1, "reason": "x"}
CALLS: tuple[tuple[str, str, str, Any], ...] = (
    ("read", "GET", "/inventory/ce1111", None),
    ("read", "GET", "/inventory/low-stock", None),
    ("read", "POST", "/inventory/batch", {"skus": ["ce1111"]}),
    ("read", "GET", "/skus", None),
    ("read", "GET", "/inventory/reservations", None),
    ("reserve", "POST", "/inventory/reserve/cart", cart(7)),
    ("reserve", "POST", "/inventory-management/release", None),
    ("reserve", "POST", "/auth/token", {"owner": "ann"}),
    ("operate", "PUT", "/inventory/ce1111/adjust", ADJUST),
    ("operate", "GET", "/inventory/ce1111/transactions", None),
    ("operate", "GET", "/feed", None),
    ("operate", "GET", "/audit/logs", None),
    ("operate", "GET", "/audit/logs.csv", None),
    ("operate", "POST", "/inventory/cleanup/expired-reservations", None),
    ("operate", "GET", "/counts", None),
    ("administer", "GET", "/tokens", None),
    ("administer", "POST", "/test/reset", None),
)
RIGHTS = {
    "viewer": {"read"},
    "reserve": {"read", "reserve"},
    "operator": {"read", "reserve", "operate"},
    "admin": {"read", "reserve", "operate", "administer"},
}


@pytest.mark.parametrize("scope", RIGHTS)
def test_a_token_may_do_what_its_scope_says(shop: Api, new_api: NewApi, scope: str) -> None:
    api = new_api(scope, name=f"other {scope}")
    for right, method, path, body in CALLS:
        answer = api.send(method, path, json=body)
        if right in RIGHTS[scope]:
            assert answer.status_code not in {401, 403}, (path, answer.text)
        else:
            assert answer.status_code == 403, (path, answer.text)
            problem = answer.json()
            assert problem["code"] == "insufficient_scope"
            assert (problem["needed"], problem["scope"]) == (right, scope)


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "missing_token"),
        ("", "missing_token"),
        ("Basic b25oYW5k", "missing_token"),
        ("Bearer", "missing_token"),
        ("Bearer nonsense", "invalid_token"),
        ("Bearer oh_test_" + "A" * 43, "invalid_token"),
        ("Bearer oh_live_" + "A" * 43, "invalid_token"),
        ("Bearer a.b.c", "invalid_token"),
        ("Bearer eyJhbGciOiJub25lIn0.eyJhdWQiOiJ0ZXN0In0.", "invalid_token"),
        ("Bearer \xff", "invalid_token"),
    ],
)
def test_without_a_good_token_nobody_passes(shop: Api, authorization: str, code: str) -> None:
    for method, path, body in (
        ("GET", "/inventory/ce1111", None),
        ("POST", "/inventory/reserve/cart", cart()),
        ("DELETE", "/inventory/reserve/order/1", None),
        ("GET", "/me", None),
    ):
        headers = {"Authorization": authorization and authorization.encode("latin-1")}
        answer = shop.send(method, path, json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert shop.units() == (10, 0)


def test_the_token_is_checked_before_the_body(shop: Api) -> None:
    headers = {"Authorization": None, "Content-Type": "text/plain"}
    answer = shop.send("POST", "/inventory/receive", content=b"{", headers=headers)

    assert answer.status_code == 401


def test_environments_do_not_see_each_other(shop: Api, new_api: NewApi) -> None:
    live = new_api("admin", environment=LIVE)

    assert live.get("/me")["environment"] == "live"
    assert shop.get("/me")["environment"] == "test"
    live.get("/inventory/ce1111", expect=404)
    live.post("/skus", {"sku": "ce1111"}, expect=201)
    assert live.units() == (0, 0)
    assert shop.units() == (10, 0)


def test_test_data_is_reset_and_live_is_not(shop: Api, new_api: NewApi) -> None:
    shop.post("/skus", {"sku": "mine"}, expect=201)

    assert shop.post("/test/reset") == {"reset": "test"}

    shop.get("/skus/mine", expect=404)
    assert shop.units() == (47, 0)
    live = new_api("admin", environment=LIVE)
    problem = live.post("/test/reset", expect=403)
    assert (problem["code"], problem["environment"]) == ("test_only", "live")


def test_tokens_are_made_listed_and_ended(
    api: Api, with_token: WithToken, clock: FakeClock
) -> None:
    end = (clock() + timedelta(days=1)).isoformat()
    made = api.post(
        "/tokens", {"name": "web shop", "scope": "reserve", "expires_at": end}, expect=201
    )
    other = with_token(made["token"])

    assert other.get("/me") == {
        "name": "web shop",
        "scope": "reserve",
        "rights": ["read", "reserve"],
        "environment": "test",
        "owner": None,
        "token_id": made["token_id"],
    }
    listed = api.get("/tokens")["tokens"]
    assert made["token_id"] in {token["token_id"] for token in listed}
    assert made["token"] not in str(listed)
    path = f"/tokens/{made['token_id']}"
    assert api.delete(path)["revoked_at"]
    assert api.delete(path)["revoked_at"]
    clock.advance(6)
    assert other.get("/me", expect=401)["code"] == "invalid_token"
    api.delete("/tokens/nobody", expect=404)
    past = {"name": "x", "scope": "viewer", "expires_at": "2020-01-01T00:00:00Z"}
    assert api.post("/tokens", past, expect=422)["code"] == "invalid_moment"
    api.post("/tokens", {"name": "x", "scope": "root"}, expect=422)
    api.post("/tokens", {"name": " x", "scope": "viewer"}, expect=422)


def test_a_token_asked_for_again_is_not_made_again(api: Api) -> None:
    headers = {"Idempotency-Key": "k"}
    wanted = {"name": "web shop", "scope": "reserve"}
    made = api.post("/tokens", wanted, expect=201, headers=headers)

    problem = api.post("/tokens", wanted, expect=409, headers=headers)

    assert (problem["code"], problem["token"]) == ("token_already_made", made["token_id"])
    assert made["token"] not in str(problem)
    other = {**wanted, "scope": "admin"}
    assert api.post("/tokens", other, expect=409, headers=headers)["code"] == "idempotency_conflict"
    assert api.get("/me")["name"] == "admin"


def test_a_reset_asked_for_again_leaves_what_was_done_since(api: Api) -> None:
    headers = {"Idempotency-Key": "k"}
    api.post("/test/reset", headers=headers)
    api.post("/skus", {"sku": "new"}, expect=201)

    again = api.send("POST", "/test/reset", headers=headers)

    assert (again.json(), again.headers["idempotent-replayed"]) == ({"reset": "test"}, "true")
    assert api.get("/skus/new")["sku"] == "new"


@pytest.fixture
def ann(shop: Api, new_api: NewApi, with_token: WithToken) -> Api:
    """A storefront's view: a token bound to the owner `ann`, made by the shop's back end."""
    backend = new_api("reserve", name="web shop")
    made = backend.post("/auth/token", {"owner": "ann", "expires_in_s": 600})
    assert (made["token_type"], made["owner"]) == ("Bearer", "ann")
    return with_token(made["token"])


def test_an_owner_token_touches_its_owners_holds_only(ann: Api, new_api: NewApi) -> None:
    backend = new_api("reserve", name="web shop")
    (hold,) = backend.post("/inventory/reserve/cart", cart(1, owner="bob"))["reservations"]

    (own,) = ann.post("/inventory/reserve/cart", cart(2))["reservations"]
    assert own["owner"] == "ann"
    assert ann.post("/inventory/reserve/cart", cart(3, owner="bob"), expect=403)["code"] == (
        "reservation_not_yours"
    )
    path = f"/inventory/reservations/{hold['id']}"
    assert ann.patch(path, {"quantity": 1}, expect=403)["code"] == "reservation_not_yours"
    ann.delete("/inventory/reserve/cart?cart_id=cart-1", expect=403)
    ann.patch(f"/inventory/reservations/{own['id']}", {"quantity": 1})
    listed = ann.get("/inventory/reservations")["reservations"]
    assert [seen["owner"] for seen in listed] == ["ann"]
    assert ann.get("/inventory/reservations?owner=bob")["reservations"] == []
    assert ann.get("/inventory/ce1111")["reserved"] == 3
    ann.delete("/inventory/reserve/cart?cart_id=cart-2")
    assert ann.get("/me")["owner"] == "ann"


def test_an_owner_token_can_do_nothing_else(ann: Api) -> None:
    for method, path, body in (
        ("POST", "/inventory/deduct", order()),
        ("POST", "/inventory-management/deduct", None),
        ("POST", "/inventory/return", order()),
        ("POST", "/auth/token", {"owner": "bob"}),
        ("GET", "/skus", None),
        ("GET", "/inventory/low-stock", None),
    ):
        answer = ann.send(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "owner_token_refused")


def test_an_owner_token_ends_and_cannot_be_changed(
    ann: Api, with_token: WithToken, clock: FakeClock
) -> None:
    head, claims, signature = ann.token.split(".")
    forged = with_token(f"{head}.{claims}.{signature[::-1]}")
    assert forged.get("/me", expect=401)["code"] == "invalid_token"
    clock.advance(601)
    assert ann.get("/me", expect=401)["code"] == "invalid_token"


def test_owners_do_not_share_idempotency_keys(
    ann: Api, new_api: NewApi, with_token: WithToken
) -> None:
    backend = new_api("reserve", name="web shop")
    made = backend.post("/auth/token", {"owner": "bob"})
    bob = with_token(made["token"])
    headers = {"Idempotency-Key": "k"}

    ann.post("/inventory/reserve/cart", cart(1), headers=headers)
    bob.post("/inventory/reserve/cart", cart(2), headers=headers)
    backend.post("/inventory/reserve/cart", cart(3), headers=headers)

    problem = bob.post("/inventory/reserve/cart", cart(4), headers=headers, expect=409)
    assert problem["idempotency_key"] == "k"
    assert backend.units() == (10, 6)


def test_owner_tokens_live_an_hour_at_most(shop: Api) -> None:
    for seconds in (0, 3601, 1.5, "60"):
        shop.post("/auth/token", {"owner": "ann", "expires_in_s": seconds}, expect=422)
    shop.post("/auth/token", {"owner": ""}, expect=422)
