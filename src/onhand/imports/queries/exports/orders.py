"""Orders as rows of a file: one for each line. Nothing in them says who bought."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from onhand.access.model import has_control_characters
from onhand.imports.model.exports import OrdersWanted, Page, Row
from onhand.imports.queries.exports.codes import written_codes
from onhand.orders.tables import channel_order, order_line

_ORDERS = 200  # a page


def order_pages(connection: sa.Connection, wanted: OrdersWanted) -> Iterator[Page]:
    """Lines of orders as they were seen last, by the time the order was placed.

    An order without lines has one row.
    """
    if wanted.store is not None and has_control_characters(wanted.store):
        return
    statement, place = _statement(wanted)
    chosen = statement
    while True:
        orders = connection.execute(chosen.order_by(*place).limit(_ORDERS)).all()
        yield _rows(connection, orders)
        if len(orders) < _ORDERS:
            return
        chosen = statement.where(*_after(place, orders[-1]))


def _statement(wanted: OrdersWanted) -> tuple[sa.Select[Any], list[sa.Column[Any]]]:
    """The orders, and the columns that order them: those of an index that fits."""
    order = channel_order.c
    place: list[sa.Column[Any]] = [order.ordered_at, order.store_id, order.order_id]
    statement = sa.select(channel_order)
    if wanted.store is not None:
        place.remove(order.store_id)
        statement = statement.where(order.store_id == wanted.store)
    if wanted.since is not None:
        statement = statement.where(order.ordered_at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(order.ordered_at <= wanted.until)
    return statement, place


def _after(
    place: Sequence[sa.Column[Any]], last: sa.Row[Any]
) -> tuple[sa.ColumnElement[bool], ...]:
    values = [sa.literal(getattr(last, column.name), column.type) for column in place]
    # The first alone can be looked up in an index.
    return place[0] >= values[0], sa.tuple_(*place) > sa.tuple_(*values)


def _rows(connection: sa.Connection, orders: Sequence[sa.Row[Any]]) -> list[Row]:
    line = order_line.c
    keys = [(order.store_id, order.order_id) for order in orders]
    found: dict[tuple[str, str], list[sa.Row[Any] | None]] = {}
    if keys:
        chosen = sa.select(order_line).where(sa.tuple_(line.store_id, line.order_id).in_(keys))
        for row in connection.execute(chosen.order_by(line.line_no)):
            found.setdefault((row.store_id, row.order_id), []).append(row)
    sku_ids = (row.sku_id for rows in found.values() for row in rows if row is not None)
    codes = written_codes(connection, sku_ids)
    return [
        _row(order, row, codes)
        for order in orders
        for row in found.get((order.store_id, order.order_id), [None])
    ]


def _row(order: sa.Row[Any], line: sa.Row[Any] | None, codes: dict[str, tuple[str, int]]) -> Row:
    seen: Row = (None,) * 6
    if line is not None:
        code = codes.get(line.sku_id or "", (line.sku_id, 0))[0]
        seen = (line.line_id, line.item_key, line.variant_key, line.name, code, line.units)
    return (
        order.store_id,
        order.order_id,
        order.ordered_at,
        order.state,
        order.status,
        *seen,
        order.first_seen_at,
        order.changed_at,
        order.confirmed_at,
    )
