"""The list of all stock: searched, filtered, sorted, page by page."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.access.model import has_control_characters
from onhand.catalog.model.skus import Status
from onhand.catalog.model.stores import is_valid_store, normalise_store
from onhand.catalog.queries import read_skus
from onhand.catalog.queries.search import Listed, Order, first_of, needle_of
from onhand.catalog.tables import listing, sku
from onhand.db.types import UtcTimestamp
from onhand.stock.queries.levels import LevelView, read_levels
from onhand.stock.tables import ledger_head

_HEAD = ledger_head.c
_AVAILABLE: sa.ColumnElement[int] = _HEAD.on_hand - _HEAD.reserved
_LARGEST = 2**62
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_MOVED_AT: sa.ColumnElement[datetime] = sa.func.coalesce(
    _HEAD.recorded_at, sa.literal(_NEVER, UtcTimestamp()), type_=UtcTimestamp()
)


class StockState(StrEnum):
    """Which SKUs to show by what is available of them; each includes the ones after it."""

    LOW = "low"  # at or below the threshold
    OUT = "out"  # nothing
    OVERSOLD = "oversold"  # less than nothing


class StockSort(StrEnum):
    """How the list is ordered; `updated` is when a SKU's stock last moved."""

    CODE = "code"
    AVAILABLE = "available"
    ON_HAND = "on_hand"
    UPDATED = "updated"


class StockLine(msgspec.Struct, frozen=True):
    """One SKU with its stock; `updated_at` is when its stock last moved, null if it never did."""

    sku: str
    name: str
    image_url: str | None
    status: str
    updated_at: datetime | None
    level: LevelView


class StockPage(msgspec.Struct, frozen=True):
    """Stock in order; ask again with `after` = `cursor` (null: that was all)."""

    stock: list[StockLine]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class StockFilter:
    """Which stock to list; None means any registered SKU.

    `search` is a part of the code, the name or an alias; `store` shows what is mapped there.
    `after` is the cursor of the page before, of the same order; `limit` is 1 … 1000.
    """

    search: str | None = None
    status: Status | None = None
    state: StockState | None = None
    store: str | None = None
    sort: StockSort = StockSort.CODE
    descending: bool = False
    limit: int = 100
    after: str | None = None


_KEYS: dict[StockSort, sa.ColumnElement[Any]] = {
    StockSort.CODE: _HEAD.sku_id,
    StockSort.AVAILABLE: _AVAILABLE,
    StockSort.ON_HAND: _HEAD.on_hand,
    StockSort.UPDATED: _MOVED_AT,
}


def list_stock(connection: sa.Connection, wanted: StockFilter, *, now: datetime) -> StockPage:
    """Stock of registered SKUs, one page.

    Holds that have ended count for nothing in what is shown; the order is that of the ledger's
    running totals, from which the sweeper takes such holds off within a second or so. Raises:
        ValueError: `after` is not a cursor of this order, or `limit` is out of range.
    """
    if not 1 <= wanted.limit <= 1000:
        raise ValueError("the limit is 1 … 1000")
    order = Order(_KEYS[wanted.sort], _HEAD.sku_id, wanted.descending)
    after = None if wanted.after is None else _read_cursor(wanted)
    needle = needle_of(wanted.search)
    if needle is None or (wanted.store is not None and not _is_store(wanted.store)):
        return StockPage([], None)
    within = _within(wanted)
    of_sku = [] if wanted.status is None else [sku.c.status == wanted.status]
    lines: list[StockLine] = []
    keys: dict[str, Any] = {}
    while True:
        begun = within if after is None else [*within, order.after(*after)]
        most = wanted.limit + 1 - len(lines)
        rows = first_of(connection, Listed(order, begun, of_sku, needle), limit=most)
        keys |= {row.sku_id: row.key for row in rows}
        lines += _lines(connection, [row.sku_id for row in rows], wanted, now=now)
        if len(rows) < most or len(lines) > wanted.limit:
            break
        after = (rows[-1].key, rows[-1].sku_id)
    page = lines[: wanted.limit]
    more = len(lines) > len(page)
    return StockPage(page, _cursor(wanted, keys[page[-1].sku], page[-1].sku) if more else None)


def _is_store(store: str) -> bool:
    return is_valid_store(normalise_store(store))


def _within(wanted: StockFilter) -> list[sa.ColumnElement[bool]]:
    """What the filter asks of a SKU's ledger."""
    within: list[sa.ColumnElement[bool]] = [_HEAD.registered]
    if wanted.state is not None:  # who is out or oversold is low, and there is an index of those
        within.append(_HEAD.is_low)
    if wanted.state is StockState.OUT:
        within.append(_AVAILABLE <= 0)
    if wanted.state is StockState.OVERSOLD:
        within.append(_AVAILABLE < 0)
    if wanted.store is not None:
        # Asked for each SKU in turn: a page is found without reading the whole catalogue.
        mapped = sa.exists().where(
            listing.c.store_id == normalise_store(wanted.store), listing.c.sku_id == _HEAD.sku_id
        )
        within.append(mapped)
    return within


def _lines(
    connection: sa.Connection, sku_ids: list[str], wanted: StockFilter, *, now: datetime
) -> list[StockLine]:
    """The SKUs in this order; a hold that has ended may have lifted one out of the filter."""
    if not sku_ids:
        return []
    levels = read_levels(connection, sku_ids, now=now)
    heads = sa.select(_HEAD.sku_id, _HEAD.recorded_at).where(_HEAD.sku_id.in_(sku_ids))
    moved = {row.sku_id: row.recorded_at for row in connection.execute(heads)}
    return [
        StockLine(
            sku=view.sku,
            name=view.name,
            image_url=view.image_url,
            status=view.status,
            updated_at=moved[view.sku],
            level=levels[view.sku],
        )
        for view in read_skus(connection, sku_ids)
        if view.sku in levels and _is_in(levels[view.sku], wanted.state)
    ]


def _is_in(level: LevelView, state: StockState | None) -> bool:
    if state is StockState.LOW:
        return level.is_low
    if state is StockState.OUT:
        return level.is_out
    return state is None or level.available < 0


def _cursor(wanted: StockFilter, key: Any, sku_id: str) -> str:
    shown = key.isoformat() if isinstance(key, datetime) else str(key)
    place = [wanted.sort.value, wanted.descending, shown, sku_id]
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def _read_cursor(wanted: StockFilter) -> tuple[Any, str]:
    """The sort key and SKU id of the last SKU seen."""
    wrong = ValueError("not a cursor of this list in this order")
    try:
        place = base64.urlsafe_b64decode(wanted.after or "")
        sort, descending, shown, sku_id = msgspec.json.decode(
            place, type=tuple[str, bool, str, str]
        )
        if (sort, descending) != (wanted.sort.value, wanted.descending):
            raise wrong
        if has_control_characters(shown + sku_id):
            raise wrong
        return _key(wanted.sort, shown), sku_id
    except (binascii.Error, ValueError) as error:  # msgspec's errors are ValueErrors
        raise wrong from error


def _key(sort: StockSort, shown: str) -> Any:
    if sort is StockSort.CODE:
        return shown
    if sort is not StockSort.UPDATED:
        return max(-_LARGEST, min(_LARGEST, int(shown)))
    moment = datetime.fromisoformat(shown)
    if moment.utcoffset() != timedelta(0):
        raise ValueError(shown)
    return moment
