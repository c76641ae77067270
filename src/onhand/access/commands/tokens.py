"""Commands of tokens: those of the API, and those bound to one owner."""

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from onhand.access import queries
from onhand.access.commands.trail import (
    SYSTEM,
    AuditEntry,
    Change,
    Write,
    identify,
    new_command_id,
    record,
    write_once,
)
from onhand.access.model import (
    LONGEST_OWNER_TOKEN_S,
    Accepted,
    Actor,
    Asked,
    EnvironmentName,
    InvalidLifetime,
    InvalidMoment,
    InvalidName,
    NewOwnerToken,
    NewToken,
    NotAllowed,
    Principal,
    Refusal,
    Right,
    TokenAlreadyMade,
    TokenNotFound,
    has_control_characters,
    is_valid_name,
    token_hash,
)
from onhand.access.tables import api_token, signing_key
from onhand.db.database import Database
from onhand.db.errors import TransactionConflict


class IssuedToken(NamedTuple):
    """A new token; the secret is shown once and stored nowhere."""

    token_id: str
    secret: str


class OwnerToken(NamedTuple):
    """A signed token bound to one owner."""

    token: str
    expires_at: datetime


def create_token(
    database: Database, asked: Asked, token: NewToken, *, environment: EnvironmentName
) -> IssuedToken | Refusal:
    """Make an API token of the environment; the secret is in the answer and nowhere else.

    So a repetition under the same key cannot be answered as the first time: it is refused, naming
    the token. Raises:
        DatabaseUnavailable: nothing was made.
    """
    if not is_valid_name(token.name):
        return InvalidName(token.name)
    issued = new_secret(environment)

    def insert(connection: sa.Connection) -> Change | Refusal:
        if token.expires_at is not None and token.expires_at <= asked.now:
            return InvalidMoment("expires_at", token.expires_at.isoformat())
        return insert_token(connection, issued, token, asked.now)

    write = Write("CreateToken", [token.name, token.scope, token.expires_at])
    result = write_once(database, asked, write, insert)
    if isinstance(result, Accepted) and result.replayed:
        return TokenAlreadyMade(msgspec.json.decode(result.answer, type=queries.TokenView).token_id)
    return result if isinstance(result, Refusal) else issued


def revoke_token(database: Database, asked: Asked, token_id: str) -> Accepted | Refusal:
    """End a token now (for every server process within 5 seconds); ending it again is no error.

    The answer is the `TokenView`. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    if has_control_characters(token_id):
        return TokenNotFound(token_id)

    def revoke(connection: sa.Connection) -> Change | Refusal:
        chosen = api_token.c.token_id == token_id
        connection.execute(sa.select(api_token.c.token_id).where(chosen).with_for_update())
        known = queries.read_token(connection, token_id)
        if known is None:
            return TokenNotFound(token_id)
        revoked_at = known.revoked_at or asked.now
        connection.execute(sa.update(api_token).where(chosen).values(revoked_at=revoked_at))
        after = msgspec.structs.replace(known, revoked_at=revoked_at)
        return Change(f"token:{token_id}", after, before=known, after=after)

    return write_once(database, asked, Write("RevokeToken", token_id), revoke)


def ensure_signing_key(database: Database, *, now: datetime) -> str:
    """The environment's secret for owner tokens, made at the first call.

    Raises:
        DatabaseUnavailable: it could not be read or made.
    """
    with database.read() as connection:
        known = queries.read_signing_key(connection)
    if known is not None:
        return known
    try:
        return _make_signing_key(database, now)
    except TransactionConflict:  # another process made it first
        return ensure_signing_key(database, now=now)


def issue_owner_token(
    database: Database, principal: Principal, wanted: NewOwnerToken, *, now: datetime
) -> OwnerToken | Refusal:
    """Sign a JWT with which a storefront can touch one owner's holds only (P1).

    It speaks for the principal's name with scope `reserve` and ends with the principal's own token.
    Nothing is stored. Raises:
        DatabaseUnavailable: the signing key could not be read.
    """
    import jwt  # noqa: PLC0415 — with all of cryptography; most servers never sign one

    if not principal.may(Right.RESERVE) or principal.bound_owner is not None:
        return NotAllowed(principal.scope, Right.RESERVE)
    if not is_valid_name(wanted.owner):
        return InvalidName(wanted.owner)
    if not 1 <= wanted.ttl_s <= LONGEST_OWNER_TOKEN_S:
        return InvalidLifetime(wanted.ttl_s)
    expires_at = now.replace(microsecond=0) + timedelta(seconds=wanted.ttl_s)
    claims = {
        "iss": "onhand",
        "aud": principal.environment.value,
        "sub": principal.name,
        "owner": wanted.owner,
        "tid": principal.token_id,
        "iat": int(now.timestamp()),
        "exp": int(expires_at.timestamp()),
    }
    key = ensure_signing_key(database, now=now)
    return OwnerToken(jwt.encode(claims, key, algorithm="HS256"), expires_at)


def _make_signing_key(database: Database, now: datetime) -> str:
    actor = Actor(SYSTEM, "system")
    action = "CreateSigningKey"
    secret = secrets.token_urlsafe(48)
    with database.begin() as connection:
        connection.execute(sa.insert(signing_key).values(key_id=1, secret=secret, created_at=now))
        record(
            connection,
            AuditEntry(
                request=identify(Asked(actor, now), Write(action, None)),
                actor=actor,
                action=action,
                subject="signing_key",
                recorded_at=now,
                answer="{}",
            ),
        )
    return secret


def new_secret(environment: EnvironmentName) -> IssuedToken:
    """A token to be, with its id and its secret."""
    secret = f"oh_{environment.value}_{secrets.token_urlsafe(32)}"
    return IssuedToken(f"tok_{new_command_id()}", secret)


def insert_token(
    connection: sa.Connection, issued: IssuedToken, token: NewToken, now: datetime
) -> Change:
    """Add the row of a token, in the transaction of the command that makes it."""
    view = queries.TokenView(
        issued.token_id, token.name, token.scope.value, now, token.expires_at, None
    )
    connection.execute(
        sa.insert(api_token).values(
            **msgspec.structs.asdict(view), token_hash=token_hash(issued.secret)
        )
    )
    return Change(f"token:{issued.token_id}", view, after=view)
