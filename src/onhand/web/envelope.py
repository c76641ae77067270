"""What every answer carries and every request leaves in the log: id, security headers, a line."""

import logging
import re
from time import perf_counter
from traceback import format_exc
from typing import Any

import structlog
import uuid_utils
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onhand.bootstrap.set_up import PATH as SET_UP
from onhand.web.errors import Problem, render
from onhand.web.messages import best_language
from onhand.web.paths import keep_slashes

ACTOR = "onhand.actor"  # in the scope: whose request it is, once that is known
_REQUEST_ID = re.compile(rb"[\x21-\x7e]{1,128}")
_NOSNIFF = (b"x-content-type-options", b"nosniff")
_NO_STORE = (b"cache-control", b"no-store")
SECURITY_HEADERS = [_NOSNIFF, _NO_STORE]


def request_id(given: bytes | None) -> bytes:
    """The id a request came with if it is 1 to 128 visible ASCII characters, else a new one."""
    if given is not None and _REQUEST_ID.fullmatch(given):
        return given
    return uuid_utils.uuid7().hex.encode()


class AccessLog:
    """One line a request: who did what, how it ended, how long it took. Never a token or body."""

    def __init__(self) -> None:
        """Lines go where structlog is configured to send them."""
        self._log = structlog.get_logger("onhand.web")

    def request(self, scope: Scope, status: int, *, request_id: bytes, started: float) -> None:
        """Write the line; `started` is from `time.perf_counter`."""
        if not self._log.is_enabled_for(logging.INFO):
            return  # most of the cost is in gathering what the line says
        client = scope.get("client")
        self._log.info(
            "request",
            method=scope["method"],
            path=_shown(scope["path"]),
            status=status,
            ms=round((perf_counter() - started) * 1000, 2),
            actor=scope.get(ACTOR),
            origin=client[0] if client else None,
            request_id=request_id.decode(),
        )

    def failure(self, *, request_id: bytes) -> None:
        """Write down the exception that is being handled, without variables: they hold tokens."""
        self._log.error("request failed", request_id=request_id.decode(), traceback=format_exc())


def _shown(path: str) -> str:
    """A path without the secret of a set-up link."""
    return f"{SET_UP}…" if path.startswith(SET_UP) else path


def header(scope: Scope, name: bytes) -> bytes | None:
    """A request header by its lower-case name; the first of several."""
    for key, value in scope["headers"]:
        if key == name:
            found: bytes = value
            return found
    return None


class Envelope:
    """Around every request: its id, the headers of its answer, its line in the log."""

    def __init__(self, app: ASGIApp, log: AccessLog) -> None:
        """`app` answers; what it raises becomes an internal error."""
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        keep_slashes(scope)
        marked = _MarkedSend(send, request_id(header(scope, b"x-request-id")))
        try:
            await self._app(scope, receive, marked)
        except Exception:  # tidy: boundary — one request must not take the server with it
            self._log.failure(request_id=marked.request_id)
            if marked.status == 0:
                await _send_failure(scope, marked)
        finally:
            self._log.request(scope, marked.status, request_id=marked.request_id, started=started)


class _MarkedSend:
    """Sends messages on, with the headers of every answer; remembers the status (0: none yet)."""

    def __init__(self, send: Send, request_id: bytes) -> None:
        self.request_id = request_id
        self.status = 0
        self._send = send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers: list[tuple[bytes, bytes]] = [*message["headers"], _NOSNIFF]
            for name, _ in message["headers"]:
                if name == b"cache-control":
                    break
            else:
                headers.append(_NO_STORE)
            headers.append((b"x-request-id", self.request_id))
            message = {**message, "headers": headers}
        await self._send(message)


async def _send_failure(scope: Scope, send: _MarkedSend) -> None:
    language = best_language((header(scope, b"accept-language") or b"").decode("latin-1"))
    answer = render(Problem("internal_error"), language)
    await send_whole(send, answer.status, answer.headers, answer.body)


async def send_whole(
    send: Any, status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    """Send an answer whose body is known."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
