"""Levels as rows of a file: one for each SKU."""

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from onhand.catalog.queries import SkuFilter, SkuView, list_skus
from onhand.imports.model.exports import LevelsWanted, Page, Row
from onhand.stock.queries.levels import LevelView, read_levels

_SKUS = 1000  # a page


def level_pages(
    connection: sa.Connection, wanted: LevelsWanted, *, now: datetime
) -> Iterator[Page]:
    """SKUs by code with their stock; the quantity is what is on hand at the wanted location.

    One row a SKU, so that the file taken in again sets every SKU to what it has.
    """
    after: str | None = None
    while True:
        page = list_skus(connection, SkuFilter(search=wanted.search, limit=_SKUS, after=after))
        levels = read_levels(connection, [sku.sku for sku in page.skus], now=now)
        yield [
            _row(sku, level, wanted.location)
            for sku in page.skus
            if (level := levels[sku.sku]).is_low or not wanted.low
        ]
        after = page.cursor
        if after is None:
            return


def _row(sku: SkuView, level: LevelView, location: str) -> Row:
    here = (place.on_hand for place in level.locations if place.location == location)
    return (
        sku.original_sku,
        sku.name,
        location,
        next(here, 0),
        level.on_hand,
        level.reserved,
        level.available,
        level.sellable,
        level.safety_stock,
        level.low_stock_threshold,
        level.is_low,
        sku.status,
        sku.image_url,
        level.counted_at,
    )
