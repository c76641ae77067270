"""The ledger, the catalog and access, as first released."""

import sqlalchemy as sa
from alembic import op

from onhand.db.migrations.guards import (
    POSTGRES_GUARD,
    POSTGRES_HEADS,
    SQLITE_GUARD,
    SQLITE_HEADS,
)
from onhand.db.types import UtcTimestamp

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table, guard the events, and the default location."""
    _sku()
    _sku_alias()
    _api_token()
    _app_user()
    _audit_entry()
    _signing_key()
    _location()
    _stock_event()
    _ledger_head()
    _stock_level()
    _reservation()
    _count_sheet()
    _count_line()
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(SQLITE_GUARD.format(verb=verb))
        for trigger in SQLITE_HEADS:
            op.execute(trigger)
    else:
        op.execute(POSTGRES_GUARD)
        op.execute(POSTGRES_HEADS)
        op.execute(
            "ALTER TABLE stock_event ALTER transaction_id "
            "SET DEFAULT pg_current_xact_id()::text::bigint"
        )
    op.execute("INSERT INTO location (location_id, name, priority) VALUES ('main', 'Main', 0)")


def _sku() -> None:
    op.create_table(
        "sku",
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("original_sku", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), server_default="1", nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcTimestamp(), nullable=False),
        sa.Column("updated_at", UtcTimestamp(), nullable=False),
        sa.CheckConstraint(
            "status IN ('active', 'inactive', 'unregistered')", name=op.f("ck_sku_status")
        ),
        sa.PrimaryKeyConstraint("sku_id", name=op.f("pk_sku")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sku_status_sku_id", "sku", ["status", "sku_id"])
    op.create_index("ix_sku_name_sku_id", "sku", ["name", "sku_id"])
    op.create_index("ix_sku_updated_at_sku_id", "sku", ["updated_at", "sku_id"])


def _sku_alias() -> None:
    op.create_table(
        "sku_alias",
        sa.Column("alias_id", sa.Text(), nullable=False),
        sa.Column("original_alias", sa.Text(), nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.sku_id"], name=op.f("fk_sku_alias_sku_id")),
        sa.PrimaryKeyConstraint("alias_id", name=op.f("pk_sku_alias")),
    )
    op.create_index(op.f("ix_sku_alias_sku_id"), "sku_alias", ["sku_id"])


def _api_token() -> None:
    op.create_table(
        "api_token",
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTimestamp(), nullable=False),
        sa.Column("expires_at", UtcTimestamp(), nullable=True),
        sa.Column("revoked_at", UtcTimestamp(), nullable=True),
        sa.CheckConstraint(
            "scope IN ('viewer', 'reserve', 'operator', 'admin')", name=op.f("ck_api_token_scope")
        ),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )


def _app_user() -> None:
    op.create_table(
        "app_user",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("created_at", UtcTimestamp(), nullable=False),
        sa.Column("signed_in_at", UtcTimestamp(), nullable=True),
        sa.CheckConstraint(
            "role IN ('viewer', 'operator', 'admin')", name=op.f("ck_app_user_role")
        ),
        sa.CheckConstraint("language IN ('ja', 'zh', 'en')", name=op.f("ck_app_user_language")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("name_key", name=op.f("uq_app_user_name_key")),
    )


def _audit_entry() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("command_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcTimestamp(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "source IN ('api', 'manual', 'import', 'system')", name=op.f("ck_audit_entry_source")
        ),
        sa.PrimaryKeyConstraint("command_id", name=op.f("pk_audit_entry")),
    )
    op.create_index(
        "ix_audit_entry_recorded_at_command_id",
        "audit_entry",
        ["recorded_at", "command_id"],
    )


def _signing_key() -> None:
    op.create_table(
        "signing_key",
        sa.Column("key_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTimestamp(), nullable=False),
        sa.CheckConstraint("key_id = 1", name=op.f("ck_signing_key_one_row")),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_signing_key")),
    )


def _location() -> None:
    op.create_table(
        "location",
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), server_default="100", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.PrimaryKeyConstraint("location_id", name=op.f("pk_location")),
    )


def _stock_event() -> None:
    op.create_table(
        "stock_event",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=False),
            nullable=False,
        ),
        sa.Column("transaction_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("command_id", sa.Text(), nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("on_hand_change", sa.BigInteger(), nullable=False),
        sa.Column("reserved_change", sa.BigInteger(), nullable=False),
        sa.Column("on_hand_after", sa.BigInteger(), nullable=False),
        sa.Column("reserved_after", sa.BigInteger(), nullable=False),
        sa.Column("shortfall_after", sa.BigInteger(), nullable=False),
        sa.Column("reservation_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reference_type", sa.Text(), nullable=True),
        sa.Column("reference_id", sa.Text(), nullable=True),
        sa.Column("store_id", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("happened_at", UtcTimestamp(), nullable=False),
        sa.Column("recorded_at", UtcTimestamp(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "happened_at <= recorded_at", name=op.f("ck_stock_event_not_from_the_future")
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_stock_event")),
        sa.UniqueConstraint("sku_id", "seq", name=op.f("uq_stock_event_sku_id_seq")),
        sqlite_autoincrement=True,
    )
    late = sa.text("happened_at < recorded_at")
    op.create_index(
        "ix_stock_event_late",
        "stock_event",
        ["sku_id", "happened_at"],
        sqlite_where=late,
        postgresql_where=late,
    )
    op.create_index(
        "ix_stock_event_transaction_id_position",
        "stock_event",
        ["transaction_id", "position"],
    )


def _ledger_head() -> None:
    op.create_table(
        "ledger_head",
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("registered", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("hash", sa.Text(), server_default="", nullable=False),
        sa.Column("on_hand", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reserved", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("is_low", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("allow_oversell", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("safety_stock", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("low_stock_threshold", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_expiry_at", UtcTimestamp(), nullable=True),
        sa.Column("counted_at", UtcTimestamp(), nullable=True),
        sa.Column("recorded_at", UtcTimestamp(), nullable=True),
        sa.CheckConstraint(
            "low_stock_threshold >= 0", name=op.f("ck_ledger_head_low_stock_threshold")
        ),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_ledger_head_reserved")),
        sa.CheckConstraint("safety_stock >= 0", name=op.f("ck_ledger_head_safety_stock")),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.sku_id"], name=op.f("fk_ledger_head_sku_id")),
        sa.PrimaryKeyConstraint("sku_id", name=op.f("pk_ledger_head")),
        postgresql_with={"fillfactor": 70},
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_ledger_head_low",
        "ledger_head",
        ["sku_id"],
        sqlite_where=sa.text("is_low"),
        postgresql_where=sa.text("is_low"),
    )
    op.create_index(
        "ix_ledger_head_next_expiry_at",
        "ledger_head",
        ["next_expiry_at"],
        sqlite_where=sa.text("next_expiry_at IS NOT NULL"),
        postgresql_where=sa.text("next_expiry_at IS NOT NULL"),
    )


def _stock_level() -> None:
    op.create_table(
        "stock_level",
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("shortfall", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "on_hand - reserved + shortfall >= 0", name=op.f("ck_stock_level_available")
        ),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_stock_level_reserved")),
        sa.CheckConstraint("shortfall >= 0", name=op.f("ck_stock_level_shortfall")),
        sa.ForeignKeyConstraint(
            ["location_id"], ["location.location_id"], name=op.f("fk_stock_level_location_id")
        ),
        sa.ForeignKeyConstraint(
            ["sku_id"], ["ledger_head.sku_id"], name=op.f("fk_stock_level_sku_id")
        ),
        sa.PrimaryKeyConstraint("sku_id", "location_id", name=op.f("pk_stock_level")),
        postgresql_with={"fillfactor": 70},
        sqlite_with_rowid=False,
    )


def _reservation() -> None:
    op.create_table(
        "reservation",
        sa.Column("reservation_id", sa.Text(), nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("reference_type", sa.Text(), nullable=False),
        sa.Column("reference_id", sa.Text(), nullable=False),
        sa.Column("units_reserved", sa.BigInteger(), nullable=False),
        sa.Column("units_held", sa.BigInteger(), nullable=False),
        sa.Column("units_shipped", sa.BigInteger(), nullable=False),
        sa.Column("units_returned", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcTimestamp(), nullable=True),
        sa.Column("created_at", UtcTimestamp(), nullable=False),
        sa.CheckConstraint(
            "(state = 'held') = (units_held > 0)", name=op.f("ck_reservation_state")
        ),
        sa.CheckConstraint("units_held >= 0", name=op.f("ck_reservation_units_held")),
        sa.CheckConstraint(
            "units_returned <= units_shipped", name=op.f("ck_reservation_units_returned")
        ),
        sa.PrimaryKeyConstraint("reservation_id", name=op.f("pk_reservation")),
    )
    op.create_index(
        "ix_reservation_held_owner",
        "reservation",
        ["owner"],
        sqlite_where=sa.text("units_held > 0"),
        postgresql_where=sa.text("units_held > 0"),
    )
    op.create_index(
        "ix_reservation_held_sku_id",
        "reservation",
        ["sku_id", "expires_at"],
        sqlite_where=sa.text("units_held > 0"),
        postgresql_where=sa.text("units_held > 0"),
    )
    op.create_index(
        "ix_reservation_reference", "reservation", ["reference_id", "reference_type"], unique=False
    )


def _count_sheet() -> None:
    op.create_table(
        "count_sheet",
        sa.Column("count_id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTimestamp(), nullable=False),
        sa.Column("closed_at", UtcTimestamp(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'closed', 'cancelled')", name=op.f("ck_count_sheet_state")
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["location.location_id"], name=op.f("fk_count_sheet_location_id")
        ),
        sa.PrimaryKeyConstraint("count_id", name=op.f("pk_count_sheet")),
    )


def _count_line() -> None:
    op.create_table(
        "count_line",
        sa.Column("count_id", sa.Text(), nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("expected_units", sa.BigInteger(), nullable=True),
        sa.Column("counted_units", sa.BigInteger(), nullable=True),
        sa.Column("counted_by", sa.Text(), nullable=True),
        sa.Column("counted_at", UtcTimestamp(), nullable=True),
        sa.CheckConstraint("counted_units >= 0", name=op.f("ck_count_line_counted_units")),
        sa.ForeignKeyConstraint(
            ["count_id"], ["count_sheet.count_id"], name=op.f("fk_count_line_count_id")
        ),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.sku_id"], name=op.f("fk_count_line_sku_id")),
        sa.PrimaryKeyConstraint("count_id", "sku_id", name=op.f("pk_count_line")),
    )
