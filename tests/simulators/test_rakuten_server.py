"""The simulation behind a real socket, and its control surface."""

import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn

from onhand.bootstrap import demo as onhand_demo
from onhand.simulators.rakuten import Fault, FaultKind, Knobs, LimitAnswer
from onhand.simulators.rakuten.demo import SHOPS, demo_skus, open_demo
from onhand.simulators.rakuten.rakuten import Rakuten
from onhand.simulators.rakuten.server import asgi
from tests.simulators.calls import CONFIRM, GET, SEARCH, TODAY, WRITE, Clock

LINE = {"item": "tokyo-kyusu", "variant": "normal-inventory", "units": 2}
JSON = "application/json; charset=utf-8"


@pytest.fixture
def rakuten() -> Rakuten:
    """The demo's shops, without limits, on a clock that stands still."""
    made = Rakuten(Clock(), seed=1, knobs=Knobs(limit_answer=LimitAnswer.OFF))
    open_demo(made, 3)
    return made


@pytest.fixture
def client(rakuten: Rakuten) -> Iterator[httpx.Client]:
    """A client of tokyo-bags over a real connection."""
    config = uvicorn.Config(asgi(rakuten), log_level="critical", access_log=False)
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        headers = {
            "authorization": rakuten.shops["tokyo-bags"].authorization,
            "content-type": JSON,
        }
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with httpx.Client(base_url=url, headers=headers, timeout=5, trust_env=False) as made:
            yield made
        server.should_exit = True
        thread.join(10)


def test_an_order_from_basket_to_cancellation(client: httpx.Client) -> None:
    ordered = client.post("/_sim/tokyo-bags/orders", json={"lines": [LINE]})
    number = ordered.json()["order"]
    asked = {"orderNumberList": [number]}

    assert client.post(SEARCH, json=TODAY, headers={"content-type": "application/json"}).is_error
    found = client.post(SEARCH, json=TODAY, headers={"content-type": JSON})
    assert found.json()["orderNumberList"] == [number]
    assert client.post(CONFIRM, json=asked, headers={"content-type": JSON}).status_code == 200
    read = client.post(GET, json={**asked, "version": 9}, headers={"content-type": JSON}).json()
    assert read["OrderModelList"][0]["orderProgress"] == 200
    (line,) = read["OrderModelList"][0]["PackageModelList"][0]["ItemModelList"]
    path = f"/_sim/tokyo-bags/orders/{number}"
    changed = client.put(f"{path}/lines/{line['itemDetailId']}", json={"units": 1})
    assert changed.json()["modified"] is True
    assert client.post(f"{path}/cancel", json={"restock": False}).json()["progress"] == 900
    assert client.post(f"{path}/cancel").status_code == 409
    stock = {row["item"]: row["units"] for row in client.get("/_sim/tokyo-bags/stock").json()}
    assert stock["tokyo-kyusu"] == 46


def test_the_wire_is_as_the_function_answers(client: httpx.Client) -> None:
    row = {"manageNumber": "tokyo-kyusu", "variantId": "normal-inventory", "mode": "RELATIVE"}
    written = client.post(WRITE, json={"inventories": [{**row, "quantity": -7}]})
    mark = "*"
    found = []
    while True:
        page = client.get("/es/2.0/items/search", params={"cursorMark": mark, "hits": 5}).json()
        found += [one["item"]["manageNumber"] for one in page["results"]]
        if page["nextCursorMark"] == mark:
            break
        mark = page["nextCursorMark"]

    assert (written.status_code, written.content) == (204, b"")
    assert len(found) == len(set(found)) == 17
    assert client.get("/es/2.0/item/getItems").status_code == 404
    refused = client.get("/es/2.0/items/search", headers={"authorization": "ESA x"})
    assert refused.json()["errors"][0]["code"] == "GA0001"
    assert refused.headers["content-type"] == "application/json;charset=UTF-8"


