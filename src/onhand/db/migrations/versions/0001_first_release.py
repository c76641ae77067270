"""The ledger, the catalog and access, as first released."""

import sqlalchemy as sa
from alembic import op

from onhand.db.types import UtcTimestamp

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The ledger is append-only for everyone, not only for this program.
_SQLITE_GUARD = """
CREATE TRIGGER stock_event_no_{verb} BEFORE {verb} ON stock_event
BEGIN SELECT RAISE(ABORT, 'stock_event is append-only'); END
"""
_POSTGRES_GUARD = """
CREATE FUNCTION stock_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'stock_event is append-only'; END $$;
CREATE TRIGGER stock_event_append_only BEFORE UPDATE OR DELETE ON stock_event
FOR EACH STATEMENT EXECUTE FUNCTION stock_event_append_only();
"""

# Every registered SKU has a ledger head, whoever registered it: a SKU without any event is level 0.
_SQLITE_HEADS = (
    """
    CREATE TRIGGER sku_gets_head AFTER INSERT ON sku WHEN NEW.status <> 'unregistered'
    BEGIN
        INSERT INTO ledger_head (sku_id, generation) VALUES (NEW.sku_id, NEW.generation);
    END
    """,
    """
    CREATE TRIGGER sku_back_on_ledger AFTER UPDATE OF status ON sku
    WHEN OLD.status = 'unregistered' AND NEW.status <> 'unregistered'
    BEGIN
        UPDATE ledger_head SET registered = TRUE WHERE sku_id = NEW.sku_id;
    END
    """,
)
_POSTGRES_HEADS = """
CREATE FUNCTION sku_gets_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_head (sku_id, generation)
    SELECT sku_id, generation FROM added WHERE status <> 'unregistered';
    RETURN NULL;
END $$;
CREATE TRIGGER sku_gets_head AFTER INSERT ON sku REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION sku_gets_head();
CREATE FUNCTION sku_back_on_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ledger_head SET registered = TRUE WHERE sku_id = NEW.sku_id;
    RETURN NULL;
END $$;
CREATE TRIGGER sku_back_on_ledger AFTER UPDATE OF status ON sku FOR EACH ROW
WHEN (OLD.status = 'unregistered' AND NEW.status <> 'unregistered')
EXECUTE FUNCTION sku_back_on_ledger();
"""


def upgrade() -> None:
    """Create every table, guard the events, and the default location."""
    _catalog()
    _access()
    _ledger()
    _counts()
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(_SQLITE_GUARD.format(verb=verb))
        for trigger in _SQLITE_HEADS:
            op.execute(trigger)
    else:
        op.execute(_POSTGRES_GUARD)
        op.execute(_POSTGRES_HEADS)
        op.execute(
            "ALTER TABLE stock_event ALTER transaction_id "
            "SET DEFAULT pg_current_xact_id()::text::bigint"
        )
    op.execute("INSERT INTO location (location_id, name, priority) VALUES ('main', 'Main', 0)")


def _catalog() -> None:
    op.create_table(
        "sku",
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("original_sku", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), server_default="1", nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcTimestamp(), nullable=False),
        sa.Column("updated_at", UtcTimestamp(), nullable=False),
        sa.CheckConstraint(
            "status IN ('active', 'inactive', 'unregistered')", name=op.f("ck_sku_status")
        ),
        sa.PrimaryKeyConstraint("sku_id", name=op.f("pk_sku")),
    )
    op.create_index("ix_sku_status_sku_id", "sku", ["status", "sku_id"], unique=False)
    op.create_table(
        "sku_alias",
        sa.Column("alias_id", sa.Text(), nullable=False),
        sa.Column("original_alias", sa.Text(), nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.sku_id"], name=op.f("fk_sku_alias_sku_id")),
        sa.PrimaryKeyConstraint("alias_id", name=op.f("pk_sku_alias")),
    )
    op.create_index(op.f("ix_sku_alias_sku_id"), "sku_alias", ["sku_id"], unique=False)


def _access() -> None:
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
    op.create_table(
        "app_user",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("created_at", UtcTimestamp(), nullable=False),
        sa.CheckConstraint(
            "role IN ('viewer', 'operator', 'admin')", name=op.f("ck_app_user_role")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("name", name=op.f("uq_app_user_name")),
    )
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
        unique=False,
    )
    op.create_table(
        "signing_key",
        sa.Column("key_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTimestamp(), nullable=False),
        sa.CheckConstraint("key_id = 1", name=op.f("ck_signing_key_one_row")),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_signing_key")),
    )


def _ledger() -> None:
    op.create_table(
        "location",
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), server_default="100", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.PrimaryKeyConstraint("location_id", name=op.f("pk_location")),
    )
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
        unique=False,
    )
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
        unique=False,
        sqlite_where=sa.text("is_low"),
        postgresql_where=sa.text("is_low"),
    )
    op.create_index(
        "ix_ledger_head_next_expiry_at",
        "ledger_head",
        ["next_expiry_at"],
        unique=False,
        sqlite_where=sa.text("next_expiry_at IS NOT NULL"),
        postgresql_where=sa.text("next_expiry_at IS NOT NULL"),
    )
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
        unique=False,
        sqlite_where=sa.text("units_held > 0"),
        postgresql_where=sa.text("units_held > 0"),
    )
    op.create_index(
        "ix_reservation_held_sku_id",
        "reservation",
        ["sku_id", "expires_at"],
        unique=False,
        sqlite_where=sa.text("units_held > 0"),
        postgresql_where=sa.text("units_held > 0"),
    )
    op.create_index(
        "ix_reservation_reference", "reservation", ["reference_id", "reference_type"], unique=False
    )


def _counts() -> None:
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
