"""Tables of jobs: leases and task records."""

import sqlalchemy as sa

from onhand.db.metadata import metadata
from onhand.db.types import UtcTimestamp

# A row is never deleted: `fence` grows with each holder, so that a late one can be told apart.
# `ran_at` is when the job of this name last began and did not fail; a next holder goes by it.
lease = sa.Table(
    "lease",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text),
    sa.Column("until", UtcTimestamp, nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("ran_at", UtcTimestamp),
)

# `asked_by` is null for a run by schedule. Every start of a task raises `attempt`, so that what a
# run writes after its task was taken from it changes nothing.
_open = sa.text("state IN ('queued', 'running')")
task = sa.Table(
    "task",
    metadata,
    sa.Column("task_id", sa.Text, primary_key=True),
    sa.Column("job", sa.Text, nullable=False),
    sa.Column("store_id", sa.Text),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("asked_by", sa.Text),
    sa.Column("asked_at", UtcTimestamp, nullable=False),
    sa.Column("started_at", UtcTimestamp),
    sa.Column("ended_at", UtcTimestamp),
    sa.Column("done_count", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("total_count", sa.BigInteger),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("counts", sa.JSON, nullable=False),
    sa.Column("errors", sa.JSON, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
    sa.Column("cancel_asked", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("heartbeat_at", UtcTimestamp),
    sa.CheckConstraint(
        "state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="state"
    ),
    sa.CheckConstraint(
        "(state IN ('done', 'failed', 'cancelled')) = (ended_at IS NOT NULL)", name="ended"
    ),
    sa.Index("ix_task_open", "asked_at", sqlite_where=_open, postgresql_where=_open),
    sa.Index("ix_task_ended_at", "ended_at"),
)
