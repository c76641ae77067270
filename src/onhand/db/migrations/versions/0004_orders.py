"""Orders taken in."""

import sqlalchemy as sa
from alembic import op

from onhand.db.types import UtcTimestamp

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _channel_order()
    _order_line()
    _accounts()
    _evidence()
    _desk_entry()
    op.create_table(
        "intake_cursor",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("taken_in_until", UtcTimestamp(), nullable=True),
        sa.Column("polled_at", UtcTimestamp(), nullable=True),
        sa.Column("failed_at", UtcTimestamp(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(failed_at IS NULL) = (last_error IS NULL)", name=op.f("ck_intake_cursor_failure")
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["store.store_id"], name=op.f("fk_intake_cursor_store_id")
        ),
        sa.PrimaryKeyConstraint("store_id", name=op.f("pk_intake_cursor")),
    )


def _index(name: str, table: str, columns: list[str], *, only: str) -> None:
    where = sa.text(only)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def _of_order(table: str, *columns: sa.schema.SchemaItem, key: tuple[str, ...]) -> None:
    """A table whose rows belong to an order."""
    op.create_table(
        table,
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["store_id", "order_id"],
            ["channel_order.store_id", "channel_order.order_id"],
            name=op.f(f"fk_{table}_store_id_order_id"),
        ),
        sa.PrimaryKeyConstraint("store_id", "order_id", *key, name=op.f(f"pk_{table}")),
    )


def _channel_order() -> None:
    op.create_table(
        "channel_order",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("state_since", UtcTimestamp(), nullable=False),
        sa.Column("ordered_at", UtcTimestamp(), nullable=False),
        sa.Column("first_seen_at", UtcTimestamp(), nullable=False),
        sa.Column("changed_at", UtcTimestamp(), nullable=False),
        sa.Column("read_at", UtcTimestamp(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("next_read_at", UtcTimestamp(), nullable=True),
        sa.Column("is_refused", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("confirm_due_at", UtcTimestamp(), nullable=True),
        sa.Column("confirm_failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("confirm_error", sa.Text(), nullable=True),
        sa.Column("confirmed_at", UtcTimestamp(), nullable=True),
        sa.CheckConstraint(
            "state IN ('placed', 'confirmed', 'changing', 'cancelling', 'shipped', 'cancelled', "
            "'odd')",
            name=op.f("ck_channel_order_state"),
        ),
        sa.CheckConstraint(
            "confirm_due_at IS NULL OR state = 'placed'",
            name=op.f("ck_channel_order_confirm_placed_only"),
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["store.store_id"], name=op.f("fk_channel_order_store_id")
        ),
        sa.PrimaryKeyConstraint("store_id", "order_id", name=op.f("pk_channel_order")),
    )
    op.create_index(
        "ix_channel_order_ordered_at", "channel_order", ["ordered_at", "store_id", "order_id"]
    )
    op.create_index(
        "ix_channel_order_store_ordered_at", "channel_order", ["store_id", "ordered_at", "order_id"]
    )
    _index(
        "ix_channel_order_confirm_due",
        "channel_order",
        ["store_id", "confirm_due_at"],
        only="confirm_due_at IS NOT NULL",
    )
    _index(
        "ix_channel_order_next_read",
        "channel_order",
        ["store_id", "next_read_at"],
        only="next_read_at IS NOT NULL",
    )


def _order_line() -> None:
    _of_order(
        "order_line",
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Text(), nullable=False),
        sa.Column("item_key", sa.Text(), nullable=False),
        sa.Column("variant_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("listing_id", sa.Text(), nullable=True),
        sa.Column("sku_id", sa.Text(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(sku_id IS NULL) = (generation IS NULL)", name=op.f("ck_order_line_sku")
        ),
        key=("line_no",),
    )
    op.create_index("ix_order_line_sku_id", "order_line", ["sku_id"])
    _index(
        "ix_order_line_unmapped",
        "order_line",
        ["store_id", "item_key", "variant_key"],
        only="sku_id IS NULL",
    )


def _accounts() -> None:
    _of_order(
        "order_stock",
        sa.Column("sku_id", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("held_units", sa.BigInteger(), nullable=False),
        sa.Column("shipped_units", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("held_units >= 0", name=op.f("ck_order_stock_held_units")),
        sa.CheckConstraint("shipped_units >= 0", name=op.f("ck_order_stock_shipped_units")),
        key=("sku_id", "generation"),
    )
    op.create_index("ix_order_stock_sku_id", "order_stock", ["sku_id"])
    _of_order(
        "order_sold",
        sa.Column("listing_id", sa.Text(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("units >= 0", name=op.f("ck_order_sold_units")),
        key=("listing_id",),
    )


def _evidence() -> None:
    _of_order(
        "order_sight",
        sa.Column("read_at", UtcTimestamp(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("taken_in_at", UtcTimestamp(), nullable=False),
        key=("read_at", "fingerprint", "state"),
    )
    _of_order(
        "order_message",
        sa.Column("which", sa.Text(), nullable=False),
        sa.Column("read_at", UtcTimestamp(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.CheckConstraint("which IN ('first', 'newest')", name=op.f("ck_order_message_which")),
        key=("which",),
    )


def _desk_entry() -> None:
    op.create_table(
        "desk_entry",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("opened_at", UtcTimestamp(), nullable=False),
        sa.Column("closed_at", UtcTimestamp(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_how", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('shortfall', 'unmapped', 'bad_line', 'failed_confirmation', 'odd_status', "
            "'cancelled_after_shipping', 'refused')",
            name=op.f("ck_desk_entry_kind"),
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closed_how IS NULL)", name=op.f("ck_desk_entry_closed")
        ),
        sa.ForeignKeyConstraint(
            ["store_id", "order_id"],
            ["channel_order.store_id", "channel_order.order_id"],
            name=op.f("fk_desk_entry_store_id_order_id"),
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_desk_entry")),
    )
    still_open = sa.text("closed_at IS NULL")
    op.create_index(
        "ux_desk_entry_open",
        "desk_entry",
        ["kind", "store_id", "order_id", "subject"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_index("ix_desk_entry_order", "desk_entry", ["store_id", "order_id"])
    op.create_index("ix_desk_entry_kind_opened", "desk_entry", ["kind", "opened_at"])
