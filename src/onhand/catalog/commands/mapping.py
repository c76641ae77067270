"""Mapping listings by their codes when the code became a SKU's after the shop showed them (C4)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from onhand.catalog.commands.listings import Then, lock_registered
from onhand.catalog.model.listings import choose_sku
from onhand.catalog.model.skus import normalise
from onhand.catalog.queries.skus import find_registered
from onhand.catalog.tables import listing, sku
from onhand.db.database import Database

_PAGE = 500  # listings a transaction


def map_by_code(
    database: Database, *, since: datetime | None, now: datetime, then: Then | None = None
) -> int:
    """Let listings nobody has decided on mean the one SKU that their codes name by now.

    Only if a SKU was registered or changed since then (None: in any case), aliases included;
    `then` runs in the transaction of each change. Returns how many listings were mapped. Raises:
        DatabaseUnavailable, TransactionConflict: some were mapped; call again.
    """
    if since is not None and not _has_news(database, since):
        return 0
    mapped = 0
    after = ("", "", "")
    while True:
        with database.read() as connection:
            rows = connection.execute(_free(after)).all()
            wanted = _wanted(connection, rows)
        if wanted:
            with database.begin() as connection:
                ids = _map(connection, wanted, now)
                if then is not None and ids:
                    then(connection, ids)
            mapped += len(ids)
        if len(rows) < _PAGE:
            return mapped
        after = (rows[-1].store_id, rows[-1].item_key, rows[-1].variant_key)


def _has_news(database: Database, since: datetime) -> bool:
    changed = sa.select(sku.c.sku_id).where(sku.c.updated_at >= since).limit(1)
    with database.read() as connection:
        return connection.execute(changed).first() is not None


def _free(after: tuple[str, str, str]) -> sa.Select[Any]:
    place = (listing.c.store_id, listing.c.item_key, listing.c.variant_key)
    return (
        sa.select(listing.c.listing_id, *place, listing.c.codes)
        .where(listing.c.sku_id.is_(None), listing.c.mapped_by.is_(None))
        .where(sa.tuple_(*place) > sa.tuple_(*after))
        .order_by(*place)
        .limit(_PAGE)
    )


def _wanted(connection: sa.Connection, rows: Sequence[sa.Row[Any]]) -> dict[str, str]:
    """The SKU that each of these listings should mean, where its codes name one."""
    codes = {normalise(code) for row in rows for code in row.codes}
    known = {code: sku_id for code, (sku_id, _) in find_registered(connection, codes).items()}
    chosen = {row.listing_id: choose_sku(row.codes, known) for row in rows}
    return {listing_id: sku_id for listing_id, sku_id in chosen.items() if sku_id is not None}


def _map(connection: sa.Connection, wanted: dict[str, str], now: datetime) -> list[str]:
    """Map what is still free, to what is still registered; the listings that were mapped."""
    # Where a SKU is removed, its row is locked before its listings; so here too.
    registered = lock_registered(connection, wanted.values())
    own = listing.c
    rows = sa.select(own.listing_id).where(
        own.listing_id.in_(wanted), own.sku_id.is_(None), own.mapped_by.is_(None)
    )
    free = connection.execute(rows.order_by(own.listing_id).with_for_update()).scalars().all()
    mapped = [listing_id for listing_id in free if wanted[listing_id] in registered]
    if mapped:
        connection.execute(
            sa.update(listing)
            .where(own.listing_id == sa.bindparam("id"))
            .values(sku_id=sa.bindparam("sku"), mapped_by="rule", updated_at=now),
            [{"id": listing_id, "sku": wanted[listing_id]} for listing_id in mapped],
        )
    return mapped
