"""Which SKUs an unmapped listing may mean."""

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa

from onhand.catalog.model.listings import likeness, terms
from onhand.catalog.model.skus import Status, normalise
from onhand.catalog.queries.listings import ListingView, read_listing
from onhand.catalog.queries.skus import find_registered, read_skus
from onhand.catalog.tables import listing, sku

_LEAST_LIKENESS = 0.3
_CANDIDATES = 50


class Suggestion(msgspec.Struct, frozen=True):
    """A SKU a listing may mean.

    `by` is `code`, `alias` or `name`; `likeness` is 0 … 1, 1 for codes and aliases; `listings`
    counts what the store sells under this SKU already.
    """

    sku: str
    name: str
    by: str
    likeness: float
    listings: int


def suggest(connection: sa.Connection, listing_id: str, *, limit: int = 10) -> list[Suggestion]:
    """SKUs a listing may mean, the likeliest first: by code, by alias, by name; at most `limit`.

    An unknown listing has none.
    """
    asked = read_listing(connection, listing_id)
    if asked is None:
        return []
    likely = _by_code(connection, asked)
    if len(likely) < limit:
        by_name = _by_name(connection, asked)
        likely |= {sku_id: why for sku_id, why in by_name.items() if sku_id not in likely}
    ids = sorted(likely, key=lambda sku_id: (-likely[sku_id][1], likely[sku_id][0], sku_id))[:limit]
    sold = _count_listings(connection, asked.store, ids)
    return [
        Suggestion(view.sku, view.name, *likely[view.sku], sold.get(view.sku, 0))
        for view in read_skus(connection, ids)
    ]


def _by_code(connection: sa.Connection, asked: ListingView) -> dict[str, tuple[str, float]]:
    codes = {normalise(code) for code in (*asked.codes, asked.variant, asked.item)}
    return {
        sku_id: ("code" if sku_id in codes else "alias", 1.0)
        for sku_id, _ in find_registered(connection, codes).values()
    }


def _by_name(connection: sa.Connection, asked: ListingView) -> dict[str, tuple[str, float]]:
    words = terms(asked.name)
    if not words:
        return {}
    matches = [sku.c.name.icontains(word, autoescape=True) for word in words]
    score = sum((sa.case((match, 1), else_=0) for match in matches), sa.literal(0))
    statement = (
        sa.select(sku.c.sku_id, sku.c.name)
        .where(sku.c.status != Status.UNREGISTERED, sa.or_(*matches))
        .order_by(score.desc(), sku.c.sku_id)
        .limit(_CANDIDATES)
    )
    alike = {row.sku_id: likeness(asked.name, row.name) for row in connection.execute(statement)}
    return {
        sku_id: ("name", round(value, 2))
        for sku_id, value in alike.items()
        if value >= _LEAST_LIKENESS
    }


def _count_listings(
    connection: sa.Connection, store_id: str, sku_ids: Iterable[str]
) -> dict[str, int]:
    statement = (
        sa.select(listing.c.sku_id, sa.func.count())
        .where(listing.c.store_id == store_id, listing.c.sku_id.in_(list(sku_ids)))
        .group_by(listing.c.sku_id)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}
