"""What is known of the SKUs, aliases and listings that a few rows of a file name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from onhand.catalog.queries.listings import find_listings
from onhand.channels.port import ListingKey
from onhand.db.lookup import select_in
from onhand.imports.model.plan import Standing
from onhand.stock.queries.levels import LevelView, read_levels


@dataclass(frozen=True, slots=True)
class KnownSku:
    """A registered SKU: its stock where the import counts, its name and picture."""

    sku_id: str
    standing: Standing
    name: str
    image_url: str | None


@dataclass(frozen=True, slots=True)
class KnownListing:
    """A listing of a store; `is_free` while it means no SKU and no person decided so."""

    listing_id: str
    sku_id: str | None
    is_free: bool


def known_skus(
    connection: sa.Connection, codes: Iterable[str], location: str, *, now: datetime
) -> dict[str, KnownSku]:
    """The registered SKUs that these normalised codes or aliases mean, by code."""
    levels = read_levels(connection, codes, now=now)
    rows = select_in(
        connection,
        "SELECT sku_id, name, image_url FROM sku WHERE sku_id IN {list}",
        {level.sku for level in levels.values()},
    )
    details = {row[0]: row[1:] for row in rows}
    return {
        code: KnownSku(level.sku, standing_at(level, location), *details[level.sku])
        for code, level in levels.items()
        if level.sku in details
    }


def standing_at(level: LevelView, location: str) -> Standing:
    """A SKU's stock as a decision about one location needs it."""
    here = next((place for place in level.locations if place.location == location), None)
    return Standing(
        on_hand_units=0 if here is None else here.on_hand,
        reserved_units=0 if here is None else here.reserved,
        available_units=level.available,
        allow_oversell=level.allow_oversell,
    )


def known_listings(
    connection: sa.Connection, keys: Mapping[str, Iterable[tuple[str, str]]]
) -> dict[tuple[str, str, str], KnownListing]:
    """The listings with these keys, by store, item and variant as asked."""
    found: dict[tuple[str, str, str], KnownListing] = {}
    for store_id, pairs in keys.items():
        refs = find_listings(connection, store_id, [ListingKey(*pair) for pair in pairs])
        unmapped = {ref.listing_id for ref in refs.values() if ref.sku_id is None}
        decided = select_in(
            connection,
            "SELECT listing_id FROM listing WHERE mapped_by = 'person' AND listing_id IN {list}",
            unmapped,
        )
        free = unmapped - {row[0] for row in decided}
        for key, ref in refs.items():
            known = KnownListing(ref.listing_id, ref.sku_id, ref.listing_id in free)
            found[store_id, key.item, key.variant] = known
    return found
