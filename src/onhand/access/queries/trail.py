"""Reads of the audit trail."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa

from onhand.access.model import IdempotencyConflict, has_control_characters
from onhand.access.tables import audit_entry


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
