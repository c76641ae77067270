"""Lists by time, page by page: cursors, and the newest of several stores."""

import base64
import binascii
import heapq
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.access.model import has_control_characters
from onhand.catalog.model.stores import is_valid_store, normalise_store
from onhand.catalog.tables import store

LARGEST_PAGE = 1000
Place = tuple[Any, ...]


def check_limit(limit: int) -> None:
    """Keep a page to 1 … 1000 entries.

    Raises:
        ValueError: it is another number.
    """
    if not 1 <= limit <= LARGEST_PAGE:
        raise ValueError(f"the limit is 1 … {LARGEST_PAGE}")


def cursor_of(moment: datetime, *ids: str) -> str:
    """A place in a list that is ordered by a moment, then by ids."""
    return base64.urlsafe_b64encode(msgspec.json.encode([moment, *ids])).decode()


def read_cursor(cursor: str, ids: int) -> Place:
    """The place a cursor names: a moment and so many ids.

    Raises:
        ValueError: it is not a cursor of such a list.
    """
    wrong = ValueError("not a cursor of this list")
    kind = tuple.__class_getitem__((datetime, *[str] * ids))
    try:
        place: Place = msgspec.json.decode(base64.urlsafe_b64decode(cursor), type=kind)
    except (binascii.Error, ValueError) as error:
        raise wrong from error
    if place[0].utcoffset() != timedelta(0) or has_control_characters("".join(place[1:])):
        raise wrong
    return place


def before(columns: tuple[sa.ColumnElement[Any], ...], place: Place) -> sa.ColumnElement[bool]:
    """Rows that come after a place where the newest come first."""
    moment = columns[0]
    literals = [sa.literal(place[0], moment.type), *place[1:]]
    # The first half alone can be looked up in an index.
    return sa.and_(moment <= literals[0], sa.tuple_(*columns) < sa.tuple_(*literals))


def wanted_stores(connection: sa.Connection, store_id: str | None) -> list[str]:
    """The store that is named (none if it cannot be one), or every store."""
    if store_id is not None:
        wanted = normalise_store(store_id)
        return [wanted] if is_valid_store(wanted) else []
    return list(connection.execute(sa.select(store.c.store_id)).scalars())


def newest_of(
    stores: Iterable[str],
    rows_of: Callable[[str], Iterable[sa.Row[Any]]],
    *,
    place_of: Callable[[sa.Row[Any]], Place],
    limit: int,
) -> list[sa.Row[Any]]:
    """The newest rows of several stores, each of which gives its own newest first."""
    merged = heapq.merge(*(rows_of(store_id) for store_id in stores), key=place_of, reverse=True)
    return [row for row, _ in zip(merged, range(limit), strict=False)]
