"""Whether what orders say is held and shipped is what the ledger says, order by order."""

import base64
import binascii
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.access.model import has_control_characters
from onhand.db.lookup import select_in
from onhand.orders.model.decide import (
    CountedLine,
    Moved,
    SkuKey,
    is_as_wanted,
    wanted_units,
)
from onhand.orders.model.sights import SeenLine, State
from onhand.orders.tables import channel_order, order_line, order_stock
from onhand.stock.model.events import ReferenceType
from onhand.stock.tables import reservation

_PER_STORE = len("store:")

Place = tuple[str, str]  # store and order


class MismatchKind(StrEnum):
    """Which two accounts differ."""

    LINES = "lines"  # the order's lines and state, and what the ledger was asked for
    LEDGER = "ledger"  # what the ledger was asked for, and its reservations
    NO_ORDER = "no_order"  # a shop's hold in the ledger, and no order


class Mismatch(msgspec.Struct, frozen=True):
    """One SKU of one order on which two accounts differ, in whole units.

    `expected_*` is what the first account of the kind says, `found_*` what the second does. A
    shipped order's `expected_shipped` is the least it must have shipped.
    """

    kind: str
    store: str
    order: str
    sku: str
    expected_held: int
    expected_shipped: int
    found_held: int
    found_shipped: int


class Reconciliation(msgspec.Struct, frozen=True):
    """The mismatches of the orders checked; ask again with `after` = `cursor` (None: all done)."""

    checked: int
    mismatches: list[Mismatch]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class ReconcileFilter:
    """Which orders to check; None means every store's. `limit` orders are checked at a time."""

    store: str | None = None
    limit: int = 1000
    after: str | None = None


def reconcile(connection: sa.Connection, wanted: ReconcileFilter) -> Reconciliation:
    """Compare lines, account and reservations of one page of orders; nothing is repaired.

    SKUs that were reset since are left out: their holds do not count any more. With the last page
    come holds of shops whose orders nobody knows. Raises:
        ValueError: `after` is not a cursor of this list, or `limit` is out of range.
    """
    if not 1 <= wanted.limit <= 10_000:
        raise ValueError("the limit is 1 … 10,000")
    order = channel_order.c
    statement = sa.select(order.store_id, order.order_id, order.state).order_by(
        order.store_id, order.order_id
    )
    if wanted.store is not None:
        statement = statement.where(order.store_id == wanted.store)
    if wanted.after is not None:
        last = _read_cursor(wanted.after)
        statement = statement.where(sa.tuple_(order.store_id, order.order_id) > sa.tuple_(*last))
    rows = connection.execute(statement.limit(wanted.limit + 1)).all()
    page = rows[: wanted.limit]
    mismatches = _compare(connection, page) if page else []
    if len(rows) > wanted.limit:
        text = msgspec.json.encode([page[-1].store_id, page[-1].order_id])
        return Reconciliation(len(page), mismatches, base64.urlsafe_b64encode(text).decode())
    return Reconciliation(len(page), mismatches + _without_order(connection, wanted.store), None)


def _compare(connection: sa.Connection, page: Sequence[Any]) -> list[Mismatch]:
    lines = _lines(connection, page)
    accounts = _accounts(connection, page)
    holds = _holds(connection, page)
    skus = {sku for of in (accounts, holds) for stock in of.values() for sku in stock}
    skus |= {line.sku for of in lines.values() for line in of if line.sku is not None}
    current = _current(connection, skus)
    found: list[Mismatch] = []
    for row in page:
        place = (row.store_id, row.order_id)
        wanted = wanted_units(State(row.state), lines[place])
        asked, held = accounts[place], holds[place]
        for sku in sorted({*wanted, *asked, *held} & current):
            ours, theirs = asked.get(sku, Moved()), held.get(sku, Moved())
            if ours != theirs:
                found.append(_mismatch(MismatchKind.LEDGER, place, sku, ours, theirs))
            if not is_as_wanted(State(row.state), ours, wanted[sku]):
                is_shipped = State(row.state) is State.SHIPPED
                should = Moved(0, wanted[sku]) if is_shipped else Moved(wanted[sku], 0)
                found.append(_mismatch(MismatchKind.LINES, place, sku, should, ours))
    return found


