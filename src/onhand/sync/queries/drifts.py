"""Numbers that were not what we believed: which, why, and what became of them (Y6)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.catalog.tables import listing
from onhand.sync.queries.pages import (
    before,
    check_limit,
    cursor_of,
    newest_of,
    read_cursor,
    wanted_stores,
)
from onhand.sync.tables import drift, listing_push

DRIFTED = "drift"  # the failure `fence.rest` notes where a person must decide
_DRIFT = drift.c
_ORDER = (_DRIFT.found_at, _DRIFT.drift_id)


class DriftView(msgspec.Struct, frozen=True):
    """A shop showed `shown` where we believed `believed`, in whole units (None: no number).

    `cause` is `unexplained` until every order placed before it was found has been taken in. With
    `needs_person` the difference is larger than what is repaired unasked. `closed_how` says what
    became of it, None while it is open.
    """

    drift: str
    listing: str
    store: str
    item: str
    variant: str
    sku: str | None
    found_at: datetime
    believed: int | None
    shown: int | None
    cause: str
    needs_person: bool
    closed_at: datetime | None
    closed_how: str | None


class DriftPage(msgspec.Struct, frozen=True):
    """Drifts, the newest first; ask again with `after` = `cursor` (None: that was all)."""

    drifts: list[DriftView]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class DriftFilter:
    """Which drifts to show; `store` None means every store's, `limit` is 1 … 1000."""

    store: str | None = None
    include_closed: bool = False
    limit: int = 100
    after: str | None = None


def list_drifts(connection: sa.Connection, wanted: DriftFilter) -> DriftPage:
    """Drifts, one page.

    Raises:
        ValueError: `after` is not a cursor of this list, or `limit` is out of range.
    """
    check_limit(wanted.limit)
    statement = _select().limit(wanted.limit + 1)
    if wanted.after is not None:
        statement = statement.where(before(_ORDER, read_cursor(wanted.after, 1)))
    if not wanted.include_closed:
        statement = statement.where(_DRIFT.closed_at.is_(None))
    found = newest_of(
        wanted_stores(connection, wanted.store),
        lambda store_id: connection.execute(statement.where(_DRIFT.store_id == store_id)),
        place_of=lambda row: (row.found_at, row.drift_id),
        limit=wanted.limit + 1,
    )
    page = found[: wanted.limit]
    more = len(found) > wanted.limit
    cursor = cursor_of(page[-1].found_at, page[-1].drift_id) if more else None
    return DriftPage([_view(row) for row in page], cursor)


def open_drift(connection: sa.Connection, listing_id: str) -> DriftView | None:
    """The open drift of one listing, None if there is none."""
    chosen = _select().where(_DRIFT.listing_id == listing_id, _DRIFT.closed_at.is_(None))
    row = connection.execute(chosen).first()
    return None if row is None else _view(row)


def _select() -> sa.Select[Any]:
    named = (listing.c.item_key, listing.c.variant_key, listing.c.sku_id)
    waits = sa.and_(_DRIFT.closed_at.is_(None), listing_push.c.failure == DRIFTED)
    return (
        sa.select(drift, *named, sa.func.coalesce(waits, sa.false()).label("needs_person"))
        .join(listing, listing.c.listing_id == _DRIFT.listing_id)
        .outerjoin(listing_push, listing_push.c.listing_id == _DRIFT.listing_id)
        .order_by(*(column.desc() for column in _ORDER))
    )


def _view(row: sa.Row[Any]) -> DriftView:
    return DriftView(
        drift=row.drift_id,
        listing=row.listing_id,
        store=row.store_id,
        item=row.item_key,
        variant=row.variant_key,
        sku=row.sku_id,
        found_at=row.found_at,
        believed=row.believed,
        shown=row.shown,
        cause=row.cause,
        needs_person=bool(row.needs_person),
        closed_at=row.closed_at,
        closed_how=row.closed_how,
    )
