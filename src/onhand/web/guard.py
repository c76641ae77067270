"""Who may pass: the token, the right, the content type and the names in the query string."""

from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from onhand.access.authenticate import InvalidToken
from onhand.access.model import Principal, Right, environment_of
from onhand.bootstrap.environment import Environment, Onhand
from onhand.web.errors import Problem, Refused, problem_of

JSON = "application/json"
# Members of an operation's description.
RIGHT = "x-onhand-right"
BOUND = "x-onhand-owner-bound"


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that may proceed: for whom, in which environment, from which address."""

    environment: Environment
    principal: Principal
    origin: str | None
    most_lines: int


@dataclass(frozen=True, slots=True)
class Gate:
    """What an operation asks of its caller.

    `right` None is open to everybody; an owner token passes only where `owner_token` says so.
    """

    right: Right | None
    owner_token: bool = False

    @classmethod
    def of(cls, extra: Mapping[str, Any]) -> "Gate":
        """The gate an operation's description names."""
        right = extra.get(RIGHT)
        return cls(None if right is None else Right(right), bool(extra.get(BOUND)))


def refuse_unless_allowed(gate: Gate, principal: Principal) -> None:
    """Check the right, and that an owner token keeps to its owner's holds.

    Raises:
        Refused: the principal may not.
    """
    if gate.right is not None and not principal.may(gate.right):
        facts = {"needed": gate.right.value, "scope": principal.scope.value}
        raise Refused(Problem("insufficient_scope", facts))
    if principal.bound_owner is not None and not gate.owner_token:
        raise Refused(Problem("owner_token_refused"))


def read_bearer(authorization: str | None) -> str:
    """The token in an `Authorization` header.

    Raises:
        Refused: there is none, or it is of another kind.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused(Problem("missing_token"))
    return token.strip()


def claimed_environment(onhand: Onhand, bearer: str) -> Environment:
    """The environment a token says it belongs to.

    Raises:
        Refused: it is no token of ours.
    """
    name = environment_of(bearer)
    if name is None:
        raise Refused(Problem("invalid_token"))
    return onhand.environment(name)


def authenticate(environment: Environment, bearer: str) -> Principal:
    """Whom a token speaks for; may ask the database.

    Raises:
        Refused: the token speaks for nobody.
        DatabaseUnavailable: it could not be looked up.
    """
    try:
        return environment.authenticator.authenticate(bearer)
    except InvalidToken as error:
        raise Refused(Problem("invalid_token", {"reason": error.reason})) from error


class GuardedRoute(APIRoute):
    """A route that checks its caller before it reads the body, and every name in the query."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The ordinary handler behind the checks."""
        ordinary = super().get_route_handler()
        gate = Gate.of(self.openapi_extra or {})
        takes_body = self.body_field is not None
        names = frozenset(_query_names(self.dependant))

        async def guarded(request: Request) -> Response:
            if gate.right is not None:
                request.state.visit = await _admit(request, gate)
            if takes_body and _content_type(request) not in {JSON, None}:
                raise Refused(Problem("unsupported_media_type", {"expected": JSON}))
            _check_query(request, names)
            return await ordinary(_limited(request) if takes_body else request)

        return guarded


async def _admit(request: Request, gate: Gate) -> Visit:
    onhand: Onhand = request.app.state.onhand
    bearer = read_bearer(request.headers.get("authorization"))
    environment = claimed_environment(onhand, bearer)
    principal = environment.authenticator.remembered(bearer)
    if principal is None:
        principal = await run_in_threadpool(authenticate, environment, bearer)
    request.scope["onhand.actor"] = principal.name
    too_many = onhand.pace.take(principal)
    if too_many is not None:
        raise Refused(problem_of(too_many))
    refuse_unless_allowed(gate, principal)
    return Visit(
        environment,
        principal,
        request.client.host if request.client else None,
        onhand.settings.inventory_batch_size,
    )


def _limited(request: Request) -> Request:
    """The request, its body cut off with a refusal where it passes the limit."""
    limit: int = request.app.state.onhand.settings.max_body_bytes
    too_large = HTTPException(413)
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > limit:
        raise too_large
    seen = 0

    async def receive() -> Message:
        nonlocal seen
        message = await request.receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise too_large
        return message

    return Request(request.scope, receive)


def _content_type(request: Request) -> str | None:
    """The media type of the body, None if no body is announced."""
    has_body = (
        request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    )
    if not has_body:
        return None
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _check_query(request: Request, names: frozenset[str]) -> None:
    given = [name for name, _ in request.query_params.multi_items()]
    errors = [
        {"field": f"query.{name}", "kind": "unknown", "message": "there is no such parameter"}
        for name in dict.fromkeys(given)
        if name not in names
    ]
    errors += [
        {"field": f"query.{name}", "kind": "repeated", "message": "give it once"}
        for name in dict.fromkeys(given)
        if name in names and given.count(name) > 1
    ]
    if errors:
        raise Refused(Problem("invalid_request", {"errors": errors}))


def _query_names(dependant: Dependant) -> Iterator[str]:
    for parameter in dependant.query_params:
        kind = parameter.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from (field.alias or name for name, field in kind.model_fields.items())
        else:
            yield parameter.alias
    for inner in dependant.dependencies:
        yield from _query_names(inner)
