"""Reads of jobs: tasks, and which leases are taken."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import sqlalchemy as sa

from onhand.access.model import has_control_characters
from onhand.jobs.model import Key, Record, TaskState
from onhand.jobs.tables import lease, task

_QUEUED = (
    sa.select(task)
    .where(task.c.state == TaskState.QUEUED)
    .order_by(task.c.asked_at, task.c.task_id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)


class TaskView(msgspec.Struct, frozen=True):
    """One task; `asked_by` is None for a run by schedule, `total_count` None where unknown.

    A row of the schedule may stand for several runs in a row that went well.
    """

    task_id: str
    job: str
    store_id: str | None
    state: str
    asked_by: str | None
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    done_count: int
    total_count: int | None
    note: str
    counts: dict[str, int]
    errors: list[str]
    attempt: int
    cancel_asked: bool
    heartbeat_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks to show; None means any. `before` is the last task_id seen."""

    job: str | None = None
    store_id: str | None = None
    state: str | None = None
    before: str | None = None
    limit: int = 100


def list_tasks(connection: sa.Connection, wanted: TaskFilter) -> list[TaskView]:
    """Tasks, newest first."""
    statement = sa.select(task).order_by(task.c.task_id.desc()).limit(wanted.limit)
    for column, value in (
        (task.c.job, wanted.job),
        (task.c.store_id, wanted.store_id),
        (task.c.state, wanted.state),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if wanted.before is not None:
        statement = statement.where(task.c.task_id < wanted.before)
    return [_view(row) for row in connection.execute(statement)]


def read_task(connection: sa.Connection, task_id: str) -> TaskView | None:
    """The task with this id, None if there is none."""
    if has_control_characters(task_id):
        return None
    row = connection.execute(sa.select(task).where(task.c.task_id == task_id)).first()
    return None if row is None else _view(row)


def queued_tasks(connection: sa.Connection, limit: int) -> list[Record]:
    """Tasks that wait to begin, in the order they were asked for."""
    rows = connection.execute(_QUEUED, {"most": limit})
    return [
        Record(
            row.task_id,
            Key(row.job, row.store_id),
            TaskState.QUEUED,
            asked_by=row.asked_by,
            asked_at=row.asked_at,
            errors=row.errors,
            attempt=row.attempt,
        )
        for row in rows
    ]


def taken_leases(connection: sa.Connection, names: Collection[str], *, now: datetime) -> set[str]:
    """Those of the leases that somebody holds at this moment."""
    rows: Sequence[str] = (
        connection.execute(
            sa.select(lease.c.name).where(lease.c.name.in_(sorted(names)), lease.c.until > now)
        )
        .scalars()
        .all()
    )
    return set(rows)


def last_ran(connection: sa.Connection, name: str) -> datetime | None:
    """When the job under this lease last began and did not fail; None: never, or often."""
    return connection.execute(sa.select(lease.c.ran_at).where(lease.c.name == name)).scalar()


def _view(row: sa.Row[tuple[object, ...]]) -> TaskView:
    return TaskView(
        task_id=row.task_id,
        job=row.job,
        store_id=row.store_id,
        state=row.state,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        done_count=row.done_count,
        total_count=row.total_count,
        note=row.note,
        counts=row.counts,
        errors=row.errors,
        attempt=row.attempt,
        cancel_asked=row.cancel_asked,
        heartbeat_at=row.heartbeat_at,
    )
