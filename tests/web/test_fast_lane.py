"""The fast lane answers as the ordinary routes do, and takes what it should."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from onhand.access.commands import create_token
from onhand.access.model import Actor, Asked, EnvironmentName, NewToken
from onhand.access.model import Scope as TokenScope
from onhand.bootstrap.environment import Onhand
from onhand.bootstrap.settings import Settings
from onhand.db.database import Database
from onhand.web.app import create_api, create_app
from onhand.web.envelope import AccessLog, Envelope
from onhand.web.fast_bodies import READERS
from onhand.web.fast_lane import FastLane
from tests.shop import FakeClock, Shop
from tests.web.client import PREFIX, Api, cart, environment_over, order

_IDS = re.compile(r"[0-9a-f]{32}\d*")


class Pair:
    """Two equal shops, one asked through the fast lane, one through the ordinary routes alone."""

    def __init__(self, folder: Path, template: Path) -> None:
        """Both start with the same goods."""
        self.clock = FakeClock()
        self.settings = Settings(onhand_home=folder, inventory_batch_size=3)
        self.sides = [self._side(folder / name, template) for name in ("lane", "ordinary")]
        lane, ordinary = self.sides
        self.lane = Api(create_app(lane[0]), lane[1])
        self.ordinary = Api(Envelope(create_api(ordinary[0]), AccessLog()), ordinary[1])

    def _side(self, folder: Path, template: Path) -> tuple[Onhand, str]:
        folder.mkdir()
        shutil.copyfile(template, folder / "test.db")
        shutil.copyfile(template, folder / "live.db")
        live, test = (
            environment_over(name, Database(f"sqlite:///{folder / name.value}.db"), self.clock)
            for name in (EnvironmentName.LIVE, EnvironmentName.TEST)
        )
        shop = Shop(test.ledger, self.clock)
        shop.register(ce1111=1_000_000, b=5)
        shop.add_alias("Kyusu", "ce1111")
        shop.add_location("osaka")
        token = create_token(
            test.database,
            Asked(Actor("test"), self.clock()),
            NewToken("shop", TokenScope.RESERVE),
            environment=EnvironmentName.TEST,
        )
        assert isinstance(token, tuple)
        return Onhand(self.settings, live=live, test=test), token.secret

    def close(self) -> None:
        """Leave nothing open."""
        for api in (self.lane, self.ordinary):
            api.close()
        for onhand, _ in self.sides:
            onhand.close()

    def both(self, method: str, path: str, **request: Any) -> tuple[int, str]:
        """Ask both the same; they must answer the same but for ids."""
        answers = [api.send(method, path, **request) for api in (self.lane, self.ordinary)]
        seen = [
            (
                answer.status_code,
                _IDS.sub("id", answer.text),
                sorted(name for name in answer.headers if name != "x-request-id"),
                answer.headers["content-type"],
            )
            for answer in answers
        ]
        assert seen[0] == seen[1]
        return answers[0].status_code, answers[0].text


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Pair]:
    """The two shops, used one request after the other."""
    made = Pair(tmp_path_factory.mktemp("pair"), sqlite_template)
    yield made
    made.close()


GOOD_MOMENT = "2026-04-01T09:00:00+09:00"
ODD: list[Any] = [
    *(None, True, 0, -1, 1.0, 2.5, 10**10, 10**30, "", " ", "x" * 129, "a\x00", [], {}),
    *("2026-04-01T09:00:00", "2020-01-01T00:00:00Z", GOOD_MOMENT.lower(), "１"),
]


CODE = st.sampled_from(["ce1111", " CE1111 ", "kyusu", "b", "nobody"])
UNITS = st.sampled_from([1, 2, 6])
NAMES = st.sampled_from(["1", "2", "顧客", "a b"])
MOMENTS = st.sampled_from([GOOD_MOMENT, "2026-04-01T00:00:00.123456789Z", "2026-02-01T00:00:00Z"])
LINE = st.fixed_dictionaries(
    {"sku": CODE, "quantity": UNITS},
    optional={"location": st.sampled_from(["main", "osaka", "nowhere", None])},
)
LINES = st.lists(LINE, min_size=1, max_size=4)
TERMS = {"owner": NAMES, "expires_at": MOMENTS}
BUSINESS = {"business_type": st.sampled_from(["ORDER", "CART"]), "business_id": NAMES}
GOODS = {"sku_code": CODE, "quantity": UNITS}
PLAIN: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "/inventory/reserve/cart": st.fixed_dictionaries(
        {"cart_id": NAMES, "lines": LINES}, optional=TERMS
    ),
    "/inventory/reserve/order": st.fixed_dictionaries(
        {"order_id": NAMES, "lines": LINES}, optional={**TERMS, "expires_at": MOMENTS | st.none()}
    ),
    "/inventory/deduct": st.fixed_dictionaries(
        {"order_id": NAMES}, optional={"lines": LINES, "reason": st.sampled_from(["x", " y "])}
    ),
    "/inventory-management/reserve": st.fixed_dictionaries(BUSINESS | GOODS, optional=TERMS),
    "/inventory-management/release": st.fixed_dictionaries(BUSINESS | GOODS)
    | st.fixed_dictionaries(BUSINESS),
    "/inventory-management/deduct": st.fixed_dictionaries(BUSINESS | GOODS)
    | st.fixed_dictionaries(BUSINESS),
}


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, Any]:
    """A path and a body; half of the bodies have one odd member."""
    path = draw(st.sampled_from(sorted(PLAIN)))
    body = draw(PLAIN[path])
    if draw(st.booleans()):
        part = draw(st.sampled_from([body, *body.get("lines", [])]))
        name = draw(st.sampled_from([*sorted(part), "extra"]))
        part[name] = draw(st.sampled_from(ODD) | st.text(max_size=5))
    return path, body


KEYS = st.sampled_from([None, None, "k1", "k2", "k3", "", "ключ", "x" * 256])


def test_every_operation_of_the_lane_is_compared() -> None:
    assert {PREFIX + path for path in PLAIN} == READERS.keys()


@pytest.mark.slow
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(request=requests(), key=KEYS)
def test_both_ways_answer_a_body_alike(
    pair: Pair, request: tuple[str, Any], key: str | None
) -> None:
    path, body = request
    headers = {"Content-Type": "application/json", "Accept-Language": "ja"}
    sent: dict[str, Any] = {**headers, "Idempotency-Key": None if key is None else key.encode()}

    pair.both("POST", path, content=json.dumps(body).encode(), headers=sent)


@settings(max_examples=100)
@given(
    path=st.sampled_from(sorted(PLAIN)),
    body=st.one_of(
        st.binary(max_size=40),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=5,
        ).map(lambda value: json.dumps(value).encode()),
    ),
)
def test_both_ways_answer_any_bytes_alike(pair: Pair, path: str, body: bytes) -> None:
    pair.both("POST", path, content=body, headers={"Content-Type": "application/json"})


@settings(max_examples=100)
@given(
    method=st.sampled_from(["GET", "DELETE", "POST"]),
    stem=st.sampled_from(["/inventory/", "/inventory/reserve/order/", "/inventory-management/"]),
    rest=st.text(max_size=5)
    | st.sampled_from(
        ["ce1111", "CE1111", "kyusu", "low-stock", "nobody", "1", "b/", "a%2Fb", "%00", "b?"]
    ),
)
def test_both_ways_answer_any_path_alike(pair: Pair, *, method: str, stem: str, rest: str) -> None:
    tail = re.sub(r"[^\x21-\x7e]|%(?![0-9A-F]{2})|[#\\^`{|}<>\"]", "~", rest)

    pair.both(method, f"{stem}{tail}")


def test_both_ways_treat_headers_alike(pair: Pair) -> None:
    path, body = "/inventory/reserve/cart", json.dumps(cart(77)).encode()
    for headers in (
        {"Content-Type": "application/json; charset=utf-8"},
        {"Content-Type": "text/plain"},
        {"Content-Type": None},
        {"Authorization": None},
        {"Authorization": "bearer " + "x"},
        {"X-Request-Id": "mine"},
        {"Accept-Language": "zh", "Accept": "text/html"},
    ):
        pair.both(
            "POST", path, content=body, headers={"Content-Type": "application/json"} | headers
        )


def test_a_replay_is_marked_on_both_ways(pair: Pair) -> None:
    headers = {"Idempotency-Key": "replayed"}
    first = pair.both("POST", "/inventory/reserve/cart", json=cart(88), headers=headers)
    again = pair.both("POST", "/inventory/reserve/cart", json=cart(88), headers=headers)

    assert first == again
    answer = pair.lane.send("POST", "/inventory/reserve/cart", json=cart(88), headers=headers)
    assert answer.headers["idempotent-replayed"] == "true"


async def _nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError(f"{scope['method']} {scope['path']} left the lane")


def test_plain_requests_stay_in_the_lane(pair: Pair) -> None:
    onhand, token = pair.sides[0]
    pair.lane.get("/me")  # the token is remembered now
    business = {"business_type": "ORDER", "business_id": "g-1"}
    units = {**business, "sku_code": "CE1111", "quantity": 2}
    headers = {"Idempotency-Key": "lane-1", "X-Request-Id": "lane"}

    with Api(Envelope(FastLane(_nowhere, onhand), AccessLog()), token) as alone:
        alone.post("/inventory/reserve/cart", cart(501, owner="ann"), headers=headers)
        alone.post("/inventory/reserve/order", order(501, expires_at=None))
        alone.post("/inventory/deduct", order(501, quantity=1))
        alone.delete("/inventory/reserve/order/order-501")
        alone.post("/inventory-management/reserve", units)
        alone.post("/inventory-management/release", units | {"quantity": 1})
        alone.post("/inventory-management/deduct", business)
        assert alone.get("/inventory/CE1111")["sku"] == "ce1111"
        alone.get("/inventory/nobody", expect=404)
        problem = alone.post("/inventory/reserve/cart", cart(quantity=10**9), expect=409)
        assert problem["code"] == "insufficient_stock"


def test_without_a_remembered_token_requests_take_the_ordinary_way(pair: Pair) -> None:
    onhand, token = pair.sides[0]
    pair.clock.advance(6)
    with Api(Envelope(FastLane(_nowhere, onhand), AccessLog()), token) as alone:
        answer = alone.send("POST", "/inventory/reserve/cart", json=cart(601))
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    pair.lane.post("/inventory/reserve/cart", cart(601))


def test_a_stopping_server_says_so_on_both_ways(tmp_path: Path, sqlite_template: Path) -> None:
    stopping = Pair(tmp_path, sqlite_template)
    stopping.both("GET", "/me")
    for onhand, _ in stopping.sides:
        onhand.test.writes.close()
        onhand.test.reads.close()

    for method, path, body in (
        ("POST", "/inventory/reserve/cart", cart()),
        ("DELETE", "/inventory/reserve/order/1", None),
        ("GET", "/inventory/ce1111", None),
    ):
        status, text = stopping.both(method, path, json=body)
        assert (status, json.loads(text)["code"]) == (503, "shutting_down")
    stopping.close()


def test_the_lane_hands_on_what_it_has_taken(pair: Pair) -> None:
    onhand, token = pair.sides[0]
    few_bytes = onhand.settings.model_copy(update={"max_body_bytes": 1000})
    headers = {"Content-Type": "application/json"}

    async def parts(body: bytes) -> Any:
        for part in re.findall(b".{1,7}", body):
            yield part

    with Api(create_app(replace(onhand, settings=few_bytes)), token) as small:
        small.get("/me")
        for content in (b" " * 1001, parts(b" " * 2000)):
            answer = small.send("POST", "/inventory/reserve/cart", content=content, headers=headers)
            assert answer.json()["code"] == "body_too_large"
        for body in (cart(701), cart(701, quantity="1")):
            content = parts(json.dumps(body).encode())
            answer = small.send("POST", "/inventory/reserve/cart", content=content, headers=headers)
            assert answer.status_code == (200 if body == cart(701) else 422)
