"""Tokens, who you are, and resetting the test environment."""

from typing import Literal

from pydantic import BaseModel, Field
from starlette.responses import Response

from onhand.access.commands import (
    create_token,
    issue_owner_token,
    revoke_token,
)
from onhand.access.model import (
    LONGEST_OWNER_TOKEN_S,
    NewOwnerToken,
    NewToken,
    Refusal,
    Right,
    Scope,
)
from onhand.access.queries import TokenView, list_tokens
from onhand.bootstrap import demo
from onhand.stock.commands.reset import reset_test_data
from onhand.web.answers import Me, NewTokenAnswer, OwnerTokenAnswer, Reset, Tokens
from onhand.web.bodies import example
from onhand.web.errors import Refused, problem_of
from onhand.web.fields import Moment, Name
from onhand.web.operation import operation, operations
from onhand.web.paths import PathName
from onhand.web.visits import Visitor, Writer, answered, shown

router = operations(tag="access")


class OwnerTokenBody(BaseModel):
    """For whose holds, and for how long."""

    model_config = example(owner="customer-42", expires_in_s=900)
    owner: Name
    expires_in_s: int = Field(
        900, strict=True, ge=1, le=LONGEST_OWNER_TOKEN_S, description="Seconds."
    )


class NewTokenBody(BaseModel):
    """A token to make; holds belong to its `name`, so one that replaces another takes its name."""

    model_config = example(name="web shop", scope="reserve")
    name: Name
    scope: Literal["viewer", "reserve", "operator", "admin"]
    expires_at: Moment | None = Field(None, description="Without it, until it is revoked.")


@router.get("/me", **operation(Right.READ, Me, owner_token=True))
def show_me(visit: Visitor) -> Response:
    """Whom the token speaks for, and what it may do."""
    principal = visit.principal
    return shown(
        Me(
            name=principal.name,
            scope=principal.scope,
            rights=[right.value for right in Right if principal.may(right)],
            environment=principal.environment,
            owner=principal.bound_owner,
            token_id=principal.token_id,
        )
    )


@router.post("/auth/token", **operation(Right.RESERVE, OwnerTokenAnswer))
def make_owner_token(visit: Visitor, body: OwnerTokenBody) -> Response:
    """A short-lived token (JWT) with which a storefront can touch one owner's holds only."""
    environment = visit.environment
    made = issue_owner_token(
        environment.database,
        visit.principal,
        NewOwnerToken(body.owner, body.expires_in_s),
        now=environment.clock(),
    )
    if isinstance(made, Refusal):
        raise Refused(problem_of(made))
    return shown(OwnerTokenAnswer(made.token, "Bearer", body.owner, made.expires_at))


@router.get("/tokens", **operation(Right.ADMINISTER, Tokens))
def read_tokens(visit: Visitor) -> Response:
    """Every token ever made, without its secret."""
    with visit.environment.database.read() as connection:
        return shown(Tokens(list_tokens(connection)))


@router.post(
    "/tokens",
    **operation(
        Right.ADMINISTER, NewTokenAnswer, "invalid_moment", "token_already_made", status=201
    ),
)
def make_token(writer: Writer, body: NewTokenBody) -> Response:
    """Make a token of this environment; its secret is shown once.

    With an `Idempotency-Key` it is made once. The secret is kept nowhere and cannot be shown again,
    so a repetition is refused with `token_already_made`, which names the token. If its secret did
    not reach you, revoke it and make another one under a new key.
    """
    environment = writer.visit.environment
    made = create_token(
        environment.database,
        writer.asked(),
        NewToken(body.name, Scope(body.scope), body.expires_at),
        environment=environment.name,
    )
    if isinstance(made, Refusal):
        raise Refused(problem_of(made))
    answer = NewTokenAnswer(made.token_id, body.name, body.scope, body.expires_at, made.secret)
    return shown(answer, status=201)


@router.delete(
    "/tokens/{token_id}",
    **operation(Right.ADMINISTER, TokenView, "token_not_found"),
)
def end_token(writer: Writer, token_id: PathName) -> Response:
    """End a token; every server process notices within 5 seconds."""
    environment = writer.visit.environment
    return answered(revoke_token(environment.database, writer.asked(), token_id))


@router.post("/test/reset", **operation(Right.ADMINISTER, Reset, "test_only"))
def reset_test(writer: Writer) -> Response:
    """Empty the test environment and fill it with the demo again; tokens stay.

    SKU `ce1111` exists afterwards. Refused in `live`.
    """
    environment = writer.visit.environment
    result = reset_test_data(environment.database, writer.asked(), environment.name)
    response = answered(result)
    demo.fill(environment.database, environment.ledger, clock=environment.clock)
    return response