def _mismatch(
    kind: MismatchKind, place: Place, sku: SkuKey, expected: Moved, found: Moved
) -> Mismatch:
    return Mismatch(kind.value, *place, sku.sku_id, *expected, *found)


def _lines(connection: sa.Connection, page: Sequence[Any]) -> dict[Place, list[CountedLine]]:
    line = order_line.c
    found: dict[Place, list[CountedLine]] = defaultdict(list)
    columns = (line.store_id, line.order_id, line.units, line.sku_id, line.generation)
    for row in connection.execute(sa.select(*columns).where(_between(order_line, page))):
        sku = None if row.sku_id is None else SkuKey(row.sku_id, row.generation)
        found[row.store_id, row.order_id].append(
            CountedLine(SeenLine("", "", "", row.units), sku=sku)
        )
    return found


def _accounts(connection: sa.Connection, page: Sequence[Any]) -> dict[Place, dict[SkuKey, Moved]]:
    found: dict[Place, dict[SkuKey, Moved]] = defaultdict(dict)
    for row in connection.execute(sa.select(order_stock).where(_between(order_stock, page))):
        sku = SkuKey(row.sku_id, row.generation)
        found[row.store_id, row.order_id][sku] = Moved(row.held_units, row.shipped_units)
    return found


def _holds(connection: sa.Connection, page: Sequence[Any]) -> dict[Place, dict[SkuKey, Moved]]:
    place_of = {f"{row.store_id}:{row.order_id}": (row.store_id, row.order_id) for row in page}
    rows = select_in(
        connection,
        "SELECT reference_id, sku_id, generation, sum(units_held), sum(units_shipped) "
        "FROM reservation WHERE reference_id IN {list} AND reference_type = {value} "
        "GROUP BY reference_id, sku_id, generation",
        place_of,
        ReferenceType.ORDER.value,
    )
    found: dict[Place, dict[SkuKey, Moved]] = defaultdict(dict)
    for reference, sku_id, generation, held, shipped in rows:
        found[place_of[reference]][SkuKey(sku_id, generation)] = Moved(int(held), int(shipped))
    return found


def _current(connection: sa.Connection, skus: set[SkuKey]) -> set[SkuKey]:
    rows = select_in(
        connection,
        "SELECT sku_id, generation FROM ledger_head WHERE registered AND sku_id IN {list}",
        {sku.sku_id for sku in skus},
    )
    return {SkuKey(*row) for row in rows}


def _without_order(connection: sa.Connection, store_id: str | None) -> list[Mismatch]:
    """Held units of a shop's orders that were never recorded; the holder names the store."""
    hold, order = reservation.c, channel_order.c
    holder_length = sa.func.length(hold.holder)
    store_of = sa.func.substr(hold.holder, _PER_STORE + 1)
    order_of = sa.func.substr(hold.reference_id, holder_length - _PER_STORE + 2)
    known = sa.select(order.order_id).where(order.store_id == store_of, order.order_id == order_of)
    statement = (
        sa.select(store_of, order_of, hold.sku_id, sa.func.sum(hold.units_held))
        .where(hold.units_held > 0, hold.reference_type == ReferenceType.ORDER)
        .where(hold.holder.startswith("store:"), ~sa.exists(known))
        .group_by(store_of, order_of, hold.sku_id)
        .order_by(store_of, order_of, hold.sku_id)
    )
    if store_id is not None:
        statement = statement.where(hold.holder == f"store:{store_id}")
    return [
        Mismatch(MismatchKind.NO_ORDER.value, store, order_id, sku_id, 0, 0, int(held), 0)
        for store, order_id, sku_id, held in connection.execute(statement)
    ]


def _between(table: sa.Table, page: Sequence[Any]) -> sa.ColumnElement[bool]:
    """The rows of the page's orders, which follow one another."""
    place = sa.tuple_(table.c.store_id, table.c.order_id)
    first, last = page[0], page[-1]
    return sa.and_(
        place >= sa.tuple_(first.store_id, first.order_id),
        place <= sa.tuple_(last.store_id, last.order_id),
    )


def _read_cursor(cursor: str) -> Place:
    wrong = ValueError("not a cursor of this list")
    try:
        place = msgspec.json.decode(base64.urlsafe_b64decode(cursor), type=tuple[str, str])
    except (binascii.Error, ValueError) as error:
        raise wrong from error
    if has_control_characters("".join(place)):
        raise wrong
    return place