@pytest.mark.slow
def test_a_lost_answer_is_a_broken_connection(client: httpx.Client, rakuten: Rakuten) -> None:
    fault = {"kind": "lost", "function": "inventories.*", "after": True}
    assert client.post("/_sim/faults", json={"fault": fault, "times": 1}).status_code == 201
    row = {"manageNumber": "tokyo-kyusu", "variantId": "normal-inventory", "mode": "RELATIVE"}
    with pytest.raises(httpx.RemoteProtocolError):
        client.post(WRITE, json={"inventories": [{**row, "quantity": -7}]})

    assert rakuten.shops["tokyo-bags"].quantity("tokyo-kyusu", "normal-inventory") == 40
    rakuten.faults.plan(Fault(kind=FaultKind.LOST, hang_s=2.0))
    began = time.monotonic()
    with pytest.raises(httpx.ReadTimeout):
        client.get("/es/2.0/items/search", timeout=0.3)
    assert time.monotonic() - began < 2


def test_knobs_faults_habits_and_keys_over_the_wire(client: httpx.Client) -> None:
    assert client.put("/_sim/knobs", json={"auth_envelope": "results"}).status_code == 200
    assert client.get("/_sim/knobs").json()["auth_envelope"] == "results"
    assert client.put("/_sim/knobs", json={"no_such": 1}).status_code == 400
    assert client.put("/_sim/knobs", json={"processing_s": "x"}).status_code == 400
    assert client.post("/_sim/faults", json={"fault": {"kind": "odd"}}).status_code == 400
    chance = {"fault": {"kind": "html"}, "probability": 0.0}
    assert client.post("/_sim/faults", json=chance).json()["odds"]
    assert not client.delete("/_sim/faults").json()["odds"]
    assert client.put("/_sim/habits", json={"orders_per_hour": 5}).json()["orders_per_hour"] == 5
    assert client.delete("/_sim/tokyo-bags/key").status_code == 200
    expired = client.post(SEARCH, json=TODAY)
    assert (expired.status_code, "Results" in expired.json()) == (401, True)
    assert client.post("/_sim/tokyo-bags/key").json()["license_key"] == "SL-FAKE-TOKYO-BAGS-2"


def test_stock_and_ledger_over_the_wire(client: httpx.Client) -> None:
    stock = {"item": "osaka-kyusu", "variant": "normal-inventory", "units": 7}
    assert client.put("/_sim/osaka-bags/stock", json=stock).status_code == 200
    last = client.get("/_sim/osaka-bags/ledger").json()[-1]
    assert (last["kind"], last["change"], last["after"]) == ("by_hand", -40, 7)
    assert client.put("/_sim/osaka-bags/stock", json={**stock, "units": -1}).status_code == 400
    assert client.put("/_sim/osaka-bags/stock", json={**stock, "item": "x"}).status_code == 404
    assert client.get("/_sim/kyoto-bags/stock").status_code == 404
    assert client.post("/_sim/osaka-bags/orders/1-2-3/cancel").status_code == 404
    too_many = {"lines": [{**LINE, "units": 48}]}
    assert client.post("/_sim/tokyo-bags/orders", json=too_many).status_code == 409
    assert client.post("/_sim/tokyo-bags/orders", content=b"{").status_code == 400
    assert client.get("/_sim/nothing").status_code == 404
    keys = {shop["shop"]: shop["service_secret"] for shop in client.get("/_sim/shops").json()}
    assert list(keys) == list(SHOPS)
    assert all(secret.startswith("SP-FAKE-") for secret in keys.values())


@pytest.mark.parametrize("headers", [{"host": "sim.example:80"}, {"origin": "http://a.example"}])
def test_no_website_reaches_the_control_surface(
    client: httpx.Client, headers: dict[str, str]
) -> None:
    assert client.get("/_sim/shops", headers=headers).status_code == 403


def test_the_demo_sells_what_onhand_has() -> None:
    goods = {code: units for code, _, units, _ in onhand_demo._GOODS}
    assert demo_skus() == goods
