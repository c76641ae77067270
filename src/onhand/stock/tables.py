"""Tables of the ledger."""

import sqlalchemy as sa

from onhand.db.metadata import metadata
from onhand.db.types import UtcTimestamp

_BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")

ONCE_REMOVED = sa.text("generation > 1 OR NOT registered")  # of heads; no SKU begins so
_LATE = sa.text("happened_at < recorded_at")
_GROUPED = sa.text("reference_type IN ('import', 'manual', 'system')")

location = sa.Table(
    "location",
    metadata,
    sa.Column("location_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False, server_default="100"),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
)

# The immutable facts. `position` follows the order of insertion, `seq` the order within one SKU.
# `transaction_id` lets followers read without skipping late commits: on PostgreSQL the migration
# makes the server fill it in, on SQLite (one writer, nothing commits late) it stays 0.
stock_event = sa.Table(
    "stock_event",
    metadata,
    sa.Column("position", _BigId, sa.Identity(always=False), primary_key=True),
    sa.Column("transaction_id", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("command_id", sa.Text, nullable=False),
    sa.Column("sku_id", sa.Text, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("location_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("on_hand_change", sa.BigInteger, nullable=False),
    sa.Column("reserved_change", sa.BigInteger, nullable=False),
    sa.Column("on_hand_after", sa.BigInteger, nullable=False),
    sa.Column("reserved_after", sa.BigInteger, nullable=False),
    sa.Column("shortfall_after", sa.BigInteger, nullable=False),
    sa.Column("reservation_id", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("reference_type", sa.Text),
    sa.Column("reference_id", sa.Text),
    sa.Column("store_id", sa.Text),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("idempotency_key", sa.Text),
    sa.Column("happened_at", UtcTimestamp, nullable=False),
    sa.Column("recorded_at", UtcTimestamp, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.UniqueConstraint("sku_id", "seq"),
    sa.CheckConstraint("happened_at <= recorded_at", name="not_from_the_future"),
    sa.Index("ix_stock_event_transaction_id_position", "transaction_id", "position"),
    # All that reports add up, so that they need not touch the events themselves.
    sa.Index(
        "ix_stock_event_kind_happened_at",
        "kind",
        "happened_at",
        "sku_id",
        "generation",
        "location_id",
        "on_hand_change",
        "reserved_change",
    ),
    # Entered later than it happened: few rows, but every view of a past moment asks for them.
    sa.Index(
        "ix_stock_event_late",
        "sku_id",
        "happened_at",
        sqlite_where=_LATE,
        postgresql_where=_LATE,
    ),
    # What may be taken back as a group, and what took it back; orders and carts pay nothing for it.
    sa.Index(
        "ix_stock_event_group",
        "reference_id",
        "sku_id",
        sqlite_where=_GROUPED,
        postgresql_where=_GROUPED,
    ),
    sqlite_autoincrement=True,
)

# The head of one SKU's chain, its totals over all locations and its stock policy. A trigger makes
# it when a SKU is registered. Whoever writes stock of a SKU locks this row first.
ledger_head = sa.Table(
    "ledger_head",
    metadata,
    sa.Column("sku_id", sa.Text, sa.ForeignKey("sku.sku_id"), primary_key=True),
    sa.Column("registered", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("hash", sa.Text, nullable=False, server_default=""),
    sa.Column("on_hand", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("reserved", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("is_low", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("allow_oversell", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("safety_stock", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("low_stock_threshold", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("next_expiry_at", UtcTimestamp),  # no held unit ends earlier than this
    sa.Column("counted_at", UtcTimestamp),
    sa.Column("recorded_at", UtcTimestamp),
    sa.CheckConstraint("reserved >= 0", name="reserved"),
    sa.CheckConstraint("safety_stock >= 0", name="safety_stock"),
    sa.CheckConstraint("low_stock_threshold >= 0", name="low_stock_threshold"),
    sa.Index(
        "ix_ledger_head_low",
        "sku_id",
        sqlite_where=sa.text("is_low"),
        postgresql_where=sa.text("is_low"),
    ),
    sa.Index(
        "ix_ledger_head_removed",
        "sku_id",
        sqlite_where=ONCE_REMOVED,
        postgresql_where=ONCE_REMOVED,
    ),
    sa.Index(
        "ix_ledger_head_next_expiry_at",
        "next_expiry_at",
        sqlite_where=sa.text("next_expiry_at IS NOT NULL"),
        postgresql_where=sa.text("next_expiry_at IS NOT NULL"),
    ),
    postgresql_with={"fillfactor": 70},
    sqlite_with_rowid=False,
)

# The running balance of one SKU at one location. Units below zero exist only with leave: whoever
# gives it (an oversell policy, a fact from outside) records them as `shortfall`.
stock_level = sa.Table(
    "stock_level",
    metadata,
    sa.Column("sku_id", sa.Text, sa.ForeignKey("ledger_head.sku_id"), primary_key=True),
    sa.Column("location_id", sa.Text, sa.ForeignKey("location.location_id"), primary_key=True),
    sa.Column("on_hand", sa.BigInteger, nullable=False),
    sa.Column("reserved", sa.BigInteger, nullable=False),
    sa.Column("shortfall", sa.BigInteger, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.CheckConstraint("reserved >= 0", name="reserved"),
    sa.CheckConstraint("shortfall >= 0", name="shortfall"),
    sa.CheckConstraint("on_hand - reserved + shortfall >= 0", name="available"),
    postgresql_with={"fillfactor": 70},
    sqlite_with_rowid=False,
)

_HELD = sa.text("units_held > 0")

# A hold. Rows stay when the hold has ended: they explain where units went.
reservation = sa.Table(
    "reservation",
    metadata,
    sa.Column("reservation_id", sa.Text, primary_key=True),
    sa.Column("sku_id", sa.Text, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("location_id", sa.Text, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),  # the token's name that made it
    sa.Column("owner", sa.Text, nullable=False),  # for whom: the shop's customer
    sa.Column("reference_type", sa.Text, nullable=False),
    sa.Column("reference_id", sa.Text, nullable=False),
    sa.Column("units_reserved", sa.BigInteger, nullable=False),  # ever
    sa.Column("units_held", sa.BigInteger, nullable=False),  # now
    sa.Column("units_shipped", sa.BigInteger, nullable=False),
    sa.Column("units_returned", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("expires_at", UtcTimestamp),
    sa.Column("created_at", UtcTimestamp, nullable=False),
    sa.CheckConstraint("units_held >= 0", name="units_held"),
    sa.CheckConstraint("units_returned <= units_shipped", name="units_returned"),
    sa.CheckConstraint("(state = 'held') = (units_held > 0)", name="state"),
    sa.Index("ix_reservation_reference", "reference_id", "reference_type"),
    sa.Index(
        "ix_reservation_held_sku_id",
        "sku_id",
        "expires_at",
        sqlite_where=_HELD,
        postgresql_where=_HELD,
    ),
    sa.Index("ix_reservation_held_owner", "owner", sqlite_where=_HELD, postgresql_where=_HELD),
)

# A stocktake: what was counted, against what the ledger said at that very moment.
count_sheet = sa.Table(
    "count_sheet",
    metadata,
    sa.Column("count_id", sa.Text, primary_key=True),
    sa.Column("location_id", sa.Text, sa.ForeignKey("location.location_id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("blind", sa.Boolean, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("created_at", UtcTimestamp, nullable=False),
    sa.Column("closed_at", UtcTimestamp),
    sa.CheckConstraint("state IN ('open', 'closed', 'cancelled')", name="state"),
)
count_line = sa.Table(
    "count_line",
    metadata,
    sa.Column("count_id", sa.Text, sa.ForeignKey("count_sheet.count_id"), primary_key=True),
    sa.Column("sku_id", sa.Text, sa.ForeignKey("sku.sku_id"), primary_key=True),
    sa.Column("expected_units", sa.BigInteger),  # on hand when it was counted
    sa.Column("counted_units", sa.BigInteger),
    sa.Column("counted_by", sa.Text),
    sa.Column("counted_at", UtcTimestamp),
    sa.CheckConstraint("counted_units >= 0", name="counted_units"),
)
