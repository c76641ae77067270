"""Tables of the catalog."""

import sqlalchemy as sa

from onhand.db.metadata import metadata
from onhand.db.types import UtcTimestamp

# One row for every code that was ever registered; never deleted. Removing a SKU makes it
# `unregistered` and raises `generation`, so that nothing of its past counts any more (C2).
sku = sa.Table(
    "sku",
    metadata,
    sa.Column("sku_id", sa.Text, primary_key=True),
    sa.Column("original_sku", sa.Text, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False, server_default="1"),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False, server_default=""),
    # Code, name and aliases as `model.search_text` folds them: databases fold case each in their
    # own way. Triggers (SQLite) and an index (PostgreSQL) of the migrations keep its trigrams.
    sa.Column("search_text", sa.Text, nullable=False, server_default=""),
    sa.Column("image_url", sa.Text),
    sa.Column("attributes", sa.JSON, nullable=False),
    sa.Column("created_at", UtcTimestamp, nullable=False),
    sa.Column("updated_at", UtcTimestamp, nullable=False),
    sa.CheckConstraint("status IN ('active', 'inactive', 'unregistered')", name="status"),
    sa.Index("ix_sku_status_sku_id", "status", "sku_id"),
    sa.Index("ix_sku_name_sku_id", "name", "sku_id"),
    sa.Index("ix_sku_updated_at_sku_id", "updated_at", "sku_id"),
    sqlite_with_rowid=False,  # walked through in the order of its codes
)

# Another code that means the same SKU; a code means one SKU only.
sku_alias = sa.Table(
    "sku_alias",
    metadata,
    sa.Column("alias_id", sa.Text, primary_key=True),
    sa.Column("original_alias", sa.Text, nullable=False),
    sa.Column("sku_id", sa.Text, sa.ForeignKey("sku.sku_id"), nullable=False, index=True),
)

# A shop account; never deleted, so that its orders and pushes keep their meaning. `credentials`
# are encrypted with the installation's secret key.
store = sa.Table(
    "store",
    metadata,
    sa.Column("store_id", sa.Text, primary_key=True),
    sa.Column("platform", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("paused_reason", sa.Text),
    sa.Column("paused_at", UtcTimestamp),
    sa.Column("paused_detail", sa.Text),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("credentials", sa.Text),
    sa.Column("key_expires_at", UtcTimestamp),
    sa.Column("key_checked_at", UtcTimestamp),
    sa.Column("orders_from", UtcTimestamp, nullable=False),
    sa.Column("catalogue_read_at", UtcTimestamp),  # when the last full pull began
    sa.Column("created_at", UtcTimestamp, nullable=False),
    sa.Column("updated_at", UtcTimestamp, nullable=False),
    sa.CheckConstraint("platform IN ('rakuten', 'amazon', 'haier', 'webshop')", name="platform"),
    sa.CheckConstraint("status IN ('active', 'paused', 'inactive')", name="status"),
    sa.CheckConstraint(
        "(status = 'paused') = (paused_reason IS NOT NULL AND paused_at IS NOT NULL)",
        name="paused",
    ),
)

# One sellable line of a store. Without a SKU it is unmapped: nothing is pushed for it. A person's
# word (`mapped_by`, with or without a SKU) is never overruled by the rule. `unseen_since` is the
# first full pull that did not show it, `missing_since` the later one that settled it.
listing = sa.Table(
    "listing",
    metadata,
    sa.Column("listing_id", sa.Text, primary_key=True),
    sa.Column("store_id", sa.Text, sa.ForeignKey("store.store_id"), nullable=False),
    sa.Column("item_key", sa.Text, nullable=False),
    sa.Column("variant_key", sa.Text, nullable=False),
    sa.Column("sku_id", sa.Text, sa.ForeignKey("sku.sku_id"), index=True),
    sa.Column("mapped_by", sa.Text),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("image_url", sa.Text),
    sa.Column("codes", sa.JSON, nullable=False),
    sa.Column("is_sold", sa.Boolean, nullable=False),
    sa.Column("seen_at", UtcTimestamp, nullable=False),
    sa.Column("unseen_since", UtcTimestamp),
    sa.Column("missing_since", UtcTimestamp),
    sa.Column("created_at", UtcTimestamp, nullable=False),
    sa.Column("updated_at", UtcTimestamp, nullable=False),
    sa.UniqueConstraint("store_id", "item_key", "variant_key"),
    sa.CheckConstraint("mapped_by IN ('rule', 'person')", name="mapped_by"),
    sa.CheckConstraint("sku_id IS NULL OR mapped_by IS NOT NULL", name="mapped"),
    sa.Index("ix_listing_store_id_sku_id", "store_id", "sku_id"),
)
sa.Index(
    "ix_listing_unmapped",
    listing.c.store_id,
    listing.c.item_key,
    listing.c.variant_key,
    postgresql_where=listing.c.sku_id.is_(None),
    sqlite_where=listing.c.sku_id.is_(None),
)
sa.Index(
    "ix_listing_missing",
    listing.c.store_id,
    postgresql_where=listing.c.missing_since.is_not(None),
    sqlite_where=listing.c.missing_since.is_not(None),
)
