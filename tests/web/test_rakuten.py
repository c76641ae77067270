"""Rakuten's own operations, against a simulated Rakuten and against nobody."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from onhand.bootstrap.environment import Environment, Onhand
from onhand.bootstrap.shops import Shops, Wiring
from onhand.jobs.all import ALL_JOBS
from onhand.jobs.registry import StoreRef
from onhand.jobs.runner import Runner
from onhand.simulators.rakuten import Rakuten
from onhand.web.app import create_app
from tests.marketplace import URL, Away, Line
from tests.shop import FakeClock
from tests.web.client import Api
from tests.web.conftest import NewApi

TOKYO = "rakuten-tokyo"


@pytest.fixture
def line(clock: FakeClock) -> Line:
    """A line to a simulated Rakuten where the shop is open."""
    rakuten = Rakuten(clock, seed=1)
    rakuten.open_shop(TOKYO)
    return Line(rakuten)


@pytest.fixture
def place(test: Environment, clock: FakeClock, line: Line) -> Environment:
    """The environment `test`, connected to it."""
    wiring = Wiring(URL, sleep=clock.advance, transport=Away(line).transport)  # type: ignore[arg-type]
    return replace(test, shops=Shops(test.database, test.vault, clock, wiring))


@pytest.fixture
def tokyo(api: Api, onhand: Onhand, place: Environment, line: Line) -> Iterator[Api]:
    """An admin's, with the store and its keys."""
    connected = Api(create_app(replace(onhand, test=place)), api.token)
    connected.post("/stores", {"store": TOKYO, "name": "東京"}, expect=201)
    shop = line.rakuten.shops[TOKYO]
    keys = {"service_secret": shop.secret, "license_key": shop.license_key}
    connected.put(f"/stores/{TOKYO}/credentials", keys)
    yield connected
    connected.close()
    place.shops.close()


def work(place: Environment) -> None:
    """Run what was asked for."""
    store = StoreRef(TOKYO, "active", {"poll_interval_s": 900})
    jobs = [replace(job, every=None) for job in ALL_JOBS]
    Runner(place, jobs, stores=lambda: [store], clock=place.clock).run_due(place.clock())


def test_keys_that_work(tokyo: Api) -> None:
    tested = tokyo.get("/rakuten/auth-test", params={"store": TOKYO.upper()})
    assert (tested["works"], tested["trouble"], tested["reason"]) == (True, None, None)
    assert tested["expires_at"]
    assert tokyo.get(f"/stores/{TOKYO}")["key_expires_at"] is None  # a GET notes nothing

    again = tokyo.post(f"/stores/{TOKYO}/test-connection")
    assert again["expires_at"] == tested["expires_at"]
    assert tokyo.get(f"/stores/{TOKYO}")["key_expires_at"] == tested["expires_at"]


def test_keys_that_do_not_work(tokyo: Api) -> None:
    wrong = {"service_secret": "SP-example-not-a-key", "license_key": "SL-example-not-a-key"}
    tokyo.put(f"/stores/{TOKYO}/credentials", wrong)

    tested = tokyo.post(f"/stores/{TOKYO}/test-connection")
    assert (tested["works"], tested["trouble"]) == (False, "auth_expired")
    assert tested["function"] == "license.expiryDate"
    assert tested["reason"]
    assert "not-a-key" not in str(tested)
    assert tokyo.get(f"/stores/{TOKYO}")["status"] == "active"  # only work pauses a store


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (httpx.Response(503, text="<html>maintenance</html>"), "unavailable"),
        (httpx.Response(429, headers={"Retry-After": "30"}), "rate_limited"),
        (httpx.Response(200, json=["hello"]), "not_understood"),
        (httpx.Response(200, json={"expiryDate": 7}), "not_understood"),
        (httpx.Response(400, json={"errors": [{"code": "X", "message": "no"}]}), "refused"),
    ],
)
def test_whatever_the_shop_answers(
    tokyo: Api, line: Line, answer: httpx.Response, trouble: str
) -> None:
    line.meddle = lambda _asked, _carry: answer

    tested = tokyo.post(f"/stores/{TOKYO}/test-connection")
    assert (tested["works"], tested["trouble"]) == (False, trouble)
    assert tested["reason"]


