"""Files that were taken in."""

import sqlalchemy as sa
from alembic import op

from onhand.db.types import UtcTimestamp

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _import_file()
    _import_file_part()
    _file_import()
    _import_change()
    _import_listing()
    _import_fault()
    _import_mapping()


def _import_file() -> None:
    op.create_table(
        "import_file",
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.Column("upload_id", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("stored_by", sa.Text(), nullable=False),
        sa.Column("stored_at", UtcTimestamp(), nullable=False),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_import_file")),
    )


def _import_file_part() -> None:
    op.create_table(
        "import_file_part",
        sa.Column("upload_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("upload_id", "number", name=op.f("pk_import_file_part")),
    )


def _file_import() -> None:
    op.create_table(
        "file_import",
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.Column("choices_key", sa.Text(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("most_rows", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("rows_read", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("change_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cancel_asked", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("held_until", UtcTimestamp(), nullable=True),
        sa.Column("task_id", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", UtcTimestamp(), nullable=False),
        sa.Column("previewed_at", UtcTimestamp(), nullable=True),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("confirmed_from", sa.Text(), nullable=True),
        sa.Column("confirmed_at", UtcTimestamp(), nullable=True),
        sa.Column("ended_at", UtcTimestamp(), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("undone_at", UtcTimestamp(), nullable=True),
        *_rules_of_file_import(),
    )
    op.create_index(op.f("ix_file_import_store_id"), "file_import", ["store_id"])
    pending = sa.text("state IN ('waiting', 'confirmed')")
    op.create_index(
        "ix_file_import_pending",
        "file_import",
        ["asked_at"],
        sqlite_where=pending,
        postgresql_where=pending,
    )


def _rules_of_file_import() -> tuple[sa.Constraint, ...]:
    return (
        sa.CheckConstraint(
            "state IN ('waiting', 'previewed', 'refused', 'cancelled', 'confirmed', 'applied', "
            "'stopped', 'undone')",
            name=op.f("ck_file_import_state"),
        ),
        sa.CheckConstraint(
            "(holder IS NULL) = (held_until IS NULL)", name=op.f("ck_file_import_held")
        ),
        sa.CheckConstraint(
            "state NOT IN ('confirmed', 'applied', 'stopped') OR confirmed_at IS NOT NULL",
            name=op.f("ck_file_import_confirmed"),
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["import_file.file_id"], name=op.f("fk_file_import_file_id")
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["store.store_id"], name=op.f("fk_file_import_store_id")
        ),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_file_import")),
        sa.UniqueConstraint(
            "file_id", "choices_key", "turn", name=op.f("uq_file_import_file_id_choices_key_turn")
        ),
    )


def _import_change() -> None:
    op.create_table(
        "import_change",
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("manage_number", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=True),
        sa.Column("before_units", sa.BigInteger(), nullable=True),
        sa.Column("after_units", sa.BigInteger(), nullable=True),
        sa.Column("reserved_units", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("name_before", sa.Text(), nullable=True),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("image_before", sa.Text(), nullable=True),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("found_units", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "action IN ('none', 'unchanged', 'set', 'receive', 'blocked', 'conflict')",
            name=op.f("ck_import_change_action"),
        ),
        sa.CheckConstraint(
            "outcome IN ('applied', 'moved', 'refused', 'left_out')",
            name=op.f("ck_import_change_outcome"),
        ),
        _of_import("import_change"),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_change")),
        sa.UniqueConstraint("import_id", "sku_id", name=op.f("uq_import_change_import_id_sku_id")),
    )


def _import_listing() -> None:
    op.create_table(
        "import_listing",
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("listing_id", sa.Text(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("item_key", sa.Text(), nullable=False),
        sa.Column("variant_key", sa.Text(), nullable=False),
        sa.Column("means_sku_id", sa.Text(), nullable=True),
        sa.Column("is_to_map", sa.Boolean(), nullable=False),
        _of_import("import_listing"),
        sa.PrimaryKeyConstraint(
            "import_id", "number", "listing_id", name=op.f("pk_import_listing")
        ),
    )


def _import_fault() -> None:
    op.create_table(
        "import_fault",
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=True),
        sa.Column("value", sa.Text(), nullable=False),
        _of_import("import_fault"),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_fault")),
    )


def _import_mapping() -> None:
    op.create_table(
        "import_mapping",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", UtcTimestamp(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", name=op.f("pk_import_mapping")),
    )


def _of_import(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["import_id"], ["file_import.import_id"], name=op.f(f"fk_{table}_import_id")
    )
