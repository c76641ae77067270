"""Finding the SKUs that were once removed, whose past reports leave out."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.create_index(
        "ix_ledger_head_removed",
        "ledger_head",
        ["sku_id"],
        unique=False,
        sqlite_where=sa.text("generation > 1 OR NOT registered"),
        postgresql_where=sa.text("generation > 1 OR NOT registered"),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_index("ix_ledger_head_removed", table_name="ledger_head")
