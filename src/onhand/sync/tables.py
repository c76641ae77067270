"""Tables of sync."""

import sqlalchemy as sa

from onhand.db.metadata import metadata
from onhand.db.types import UtcTimestamp

# One row per mapped listing: the fence's state (`model.fence.Listing`, column by column).
listing_push = sa.Table(
    "listing_push",
    metadata,
    sa.Column("listing_id", sa.Text, sa.ForeignKey("listing.listing_id"), primary_key=True),
    sa.Column("store_id", sa.Text, sa.ForeignKey("store.store_id"), nullable=False),
    sa.Column("belief", sa.Integer),
    sa.Column("read_from", UtcTimestamp),
    sa.Column("read_to", UtcTimestamp),
    sa.Column("doubt", sa.Text),
    sa.Column("read_after", UtcTimestamp),
    sa.Column("drift", sa.Integer),
    sa.Column("waits_for_orders", sa.Boolean, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("mark", sa.Integer, nullable=False),
    sa.Column("stale_at", UtcTimestamp),
    sa.Column("due_at", UtcTimestamp),
    sa.Column("push_id", sa.Text),
    sa.Column("push_mark", sa.Integer, nullable=False),
    sa.Column("push_units", sa.Integer, nullable=False),
    sa.Column("push_mode", sa.Text),
    sa.Column("push_until", UtcTimestamp),
    sa.Column("target", sa.Integer),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("refusals", sa.Integer, nullable=False),
    sa.Column("retry_at", UtcTimestamp),
    sa.Column("failure", sa.Text),
    sa.Column("failed_at", UtcTimestamp),
    sa.Column("pushed_at", UtcTimestamp),
    sa.Column("checked_at", UtcTimestamp),
    sa.CheckConstraint("doubt IS NULL OR read_after IS NOT NULL", name="doubt_is_read"),
    sa.CheckConstraint("(push_id IS NULL) = (push_until IS NULL)", name="push_ends"),
    sa.Index(
        "ix_listing_push_stale",
        "store_id",
        "due_at",
        sqlite_where=sa.text("stale_at IS NOT NULL"),
        postgresql_where=sa.text("stale_at IS NOT NULL"),
    ),
    sa.Index(
        "ix_listing_push_doubt",
        "store_id",
        "read_after",
        sqlite_where=sa.text("doubt IS NOT NULL"),
        postgresql_where=sa.text("doubt IS NOT NULL"),
    ),
    sa.Index(
        "ix_listing_push_waiting",
        "store_id",
        "read_to",
        sqlite_where=sa.text("waits_for_orders"),
        postgresql_where=sa.text("waits_for_orders"),
    ),
    sa.Index(
        "ix_listing_push_in_flight",
        "push_id",
        sqlite_where=sa.text("push_id IS NOT NULL"),
        postgresql_where=sa.text("push_id IS NOT NULL"),
    ),
    sa.Index(
        "ix_listing_push_failed",
        "failed_at",
        "listing_id",
        sqlite_where=sa.text("failed_at IS NOT NULL"),
        postgresql_where=sa.text("failed_at IS NOT NULL"),
    ),
    sa.Index("ix_listing_push_checked", "store_id", "checked_at"),
)

# Every push that was settled: what each shop was told, and when. Rows are only added.
push = sa.Table(
    "push",
    metadata,
    sa.Column("push_id", sa.Text, primary_key=True),
    sa.Column("listing_id", sa.Text, sa.ForeignKey("listing.listing_id"), primary_key=True),
    sa.Column("store_id", sa.Text, nullable=False),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("units", sa.Integer, nullable=False),
    sa.Column("believed", sa.Integer),
    sa.Column("target", sa.Integer, nullable=False),
    sa.Column("stale_at", UtcTimestamp),
    sa.Column("settled_at", UtcTimestamp, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.CheckConstraint(
        "outcome IN ('delivered', 'unknown', 'refused', 'not_sent')", name="outcome"
    ),
    sa.Index("ix_push_listing_settled", "listing_id", "settled_at"),
    sa.Index("ix_push_store_settled", "store_id", "settled_at"),
)

# A store's rule, and a listing's where `listing_id` is not empty.
rule = sa.Table(
    "rule",
    metadata,
    sa.Column("store_id", sa.Text, sa.ForeignKey("store.store_id"), primary_key=True),
    sa.Column("listing_id", sa.Text, primary_key=True),
    sa.Column("safety_units", sa.Integer),
    sa.Column("share_percent", sa.Integer),
    sa.Column("cap_units", sa.Integer),
    sa.Column("floor_units", sa.Integer),
    sa.Column("fixed_units", sa.Integer),
    sa.Column("paused", sa.Boolean),
)

# Up to when every order placed at the store has been taken in.
store_progress = sa.Table(
    "store_progress",
    metadata,
    sa.Column("store_id", sa.Text, sa.ForeignKey("store.store_id"), primary_key=True),
    sa.Column("taken_in_until", UtcTimestamp, nullable=False),
)

# How far the event feed has been followed; one row.
feed_position = sa.Table(
    "feed_position",
    metadata,
    sa.Column("follower", sa.Text, primary_key=True),
    sa.Column("cursor", sa.Text, nullable=False),
)

# How fast a SKU sells: units, decayed by half a week (see `model.risk`).
sku_pace = sa.Table(
    "sku_pace",
    metadata,
    sa.Column("sku_id", sa.Text, primary_key=True),
    sa.Column("units", sa.Float, nullable=False),
    sa.Column("at", UtcTimestamp, nullable=False),
)

# A shop's number that was not what we believed, and what became of it (Y6).
drift = sa.Table(
    "drift",
    metadata,
    sa.Column("drift_id", sa.Text, primary_key=True),
    sa.Column("listing_id", sa.Text, sa.ForeignKey("listing.listing_id"), nullable=False),
    sa.Column("store_id", sa.Text, nullable=False),
    sa.Column("found_at", UtcTimestamp, nullable=False),
    sa.Column("believed", sa.Integer),
    sa.Column("shown", sa.Integer),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("closed_at", UtcTimestamp),
    sa.Column("closed_how", sa.Text),
    sa.Index(
        "ux_drift_open",
        "listing_id",
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    ),
    sa.Index("ix_drift_store_found", "store_id", "found_at"),
)

# When the next call of a shop's function may be sent, in seconds since 1970 (Y4).
call_slot = sa.Table(
    "call_slot",
    metadata,
    sa.Column("store_id", sa.Text, primary_key=True),
    sa.Column("function", sa.Text, primary_key=True),
    sa.Column("next_at_s", sa.Float, nullable=False),
)
