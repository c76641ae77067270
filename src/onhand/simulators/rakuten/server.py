"""The simulation as an ASGI application; the protocol is spoken by hand, it is that small."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from typing import Any

from onhand.simulators.rakuten.control import PREFIX, control
from onhand.simulators.rakuten.rakuten import Rakuten
from onhand.simulators.rakuten.wire import Lost, Outcome, Request, Response, ok

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

_MOST_BYTES = 4_000_000


def asgi(rakuten: Rakuten, after: Callable[[], None] = lambda: None) -> Application:
    """Serve Rakuten and the control surface; `after` runs before each answer leaves."""

    async def serve(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        request = await _read(scope, receive)
        outcome = _outcome(rakuten, scope, request)
        after()
        await _answer(outcome, send)

    return serve


def _outcome(rakuten: Rakuten, scope: Message, request: Request | None) -> Outcome:
    if request is None:
        return ok({"error": "too large"}, 413)
    if not request.path.startswith(PREFIX):
        return rakuten.handle(request)
    if not _is_local(scope, request):
        return ok({"error": "only from this machine"}, 403)
    return control(rakuten, request)


def _is_local(scope: Message, request: Request) -> bool:
    """Whether the caller is on this machine and no page of a website has sent it."""
    client = scope.get("client")
    host = request.header("host").rpartition(":")[0] or request.header("host")
    is_named_so = host in {"127.0.0.1", "localhost", "[::1]"}
    return bool(
        client
        and ip_address(client[0]).is_loopback
        and is_named_so
        and not request.header("origin")
    )


async def _read(scope: Message, receive: Receive) -> Request | None:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > _MOST_BYTES:
            return None
        if not message.get("more_body", False):
            break
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope["query_string"].decode("latin-1")
    return Request(scope["method"], scope["path"], query, headers, body)


async def _answer(outcome: Outcome, send: Send) -> None:
    if isinstance(outcome, Lost):
        await asyncio.sleep(outcome.hang_s)
        # A body that is promised and does not come makes the server drop the connection.
        await send(_start(Response(502, {"content-length": "1"})))
        return
    length = {} if outcome.status == 204 else {"content-length": str(len(outcome.body))}
    await send(_start(Response(outcome.status, {**outcome.headers, **length})))
    await send({"type": "http.response.body", "body": outcome.body})


def _start(response: Response) -> Message:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in response.headers.items()]
    return {"type": "http.response.start", "status": response.status, "headers": headers}


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
