"""Sums over events without those of SKUs that were removed, and of former lives of others."""

from collections.abc import Sequence

import sqlalchemy as sa

from onhand.stock.model.events import Kind
from onhand.stock.tables import ONCE_REMOVED, ledger_head, stock_event

MOVING_KINDS = (
    Kind.RECEIVED,
    Kind.SHIPPED,
    Kind.RETURNED,
    Kind.ADJUSTED,
    Kind.COUNTED,
    Kind.TRANSFERRED,
)
_EVENT = stock_event.c
_HEAD = ledger_head.c


def sum_visible(
    connection: sa.Connection,
    sums: Sequence[sa.ColumnElement[int]],
    happened: Sequence[sa.ColumnElement[bool]],
) -> list[int]:
    """Sums over the visible events that moved units on hand and happened as said.

    All events are added up from the index alone, then what is not visible, which is little, is
    taken off: asking of each event whether it is visible would cost ten times as much.
    """
    statement = sa.select(*sums).where(*happened)
    found = connection.execute(statement.where(_EVENT.kind.in_(MOVING_KINDS))).one()
    gone = of_removed(connection)
    if gone is None:
        return [int(units or 0) for units in found]
    of_gone = connection.execute(statement.where(*gone)).one()
    return [int(a or 0) - int(b or 0) for a, b in zip(found, of_gone, strict=True)]


def of_removed(connection: sa.Connection) -> Sequence[sa.ColumnElement[bool]] | None:
    """What chooses the events that are not visible any more, SKU by SKU; None: there are none."""
    # As the index has it.
    some = sa.select(ledger_head.alias("once_removed").c.sku_id).where(ONCE_REMOVED)
    if connection.execute(some.limit(1)).first() is None:
        return None
    return (
        # Left to itself, SQLite would look at every event.
        _EVENT.sku_id.in_(some),
        _EVENT.seq > 0,
        _EVENT.sku_id == _HEAD.sku_id,
        sa.or_(_EVENT.generation != _HEAD.generation, ~_HEAD.registered),
    )
