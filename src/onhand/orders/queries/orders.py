"""Reads of orders: lists, and one order with all that is known of it."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.access.model import has_control_characters
from onhand.catalog.model.skus import normalise
from onhand.catalog.queries import find_registered
from onhand.catalog.tables import store
from onhand.orders.model.desk import EntryKind
from onhand.orders.model.sights import LARGEST_UNITS, State
from onhand.orders.queries.desk import EntryView, entry_view
from onhand.orders.tables import (
    channel_order,
    desk_entry,
    order_line,
    order_message,
    order_sight,
    order_stock,
)
from onhand.stock.model.events import ReferenceType
from onhand.stock.queries.holds import HoldFilter, HoldView, list_holds


class OrderSummary(msgspec.Struct, frozen=True):
    """One order in a list; `units` are whole pieces over all lines, nonsense left out.

    `problems` are the kinds of its open entries on the desk.
    """

    store: str
    order: str
    state: str
    status: str
    ordered_at: datetime
    first_seen_at: datetime
    changed_at: datetime
    read_at: datetime
    confirm_due_at: datetime | None
    confirmed_at: datetime | None
    units: int
    problems: list[str]


class OrderPage(msgspec.Struct, frozen=True):
    """Orders, the newest first; ask again with `after` = `cursor` (None: that was all)."""

    orders: list[OrderSummary]
    cursor: str | None


class LineView(msgspec.Struct, frozen=True):
    """One line as the shop shows it; `sku` is null where nobody knows what it means."""

    line: str
    item: str
    variant: str
    name: str
    units: int
    listing: str | None
    sku: str | None


class StockView(msgspec.Struct, frozen=True):
    """Units of one SKU that the ledger was asked to hold and to ship for the order."""

    sku: str
    held: int
    shipped: int


class SightView(msgspec.Struct, frozen=True):
    """A sight that showed something new; `read_at` is when the shop was asked."""

    read_at: datetime
    taken_in_at: datetime
    state: str
    status: str
    lines: list[dict[str, Any]]


class MessageView(msgspec.Struct, frozen=True):
    """The shop's own words, `first` or `newest`."""

    which: str
    read_at: datetime
    raw: str


