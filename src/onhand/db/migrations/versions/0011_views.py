"""Views that people keep of a list."""

import sqlalchemy as sa
from alembic import op

from onhand.db.types import UtcTimestamp

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "saved_view",
        sa.Column("view_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTimestamp(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.user_id"], name=op.f("fk_saved_view_user_id")
        ),
        sa.PrimaryKeyConstraint("view_id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint(
            "user_id",
            "environment",
            "page",
            "name",
            name=op.f("uq_saved_view_user_id_environment_page_name"),
        ),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("saved_view")
