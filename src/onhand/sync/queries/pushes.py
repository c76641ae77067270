"""The log of pushes: what each shop was told, and when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.access.model import has_control_characters
from onhand.catalog.queries import find_registered
from onhand.catalog.tables import listing
from onhand.sync.queries.pages import (
    before,
    check_limit,
    cursor_of,
    newest_of,
    read_cursor,
    wanted_stores,
)
from onhand.sync.tables import push

_PUSH = push.c
_ORDER = (_PUSH.settled_at, _PUSH.push_id, _PUSH.listing_id)


class PushView(msgspec.Struct, frozen=True):
    """One listing's part in a settled push; units are whole pieces.

    A `relative` push added `units` to what the shop held, an `absolute` one set it. `believed` is
    what we took the shop to show before, `target` what it should show. `age_s` is how long the
    change had waited when the push was settled. `outcome` is delivered, unknown, refused or
    not_sent, with the shop's reason.
    """

    push: str
    listing: str
    store: str
    item: str
    variant: str
    sku: str | None
    mode: str
    units: int
    believed: int | None
    target: int
    outcome: str
    reason: str | None
    stale_at: datetime | None
    settled_at: datetime
    age_s: float | None


class PushPage(msgspec.Struct, frozen=True):
    """Pushes, the newest first; ask again with `after` = `cursor` (None: that was all)."""

    pushes: list[PushView]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class PushFilter:
    """Which pushes to show; None means any. `sku` is a code or an alias, `limit` 1 … 1000."""

    store: str | None = None
    sku: str | None = None
    listing: str | None = None
    limit: int = 100
    after: str | None = None


def list_pushes(connection: sa.Connection, wanted: PushFilter) -> PushPage:
    """Settled pushes, one page.

    Raises:
        ValueError: `after` is not a cursor of this list, or `limit` is out of range.
    """
    check_limit(wanted.limit)
    statement = _select().limit(wanted.limit + 1)
    if wanted.after is not None:
        statement = statement.where(before(_ORDER, read_cursor(wanted.after, 2)))
    if wanted.listing is not None or wanted.sku is not None:
        chosen = _listings(connection, wanted)
        found = list(connection.execute(statement.where(_PUSH.listing_id.in_(chosen))))
    else:
        found = newest_of(
            wanted_stores(connection, wanted.store),
            lambda store_id: connection.execute(statement.where(_PUSH.store_id == store_id)),
            place_of=_place,
            limit=wanted.limit + 1,
        )
    page = found[: wanted.limit]
    cursor = cursor_of(*_place(page[-1])) if len(found) > wanted.limit else None
    return PushPage([_view(row) for row in page], cursor)


def latest_pushes(connection: sa.Connection, listing_id: str, *, limit: int) -> list[PushView]:
    """The latest settled pushes of one listing, the newest first."""
    chosen = _select().where(_PUSH.listing_id == listing_id).limit(limit)
    return [_view(row) for row in connection.execute(chosen)]


def _listings(connection: sa.Connection, wanted: PushFilter) -> list[str]:
    """The listings that are asked for, by id or by the SKU they mean now."""
    statement = sa.select(listing.c.listing_id)
    if wanted.listing is not None:
        if has_control_characters(wanted.listing):
            return []
        statement = statement.where(listing.c.listing_id == wanted.listing)
    if wanted.sku is not None:
        found = find_registered(connection, [wanted.sku])
        if not found:
            return []
        statement = statement.where(listing.c.sku_id == found[wanted.sku][0])
    stores = [] if wanted.store is None else wanted_stores(connection, wanted.store)
    if wanted.store is not None:
        statement = statement.where(listing.c.store_id.in_(stores))
    return list(connection.execute(statement).scalars())


def _select() -> sa.Select[Any]:
    columns = (listing.c.item_key, listing.c.variant_key, listing.c.sku_id)
    return (
        sa.select(push, *columns)
        .join(listing, listing.c.listing_id == _PUSH.listing_id)
        .order_by(*(column.desc() for column in _ORDER))
    )


def _place(row: sa.Row[Any]) -> tuple[datetime, str, str]:
    return row.settled_at, row.push_id, row.listing_id


def _view(row: sa.Row[Any]) -> PushView:
    age = None if row.stale_at is None else (row.settled_at - row.stale_at).total_seconds()
    return PushView(
        push=row.push_id,
        listing=row.listing_id,
        store=row.store_id,
        item=row.item_key,
        variant=row.variant_key,
        sku=row.sku_id,
        mode=row.mode,
        units=row.units,
        believed=row.believed,
        target=row.target,
        outcome=row.outcome,
        reason=row.reason,
        stale_at=row.stale_at,
        settled_at=row.settled_at,
        age_s=age,
    )
