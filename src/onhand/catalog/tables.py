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
    sa.Column("image_url", sa.Text),
    sa.Column("attributes", sa.JSON, nullable=False),
    sa.Column("created_at", UtcTimestamp, nullable=False),
    sa.Column("updated_at", UtcTimestamp, nullable=False),
    sa.CheckConstraint("status IN ('active', 'inactive', 'unregistered')", name="status"),
    sa.Index("ix_sku_status_sku_id", "status", "sku_id"),
    sa.Index("ix_sku_name_sku_id", "name", "sku_id"),
    sa.Index("ix_sku_updated_at_sku_id", "updated_at", "sku_id"),
)

# Another code that means the same SKU; a code means one SKU only.
sku_alias = sa.Table(
    "sku_alias",
    metadata,
    sa.Column("alias_id", sa.Text, primary_key=True),
    sa.Column("original_alias", sa.Text, nullable=False),
    sa.Column("sku_id", sa.Text, sa.ForeignKey("sku.sku_id"), nullable=False, index=True),
)
