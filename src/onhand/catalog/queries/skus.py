"""Reads of SKUs."""

import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.access.model import has_control_characters
from onhand.catalog.model.skus import Status, is_valid_code, normalise
from onhand.catalog.queries.search import Listed, Order, first_of, needle_of
from onhand.catalog.tables import sku, sku_alias
from onhand.db.lookup import select_in

_CHUNK = 500  # bound parameters a statement
_BY_ALIAS = (
    "SELECT a.alias_id, s.sku_id, s.generation FROM sku_alias a JOIN sku s ON s.sku_id = a.sku_id "
    "WHERE a.alias_id IN {list} AND s.status <> 'unregistered'"
)
_BY_CODE = (
    "SELECT sku_id, sku_id, generation FROM sku WHERE sku_id IN {list} AND status <> 'unregistered'"
)


class SkuView(msgspec.Struct, frozen=True):
    """One registered SKU; `sku` is the normalised code, aliases are as they were written."""

    sku: str
    original_sku: str
    name: str
    image_url: str | None
    attributes: dict[str, str]
    aliases: list[str]
    status: str
    created_at: datetime
    updated_at: datetime


class SkuPage(msgspec.Struct, frozen=True):
    """SKUs in order; ask again with `after` = `cursor` (None: that was all)."""

    skus: list[SkuView]
    cursor: str | None


class SkuSort(StrEnum):
    """How a list of SKUs is ordered; `updated` shows the latest change first."""

    CODE = "code"
    NAME = "name"
    UPDATED = "updated"


_ORDERS = {
    SkuSort.CODE: Order(sku.c.sku_id),
    SkuSort.NAME: Order(sku.c.name),
    SkuSort.UPDATED: Order(sku.c.updated_at, descending=True),
}


@dataclass(frozen=True, slots=True)
class SkuFilter:
    """Which SKUs to list; None means any registered one.

    `search` is a part of the code, the name or an alias. `after` is the cursor of the page
    before, of the same sort; `limit` is 1 … 1000.
    """

    search: str | None = None
    status: Status | None = None
    sort: SkuSort = SkuSort.CODE
    limit: int = 100
    after: str | None = None


def find_registered(connection: sa.Connection, codes: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Map normalised codes and aliases to (SKU id, generation); unknown codes are left out."""
    wanted = {code for code in codes if is_valid_code(code)}
    found: dict[str, tuple[str, int]] = {}
    if wanted:
        for statement in (_BY_ALIAS, _BY_CODE):  # a code wins over an alias
            for code, sku_id, generation in select_in(connection, statement, wanted):
                found[code] = (sku_id, generation)
    return found


def read_sku(connection: sa.Connection, code: str) -> SkuView | None:
    """The registered SKU this code or alias means, None if there is none."""
    wanted = normalise(code)
    found = find_registered(connection, [wanted])
    if not found:
        return None
    return read_skus(connection, [found[wanted][0]])[0]


def read_skus(connection: sa.Connection, sku_ids: Sequence[str]) -> list[SkuView]:
    """The SKUs with these ids, registered or not, in the order asked; others are left out."""
    rows: dict[str, sa.Row[Any]] = {}
    for start in range(0, len(sku_ids), _CHUNK):
        chunk = sku_ids[start : start + _CHUNK]
        for row in connection.execute(sa.select(sku).where(sku.c.sku_id.in_(chunk))):
            rows[row.sku_id] = row
    return _views(connection, [rows[sku_id] for sku_id in sku_ids if sku_id in rows])


def list_skus(connection: sa.Connection, wanted: SkuFilter) -> SkuPage:
    """Registered SKUs, or those of one status, one page.

    Raises:
        ValueError: `after` is not a cursor of this sort, or `limit` is out of range.
    """
    if not 1 <= wanted.limit <= 1000:
        raise ValueError("the limit is 1 … 1000")
    needle = needle_of(wanted.search)
    if needle is None:
        return SkuPage([], None)
    order = _ORDERS[wanted.sort]
    within = [
        sku.c.status == wanted.status
        if wanted.status is not None
        else sku.c.status != Status.UNREGISTERED
    ]
    if wanted.after is not None:
        within.append(order.after(*_read_cursor(wanted.sort, wanted.after)))
    rows = first_of(connection, Listed(order, within, needle=needle), limit=wanted.limit + 1)
    page = rows[: wanted.limit]
    cursor = _cursor(wanted.sort, page[-1]) if len(rows) > wanted.limit else None
    return SkuPage(read_skus(connection, [row.sku_id for row in page]), cursor)


def _cursor(sort: SkuSort, row: sa.Row[Any]) -> str:
    key = row.key.isoformat() if sort is SkuSort.UPDATED else row.key
    text = json.dumps([sort.value, key, row.sku_id])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read_cursor(sort: SkuSort, cursor: str) -> tuple[str | datetime, str]:
    """The sort key and SKU id of the last SKU seen."""
    wrong = ValueError("not a cursor of this list in this order")
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor))
        of_sort, key, sku_id = msgspec.convert(found, tuple[str, str, str])
        moment = datetime.fromisoformat(key) if sort is SkuSort.UPDATED else None
        if moment is not None and moment.utcoffset() != timedelta(0):
            raise wrong
    except (binascii.Error, ValueError) as error:  # msgspec's ValidationError is a ValueError
        raise wrong from error
    if of_sort != sort.value or has_control_characters(key + sku_id):
        raise wrong
    return moment or key, sku_id


def _views(connection: sa.Connection, rows: Sequence[sa.Row[Any]]) -> list[SkuView]:
    aliases: dict[str, list[str]] = {}
    ids = [row.sku_id for row in rows]
    for start in range(0, len(ids), _CHUNK):
        statement = (
            sa.select(sku_alias.c.sku_id, sku_alias.c.original_alias)
            .where(sku_alias.c.sku_id.in_(ids[start : start + _CHUNK]))
            .order_by(sku_alias.c.alias_id)
        )
        for sku_id, alias in connection.execute(statement):
            aliases.setdefault(sku_id, []).append(alias)
    return [
        SkuView(
            sku=row.sku_id,
            original_sku=row.original_sku,
            name=row.name,
            image_url=row.image_url,
            attributes=row.attributes,
            aliases=aliases.get(row.sku_id, []),
            status=row.status,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
        for row in rows
    ]
