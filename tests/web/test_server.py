"""The application behind a real server and socket."""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from structlog.testing import capture_logs

from onhand.bootstrap.environment import Onhand
from onhand.web.app import create_app
from tests.databases import free_port
from tests.web.client import PREFIX, Api, cart

LIMIT_S = 20.0


@contextlib.contextmanager
def running(onhand: Onhand) -> Iterator[tuple[str, uvicorn.Server]]:
    """A server on loopback until the block ends."""
    port = free_port()
    config = uvicorn.Config(
        create_app(onhand), port=port, loop="uvloop", http="httptools", log_config=None
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        for _ in range(1000):
            if server.started:
                break
            threading.Event().wait(0.01)
        assert server.started
        yield f"http://127.0.0.1:{port}", server
    finally:
        server.should_exit = True
        thread.join(LIMIT_S)
    assert not thread.is_alive()


def test_many_connections_take_the_last_units_once(shop: Api, onhand: Onhand) -> None:
    async def all_at_once(url: str) -> list[int]:
        headers = {"Authorization": f"Bearer {shop.token}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=LIMIT_S) as client:
            answers = await asyncio.gather(
                *(
                    client.post(f"{PREFIX}/inventory/reserve/cart", json=cart(n, quantity=1))
                    for n in range(40)
                )
            )
        return [answer.status_code for answer in answers]

    with running(onhand) as (url, _):
        statuses = asyncio.run(all_at_once(url))

    assert sorted(statuses) == [200] * 10 + [409] * 30
    assert shop.units() == (10, 10)


def test_a_body_without_length_is_cut_off_at_the_limit(shop: Api, onhand: Onhand) -> None:
    sent = 0
    with running(onhand) as (url, _):
        address = httpx.URL(url)
        with socket.create_connection((address.host, address.port or 0), LIMIT_S) as connection:
            connection.sendall(
                b"POST /api/v1/inventory/receive HTTP/1.1\r\nHost: x\r\n"
                b"Authorization: Bearer " + shop.token.encode() + b"\r\n"
                b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
            with contextlib.suppress(ConnectionError):
                for _ in range(100):
                    connection.sendall(chunk)
                    sent += 0x10000
                    if sent > 2_000_000:
                        break
            answer = connection.recv(4096)

    assert answer.startswith(b"HTTP/1.1 413")
    assert b"body_too_large" in answer


def test_answers_under_way_are_finished_when_the_server_stops(shop: Api, onhand: Onhand) -> None:
    async def ask(url: str, server: uvicorn.Server) -> list[int]:
        headers = {"Authorization": f"Bearer {shop.token}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=LIMIT_S) as client:
            tasks = [
                asyncio.create_task(
                    client.post(f"{PREFIX}/inventory/reserve/cart", json=cart(n, quantity=1))
                )
                for n in range(5)
            ]
            await asyncio.sleep(0.05)
            server.should_exit = True
            return [answer.status_code for answer in await asyncio.gather(*tasks)]

    with running(onhand) as (url, server):
        assert asyncio.run(ask(url, server)) == [200] * 5
    assert shop.units() == (10, 5)


@pytest.mark.parametrize("given", ["my-request-1", "a" * 129, "with space", ""])
def test_a_request_id_is_taken_or_made(shop: Api, given: str) -> None:
    for path in ("/inventory/ce1111", "/me", "/nothing"):
        answer = shop.send("GET", path, headers={"X-Request-Id": given})
        found = answer.headers["x-request-id"]
        assert (found == given) is (given == "my-request-1")
        assert 0 < len(found) <= 128


def test_every_request_is_logged_without_secrets(shop: Api) -> None:
    with capture_logs() as logs:
        shop.post("/inventory/reserve/cart", cart(owner="ann"), headers={"X-Request-Id": "r-1"})
        shop.post("/tokens", {"name": "x", "scope": "viewer"}, expect=201)
        shop.get("/inventory/ce1111", headers={"Authorization": None}, expect=401)

    first, _, third = (line for line in logs if line["event"] == "request")
    assert first["request_id"] == "r-1"
    assert (first["method"], first["status"], first["actor"]) == ("POST", 200, "admin")
    assert first["path"] == f"{PREFIX}/inventory/reserve/cart"
    assert first["origin"] == "192.0.2.7"
    assert first["ms"] >= 0
    assert (third["status"], third["actor"]) == (401, None)
    assert "oh_test_" not in json.dumps(logs)
