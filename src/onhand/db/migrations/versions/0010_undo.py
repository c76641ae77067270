"""Finding the events of a file or stocktake, and what took them back."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index, over what is there already."""
    grouped = sa.text("reference_type IN ('import', 'manual', 'system')")
    op.create_index(
        "ix_stock_event_group",
        "stock_event",
        ["reference_id", "sku_id"],
        sqlite_where=grouped,
        postgresql_where=grouped,
    )
