"""A Rakuten file names listings and further codes: free ones are mapped and added."""

import sqlalchemy as sa

from onhand.catalog.queries import read_skus
from onhand.catalog.tables import listing, store
from onhand.imports.model.plan import Flag, StockMode, Terms
from onhand.sync.tables import listing_push
from tests.imports.importing import Importer
from tests.shop import Shop

HEADER = "商品管理番号（商品URL）,SKU管理番号,システム連携用SKU番号,在庫数"
TOKYO = Terms(stock=StockMode.REPLACE, store="tokyo")


def listed(shop: Shop, item: str, variant: str, *, sku: str | None = None, by: str = "") -> None:
    """A listing of the store `tokyo`."""
    now = shop.clock()
    with shop.database.begin() as connection:
        connection.execute(
            sa.insert(listing).values(
                listing_id=f"{item}-{variant}",
                store_id="tokyo",
                item_key=item,
                variant_key=variant,
                sku_id=sku,
                mapped_by=by or None,
                name="",
                codes=[],
                is_sold=True,
                seen_at=now,
                created_at=now,
                updated_at=now,
            )
        )


def open_store(shop: Shop) -> None:
    """The store `tokyo`."""
    now = shop.clock()
    with shop.database.begin() as connection:
        connection.execute(
            sa.insert(store).values(
                store_id="tokyo",
                platform="rakuten",
                name="tokyo",
                status="active",
                settings={},
                orders_from=now,
                created_at=now,
                updated_at=now,
            )
        )


def test_free_listings_and_codes_are_taken_and_others_left(shop: Shop, importer: Importer) -> None:
    shop.register("other", "known")
    open_store(shop)
    listed(shop, "tote", "bk-s")
    listed(shop, "tote", "bk-m", sku="other", by="rule")
    listed(shop, "tote", "bk-l", by="person")
    rows = [
        ("TOTE", "bk-s", "", 3),
        ("TOTE", "bk-m", "OTHER", 4),
        ("TOTE", "bk-l", "T-1", 5),
        ("TOTE", "bk-x", "T-1", 6),
        ("TOTE", "bk-xl", "bk-s", 7),
        ("TOTE", "known", "T-2", 8),
    ]
    text = "\r\n".join([HEADER, *(",".join(map(str, row)) for row in rows)]) + "\r\n"

    seen = importer.preview(text.encode("cp932"), TOKYO, name="normal-item.csv")

    changes = importer.changes(seen.import_id)
    assert seen.facts is not None
    assert (seen.facts.encoding, seen.counts.skus) == ("cp932", 6)
    assert (seen.counts.listings_to_map, seen.counts.listings_differing) == (1, 2)
    assert seen.counts.listings_unknown == 3
    assert {sku: change.aliases for sku, change in changes.items() if change.aliases} == {
        "bk-l": ["T-1"],
        "known": ["T-2"],
    }
    assert {sku: set(change.flags) for sku, change in changes.items() if change.flags} == {
        "bk-m": {Flag.ALIAS_TAKEN, Flag.LISTING_DIFFERS},
        "bk-l": {Flag.LISTING_DIFFERS},
        "bk-x": {Flag.ALIAS_TAKEN},
        "bk-xl": {Flag.ALIAS_TAKEN},
    }
    assert changes["bk-s"].manage_number == "tote"

    done = importer.confirm(seen.import_id)

    assert done.counts.outcomes == {"applied": 6}
    with shop.database.read() as connection:
        columns = (listing.c.listing_id, listing.c.sku_id, listing.c.mapped_by)
        found = {row[0]: tuple(row[1:]) for row in connection.execute(sa.select(*columns))}
        waiting = connection.execute(sa.select(listing_push.c.listing_id)).scalars().all()
        aliases = {view.sku: view.aliases for view in read_skus(connection, ["bk-l", "known"])}
    assert found == {
        "tote-bk-s": ("bk-s", "person"),
        "tote-bk-m": ("other", "rule"),
        "tote-bk-l": (None, "person"),
    }
    assert waiting == ["tote-bk-s"]
    assert aliases == {"bk-l": ["T-1"], "known": ["T-2"]}
    assert importer.on_hand()["bk-s"] == 3
