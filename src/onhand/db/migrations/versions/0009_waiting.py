"""Finding the listings of a store that wait for its orders."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.create_index(
        "ix_listing_push_waiting",
        "listing_push",
        ["store_id", "read_to"],
        unique=False,
        sqlite_where=sa.text("waits_for_orders"),
        postgresql_where=sa.text("waits_for_orders"),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_index("ix_listing_push_waiting", table_name="listing_push")
