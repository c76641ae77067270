"""Stores and listings."""

import sqlalchemy as sa
from alembic import op

from onhand.db.types import UtcTimestamp

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _store()
    _listing()


def _store() -> None:
    op.create_table(
        "store",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("paused_reason", sa.Text(), nullable=True),
        sa.Column("paused_at", UtcTimestamp(), nullable=True),
        sa.Column("paused_detail", sa.Text(), nullable=True),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("credentials", sa.Text(), nullable=True),
        sa.Column("key_expires_at", UtcTimestamp(), nullable=True),
        sa.Column("key_checked_at", UtcTimestamp(), nullable=True),
        sa.Column("orders_from", UtcTimestamp(), nullable=False),
        sa.Column("catalogue_read_at", UtcTimestamp(), nullable=True),
        sa.Column("created_at", UtcTimestamp(), nullable=False),
        sa.Column("updated_at", UtcTimestamp(), nullable=False),
        sa.CheckConstraint(
            "platform IN ('rakuten', 'amazon', 'haier', 'webshop')", name=op.f("ck_store_platform")
        ),
        sa.CheckConstraint(
            "status IN ('active', 'paused', 'inactive')", name=op.f("ck_store_status")
        ),
        sa.CheckConstraint(
            "(status = 'paused') = (paused_reason IS NOT NULL AND paused_at IS NOT NULL)",
            name=op.f("ck_store_paused"),
        ),
        sa.PrimaryKeyConstraint("store_id", name=op.f("pk_store")),
    )


def _listing() -> None:
    op.create_table(
        "listing",
        sa.Column("listing_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("item_key", sa.Text(), nullable=False),
        sa.Column("variant_key", sa.Text(), nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=True),
        sa.Column("mapped_by", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("is_sold", sa.Boolean(), nullable=False),
        sa.Column("seen_at", UtcTimestamp(), nullable=False),
        sa.Column("unseen_since", UtcTimestamp(), nullable=True),
        sa.Column("missing_since", UtcTimestamp(), nullable=True),
        sa.Column("created_at", UtcTimestamp(), nullable=False),
        sa.Column("updated_at", UtcTimestamp(), nullable=False),
        sa.CheckConstraint("mapped_by IN ('rule', 'person')", name=op.f("ck_listing_mapped_by")),
        sa.CheckConstraint(
            "sku_id IS NULL OR mapped_by IS NOT NULL", name=op.f("ck_listing_mapped")
        ),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.sku_id"], name=op.f("fk_listing_sku_id")),
        sa.ForeignKeyConstraint(["store_id"], ["store.store_id"], name=op.f("fk_listing_store_id")),
        sa.PrimaryKeyConstraint("listing_id", name=op.f("pk_listing")),
        sa.UniqueConstraint(
            "store_id",
            "item_key",
            "variant_key",
            name=op.f("uq_listing_store_id_item_key_variant_key"),
        ),
    )
    op.create_index(op.f("ix_listing_sku_id"), "listing", ["sku_id"])
    op.create_index("ix_listing_store_id_sku_id", "listing", ["store_id", "sku_id"])
    op.create_index(
        "ix_listing_unmapped",
        "listing",
        ["store_id", "item_key", "variant_key"],
        postgresql_where=sa.text("sku_id IS NULL"),
        sqlite_where=sa.text("sku_id IS NULL"),
    )
