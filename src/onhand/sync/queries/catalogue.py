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
    total, mapped, missing = connection.execute(
        sa.select(
            sa.func.count(),
            sa.func.count(own.sku_id),
            sa.func.count(own.missing_since),
        ).where(own.store_id == store_id)
    ).one()
    return CatalogueCount(total, mapped, total - mapped, missing)
