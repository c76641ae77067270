"""Listings as rows of a file."""

from collections.abc import Iterator

import sqlalchemy as sa

from onhand.catalog.queries.listings import ListingFilter, ListingView, list_listings
from onhand.imports.model.exports import ListingsWanted, Page, Row
from onhand.imports.queries.exports.codes import written_codes

_LISTINGS = 1000  # a page


def listing_pages(connection: sa.Connection, wanted: ListingsWanted) -> Iterator[Page]:
    """Listings by store and key, those without a SKU too."""
    after: str | None = None
    while True:
        page = list_listings(connection, ListingFilter(wanted.store, limit=_LISTINGS, after=after))
        codes = written_codes(connection, (one.sku for one in page.listings))
        yield [_row(one, codes.get(one.sku or "", (one.sku, 0))[0]) for one in page.listings]
        after = page.cursor
        if after is None:
            return


def _row(listing: ListingView, code: str | None) -> Row:
    return (
        listing.store,
        listing.item,
        listing.variant,
        code,
        listing.sku_name,
        listing.name,
        "; ".join(listing.codes),
        listing.mapped_by,
        listing.is_sold,
        listing.seen_at,
        listing.missing_since,
        listing.image_url,
    )
