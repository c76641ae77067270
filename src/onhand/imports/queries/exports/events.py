"""Stock events as rows of a file, in the order they were recorded."""

import operator
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from onhand.access.model import has_control_characters
from onhand.catalog.model import normalise
from onhand.catalog.queries import find_registered
from onhand.imports.model.exports import EventsWanted, Page, Row
from onhand.imports.queries.exports.codes import written_codes
from onhand.stock.model.events import Kind
from onhand.stock.tables import stock_event

_EVENTS = 2000  # a page


def event_pages(connection: sa.Connection, wanted: EventsWanted) -> Iterator[Page]:
    """Events of registered SKUs since they were registered, oldest first.

    What was removed stays out, as it does of every history (C2).
    """
    statement = _statement(connection, wanted)
    if statement is None:
        return
    # One SKU's events are looked up by its chain, all others by their place in the ledger.
    place = stock_event.c.position if wanted.sku is None else stock_event.c.seq
    last = 0
    while True:
        rows = connection.execute(
            statement.where(place > last).order_by(place).limit(_EVENTS)
        ).all()
        codes = written_codes(connection, (row.sku_id for row in rows))
        yield [
            _row(row, codes[row.sku_id][0])
            for row in rows
            if codes.get(row.sku_id, ("", 0))[1] == row.generation
        ]
        if len(rows) < _EVENTS:
            return
        last = rows[-1].position if wanted.sku is None else rows[-1].seq


def _statement(connection: sa.Connection, wanted: EventsWanted) -> sa.Select[Any] | None:
    """The events without order and limit; None where there can be none."""
    event = stock_event.c
    statement = sa.select(stock_event).where(event.kind != Kind.SKU_RESET)
    if wanted.sku is not None:
        code = normalise(wanted.sku)
        found = find_registered(connection, [code])
        if not found:
            return None
        statement = statement.where(event.sku_id == found[code][0])
    if wanted.store is not None and has_control_characters(wanted.store):
        return None
    for column, compare, value in (
        (event.store_id, operator.eq, wanted.store),
        (event.happened_at, operator.ge, wanted.since),
        (event.happened_at, operator.le, wanted.until),
    ):
        if value is not None:
            statement = statement.where(compare(column, value))
    return statement


def _row(event: sa.Row[Any], code: str) -> Row:
    return (
        code,
        event.seq,
        event.happened_at,
        event.recorded_at,
        event.kind,
        event.location_id,
        event.on_hand_change,
        event.reserved_change,
        event.on_hand_after,
        event.reserved_after,
        event.shortfall_after,
        event.reason,
        event.reference_type,
        event.reference_id,
        event.store_id,
        event.actor,
        event.source,
    )
