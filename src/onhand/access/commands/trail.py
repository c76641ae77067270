"""The audit entry every write leaves behind, and what makes a write happen once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec
import sqlalchemy as sa
import uuid_utils

from onhand.access import queries
from onhand.access.model import Accepted, Actor, Asked, Refusal, command_id, request_hash
from onhand.access.queries import Request
from onhand.access.tables import audit_entry
from onhand.db.database import Database
from onhand.db.errors import DatabaseUnavailable, TransactionConflict

ATTEMPTS = 8
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


def new_command_id() -> str:
    """An id for a command without a key: 32 hex digits that sort by time."""
    return uuid_utils.uuid7().hex


def identify(asked: Asked, write: Write) -> Request:
    """Give a write its id (derived from actor and key, else new) and a hash of what it asks."""
    key = asked.idempotency_key
    return Request(
        new_command_id() if key is None else command_id(asked.actor.name, key),
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
    database: Database, asked: Asked, write: Write, run: Callable[[sa.Connection], Change | Refusal]
) -> Accepted | Refusal:
    """Run a write and its audit entry in one transaction, or answer what it answered before.

    A refused write leaves nothing behind. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    request = identify(asked, write)
    for _ in range(ATTEMPTS):
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
                        actor=asked.actor,
                        action=write.action,
                        subject=change.subject,
                        recorded_at=asked.now,
                        answer=answer,
                        before=None if change.before is None else _json(change.before),
                        after=None if change.after is None else _json(change.after),
                    ),
                )
            return Accepted(request.command_id, answer, replayed=False)
        except TransactionConflict:
            continue  # another process won a key or a lock; what it wrote is visible now
    raise DatabaseUnavailable("too many conflicting transactions")


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
