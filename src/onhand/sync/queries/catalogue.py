"""How far a store's catalogue is known: its listings, and how many of them mean a SKU."""

import msgspec
import sqlalchemy as sa

from onhand.catalog.tables import listing


class CatalogueCount(msgspec.Struct, frozen=True):
    """How many listings a store has; `missing` are no longer in its catalogue."""

    listings: int
    mapped: int
    unmapped: int
    missing: int


def count_catalogue(connection: sa.Connection, store_id: str) -> CatalogueCount:
    """How many listings the store has, as far as its catalogue was read."""
    own = listing.c
    # Each from an index alone; the rows themselves are not read.
    total, mapped = connection.execute(
        sa.select(sa.func.count(), sa.func.count(own.sku_id)).where(own.store_id == store_id)
    ).one()
    gone = sa.select(sa.func.count()).where(
        own.store_id == store_id, own.missing_since.is_not(None)
    )
    return CatalogueCount(total, mapped, total - mapped, connection.execute(gone).scalar_one())
