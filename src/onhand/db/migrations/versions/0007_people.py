"""People who sign in."""

import sqlalchemy as sa
from alembic import op

from onhand.db.types import UtcTimestamp

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "user_session",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTimestamp(), nullable=False),
        sa.Column("seen_at", UtcTimestamp(), nullable=False),
        sa.Column("idle_s", sa.Integer(), nullable=False),
        sa.Column("ends_at", UtcTimestamp(), nullable=False),
        sa.Column("revoked_at", UtcTimestamp(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.user_id"], name=op.f("fk_user_session_user_id")
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_user_session")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_user_session_secret_hash")),
    )
    op.create_index(op.f("ix_user_session_user_id"), "user_session", ["user_id"])
    op.create_index(op.f("ix_user_session_ends_at"), "user_session", ["ends_at"])
    op.create_table(
        "set_up_link",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcTimestamp(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.user_id"], name=op.f("fk_set_up_link_user_id")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_set_up_link")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_set_up_link_secret_hash")),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("whole_at", UtcTimestamp(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index(op.f("ix_sign_in_attempt_whole_at"), "sign_in_attempt", ["whole_at"])
    op.create_table(
        "first_start",
        sa.Column("start_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("happened_at", UtcTimestamp(), nullable=False),
        sa.CheckConstraint("start_id = 1", name=op.f("ck_first_start_one_row")),
        sa.PrimaryKeyConstraint("start_id", name=op.f("pk_first_start")),
    )


def downgrade() -> None:
    """Remove them."""
    for table in ("first_start", "sign_in_attempt", "set_up_link", "user_session"):
        op.drop_table(table)