def test_a_shop_nobody_answers_for(api: Api) -> None:
    api.post("/stores", {"store": TOKYO, "name": "東京"}, expect=201)

    without = api.post(f"/stores/{TOKYO}/test-connection")
    assert (without["trouble"], without["reason"]) == ("auth_expired", "the store has no keys yet")
    keys = {"service_secret": "SP-example-not-a-key", "license_key": "SL-example-not-a-key"}
    api.put(f"/stores/{TOKYO}/credentials", keys)
    assert api.get("/rakuten/auth-test", params={"store": TOKYO})["trouble"] == "unavailable"
    assert api.post("/stores/nowhere/test-connection", expect=404)["code"] == "unknown_store"
    for store in ("nowhere", "楽天"):
        answer = api.get("/rakuten/auth-test", params={"store": store}, expect=404)
        assert answer["code"] == "unknown_store"
    api.get("/rakuten/auth-test", expect=422)


def test_orders_are_polled_at_once(tokyo: Api, place: Environment, clock: FakeClock) -> None:
    (one,) = tokyo.post("/rakuten/manual-poll", {"store": TOKYO}, expect=202)["tasks"]
    assert tokyo.post("/rakuten/manual-poll", expect=202)["tasks"] == [one]
    clock.advance(60)
    work(place)

    assert tokyo.get(f"/tasks/{one['task_id']}")["state"] == "done"
    (status,) = tokyo.get("/sync/status")["stores"]
    assert status["orders"]["taken_in_until"]
    assert status["sync"]["calls"]["order.searchOrder"] >= 0
    assert tokyo.post("/rakuten/manual-poll", {"store": "x"}, expect=404)["code"] == "unknown_store"
    tokyo.delete(f"/stores/{TOKYO}")
    gone = tokyo.post("/rakuten/manual-poll", {"store": TOKYO}, expect=409)
    assert gone["code"] == "store_inactive"
    assert tokyo.post("/rakuten/manual-poll", {}, expect=202)["tasks"] == []
    tokyo.post("/rakuten/manual-poll", {"stores": []}, expect=422)


def test_a_look_inside_shows_no_key(
    tokyo: Api, line: Line, place: Environment, clock: FakeClock
) -> None:
    tokyo.post("/rakuten/manual-poll", expect=202)
    line.meddle = lambda _asked, _carry: httpx.Response(503)
    clock.advance(60)
    work(place)

    answer = tokyo.send("GET", f"/rakuten/debug/{TOKYO}")
    inside = answer.json()
    shop = line.rakuten.shops[TOKYO]
    assert inside["address"] == URL
    assert inside["keys"]["service_secret"] == f"•••• ({len(shop.secret)} characters)"
    assert inside["orders"]["last_error"]
    (task,) = inside["troubled_tasks"]
    assert task["errors"]
    for key in (shop.secret, shop.license_key):
        assert key not in answer.text
    assert tokyo.get("/rakuten/debug/nowhere", expect=404)["code"] == "unknown_store"


def test_who_may(new_api: NewApi, api: Api) -> None:
    api.post("/stores", {"store": TOKYO, "name": "東京"}, expect=201)
    viewer, operator = new_api("viewer"), new_api("operator")
    viewer.get("/rakuten/auth-test", params={"store": TOKYO}, expect=403)
    viewer.post(f"/stores/{TOKYO}/test-connection", expect=403)
    viewer.post("/rakuten/manual-poll", expect=403)
    operator.get("/rakuten/auth-test", params={"store": TOKYO})
    operator.post("/rakuten/manual-poll", expect=202)
    operator.get(f"/rakuten/debug/{TOKYO}", expect=403)
    api.get(f"/rakuten/debug/{TOKYO}")
