"""What people and programs send by mistake or on purpose: refused, explained, nothing written."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.shop import FakeClock
from tests.web.client import Api, cart, order

QUANTITIES: tuple[Any, ...] = (
    *(0, -1, 1_000_000_001, 10**30, 1.5, 1.0, 1e400, float("nan")),
    *("2", "", True, None, [2], {"units": 2}),
)
CODES: tuple[Any, ...] = (
    *("", " ", "\t", "x" * 129, "x" * 500, "a\x00b", "a\nb", "a\u2028b", "\x7f", "\ud800"),
    *(5, None, True, ["ce1111"]),
)
NAMES: tuple[Any, ...] = ("", " cart", "cart ", "x" * 129, "a\x00b", "a\nb", "\ud800", 7, None, [])
MOMENTS: tuple[Any, ...] = (
    *("2030-01-01T00:00:00", "2030-01-01", "tomorrow", "", 1893456000, 1893456000.5, True),
    *("2030-13-01T00:00:00Z", "2030-01-01T25:00:00Z", "9999-12-31T23:59:59-14:00", ["x"]),
)
RAW = b'{"cart_id": "c", "lines": [{"sku": "ce1111", "quantity": '


@pytest.fixture(autouse=True)
def nothing_written(shop: Api) -> Iterator[None]:
    """Whatever a test here sends, stock stays as it was."""
    yield
    assert shop.units() == (10, 0)
    assert len(shop.get("/events/ce1111")["events"]) == 1


def test_quantities_that_are_none(shop: Api) -> None:
    for quantity in QUANTITIES:
        lines = f'{{"cart_id": "c", "lines": [{{"sku": "ce1111", "quantity": {_raw(quantity)}}}]}}'
        answer = shop.send(
            "POST",
            "/inventory/reserve/cart",
            content=lines.encode("utf-8", "surrogatepass"),
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == 422, quantity
        assert answer.json()["errors"][0]["field"] == "body.lines.0.quantity"


def _raw(value: Any) -> str:
    """JSON text of a value, and of numbers that JSON has no text for."""
    return json.dumps(value)


def test_codes_that_are_none(shop: Api) -> None:
    for code in CODES:
        line = {"sku": code, "quantity": 1}
        for path, body in (
            ("/inventory/reserve/cart", {"cart_id": "c", "lines": [line]}),
            ("/inventory/receive", {"lines": [line]}),
            ("/inventory/batch", {"skus": [code]}),
        ):
            answer = _post_json(shop, path, body)
            assert answer.status_code == 422, (path, code)


def _post_json(shop: Api, path: str, body: Any) -> Any:

    return shop.send(
        "POST",
        path,
        content=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )


def test_codes_nobody_knows(shop: Api) -> None:
    for code in (
        "nobody",
        "ＣＥ１１１１",
        "ce 1111",
        "x" * 128,
        "'; DROP TABLE sku; --",
        "ce1111%",
    ):
        problem = shop.post(
            "/inventory/reserve/cart",
            {"cart_id": "c", "lines": [{"sku": code, "quantity": 1}]},
            expect=404,
        )
        assert (problem["code"], problem["skus"]) == ("unknown_sku", [code.lower()])


def test_names_that_are_none(shop: Api) -> None:
    for name in NAMES:
        for body in (cart() | {"cart_id": name}, cart(owner=name) if name is not None else {}):
            assert _post_json(shop, "/inventory/reserve/cart", body).status_code == 422, name


def test_moments_that_are_none(shop: Api) -> None:
    for moment in MOMENTS:
        for path, body in (
            ("/inventory/reserve/cart", cart(expires_at=moment)),
            ("/inventory/reserve/order", order(expires_at=moment)),
        ):
            problem = shop.post(path, body, expect=422)
            assert problem["errors"][0]["field"] == "body.expires_at", moment


def test_a_cart_cannot_hold_for_ever(shop: Api) -> None:
    shop.post("/inventory/reserve/cart", cart(expires_at=None), expect=422)


def test_an_end_in_the_past(shop: Api, clock: FakeClock) -> None:
    for moment in (clock(), clock() - timedelta(days=1)):
        body = cart(expires_at=moment.isoformat())
        problem = shop.post("/inventory/reserve/cart", body, expect=422)
        assert (problem["code"], problem["field"]) == ("invalid_moment", "expires_at")


def test_a_happening_in_the_future(shop: Api, clock: FakeClock) -> None:
    moment = (clock() + timedelta(seconds=1)).isoformat()
    body = {"lines": cart()["lines"], "happened_at": moment}
    assert shop.post("/inventory/receive", body, expect=422)["code"] == "invalid_moment"


def test_no_lines_and_ten_thousand(shop: Api) -> None:
    shop.post("/inventory/reserve/cart", {"cart_id": "c", "lines": []}, expect=422)
    shop.post("/inventory/batch", {"skus": []}, expect=422)
    many = [{"sku": "ce1111", "quantity": 1}] * 10_000
    for path, body in (
        ("/inventory/reserve/cart", {"cart_id": "c", "lines": many}),
        ("/inventory/reserve/order", {"order_id": "o", "lines": many}),
        ("/inventory/deduct", {"order_id": "o", "lines": many}),
        ("/inventory/receive", {"lines": many}),
    ):
        problem = shop.post(path, body, expect=422)
        assert (problem["code"], problem["lines"]) == ("too_many_lines", 10_000)


def test_members_and_parameters_nobody_knows(shop: Api) -> None:
    problem = shop.post("/inventory/reserve/cart", cart(price=100), expect=422)
    assert problem["errors"][0]["field"] == "body.price"
    problem = shop.get("/inventory/ce1111?verbose=1", expect=422)
    assert problem["errors"][0]["field"] == "query.verbose"
    problem = shop.get("/inventory/low-stock?limit=1&limit=2", expect=422)
    assert problem["errors"][0]["kind"] == "repeated"
    problem = _post_json(shop, "/inventory/reserve/cart", cart() | {"\ud800\x00" * 100: 1}).json()
    assert problem["errors"][0]["field"] == "body"
    problem = shop.post("/inventory/reserve/cart", cart() | {"\x00\n" * 100: 1}, expect=422)
    assert problem["errors"][0]["field"] == "body." + "\ufffd" * 64
    shop.get("/health?x=1", expect=422)


@pytest.mark.parametrize(
    "body",
    [
        *(b"{", b"", b"null", b"[]", b'"x"', b"7", b"\xff\xfe", b"{'cart_id': 'c'}", RAW),
        *(RAW + b"01}]}", RAW + b"1" * 5000 + b"}]}", b"[" * 100_000, b'{"a":' * 50_000),
    ],
)
def test_bodies_that_are_no_request(shop: Api, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = shop.send("POST", "/inventory/reserve/cart", content=body, headers=headers)

    assert answer.status_code in {400, 422}
    assert answer.json()["code"] in {"malformed_json", "invalid_request"}


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/problem+json", "x", ""],
)
def test_content_types_we_do_not_take(shop: Api, content_type: str) -> None:
    for path in ("/inventory/reserve/cart", "/inventory/receive"):
        answer = shop.send("POST", path, content=b"{}", headers={"Content-Type": content_type})
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_json_with_a_charset_is_taken(shop: Api) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    answer = shop.send("POST", "/inventory/batch", content=b'{"skus":["ce1111"]}', headers=headers)

    assert answer.status_code == 200


def test_a_body_that_is_too_large(shop: Api) -> None:
    headers = {"Content-Type": "application/json"}

    def stream() -> Any:
        async def parts() -> Any:
            for _ in range(11):
                yield b" " * 100_000

        return parts()

    for content in (b" " * 1_000_001, stream()):
        answer = shop.send("POST", "/inventory/reserve/cart", content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        assert answer.json()["limit_bytes"] == 1_000_000


@pytest.mark.parametrize("key", ["", "x" * 256, "ключ", "a\tb", "\x7f"])
def test_idempotency_keys_that_are_none(shop: Api, key: str) -> None:
    for method, path, body in (
        ("POST", "/inventory/reserve/cart", cart()),
        ("DELETE", "/inventory/reserve/order/1", None),
        ("POST", "/inventory/receive", {"lines": cart()["lines"]}),
    ):
        headers = {"Idempotency-Key": key.encode()}
        answer = shop.send(method, path, json=body, headers=headers)
        assert answer.status_code == 422, key
        assert answer.json()["errors"][0]["field"] == "header.Idempotency-Key"


def test_paths_and_methods_that_do_not_exist(shop: Api) -> None:
    shop.get("/nothing", expect=404)
    shop.get("/inventory/ce1111/", expect=404)
    assert shop.delete("/inventory/ce1111", expect=405)["code"] == "method_not_allowed"
    answer = shop.send("POST", "/inventory/ce1111/adjust", json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "PUT")
    assert shop.send("PUT", "/skus/ce1111").headers["allow"] == "DELETE, GET, PATCH"
    shop.get("/inventory/%00", expect=422)
    shop.get("/inventory/" + "x" * 500, expect=422)
    shop.get("/inventory/%FF", expect=404)


def test_corrections_that_say_nothing(shop: Api) -> None:
    path = "/inventory/ce1111/adjust"
    good = {"mode": "add", "quantity": 1, "reason": "x"}
    for change in (
        {"mode": "multiply"},
        {"quantity": 0},
        {"quantity": -1},
        {"reason": ""},
        {"reason": "   "},
        {"reason": "x" * 501},
        {"reason": "a\nb"},
        {"reason": None},
        {"location": ""},
    ):
        shop.put(path, good | change, expect=422)
    shop.put("/inventory/ce1111/threshold", {}, expect=422)
    shop.put("/inventory/ce1111/threshold", {"safety_stock": None}, expect=422)
    shop.put("/inventory/ce1111/threshold", {"allow_oversell": "yes"}, expect=422)
    shop.put("/inventory/ce1111/threshold", {"safety_stock": -1}, expect=422)
    location = good | {"location": "nowhere"}
    assert shop.put(path, location, expect=404)["code"] == "unknown_location"


def test_more_than_the_ledger_keeps(shop: Api) -> None:
    lines = [{"sku": "ce1111", "quantity": 1_000_000_000}] * 1000
    problem = shop.post("/inventory/receive", {"lines": lines}, expect=409)

    assert problem["code"] == "balance_too_large"
