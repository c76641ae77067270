"""Listings that were given up: their shop refused what we sent too often (Y3)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.catalog.tables import listing
from onhand.sync.queries.pages import before, check_limit, cursor_of, read_cursor, wanted_stores
from onhand.sync.tables import listing_push

_PUSH = listing_push.c
_ORDER = (_PUSH.failed_at, _PUSH.listing_id)


class FailedListing(msgspec.Struct, frozen=True):
    """A listing that is told nothing until a person has it tried again.

    `cause` is the shop's last reason, `tries` how often in a row it failed, `refusals` how often
    of these the shop refused the request itself. `believed` is what the shop shows as far as we
    know, `target` what it should have shown when it was last planned, both in whole units.
    """

    listing: str
    store: str
    item: str
    variant: str
    sku: str
    name: str
    cause: str | None
    tries: int
    refusals: int
    since: datetime
    believed: int | None
    target: int | None


class FailedPage(msgspec.Struct, frozen=True):
    """Failed listings, the newest first; ask again with `after` = `cursor` (None: no more)."""

    failed: list[FailedListing]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class FailedFilter:
    """Which failed listings to show; `store` None means every store's, `limit` is 1 … 1000."""

    store: str | None = None
    limit: int = 100
    after: str | None = None


def list_failed(connection: sa.Connection, wanted: FailedFilter) -> FailedPage:
    """Failed listings, one page.

    Raises:
        ValueError: `after` is not a cursor of this list, or `limit` is out of range.
    """
    check_limit(wanted.limit)
    statement = _select().limit(wanted.limit + 1)
    if wanted.after is not None:
        statement = statement.where(before(_ORDER, read_cursor(wanted.after, 1)))
    if wanted.store is not None:
        chosen = wanted_stores(connection, wanted.store)
        statement = statement.where(_PUSH.store_id.in_(chosen))
    found = connection.execute(statement).all()
    page = found[: wanted.limit]
    more = len(found) > wanted.limit
    cursor = cursor_of(page[-1].failed_at, page[-1].listing_id) if more else None
    return FailedPage([_view(row) for row in page], cursor)


def _select() -> sa.Select[Any]:
    named = (listing.c.item_key, listing.c.variant_key, listing.c.sku_id, listing.c.name)
    return (
        sa.select(
            *(_PUSH.listing_id, _PUSH.store_id, _PUSH.failure, _PUSH.tries, _PUSH.refusals),
            *(_PUSH.failed_at, _PUSH.belief, _PUSH.target, *named),
        )
        .join(listing, listing.c.listing_id == _PUSH.listing_id)
        .where(_PUSH.failed_at.is_not(None), listing.c.sku_id.is_not(None))
        .order_by(*(column.desc() for column in _ORDER))
    )


def _view(row: sa.Row[Any]) -> FailedListing:
    return FailedListing(
        listing=row.listing_id,
        store=row.store_id,
        item=row.item_key,
        variant=row.variant_key,
        sku=row.sku_id,
        name=row.name,
        cause=row.failure,
        tries=row.tries,
        refusals=row.refusals,
        since=row.failed_at,
        believed=row.belief,
        target=row.target,
    )
