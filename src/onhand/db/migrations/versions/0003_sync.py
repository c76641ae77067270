"""What shops are told."""

import sqlalchemy as sa
from alembic import op

from onhand.db.types import UtcTimestamp

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _listing_push()
    _listing_push_indexes()
    _push()
    _rule()
    _store_progress()
    _feed_position()
    _sku_pace()
    _drift()
    _call_slot()


def _listing_push() -> None:
    op.create_table(
        "listing_push",
        sa.Column("listing_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("belief", sa.Integer(), nullable=True),
        sa.Column("read_from", UtcTimestamp(), nullable=True),
        sa.Column("read_to", UtcTimestamp(), nullable=True),
        sa.Column("doubt", sa.Text(), nullable=True),
        sa.Column("read_after", UtcTimestamp(), nullable=True),
        sa.Column("drift", sa.Integer(), nullable=True),
        sa.Column("waits_for_orders", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("mark", sa.Integer(), nullable=False),
        sa.Column("stale_at", UtcTimestamp(), nullable=True),
        sa.Column("due_at", UtcTimestamp(), nullable=True),
        sa.Column("push_id", sa.Text(), nullable=True),
        sa.Column("push_mark", sa.Integer(), nullable=False),
        sa.Column("push_units", sa.Integer(), nullable=False),
        sa.Column("push_mode", sa.Text(), nullable=True),
        sa.Column("push_until", UtcTimestamp(), nullable=True),
        sa.Column("target", sa.Integer(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("retry_at", UtcTimestamp(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("failed_at", UtcTimestamp(), nullable=True),
        sa.Column("pushed_at", UtcTimestamp(), nullable=True),
        sa.Column("checked_at", UtcTimestamp(), nullable=True),
        sa.CheckConstraint(
            "(push_id IS NULL) = (push_until IS NULL)", name=op.f("ck_listing_push_push_ends")
        ),
        sa.CheckConstraint(
            "doubt IS NULL OR read_after IS NOT NULL", name=op.f("ck_listing_push_doubt_is_read")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.listing_id"], name=op.f("fk_listing_push_listing_id")
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["store.store_id"], name=op.f("fk_listing_push_store_id")
        ),
        sa.PrimaryKeyConstraint("listing_id", name=op.f("pk_listing_push")),
    )


def _listing_push_indexes() -> None:
    op.create_index(
        "ix_listing_push_checked", "listing_push", ["store_id", "checked_at"], unique=False
    )
    op.create_index(
        "ix_listing_push_failed",
        "listing_push",
        ["failed_at", "listing_id"],
        unique=False,
        sqlite_where=sa.text("failed_at IS NOT NULL"),
        postgresql_where=sa.text("failed_at IS NOT NULL"),
    )
    op.create_index(
        "ix_listing_push_doubt",
        "listing_push",
        ["store_id", "read_after"],
        unique=False,
        sqlite_where=sa.text("doubt IS NOT NULL"),
        postgresql_where=sa.text("doubt IS NOT NULL"),
    )
    op.create_index(
        "ix_listing_push_in_flight",
        "listing_push",
        ["push_id"],
        unique=False,
        sqlite_where=sa.text("push_id IS NOT NULL"),
        postgresql_where=sa.text("push_id IS NOT NULL"),
    )
    op.create_index(
        "ix_listing_push_stale",
        "listing_push",
        ["store_id", "due_at"],
        unique=False,
        sqlite_where=sa.text("stale_at IS NOT NULL"),
        postgresql_where=sa.text("stale_at IS NOT NULL"),
    )


def _push() -> None:
    op.create_table(
        "push",
        sa.Column("push_id", sa.Text(), nullable=False),
        sa.Column("listing_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("believed", sa.Integer(), nullable=True),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.Column("stale_at", UtcTimestamp(), nullable=True),
        sa.Column("settled_at", UtcTimestamp(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('delivered', 'unknown', 'refused', 'not_sent')",
            name=op.f("ck_push_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.listing_id"], name=op.f("fk_push_listing_id")
        ),
        sa.PrimaryKeyConstraint("push_id", "listing_id", name=op.f("pk_push")),
    )
    op.create_index("ix_push_listing_settled", "push", ["listing_id", "settled_at"], unique=False)
    op.create_index("ix_push_store_settled", "push", ["store_id", "settled_at"], unique=False)


def _rule() -> None:
    op.create_table(
        "rule",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("listing_id", sa.Text(), nullable=False),
        sa.Column("safety_units", sa.Integer(), nullable=True),
        sa.Column("share_percent", sa.Integer(), nullable=True),
        sa.Column("cap_units", sa.Integer(), nullable=True),
        sa.Column("floor_units", sa.Integer(), nullable=True),
        sa.Column("fixed_units", sa.Integer(), nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["store.store_id"], name=op.f("fk_rule_store_id")),
        sa.PrimaryKeyConstraint("store_id", "listing_id", name=op.f("pk_rule")),
    )


def _store_progress() -> None:
    op.create_table(
        "store_progress",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("taken_in_until", UtcTimestamp(), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["store.store_id"], name=op.f("fk_store_progress_store_id")
        ),
        sa.PrimaryKeyConstraint("store_id", name=op.f("pk_store_progress")),
    )


def _feed_position() -> None:
    op.create_table(
        "feed_position",
        sa.Column("follower", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("follower", name=op.f("pk_feed_position")),
    )


def _sku_pace() -> None:
    op.create_table(
        "sku_pace",
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("units", sa.Float(), nullable=False),
        sa.Column("at", UtcTimestamp(), nullable=False),
        sa.PrimaryKeyConstraint("sku_id", name=op.f("pk_sku_pace")),
    )


def _drift() -> None:
    op.create_table(
        "drift",
        sa.Column("drift_id", sa.Text(), nullable=False),
        sa.Column("listing_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("found_at", UtcTimestamp(), nullable=False),
        sa.Column("believed", sa.Integer(), nullable=True),
        sa.Column("shown", sa.Integer(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("closed_at", UtcTimestamp(), nullable=True),
        sa.Column("closed_how", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.listing_id"], name=op.f("fk_drift_listing_id")
        ),
        sa.PrimaryKeyConstraint("drift_id", name=op.f("pk_drift")),
    )
    op.create_index("ix_drift_store_found", "drift", ["store_id", "found_at"], unique=False)
    op.create_index(
        "ux_drift_open",
        "drift",
        ["listing_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def _call_slot() -> None:
    op.create_table(
        "call_slot",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("function", sa.Text(), nullable=False),
        sa.Column("next_at_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "function", name=op.f("pk_call_slot")),
    )