class OrderView(msgspec.Struct, frozen=True):
    """An order with all that is known of it; sights oldest first, entries too."""

    summary: OrderSummary
    confirm_failures: int
    confirm_error: str | None
    next_read_at: datetime | None
    lines: list[LineView]
    stock: list[StockView]
    holds: list[HoldView]
    sights: list[SightView]
    messages: list[MessageView]
    entries: list[EntryView]


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders to list; None means any.

    `has_problem` shows those with open entries on the desk, `problem` those with one of a kind;
    `sku` is a code or an alias, `search` that or the shop's number of an order; `since` is when
    it was placed, `limit` 1 … 1000.
    """

    store: str | None = None
    state: State | None = None
    problem: EntryKind | None = None
    has_problem: bool = False
    sku: str | None = None
    search: str | None = None
    since: datetime | None = None
    limit: int = 100
    after: str | None = None


def list_orders(connection: sa.Connection, wanted: OrderFilter) -> OrderPage:
    """Orders by the time they were placed, one page.

    Raises:
        ValueError: `after` is not a cursor of this list, or `limit` is out of range.
    """
    if not 1 <= wanted.limit <= 1000:
        raise ValueError("the limit is 1 … 1000")
    order = channel_order.c
    place = (order.ordered_at, order.store_id, order.order_id)
    statement = sa.select(channel_order).order_by(*(column.desc() for column in place))
    if wanted.after is not None:
        moment, store_id, order_id = _read_cursor(wanted.after)
        last = (sa.literal(moment, order.ordered_at.type), store_id, order_id)
        statement = statement.where(sa.tuple_(*place) < sa.tuple_(*last))
    if wanted.store is not None:
        if has_control_characters(wanted.store):
            return OrderPage([], None)
        statement = statement.where(order.store_id == wanted.store)
    if wanted.state is not None:
        statement = statement.where(order.state == wanted.state)
    if wanted.since is not None:
        statement = statement.where(order.ordered_at >= wanted.since)
    if wanted.problem is not None or wanted.has_problem:
        statement = statement.where(_has_open_entry(wanted.problem))
    for text, chosen in ((wanted.sku, _means_sku), (wanted.search, _is_meant)):
        condition = None if text is None else chosen(connection, text)
        if text is not None and condition is None:
            return OrderPage([], None)
        if condition is not None:
            statement = statement.where(condition)
    rows = connection.execute(statement.limit(wanted.limit + 1)).all()
    page = rows[: wanted.limit]
    cursor = _cursor(page[-1]) if len(rows) > wanted.limit else None
    return OrderPage(_summaries(connection, page), cursor)


def read_order(
    connection: sa.Connection, store_id: str, order_id: str, *, now: datetime
) -> OrderView | None:
    """The order with its lines, holds, sights, messages and entries; None for an unknown one."""
    if has_control_characters(store_id + order_id):
        return None
    row = connection.execute(
        sa.select(channel_order).where(*_of(channel_order, store_id, order_id))
    ).one_or_none()
    if row is None:
        return None
    held = HoldFilter(
        reference_type=ReferenceType.ORDER,
        reference_id=f"{store_id}:{order_id}",
        include_ended=True,
        limit=1000,
    )

    def rows(table: sa.Table, *by: str) -> list[sa.Row[Any]]:
        statement = sa.select(table).where(*_of(table, store_id, order_id))
        return list(connection.execute(statement.order_by(*(table.c[name] for name in by))))

    return OrderView(
        summary=_summaries(connection, [row])[0],
        confirm_failures=row.confirm_failures,
        confirm_error=row.confirm_error,
        next_read_at=row.next_read_at,
        lines=[_line_view(line) for line in rows(order_line, "line_no")],
        stock=[
            StockView(stock.sku_id, stock.held_units, stock.shipped_units)
            for stock in rows(order_stock, "sku_id", "generation")
        ],
        holds=list_holds(connection, held, now=now),
        sights=[
            SightView(sight.read_at, sight.taken_in_at, sight.state, sight.status, sight.lines)
            for sight in rows(order_sight, "read_at", "taken_in_at")
        ],
        messages=[
            MessageView(message.which, message.read_at, message.raw)
            for message in rows(order_message, "which")
        ],
        entries=[entry_view(entry) for entry in rows(desk_entry, "entry_id")],
    )


def _has_open_entry(kind: EntryKind | None) -> sa.ColumnElement[bool]:
    entry = desk_entry.c
    found = sa.select(entry.entry_id).where(
        entry.store_id == channel_order.c.store_id,
        entry.order_id == channel_order.c.order_id,
        entry.closed_at.is_(None),
    )
    return sa.exists(found if kind is None else found.where(entry.kind == kind))


def _is_meant(connection: sa.Connection, text: str) -> sa.ColumnElement[bool] | None:
    """Orders of this number, else those with a SKU of this code; None: there is neither."""
    order = channel_order.c
    if not has_control_characters(text):
        # By store, so that the primary key is used.
        stores = sa.select(store.c.store_id)
        named = sa.select(order.order_id).where(
            order.store_id.in_(stores), order.order_id == text.strip()
        )
        if connection.execute(named.limit(1)).first() is not None:
            return order.order_id == text.strip()
    return _means_sku(connection, text)


def _means_sku(connection: sa.Connection, code: str) -> sa.ColumnElement[bool] | None:
    wanted = normalise(code)
    found = find_registered(connection, [wanted])
    return _has_sku(*found[wanted]) if wanted in found else None


def _has_sku(sku_id: str, generation: int) -> sa.ColumnElement[bool]:
    line = order_line.c
    return sa.exists(
        sa.select(line.line_no).where(
            line.store_id == channel_order.c.store_id,
            line.order_id == channel_order.c.order_id,
            line.sku_id == sku_id,
            line.generation == generation,
        )
    )


def _summaries(connection: sa.Connection, rows: Sequence[sa.Row[Any]]) -> list[OrderSummary]:
    keys = [(row.store_id, row.order_id) for row in rows]
    units: dict[tuple[str, str], int] = {}
    problems: dict[tuple[str, str], set[str]] = {}
    line, entry = order_line.c, desk_entry.c
    for start in range(0, len(keys), 200):
        chunk = keys[start : start + 200]
        good = sa.tuple_(line.store_id, line.order_id).in_(chunk)
        sums = sa.select(line.store_id, line.order_id, sa.func.sum(line.units))
        sums = sums.where(good, line.units.between(1, LARGEST_UNITS))
        for store_id, order_id, total in connection.execute(
            sums.group_by(line.store_id, line.order_id)
        ):
            units[store_id, order_id] = int(total)
        kinds = sa.select(entry.store_id, entry.order_id, entry.kind).where(
            sa.tuple_(entry.store_id, entry.order_id).in_(chunk), entry.closed_at.is_(None)
        )
        for store_id, order_id, kind in connection.execute(kinds):
            problems.setdefault((store_id, order_id), set()).add(kind)
    return [
        OrderSummary(
            store=row.store_id,
            order=row.order_id,
            state=row.state,
            status=row.status,
            ordered_at=row.ordered_at,
            first_seen_at=row.first_seen_at,
            changed_at=row.changed_at,
            read_at=row.read_at,
            confirm_due_at=row.confirm_due_at,
            confirmed_at=row.confirmed_at,
            units=units.get((row.store_id, row.order_id), 0),
            problems=sorted(problems.get((row.store_id, row.order_id), ())),
        )
        for row in rows
    ]


def _line_view(row: sa.Row[Any]) -> LineView:
    return LineView(
        row.line_id,
        row.item_key,
        row.variant_key,
        row.name,
        row.units,
        row.listing_id,
        row.sku_id,
    )


def _cursor(row: sa.Row[Any]) -> str:
    text = msgspec.json.encode([row.ordered_at, row.store_id, row.order_id])
    return base64.urlsafe_b64encode(text).decode()


def _read_cursor(cursor: str) -> tuple[datetime, str, str]:
    wrong = ValueError("not a cursor of this list")
    try:
        moment, store_id, order_id = msgspec.json.decode(
            base64.urlsafe_b64decode(cursor), type=tuple[datetime, str, str]
        )
    except (binascii.Error, ValueError) as error:
        raise wrong from error
    if moment.utcoffset() != timedelta(0) or has_control_characters(store_id + order_id):
        raise wrong
    return moment, store_id, order_id


def _of(table: sa.Table, store_id: str, order_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.store_id == store_id, table.c.order_id == order_id
