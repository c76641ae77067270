"""Clearing the order desk: by a person, or because a cause is gone without the shop's doing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.access.commands import Change, Write, write_once
from onhand.access.model import Accepted, Asked, Refusal, has_control_characters
from onhand.db.database import Database
from onhand.orders.commands import rows
from onhand.orders.commands.desk import SETTLED
from onhand.orders.commands.rows import Changes, Entry, OrderKey
from onhand.orders.model.desk import EntryKind
from onhand.orders.model.refusals import EntryClosed, EntryNotFound, InvalidReason
from onhand.orders.tables import desk_entry
from onhand.stock.model.events import ReferenceType
from onhand.stock.tables import ledger_head, reservation

_LONGEST_HOW = 200  # characters


def close_entry(database: Database, asked: Asked, entry_id: str, how: str) -> Accepted | Refusal:
    """Close an entry by hand; `how` says what was done. The answer is its id and `how`.

    It is not opened again unless its facts change. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    how = how.strip()
    if not 0 < len(how) <= _LONGEST_HOW or has_control_characters(how):
        return InvalidReason(how[:_LONGEST_HOW], _LONGEST_HOW)
    if has_control_characters(entry_id):
        return EntryNotFound(entry_id)

    def run(connection: sa.Connection) -> Change | Refusal:
        key = _order_of(connection, entry_id)
        if key is None:
            return EntryNotFound(entry_id)
        entry = _locked_entry(connection, key, entry_id)
        if entry.closed_how is not None:
            return EntryClosed(entry_id, entry.closed_how)
        closed = replace(entry, closed_at=asked.now, closed_by=asked.actor.name, closed_how=how)
        rows.write(connection, key, Changes(entries=[closed]))
        answer = {"entry": entry_id, "closed_how": how}
        before, after = msgspec.to_builtins(entry), msgspec.to_builtins(closed)
        subject = f"order:{key.store_id}:{key.order_id}"
        return Change(subject, answer, before=before, after=after)

    write = Write("CloseDeskEntry", [entry_id, how])
    return write_once(database, asked, write, run)


def close_settled(database: Database, *, now: datetime, limit: int) -> int:
    """Close entries whose cause the ledger has done away with; how many, at most `limit`.

    A shortfall is over once no unit of the SKU is missing any more, a cancellation after shipping
    once the units came back. Raises:
        DatabaseUnavailable: nothing was closed.
    """
    with database.begin() as connection:
        gone = [*_served(connection, limit), *_returned(connection, limit)]
        closed = 0
        for row in sorted(gone, key=lambda row: (row.store_id, row.order_id, row.entry_id))[:limit]:
            key = OrderKey(row.store_id, row.order_id)
            entry = _locked_entry(connection, key, row.entry_id)
            if entry.closed_at is None and entry.facts == row.facts:  # nothing came in between
                settled = replace(entry, closed_at=now, closed_how=SETTLED)
                rows.write(connection, key, Changes(entries=[settled]))
                closed += 1
    return closed


def _served(connection: sa.Connection, limit: int) -> Sequence[sa.Row[Any]]:
    entry, head = desk_entry.c, ledger_head.c
    statement = (
        sa.select(desk_entry)
        .join(ledger_head, head.sku_id == entry.subject)
        .where(entry.kind == EntryKind.SHORTFALL, entry.closed_at.is_(None))
        .where(head.on_hand >= head.reserved)
        .order_by(entry.opened_at)
        .limit(limit)
    )
    return connection.execute(statement).all()


def _returned(connection: sa.Connection, limit: int) -> list[sa.Row[Any]]:
    entry, hold = desk_entry.c, reservation.c
    came_back = (
        sa.select(sa.func.sum(hold.units_returned))
        .where(hold.reference_id == entry.store_id + ":" + entry.order_id)
        .where(hold.reference_type == ReferenceType.ORDER, hold.sku_id == entry.subject)
        .scalar_subquery()
    )
    statement = (
        sa.select(desk_entry, came_back.label("came_back"))
        .where(entry.kind == EntryKind.CANCELLED_AFTER_SHIPPING, entry.closed_at.is_(None))
        .where(came_back > 0)
        .order_by(entry.opened_at)
        .limit(limit)
    )
    found = connection.execute(statement).all()
    return [row for row in found if row.came_back >= row.facts["units"]]


def _order_of(connection: sa.Connection, entry_id: str) -> OrderKey | None:
    entry = desk_entry.c
    row = connection.execute(
        sa.select(entry.store_id, entry.order_id).where(entry.entry_id == entry_id)
    ).one_or_none()
    return None if row is None else OrderKey(*row)


def _locked_entry(connection: sa.Connection, key: OrderKey, entry_id: str) -> Entry:
    """The entry, its order locked; entries are never deleted."""
    rows.lock(connection, key)
    (entry,) = (e for e in rows.load_entries(connection, key) if e.entry_id == entry_id)
    return entry
