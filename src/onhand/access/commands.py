"""Commands of access: tokens, people, and the audit entry every write leaves behind."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import jwt
import msgspec
import sqlalchemy as sa
import uuid_utils

from onhand.access import queries
from onhand.access.model import (
    LONGEST_OWNER_TOKEN_S,
    Accepted,
    Actor,
    EnvironmentName,
    InvalidLifetime,
    InvalidMoment,
    InvalidName,
    NewOwnerToken,
    NewToken,
    NewUser,
    NotAllowed,
    Principal,
    Refusal,
    Right,
    Role,
    Scope,
    TokenAlreadyMade,
    TokenNotFound,
    UserExists,
    command_id,
    has_control_characters,
    is_valid_name,
    request_hash,
    token_hash,
)
from onhand.access.queries import Request
from onhand.access.tables import api_token, audit_entry, signing_key, user
from onhand.db.database import Database
from onhand.db.errors import DatabaseUnavailable, TransactionConflict

_ATTEMPTS = 8
FIRST_ADMIN = "admin"
SYSTEM = "onhand"  # the actor of what nobody asked for


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What a write leaves in the audit trail; `answer`, `before` and `after` are JSON text."""

    request: Request
    actor: Actor
    action: str
    subject: str
    recorded_at: datetime
    answer: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What a write did: its subject, its answer and what was before and after, as JSON values."""

    subject: str
    answer: object
    before: object | None = None
    after: object | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """A write about to be done once: `body` is all that is asked."""

    action: str
    body: object
    now: datetime
    idempotency_key: str | None = None


class IssuedToken(NamedTuple):
    """A new token; the secret is shown once and stored nowhere."""

    token_id: str
    secret: str


class OwnerToken(NamedTuple):
    """A signed token bound to one owner."""

    token: str
    expires_at: datetime


def new_command_id() -> str:
    """An id for a command without a key: 32 hex digits that sort by time."""
    return uuid_utils.uuid7().hex


def identify(actor: Actor, write: Write) -> Request:
    """Give a write its id (derived from actor and key, else new) and a hash of what it asks."""
    key = write.idempotency_key
    return Request(
        new_command_id() if key is None else command_id(actor.name, key),
        request_hash(write.action, msgspec.json.encode(write.body, order="deterministic")),
        key,
    )


def record(connection: sa.Connection, entry: AuditEntry) -> None:
    """Add an entry to the audit trail, in the transaction of the write it tells of."""
    connection.execute(
        sa.insert(audit_entry).values(
            command_id=entry.request.command_id,
            recorded_at=entry.recorded_at,
            actor=entry.actor.name,
            origin=entry.actor.origin,
            source=entry.actor.source,
            action=entry.action,
            subject=entry.subject,
            idempotency_key=entry.request.idempotency_key,
            request_hash=entry.request.request_hash,
            answer=entry.answer,
            before=entry.before,
            after=entry.after,
        )
    )


def write_once(
    database: Database,
    actor: Actor,
    write: Write,
    run: Callable[[sa.Connection], Change | Refusal],
) -> Accepted | Refusal:
    """Run a write and its audit entry in one transaction, or answer what it answered before.

    A refused write leaves nothing behind. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    request = identify(actor, write)
    for _ in range(_ATTEMPTS):
        try:
            with database.begin() as connection:
                known = queries.first_answer(connection, request)
                if isinstance(known, str):
                    return Accepted(request.command_id, known, replayed=True)
                change = known or run(connection)
                if isinstance(change, Refusal):
                    # The same request may have been done while this one waited for a lock.
                    known = queries.first_answer(connection, request)
                    connection.rollback()
                    if isinstance(known, str):
                        return Accepted(request.command_id, known, replayed=True)
                    return change
                answer = _json(change.answer)
                record(
                    connection,
                    AuditEntry(
                        request=request,
                        actor=actor,
                        action=write.action,
                        subject=change.subject,
                        recorded_at=write.now,
                        answer=answer,
                        before=None if change.before is None else _json(change.before),
                        after=None if change.after is None else _json(change.after),
                    ),
                )
            return Accepted(request.command_id, answer, replayed=False)
        except TransactionConflict:
            continue  # another process won a key or a lock; what it wrote is visible now
    raise DatabaseUnavailable("too many conflicting transactions")


