"""A shop's server that answers what a test tells it to, over real sockets, lies included."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

JSON_TYPE = "application/json;charset=UTF-8"


@dataclass(frozen=True)
class Says:
    """One answer; `declared` is the Content-Length claimed, `drops` hangs up without a word."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    declared: int | None = None
    drops: bool = False
    hangs: bool = False
    trickles: bool = False


@dataclass(frozen=True)
class Heard:
    """One request as it came in."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any


def says(content: object, status: int = 200, **headers: str) -> Says:
    """Answer this JSON."""
    return Says(status, json.dumps(content).encode(), {"Content-Type": JSON_TYPE, **headers})


class ScriptedShop:
    """Gives the scripted answers in order, the last one for ever."""

    def __init__(self) -> None:
        """Nothing heard, nothing to say yet."""
        self.heard: list[Heard] = []
        self.script: list[Says] = []
        self.let_go = threading.Event()
        self.url = ""

    def will(self, *script: Says) -> None:
        """Answer the coming requests like this; what was heard is forgotten."""
        self.script = list(script)
        self.heard.clear()

    def next(self) -> Says:
        """The answer to the request just heard."""
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


class Server(ThreadingHTTPServer):
    """Holds the script for its handlers."""

    shop: ScriptedShop
    daemon_threads = True
    block_on_close = False


class Handler(BaseHTTPRequestHandler):
    """Plays one answer on the socket."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Hear and answer."""
        shop = self.server.shop
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        content = json.loads(body) if body else None
        shop.heard.append(Heard(self.command, url.path, parse_qs(url.query), headers, content))
        self.close_connection = True
        answer = shop.next()
        if answer.hangs:
            shop.let_go.wait(10)
        if answer.hangs or answer.drops:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.play(answer)

    do_POST = do_GET  # noqa: N815 - the name the base class looks for

    def play(self, answer: Says) -> None:
        """Status, headers, body, as told."""
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        declared = len(answer.body) if answer.declared is None else answer.declared
        if answer.status != 204:
            self.send_header("Content-Length", str(declared))
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            self.wfile.write(answer.body)
            while answer.trickles and not self.server.shop.let_go.wait(0.05):
                self.wfile.write(b" ")
        except ConnectionError:
            return

    def log_message(self, *parts: Any) -> None:
        """Keep silent."""


@contextmanager
def scripted_shop() -> Iterator[ScriptedShop]:
    """A running server on a free port of this machine."""
    shop = ScriptedShop()
    server = Server(("127.0.0.1", 0), Handler)
    server.shop = shop
    shop.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield shop
    finally:
        shop.let_go.set()
        server.shutdown()
        thread.join()
        server.server_close()


def unused_url() -> str:
    """An address of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
