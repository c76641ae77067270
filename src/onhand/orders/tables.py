"""Tables of the orders taken in."""

import sqlalchemy as sa

from onhand.db.metadata import metadata
from onhand.db.types import UtcTimestamp

_ORDER = ["channel_order.store_id", "channel_order.order_id"]
_CONFIRM_DUE = sa.text("confirm_due_at IS NOT NULL")
_WATCHED = sa.text("next_read_at IS NOT NULL")
_UNMAPPED = sa.text("sku_id IS NULL")
_OPEN = sa.text("closed_at IS NULL")

# One row per order of a shop: its newest sight, and what is still to be done at the shop. Whoever
# changes anything of an order locks this row first.
channel_order = sa.Table(
    "channel_order",
    metadata,
    sa.Column("store_id", sa.Text, sa.ForeignKey("store.store_id"), primary_key=True),
    sa.Column("order_id", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),  # the shop's own word
    sa.Column("state_since", UtcTimestamp, nullable=False),
    sa.Column("ordered_at", UtcTimestamp, nullable=False),  # by the shop's clock
    sa.Column("first_seen_at", UtcTimestamp, nullable=False),
    sa.Column("changed_at", UtcTimestamp, nullable=False),
    sa.Column("read_at", UtcTimestamp, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
    # From when it is due to be read again; null once that is over.
    sa.Column("next_read_at", UtcTimestamp),
    # The ledger refused something: tried again at the next sight, also of the same.
    sa.Column("is_refused", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("confirm_due_at", UtcTimestamp),
    sa.Column("confirm_failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("confirm_error", sa.Text),
    sa.Column("confirmed_at", UtcTimestamp),
    sa.CheckConstraint(
        "state IN ('placed', 'confirmed', 'changing', 'cancelling', 'shipped', 'cancelled', 'odd')",
        name="state",
    ),
    sa.CheckConstraint("confirm_due_at IS NULL OR state = 'placed'", name="confirm_placed_only"),
    sa.Index("ix_channel_order_ordered_at", "ordered_at", "store_id", "order_id"),
    sa.Index("ix_channel_order_store_ordered_at", "store_id", "ordered_at", "order_id"),
    sa.Index(
        "ix_channel_order_confirm_due",
        "store_id",
        "confirm_due_at",
        sqlite_where=_CONFIRM_DUE,
        postgresql_where=_CONFIRM_DUE,
    ),
    sa.Index(
        "ix_channel_order_next_read",
        "store_id",
        "next_read_at",
        sqlite_where=_WATCHED,
        postgresql_where=_WATCHED,
    ),
)


def _of_order() -> tuple[sa.Column[str], sa.Column[str]]:
    return (
        sa.Column("store_id", sa.Text, primary_key=True),
        sa.Column("order_id", sa.Text, primary_key=True),
    )


def _belongs_to_order() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["store_id", "order_id"], _ORDER)


# The lines of the newest sight, and the SKU each was found to mean when it was first known.
order_line = sa.Table(
    "order_line",
    metadata,
    *_of_order(),
    sa.Column("line_no", sa.Integer, primary_key=True),
    sa.Column("line_id", sa.Text, nullable=False),
    sa.Column("item_key", sa.Text, nullable=False),
    sa.Column("variant_key", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("codes", sa.JSON, nullable=False),
    sa.Column("units", sa.BigInteger, nullable=False),  # as the shop says, nonsense included
    sa.Column("listing_id", sa.Text),
    sa.Column("sku_id", sa.Text),
    sa.Column("generation", sa.Integer),
    _belongs_to_order(),
    sa.CheckConstraint("(sku_id IS NULL) = (generation IS NULL)", name="sku"),
    sa.Index("ix_order_line_sku_id", "sku_id"),
    sa.Index(
        "ix_order_line_unmapped",
        "store_id",
        "item_key",
        "variant_key",
        sqlite_where=_UNMAPPED,
        postgresql_where=_UNMAPPED,
    ),
)

# Units of each SKU that the ledger was asked to hold and to ship for the order.
order_stock = sa.Table(
    "order_stock",
    metadata,
    *_of_order(),
    sa.Column("sku_id", sa.Text, primary_key=True),
    sa.Column("generation", sa.Integer, primary_key=True),
    sa.Column("held_units", sa.BigInteger, nullable=False),
    sa.Column("shipped_units", sa.BigInteger, nullable=False),
    _belongs_to_order(),
    sa.CheckConstraint("held_units >= 0", name="held_units"),
    sa.CheckConstraint("shipped_units >= 0", name="shipped_units"),
    sa.Index("ix_order_stock_sku_id", "sku_id"),
)

# Units by which the belief of each listing was lowered on account of the order.
order_sold = sa.Table(
    "order_sold",
    metadata,
    *_of_order(),
    sa.Column("listing_id", sa.Text, primary_key=True),
    sa.Column("units", sa.BigInteger, nullable=False),
    _belongs_to_order(),
    sa.CheckConstraint("units >= 0", name="units"),
)

# Every sight that showed something new.
order_sight = sa.Table(
    "order_sight",
    metadata,
    *_of_order(),
    sa.Column("read_at", UtcTimestamp, primary_key=True),
    sa.Column("fingerprint", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, primary_key=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("lines", sa.JSON, nullable=False),
    sa.Column("taken_in_at", UtcTimestamp, nullable=False),
    _belongs_to_order(),
)

# The shop's own messages, as evidence: the first, and the newest that showed something else.
order_message = sa.Table(
    "order_message",
    metadata,
    *_of_order(),
    sa.Column("which", sa.Text, primary_key=True),
    sa.Column("read_at", UtcTimestamp, nullable=False),
    sa.Column("raw", sa.Text, nullable=False),
    _belongs_to_order(),
    sa.CheckConstraint("which IN ('first', 'newest')", name="which"),
)

# What a person should look at (O5). Closed entries stay.
desk_entry = sa.Table(
    "desk_entry",
    metadata,
    sa.Column("entry_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("store_id", sa.Text, nullable=False),
    sa.Column("order_id", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),
    sa.Column("opened_at", UtcTimestamp, nullable=False),
    sa.Column("closed_at", UtcTimestamp),
    sa.Column("closed_by", sa.Text),  # null where it closed by itself
    sa.Column("closed_how", sa.Text),
    _belongs_to_order(),
    sa.CheckConstraint(
        "kind IN ('shortfall', 'unmapped', 'bad_line', 'failed_confirmation', 'odd_status', "
        "'cancelled_after_shipping', 'refused')",
        name="kind",
    ),
    sa.CheckConstraint("(closed_at IS NULL) = (closed_how IS NULL)", name="closed"),
    sa.Index(
        "ux_desk_entry_open",
        "kind",
        "store_id",
        "order_id",
        "subject",
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    ),
    sa.Index("ix_desk_entry_order", "store_id", "order_id"),
    sa.Index("ix_desk_entry_kind_opened", "kind", "opened_at"),
)

# Up to when every order placed at the store was taken in, and how the last poll went.
intake_cursor = sa.Table(
    "intake_cursor",
    metadata,
    sa.Column("store_id", sa.Text, sa.ForeignKey("store.store_id"), primary_key=True),
    sa.Column("taken_in_until", UtcTimestamp),
    sa.Column("polled_at", UtcTimestamp),  # the last poll that ended well
    sa.Column("failed_at", UtcTimestamp),
    sa.Column("last_error", sa.Text),
    sa.CheckConstraint("(failed_at IS NULL) = (last_error IS NULL)", name="failure"),
)