def create_token(
    database: Database,
    actor: Actor,
    token: NewToken,
    *,
    environment: EnvironmentName,
    now: datetime,
) -> IssuedToken | Refusal:
    """Make an API token of the environment; the secret is in the answer and nowhere else.

    So a repetition under the same key cannot be answered as the first time: it is refused, naming
    the token. Raises:
        DatabaseUnavailable: nothing was made.
    """
    if not is_valid_name(token.name):
        return InvalidName(token.name)
    issued = _new_secret(environment)

    def insert(connection: sa.Connection) -> Change | Refusal:
        if token.expires_at is not None and token.expires_at <= now:
            return InvalidMoment("expires_at", token.expires_at.isoformat())
        return _insert_token(connection, issued, token, now)

    asked = [token.name, token.scope, token.expires_at]
    write = Write("CreateToken", asked, now, token.idempotency_key)
    result = write_once(database, actor, write, insert)
    if isinstance(result, Accepted) and result.replayed:
        return TokenAlreadyMade(msgspec.json.decode(result.answer, type=queries.TokenView).token_id)
    return result if isinstance(result, Refusal) else issued


def create_first_admin(
    database: Database,
    actor: Actor,
    *,
    environment: EnvironmentName,
    now: datetime,
    keep: Callable[[str], None],
) -> bool:
    """Make the user `admin` and its token unless anybody exists already; whether it did.

    `keep` stores the token's secret for its owner just before the commit: a crash in between
    leaves a token that is not valid and that the next attempt replaces, never a lost one. Raises:
        DatabaseUnavailable: nobody was made.
        OSError: `keep` failed and nobody was made.
    """
    issued = _new_secret(environment)

    def insert(connection: sa.Connection) -> Change | Refusal:
        if queries.has_users(connection):
            return UserExists(FIRST_ADMIN)
        made = _insert_user(connection, NewUser(FIRST_ADMIN, Role.ADMIN), now)  # once: unique
        token = _insert_token(connection, issued, NewToken(FIRST_ADMIN, Scope.ADMIN), now)
        keep(issued.secret)
        both = {"user": made, "token": token.after}
        return Change(f"user:{FIRST_ADMIN}", both, after=both)

    result = write_once(database, actor, Write("CreateFirstAdmin", issued.token_id, now), insert)
    return isinstance(result, Accepted)


def revoke_token(
    database: Database,
    actor: Actor,
    token_id: str,
    *,
    now: datetime,
    idempotency_key: str | None = None,
) -> Accepted | Refusal:
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
        revoked_at = known.revoked_at or now
        connection.execute(sa.update(api_token).where(chosen).values(revoked_at=revoked_at))
        after = msgspec.structs.replace(known, revoked_at=revoked_at)
        return Change(f"token:{token_id}", after, before=known, after=after)

    return write_once(database, actor, Write("RevokeToken", token_id, now, idempotency_key), revoke)


def create_user(
    database: Database,
    actor: Actor,
    new: NewUser,
    *,
    now: datetime,
    idempotency_key: str | None = None,
) -> Accepted | Refusal:
    """Make a person known; the answer is the `UserView`.

    Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    if not is_valid_name(new.name):
        return InvalidName(new.name)

    def insert(connection: sa.Connection) -> Change | Refusal:
        if connection.execute(sa.select(user.c.name).where(user.c.name == new.name)).first():
            return UserExists(new.name)
        view = _insert_user(connection, new, now)
        return Change(f"user:{new.name}", view, after=view)

    return write_once(database, actor, Write("CreateUser", new, now, idempotency_key), insert)


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
                request=identify(actor, Write(action, None, now)),
                actor=actor,
                action=action,
                subject="signing_key",
                recorded_at=now,
                answer="{}",
            ),
        )
    return secret


def _new_secret(environment: EnvironmentName) -> IssuedToken:
    secret = f"oh_{environment.value}_{secrets.token_urlsafe(32)}"
    return IssuedToken(f"tok_{new_command_id()}", secret)


def _insert_token(
    connection: sa.Connection, issued: IssuedToken, token: NewToken, now: datetime
) -> Change:
    view = queries.TokenView(
        issued.token_id, token.name, token.scope.value, now, token.expires_at, None
    )
    connection.execute(
        sa.insert(api_token).values(
            **msgspec.structs.asdict(view), token_hash=token_hash(issued.secret)
        )
    )
    return Change(f"token:{issued.token_id}", view, after=view)


def _insert_user(connection: sa.Connection, new: NewUser, now: datetime) -> queries.UserView:
    view = queries.UserView(f"usr_{new_command_id()}", new.name, new.role.value, True, now)
    connection.execute(sa.insert(user).values(**msgspec.structs.asdict(view)))
    return view


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
