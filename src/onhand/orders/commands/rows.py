"""An order's rows: loaded under lock, written at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from onhand.channels.port import ChannelOrder
from onhand.db.bulk import BulkWrite, Part, Row
from onhand.db.types import to_text
from onhand.orders.model.decide import CountedLine, Moved, SkuKey
from onhand.orders.model.sights import SeenLine, Sighting, State, Version
from onhand.orders.tables import (
    channel_order,
    desk_entry,
    order_line,
    order_message,
    order_sight,
    order_sold,
    order_stock,
)
from onhand.stock.model.commands import Caller
from onhand.stock.model.events import Reference, ReferenceType, Source

_MOST_UNITS = 10**15  # beyond this a figure is cut off; the message kept beside it is not
_INSERT = {
    # What is returned tells whether a row was made: PostgreSQL's driver does not count them.
    "sqlite": sqlite.insert(channel_order)
    .on_conflict_do_nothing()
    .returning(channel_order.c.order_id),
    "postgresql": postgresql.insert(channel_order)
    .on_conflict_do_nothing()
    .returning(channel_order.c.order_id),
}
_LINE = (
    *("store_id", "order_id", "line_no", "line_id", "item_key", "variant_key"),
    *("name", "codes", "units", "listing_id", "sku_id", "generation"),
)
_ENTRY = (
    *("entry_id", "kind", "store_id", "order_id", "subject", "facts"),
    *("opened_at", "closed_at", "closed_by", "closed_how"),
)
_OF_ORDER = ("store_id", "order_id")
_WRITE = BulkWrite(
    Part(order_line, _LINE),
    Part(
        order_stock,
        (*_OF_ORDER, "sku_id", "generation", "held_units", "shipped_units"),
        key=(*_OF_ORDER, "sku_id", "generation"),
    ),
    Part(order_sold, (*_OF_ORDER, "listing_id", "units"), key=(*_OF_ORDER, "listing_id")),
    Part(
        order_sight,
        (*_OF_ORDER, "read_at", "fingerprint", "state", "status", "lines", "taken_in_at"),
    ),
    Part(order_message, (*_OF_ORDER, "which", "read_at", "raw"), key=(*_OF_ORDER, "which")),
    Part(desk_entry, _ENTRY, key=("entry_id",)),
)


@dataclass(frozen=True, slots=True)
class OrderKey:
    """An order of a store."""

    store_id: str
    order_id: str

    @property
    def reference(self) -> Reference:
        """The order in the ledger."""
        return Reference(ReferenceType.ORDER, f"{self.store_id}:{self.order_id}")

    @property
    def caller(self) -> Caller:
        """In whose name the ledger is asked."""
        return Caller(f"store:{self.store_id}", Source.SYSTEM, touches_all=True)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the desk as it is stored."""

    entry_id: str
    kind: str
    subject: str
    facts: Mapping[str, Any]
    opened_at: datetime
    closed_at: datetime | None = None
    closed_by: str | None = None
    closed_how: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is known of an order before a sight of it."""

    version: Version
    state_since: datetime
    is_refused: bool
    confirm_due_at: datetime | None
    awaits_confirmation: bool  # never confirmed, and no attempt has failed
    skus: Mapping[tuple[str, str], SkuKey] = field(default_factory=dict)
    stock: Mapping[SkuKey, Moved] = field(default_factory=dict)
    told: Mapping[str, int] = field(default_factory=dict)
    entries: Sequence[Entry] = ()


@dataclass(slots=True)
class Changes:
    """Rows to be written for one order; stock and told name only what changed."""

    lines: Sequence[CountedLine] = ()
    stock: Mapping[SkuKey, Moved] = field(default_factory=dict)
    told: Mapping[str, int] = field(default_factory=dict)
    sights: Sequence[Row] = ()
    messages: Sequence[Row] = ()
    entries: Sequence[Entry] = ()


def storable(text: str) -> str:
    """A text without what no database keeps: NUL and halves of characters."""
    if text.isprintable():
        return text
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def sighting(order: ChannelOrder) -> Sighting:
    """The shop's order as the model knows it."""
    return Sighting(
        State(order.state.value),
        storable(order.status),
        order.ordered_at,
        order.read_at,
        tuple(
            SeenLine(
                storable(line.line_id),
                storable(line.key.item),
                storable(line.key.variant),
                line.units,
                storable(line.name),
                tuple(map(storable, line.codes)),
            )
            for line in order.lines
        ),
    )


def insert(
    connection: sa.Connection,
    key: OrderKey,
    sight: Sighting,
    *,
    now: datetime,
    plans: Mapping[str, datetime | None],
) -> bool:
    """Record a new order; False when it is known already (then somebody else's work is over).

    `plans` are its `next_read_at` and `confirm_due_at`.
    """
    values = {
        "store_id": key.store_id,
        "order_id": key.order_id,
        "state": sight.state.value,
        "status": sight.status,
        "state_since": sight.read_at,
        "ordered_at": sight.ordered_at,
        "first_seen_at": now,
        "changed_at": now,
        "read_at": sight.read_at,
        "fingerprint": sight.version.fingerprint,
        **plans,
    }
    return connection.execute(_INSERT[connection.dialect.name], values).first() is not None


