"""What a handler works with: the visit, the caller it acts for, and how answers are sent."""

from collections.abc import Sized
from dataclasses import dataclass
from typing import Annotated

import msgspec
from fastapi import Depends, Header
from starlette.requests import Request
from starlette.responses import Response

from onhand.access.model import Accepted, Actor, Asked, Principal, Refusal, Right
from onhand.stock.model.commands import Ask, Caller, Command
from onhand.stock.model.events import Source
from onhand.web.errors import KEY_SEPARATOR, Problem, Refused, problem_of
from onhand.web.fields import LONGEST_KEY
from onhand.web.guard import JSON, Visit

REPLAYED = "Idempotent-Replayed"


def _current_visit(request: Request) -> Visit:
    visit: Visit = request.state.visit
    return visit


Visitor = Annotated[Visit, Depends(_current_visit)]

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=LONGEST_KEY,
        pattern=r"^[\x20-\x7e]+$",
        description="Your own id for this request: sent again with the same key and the same "
        "content, it happens once and is answered as it was the first time.",
        examples=["cart-7f3a-1"],
    ),
]


def caller_of(principal: Principal, *, source: Source, origin: str | None) -> Caller:
    """The ledger's caller for a principal: whose holds it may touch follows from its token."""
    return Caller(
        principal.name,
        source,
        origin,
        principal.bound_owner,
        touches_all=principal.bound_owner is None and principal.may(Right.ADMINISTER),
    )


def key_of(principal: Principal, key: str | None) -> str | None:
    """The key under which a request happens once: owners of one shop do not share theirs."""
    if key is None or principal.bound_owner is None:
        return key
    return f"{principal.bound_owner}{KEY_SEPARATOR}{key}"


@dataclass(frozen=True, slots=True)
class Writing:
    """A visit that writes."""

    visit: Visit
    key: str | None

    def actor(self) -> Actor:
        """Who writes, for the rooms that keep no stock."""
        return Actor(self.visit.principal.name, "api", self.visit.origin)

    def asked(self) -> Asked:
        """Who asks, when and under which key, for the rooms that keep no stock."""
        return Asked(self.actor(), self.visit.environment.clock(), self.key)

    def decide(self, ask: Ask, *, source: Source = Source.API) -> Response:
        """Let the ledger decide and answer what it says.

        Raises:
            Refused: the ledger refused.
            DatabaseUnavailable: nothing was acknowledged.
        """
        caller = caller_of(self.visit.principal, source=source, origin=self.visit.origin)
        command = Command(caller, ask, self.key)
        return answered(self.visit.environment.writes.submit(command).result())


def _writing(visit: Visitor, key: IdempotencyKey = None) -> Writing:
    return Writing(visit, key_of(visit.principal, key))


Writer = Annotated[Writing, Depends(_writing)]


def answered(result: Accepted | Refusal, *, status: int = 200) -> Response:
    """The first answer to a command, unchanged, marked when it is given again.

    Raises:
        Refused: it was refused.
    """
    if isinstance(result, Refusal):
        raise Refused(problem_of(result))
    headers = {REPLAYED: "true"} if result.replayed else None
    return Response(result.answer, status_code=status, media_type=JSON, headers=headers)


def shown(view: object, *, status: int = 200) -> Response:
    """A view as JSON."""
    return Response(msgspec.json.encode(view), status_code=status, media_type=JSON)


def found(view: object | None, code: str) -> Response:
    """A SKU's view as JSON.

    Raises:
        Refused: there is none, because no registered SKU has this code.
    """
    if view is None:
        raise Refused(Problem("unknown_sku", {"skus": [code]}))
    return shown(view)


def check_count(lines: Sized, visit: Visit) -> None:
    """Keep a request to as many lines as the settings allow.

    Raises:
        Refused: there are more.
    """
    if len(lines) > visit.most_lines:
        raise Refused(Problem("too_many_lines", {"lines": len(lines), "limit": visit.most_lines}))


def invalid(field: str, message: str) -> Refused:
    """The refusal of one value that no schema can refuse."""
    errors = [{"field": field, "kind": "value_error", "message": message}]
    return Refused(Problem("invalid_request", {"errors": errors}))
