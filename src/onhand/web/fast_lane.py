"""A lean way through for the hot operations; docs/adr/0007-fast-lane.md says why.

It takes requests of the plainest form only: a token checked a moment ago, a small JSON body of
exactly the expected members, acceptable values. Whatever is unusual goes on to the ordinary
route with nothing consumed, so that every error but the ledger's has one implementation.
"""

from typing import NamedTuple

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onhand.access.model import Principal, Refusal, Right, environment_of
from onhand.bootstrap.environment import Environment, Onhand
from onhand.db.errors import DatabaseUnavailable
from onhand.db.grouping import Stopping
from onhand.stock.model.commands import Ask, Command, Release
from onhand.stock.model.events import Reference, ReferenceType, Source
from onhand.web.envelope import ACTOR, send_whole
from onhand.web.errors import Problem, Rendered, problem_of, render, unavailable
from onhand.web.fast_bodies import READERS, Reader
from onhand.web.fields import is_key, read_code, read_name
from onhand.web.messages import best_language
from onhand.web.visits import REPLAYED, caller_of, key_of

_JSON = [(b"content-type", b"application/json")]
_REPLAYED_JSON = [*_JSON, (REPLAYED.lower().encode(), b"true")]
_LEVEL = "/api/v1/inventory/"
_FIXED = frozenset({"low-stock", "reservations"})  # no codes, although they stand where codes do
_ORDER = "/api/v1/inventory/reserve/order/"
_BEARER = b"Bearer "
_encode = msgspec.json.Encoder().encode

_Headers = dict[bytes, bytes]


class _Pass(NamedTuple):
    """A request the lane may take: its headers, and whose it is, asked of no database."""

    headers: _Headers
    environment: Environment
    principal: Principal
    key: str | None


class FastLane:
    """Answers plain hot requests itself and hands all others to the ordinary application."""

    def __init__(self, ordinary: ASGIApp, onhand: Onhand) -> None:
        """`ordinary` answers everything, this lane's operations included."""
        self._ordinary = ordinary
        self._onhand = onhand
        self._pace = onhand.pace
        self._most_lines = onhand.settings.inventory_batch_size
        self._most_bytes = onhand.settings.max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["query_string"] or b"%" in scope.get("raw_path", b""):
            await self._ordinary(scope, receive, send)
            return
        method: str = scope["method"]
        path: str = scope["path"]
        answer: Rendered | None = None
        if method == "POST":
            reader = READERS.get(path)
            if reader is not None:
                taken = await self._take(receive)
                answer = await self._post(scope, taken, reader)
                receive = _Replayed(taken, receive)
        elif method == "GET" and path.startswith(_LEVEL):
            answer = await self._level(scope, path[len(_LEVEL) :])
        elif method == "DELETE" and path.startswith(_ORDER):
            answer = await self._release_order(scope, path[len(_ORDER) :])
        if answer is None:
            await self._ordinary(scope, receive, send)
        else:
            await send_whole(send, answer.status, answer.headers, answer.body)

    async def _take(self, receive: Receive) -> list[Message]:
        """The messages of a whole body, or as many as reach the limit."""
        taken = [await receive()]
        size = len(taken[0].get("body", b""))
        while taken[-1].get("more_body", False) and size <= self._most_bytes:
            taken.append(await receive())
            size += len(taken[-1].get("body", b""))
        return taken

    async def _post(self, scope: Scope, taken: list[Message], reader: Reader) -> Rendered | None:
        passed = self._let_pass(scope, Right.RESERVE)
        if passed is None or taken[-1].get("more_body", False):
            return None
        body = b"".join(message.get("body", b"") for message in taken)
        if (
            passed.headers.get(b"content-type") != b"application/json"
            or len(body) > self._most_bytes
            or (passed.principal.bound_owner is not None and not reader.owner_token)
        ):
            return None
        try:
            ask = reader.read(body, passed.principal, self._most_lines)
        except ValueError:
            return None
        return await self._decide(scope, passed, ask)

    async def _release_order(self, scope: Scope, order_id: str) -> Rendered | None:
        passed = self._let_pass(scope, Right.RESERVE)
        if passed is None or "/" in order_id:
            return None
        try:
            reference = Reference(ReferenceType.ORDER, read_name(order_id))
        except ValueError:
            return None
        return await self._decide(scope, passed, Release(reference))

    async def _level(self, scope: Scope, raw: str) -> Rendered | None:
        passed = self._let_pass(scope, Right.READ)
        if passed is None or "/" in raw or raw in _FIXED:
            return None
        try:
            code = read_code(raw)
        except ValueError:
            return None
        refused = self._count(passed)
        if refused is not None:
            return refused
        try:
            view = await passed.environment.reads.submit_async(code)
        except DatabaseUnavailable as error:
            return _refused(passed, unavailable(error))
        except Stopping:
            return _refused(passed, Problem("shutting_down"))
        if view is None:
            return _refused(passed, Problem("unknown_sku", {"skus": [code]}))
        return Rendered(200, _JSON, _encode(view))

    async def _decide(self, scope: Scope, passed: _Pass, ask: Ask) -> Rendered:
        refused = self._count(passed)
        if refused is not None:
            return refused
        client = scope.get("client")
        caller = caller_of(
            passed.principal, source=Source.API, origin=client[0] if client else None
        )
        try:
            result = await passed.environment.writes.submit_async(Command(caller, ask, passed.key))
        except DatabaseUnavailable as error:
            return _refused(passed, unavailable(error))
        except Stopping:
            return _refused(passed, Problem("shutting_down"))
        if isinstance(result, Refusal):
            return _refused(passed, problem_of(result))
        return Rendered(200, _REPLAYED_JSON if result.replayed else _JSON, result.answer.encode())

    def _count(self, passed: _Pass) -> Rendered | None:
        """Count a request that this lane answers; those it hands on are counted there."""
        too_many = self._pace.take(passed.principal)
        return None if too_many is None else _refused(passed, problem_of(too_many))

    def _let_pass(self, scope: Scope, right: Right) -> _Pass | None:
        """The request's caller, if everything about its headers is as usual."""
        sent: list[tuple[bytes, bytes]] = scope["headers"]
        headers = dict(sent)
        authorization = headers.get(b"authorization", b"")
        if len(headers) != len(sent) or not authorization.startswith(_BEARER):
            return None
        bearer = authorization[len(_BEARER) :].decode("latin-1")
        name = environment_of(bearer)
        if name is None:
            return None
        environment = self._onhand.environment(name)
        principal = environment.authenticator.remembered(bearer)
        if principal is None or not principal.may(right):
            return None
        scope[ACTOR] = principal.name
        key = headers.get(b"idempotency-key")
        if key is None:
            return _Pass(headers, environment, principal, None)
        text = key.decode("latin-1")
        if not is_key(text):
            return None
        return _Pass(headers, environment, principal, key_of(principal, text))


def _refused(passed: _Pass, problem: Problem) -> Rendered:
    wanted = passed.headers.get(b"accept-language", b"").decode("latin-1")
    return render(problem, best_language(wanted))


class _Replayed:
    """Receives messages that were taken already, then those that follow."""

    def __init__(self, taken: list[Message], receive: Receive) -> None:
        self._taken = taken
        self._receive = receive

    async def __call__(self) -> Message:
        return self._taken.pop(0) if self._taken else await self._receive()
