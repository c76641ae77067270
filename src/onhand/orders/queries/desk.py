"""Reads of the order desk (O5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.access.model import has_control_characters
from onhand.catalog.model.stores import PauseReason, StoreStatus
from onhand.catalog.queries.stores import list_waiting_stores
from onhand.catalog.tables import store
from onhand.orders.model.desk import ACTIONS, KEY_EXPIRED, EntryKind
from onhand.orders.tables import desk_entry


class EntryView(msgspec.Struct, frozen=True):
    """One entry; `actions` are codes of what can be done, none once it is closed.

    `closed_by` is null where it closed because its cause was gone.
    """

    entry: str
    kind: str
    store: str
    order: str
    subject: str
    facts: Mapping[str, Any]
    actions: tuple[str, ...]
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    closed_how: str | None


class StalledStore(msgspec.Struct, frozen=True):
    """A store whose keys the shop does not take any more: no order comes in and no number goes out.

    It leaves the desk when it is resumed. `detail` is what the shop said.
    """

    store: str
    name: str
    since: datetime
    detail: str | None
    actions: tuple[str, ...] = KEY_EXPIRED


class DeskPage(msgspec.Struct, frozen=True):
    """Entries, newest first; ask again with `after` = `cursor` (None: that was all).

    `stores` are those that wait for new keys, on the first page of a list of no one kind or order.
    """

    entries: list[EntryView]
    cursor: str | None
    stores: list[StalledStore] = []


@dataclass(frozen=True, slots=True)
class DeskFilter:
    """Which entries to show; None means any. `limit` is 1 … 1000."""

    kind: EntryKind | None = None
    store: str | None = None
    order: str | None = None
    include_closed: bool = False
    limit: int = 100
    after: str | None = None


def list_entries(connection: sa.Connection, wanted: DeskFilter) -> DeskPage:
    """Entries of the desk, one page.

    Raises:
        ValueError: `after` is not a cursor of this list, or `limit` is out of range.
    """
    if not 1 <= wanted.limit <= 1000:
        raise ValueError("the limit is 1 … 1000")
    entry = desk_entry.c
    # Ids sort by the time they were made.
    statement = sa.select(desk_entry).order_by(entry.entry_id.desc()).limit(wanted.limit + 1)
    if wanted.after is not None:
        if has_control_characters(wanted.after):
            raise ValueError("not a cursor of this list")
        statement = statement.where(entry.entry_id < wanted.after)
    if not wanted.include_closed:
        statement = statement.where(entry.closed_at.is_(None))
    for column, value in (
        (entry.kind, wanted.kind),
        (entry.store_id, wanted.store),
        (entry.order_id, wanted.order),
    ):
        if value is not None:
            if has_control_characters(value):
                return DeskPage([], None)
            statement = statement.where(column == value)
    rows = connection.execute(statement).all()
    page = rows[: wanted.limit]
    cursor = page[-1].entry_id if len(rows) > wanted.limit else None
    is_whole = wanted.after is wanted.kind is wanted.order is None
    stores = _stalled(connection, wanted.store) if is_whole else []
    return DeskPage([entry_view(row) for row in page], cursor, stores)


def _stalled(connection: sa.Connection, store_id: str | None) -> list[StalledStore]:
    """Stores that wait for new keys, or the named one if it does, the longest first."""
    statement = sa.select(store).where(
        store.c.status == StoreStatus.PAUSED, store.c.paused_reason == PauseReason.AUTH_EXPIRED
    )
    if store_id is not None:
        statement = statement.where(store.c.store_id == store_id)
    return [
        StalledStore(row.store_id, row.name, row.paused_at, row.paused_detail)
        for row in connection.execute(statement.order_by(store.c.paused_at, store.c.store_id))
    ]


def read_entry(connection: sa.Connection, entry_id: str) -> EntryView | None:
    """The entry with this id, None if there is none."""
    if has_control_characters(entry_id):
        return None
    statement = sa.select(desk_entry).where(desk_entry.c.entry_id == entry_id)
    row = connection.execute(statement).one_or_none()
    return None if row is None else entry_view(row)


def count_open(connection: sa.Connection) -> dict[str, dict[str, int]]:
    """Open entries by store and kind."""
    entry = desk_entry.c
    rows = connection.execute(
        sa.select(entry.store_id, entry.kind, sa.func.count())
        .where(entry.closed_at.is_(None))
        .group_by(entry.store_id, entry.kind)
        .order_by(entry.store_id, entry.kind)
    )
    counts: dict[str, dict[str, int]] = {}
    for store_id, kind, number in rows:
        counts.setdefault(store_id, {})[kind] = number
    return counts


def count_waiting(connection: sa.Connection, *, now: datetime) -> int:
    """How much waits on the desk for a person: open entries, and stores."""
    is_open = desk_entry.c.closed_at.is_(None)
    statement = sa.select(sa.func.count()).select_from(desk_entry).where(is_open)
    entries = int(connection.execute(statement).scalar_one())
    return entries + len(list_waiting_stores(connection, now=now))


def entry_view(row: sa.Row[Any]) -> EntryView:
    """An entry's row as it is shown."""
    return EntryView(
        entry=row.entry_id,
        kind=row.kind,
        store=row.store_id,
        order=row.order_id,
        subject=row.subject,
        facts=row.facts,
        actions=ACTIONS[EntryKind(row.kind)] if row.closed_at is None else (),
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        closed_how=row.closed_how,
    )
