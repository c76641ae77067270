"""Confirming orders at their shop: what came of it, and when to try again (O4)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from onhand.access.commands import AuditEntry, Change, Write, identify, record, write_once
from onhand.access.model import Accepted, Actor, Asked, Refusal, has_control_characters
from onhand.channels.port import Confirmation, ConfirmResult
from onhand.db.database import Database
from onhand.orders.commands import rows
from onhand.orders.commands.desk import SETTLED, new_entry
from onhand.orders.commands.rows import Changes, Entry, OrderKey, storable
from onhand.orders.model.confirmations import next_try
from onhand.orders.model.desk import Cause, EntryKind
from onhand.orders.model.refusals import OrderNotFound, OrderNotWaiting
from onhand.orders.model.sights import State


def settle_confirmations(
    database: Database, store_id: str, results: Mapping[str, ConfirmResult], *, now: datetime
) -> None:
    """Note what came of confirming these orders.

    One that has moved on or was cancelled is due to be read again at once; a failure is tried
    again after 1, 2, 4, 8 and 16 s and is then a matter for a person, in the audit trail and on the
    desk. Raises:
        DatabaseUnavailable: nothing was noted; repeat the call.
    """
    with database.begin() as connection:
        for order_id in sorted(results):
            key = OrderKey(store_id, storable(order_id))
            row = rows.lock(connection, key)
            if row is None or row.confirm_due_at is None:
                continue  # a sight of the order has settled it meanwhile
            result = results[order_id]
            if result.outcome is Confirmation.FAILED:
                _note_failure(connection, key, row, result.reason, now)
                continue
            values: dict[str, Any] = {"confirm_due_at": None, "confirm_error": None}
            values["next_read_at"] = now
            if result.outcome is Confirmation.CONFIRMED:
                values["confirmed_at"] = now
            rows.update(connection, key, values)


def confirmation_failed(
    database: Database, store_id: str, order_ids: Iterable[str], reason: str, *, now: datetime
) -> None:
    """Note that a call to confirm these orders failed as a whole, each like one failure of its own.

    Raises:
        DatabaseUnavailable: nothing was noted; repeat the call.
    """
    failed = ConfirmResult(Confirmation.FAILED, reason)
    settle_confirmations(database, store_id, dict.fromkeys(order_ids, failed), now=now)


def retry_confirmation(database: Database, asked: Asked, key: OrderKey) -> Accepted | Refusal:
    """Have an order confirmed anew, by hand: due at once, with all its tries.

    The answer names store and order. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    if has_control_characters(key.store_id + key.order_id):
        return OrderNotFound(key.store_id, key.order_id)

    def run(connection: sa.Connection) -> Change | Refusal:
        row = rows.lock(connection, key)
        if row is None:
            return OrderNotFound(key.store_id, key.order_id)
        if row.state != State.PLACED:
            return OrderNotWaiting(key.store_id, key.order_id, row.state)
        values = {"confirm_due_at": asked.now, "confirm_failures": 0, "confirmed_at": None}
        rows.update(connection, key, values)
        _close_failure(connection, key, asked.actor.name, asked.now)
        answer = {"store": key.store_id, "order": key.order_id}
        before = {"confirm_failures": row.confirm_failures, "confirm_error": row.confirm_error}
        return Change(_subject(key), answer, before=before)

    body = [key.store_id, key.order_id]
    write = Write("RetryConfirmation", body)
    return write_once(database, asked, write, run)


def _note_failure(
    connection: sa.Connection, key: OrderKey, row: sa.Row[Any], reason: str, now: datetime
) -> None:
    failures = row.confirm_failures + 1
    due_at = next_try(failures, now)
    reason = storable(reason)
    rows.update(
        connection,
        key,
        {"confirm_due_at": due_at, "confirm_failures": failures, "confirm_error": reason},
    )
    if due_at is None:
        _give_up(connection, key, {"failures": failures, "reason": reason}, now)


def _give_up(
    connection: sa.Connection, key: OrderKey, facts: dict[str, object], now: datetime
) -> None:
    _close_failure(connection, key, None, now)
    cause = Cause(EntryKind.FAILED_CONFIRMATION, facts=facts)
    rows.write(connection, key, Changes(entries=[new_entry(cause, now=now)]))
    actor = Actor(key.caller.actor, key.caller.source.value)
    write = Write("ConfirmOrder", [key.store_id, key.order_id])
    record(
        connection,
        AuditEntry(
            request=identify(Asked(actor, now), write),
            actor=actor,
            action=write.action,
            subject=_subject(key),
            recorded_at=now,
            answer=rows.json_text({"outcome": "failed", **facts}),
        ),
    )


def _close_failure(
    connection: sa.Connection, key: OrderKey, closed_by: str | None, now: datetime
) -> None:
    closed = [
        Entry(e.entry_id, e.kind, e.subject, e.facts, e.opened_at, now, closed_by, SETTLED)
        for e in rows.load_entries(connection, key)
        if e.kind == EntryKind.FAILED_CONFIRMATION and e.closed_at is None
    ]
    rows.write(connection, key, Changes(entries=closed))


def _subject(key: OrderKey) -> str:
    return f"order:{key.store_id}:{key.order_id}"