def lock(connection: sa.Connection, key: OrderKey) -> sa.Row[Any] | None:
    """The order's own row, locked; None for an unknown order."""
    statement = sa.select(channel_order).where(*_is(channel_order, key)).with_for_update()
    return connection.execute(statement).one_or_none()


def version_of(row: sa.Row[Any]) -> Version:
    """Which sight an order's row shows."""
    return Version(row.read_at, State(row.state), row.fingerprint)


def load(connection: sa.Connection, key: OrderKey, row: sa.Row[Any]) -> Recorded:
    """Everything that is known of a locked order."""
    line, stock, sold = order_line.c, order_stock.c, order_sold.c
    known = connection.execute(
        sa.select(line.item_key, line.variant_key, line.sku_id, line.generation).where(
            *_is(order_line, key), line.sku_id.is_not(None)
        )
    )
    skus = {(item, variant): SkuKey(sku, life) for item, variant, sku, life in known}
    moved = connection.execute(
        sa.select(stock.sku_id, stock.generation, stock.held_units, stock.shipped_units).where(
            *_is(order_stock, key)
        )
    )
    told = connection.execute(sa.select(sold.listing_id, sold.units).where(*_is(order_sold, key)))
    return Recorded(
        version_of(row),
        row.state_since,
        row.is_refused,
        row.confirm_due_at,
        row.confirmed_at is None and row.confirm_failures == 0,
        skus,
        {SkuKey(sku, life): Moved(held, shipped) for sku, life, held, shipped in moved},
        {row.listing_id: row.units for row in told},
        load_entries(connection, key),
    )


def load_entries(connection: sa.Connection, key: OrderKey) -> list[Entry]:
    """The order's entries, open and closed, oldest first."""
    entry = desk_entry.c
    found = connection.execute(
        sa.select(
            entry.entry_id,
            entry.kind,
            entry.subject,
            entry.facts,
            entry.opened_at,
            entry.closed_at,
            entry.closed_by,
            entry.closed_how,
        )
        .where(*_is(desk_entry, key))
        .order_by(entry.entry_id)
    )
    return [Entry(*row) for row in found]


def load_lines(connection: sa.Connection, key: OrderKey) -> tuple[SeenLine, ...]:
    """The lines of the newest sight."""
    line = order_line.c
    found = connection.execute(
        sa.select(line.line_id, line.item_key, line.variant_key, line.units, line.name, line.codes)
        .where(*_is(order_line, key))
        .order_by(line.line_no)
    )
    return tuple(SeenLine(*row[:5], tuple(row.codes)) for row in found)


def update(connection: sa.Connection, key: OrderKey, values: Mapping[str, Any]) -> None:
    """Change columns of the order's own row."""
    connection.execute(sa.update(channel_order).where(*_is(channel_order, key)).values(values))


def delete_lines(connection: sa.Connection, key: OrderKey) -> None:
    """Take the lines away, to be written anew."""
    connection.execute(sa.delete(order_line).where(*_is(order_line, key)))


def write(connection: sa.Connection, key: OrderKey, changes: Changes) -> None:
    """Write an order's rows; its lines must be gone, its own row is there."""
    own = (key.store_id, key.order_id)
    _WRITE.run(
        connection,
        [_line_row(own, number, line) for number, line in enumerate(changes.lines, 1)],
        [(*own, *sku, *moved) for sku, moved in changes.stock.items()],
        [(*own, listing_id, units) for listing_id, units in changes.told.items()],
        [(*own, *row) for row in changes.sights],
        [(*own, *row) for row in changes.messages],
        [entry_row(key, entry) for entry in changes.entries],
    )


def sight_row(sight: Sighting, now: datetime) -> Row:
    """A sight for the order's history."""
    lines = [
        {"line": s.line_id, "item": s.item, "variant": s.variant, "units": _kept_units(s.units)}
        for s in sight.lines
    ]
    version = sight.version
    return (
        *(to_text(sight.read_at), version.fingerprint, sight.state.value, sight.status),
        *(json_text(lines), to_text(now)),
    )


def message_row(which: str, sight: Sighting, raw: str) -> Row:
    """A message kept as evidence: `first` or `newest`."""
    return which, to_text(sight.read_at), storable(raw)


def entry_row(key: OrderKey, entry: Entry) -> Row:
    """An entry of the desk as a row."""
    return (
        *(entry.entry_id, entry.kind, key.store_id, key.order_id, entry.subject),
        *(json_text(entry.facts), to_text(entry.opened_at)),
        *(to_text(entry.closed_at) if entry.closed_at else None, entry.closed_by),
        entry.closed_how,
    )


def _line_row(own: tuple[str, str], number: int, counted: CountedLine) -> Row:
    line, sku = counted.line, counted.sku
    return (
        *(*own, number, line.line_id, line.item, line.variant, line.name, json_text(line.codes)),
        *(_kept_units(line.units), counted.listing_id),
        *((None, None) if sku is None else sku),
    )


def _kept_units(units: int) -> int:
    return max(-_MOST_UNITS, min(units, _MOST_UNITS))


def json_text(value: object) -> str:
    """A value as it is stored in a column of JSON."""
    return msgspec.json.encode(value).decode()


def _is(table: sa.Table, key: OrderKey) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.store_id == key.store_id, table.c.order_id == key.order_id
