"""Reads of access: tokens, people, the audit trail."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa

from onhand.access.model import IdempotencyConflict, has_control_characters
from onhand.access.tables import api_token, audit_entry, signing_key, user


class TokenView(msgspec.Struct, frozen=True):
    """A token without its secret."""

    token_id: str
    name: str
    scope: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class UserView(msgspec.Struct, frozen=True):
    """A person."""

    user_id: str
    name: str
    role: str
    active: bool
    created_at: datetime


class AuditView(msgspec.Struct, frozen=True):
    """One accepted write; `before` and `after` are JSON as recorded, None where nothing was."""

    command_id: str
    recorded_at: datetime
    actor: str
    origin: str | None
    source: str
    action: str
    subject: str
    idempotency_key: str | None
    before: msgspec.Raw | None
    after: msgspec.Raw | None
    answer: msgspec.Raw


class AuditPage(msgspec.Struct, frozen=True):
    """Entries, newest first; ask again with `before` = `cursor` (None: that was all)."""

    entries: list[AuditView]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries to show; None means any. `text` is part of the subject."""

    actor: str | None = None
    action: str | None = None
    source: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def find_token(connection: sa.Connection, secret_hash: str) -> TokenView | None:
    """The token whose secret has this hash (`access.model.token_hash`), None if there is none."""
    statement = sa.select(api_token).where(api_token.c.token_hash == secret_hash)
    row = connection.execute(statement).first()
    return None if row is None else _token_view(row)


def read_token(connection: sa.Connection, token_id: str) -> TokenView | None:
    """The token with this id, None if there is none."""
    row = connection.execute(sa.select(api_token).where(api_token.c.token_id == token_id)).first()
    return None if row is None else _token_view(row)


def list_tokens(connection: sa.Connection) -> list[TokenView]:
    """Every token ever made, oldest first, revoked ones included."""
    statement = sa.select(api_token).order_by(api_token.c.created_at, api_token.c.token_id)
    return [_token_view(row) for row in connection.execute(statement)]


def list_users(connection: sa.Connection) -> list[UserView]:
    """Every person, by name."""
    statement = sa.select(user).order_by(user.c.name)
    return [
        UserView(row.user_id, row.name, row.role, row.active, row.created_at)
        for row in connection.execute(statement)
    ]


def has_users(connection: sa.Connection) -> bool:
    """Whether anybody was ever made known: the first start is over."""
    return connection.execute(sa.select(user.c.user_id).limit(1)).first() is not None


def read_signing_key(connection: sa.Connection) -> str | None:
    """The secret that signs owner tokens, None before the first start."""
    return connection.execute(sa.select(signing_key.c.secret)).scalar_one_or_none()


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, for telling a repetition from a new request.

    `command_id` is `access.model.command_id` where a key was given.
    """

    command_id: str
    request_hash: str
    idempotency_key: str | None


def first_answer(connection: sa.Connection, request: Request) -> str | IdempotencyConflict | None:
    """What was answered to this request the first time; None if it is new."""
    if request.idempotency_key is None:
        return None
    entry = audit_entry.c
    row = connection.execute(
        sa.select(entry.request_hash, entry.answer).where(entry.command_id == request.command_id)
    ).first()
    if row is None:
        return None
    if row.request_hash != request.request_hash:
        return IdempotencyConflict(request.idempotency_key)
    return str(row.answer)


def search_audit(
    connection: sa.Connection,
    wanted: AuditFilter,
    *,
    limit: int = 100,
    before: str | None = None,
) -> AuditPage:
    """Accepted writes, newest first, at most `limit`, older than the cursor `before`.

    Stock commands keep no before and after of their own; `stock.queries.audit.with_balances`
    composes them from the events. Raises:
        ValueError: `before` is not a cursor of this list.
    """
    entry = audit_entry.c
    texts = [text for text in (wanted.actor, wanted.action, wanted.source, wanted.text) if text]
    if any(map(has_control_characters, texts)):
        return AuditPage([], None)  # no entry has any
    statement = sa.select(audit_entry).order_by(entry.recorded_at.desc(), entry.command_id.desc())
    for column, value in (
        (entry.actor, wanted.actor),
        (entry.action, wanted.action),
        (entry.source, wanted.source),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if wanted.text is not None:
        statement = statement.where(entry.subject.icontains(wanted.text, autoescape=True))
    if wanted.since is not None:
        statement = statement.where(entry.recorded_at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(entry.recorded_at <= wanted.until)
    if before is not None:
        recorded_at, command_id = _read_cursor(before)
        at = sa.literal(recorded_at, audit_entry.c.recorded_at.type)
        statement = statement.where(
            sa.tuple_(entry.recorded_at, entry.command_id) < sa.tuple_(at, command_id)
        )
    rows = connection.execute(statement.limit(limit + 1)).all()
    entries = [_audit_view(row) for row in rows[:limit]]
    cursor = _cursor(entries[-1]) if len(rows) > limit else None
    return AuditPage(entries, cursor)


def _token_view(row: sa.Row[tuple[object, ...]]) -> TokenView:
    return TokenView(
        row.token_id, row.name, row.scope, row.created_at, row.expires_at, row.revoked_at
    )


def _audit_view(row: sa.Row[tuple[object, ...]]) -> AuditView:
    return AuditView(
        command_id=row.command_id,
        recorded_at=row.recorded_at,
        actor=row.actor,
        origin=row.origin,
        source=row.source,
        action=row.action,
        subject=row.subject,
        idempotency_key=row.idempotency_key,
        before=_raw(row.before),
        after=_raw(row.after),
        answer=msgspec.Raw(row.answer),
    )


def _raw(text: str | None) -> msgspec.Raw | None:
    return None if text is None else msgspec.Raw(text)


def _cursor(entry: AuditView) -> str:
    text = f"{entry.recorded_at.isoformat()} {entry.command_id}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        moment, command_id = base64.urlsafe_b64decode(cursor).decode().split(" ")
        recorded_at = datetime.fromisoformat(moment)
        is_utc = recorded_at.utcoffset() == timedelta(0)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not a cursor of this list") from error
    if not is_utc or has_control_characters(command_id):
        raise ValueError("not a cursor of this list")
    return recorded_at, command_id
