"""Task records: asked for, begun, heard of, ended."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import uuid_utils

from onhand.db.database import Database
from onhand.jobs.model import INTERRUPTED, MOST_ATTEMPTS, MOST_ERRORS, Key, Record, TaskState
from onhand.jobs.tables import task

_FORGET_AT_ONCE = 1000
# Asked with every heartbeat: composed once.
_SILENT = sa.and_(task.c.state == TaskState.RUNNING, task.c.heartbeat_at < sa.bindparam("since"))
_FIRST_SILENT = sa.select(task.c.task_id).where(_SILENT).limit(1)
_ALL_SILENT = sa.select(task).where(_SILENT).with_for_update()


class UnknownTask(Exception):
    """There is no task with this id."""

    def __init__(self, task_id: str) -> None:
        """`task_id` as it was given."""
        super().__init__(f"no task {task_id}")
        self.task_id = task_id


def new_task_id() -> str:
    """A task's id; later ones sort after earlier ones."""
    return uuid_utils.uuid7().hex


def ask(
    connection: sa.Connection, job: str, store_id: str | None, *, asked_by: str, now: datetime
) -> str:
    """Want a run of a job (for a store, or None for jobs without one); returns the task's id.

    While the same still waits to begin, that task is given instead of a second one.
    """
    same_store = task.c.store_id.is_(None) if store_id is None else task.c.store_id == store_id
    waiting: str | None = connection.execute(
        sa.select(task.c.task_id)
        .where(task.c.state == TaskState.QUEUED, task.c.job == job, same_store)
        .where(task.c.cancel_asked.is_(False))
        .order_by(task.c.asked_at)
        .limit(1)
    ).scalar()
    if waiting is not None:
        return waiting
    key = Key(job, store_id)
    record = Record(new_task_id(), key, TaskState.QUEUED, asked_by=asked_by, asked_at=now)
    connection.execute(sa.insert(task).values(_values(record)))
    return record.task_id


def cancel(connection: sa.Connection, task_id: str, *, now: datetime) -> TaskState:
    """Cancel a task that waits, ask a running one to stop; returns the state it is in now.

    A running task ends as `cancelled` once it notices; one that has ended stays as it is. Raises:
        UnknownTask: there is none with this id.
    """
    stopped = connection.execute(
        sa.update(task)
        .where(task.c.task_id == task_id, task.c.state == TaskState.QUEUED)
        .values(state=TaskState.CANCELLED, cancel_asked=True, ended_at=now)
    )
    if stopped.rowcount:
        return TaskState.CANCELLED
    connection.execute(
        sa.update(task)
        .where(task.c.task_id == task_id, task.c.state == TaskState.RUNNING)
        .values(cancel_asked=True)
    )
    state = connection.execute(sa.select(task.c.state).where(task.c.task_id == task_id)).scalar()
    if state is None:
        raise UnknownTask(task_id)
    return TaskState(state)


def begin(database: Database, queued: Record, *, now: datetime) -> Record | None:
    """Begin a queued task; None when it is not queued any more.

    Raises:
        DatabaseUnavailable, TransactionConflict: it did not begin.
    """
    with database.begin() as connection:
        attempt: int | None = connection.execute(
            sa.update(task)
            .where(task.c.task_id == queued.task_id, task.c.state == TaskState.QUEUED)
            .values(
                state=TaskState.RUNNING,
                started_at=now,
                heartbeat_at=now,
                attempt=task.c.attempt + 1,
            )
            .returning(task.c.attempt)
        ).scalar()
    if attempt is None:
        return None
    return replace(queued, state=TaskState.RUNNING, started_at=now, attempt=attempt)


def refuse(database: Database, queued: Record, reason: str, *, now: datetime) -> None:
    """End a queued task that cannot begin.

    Raises:
        DatabaseUnavailable, TransactionConflict: it still waits.
    """
    with database.begin() as connection:
        connection.execute(
            sa.update(task)
            .where(task.c.task_id == queued.task_id, task.c.state == TaskState.QUEUED)
            .values(state=TaskState.FAILED, ended_at=now, errors=[*queued.errors, reason])
        )


def insert(database: Database, record: Record, *, now: datetime) -> None:
    """Write a new record; `now` is its heartbeat.

    Raises:
        DatabaseUnavailable, TransactionConflict: nothing was written.
    """
    with database.begin() as connection:
        connection.execute(sa.insert(task).values({**_values(record), "heartbeat_at": now}))


def update(database: Database, record: Record, *, was: TaskState, now: datetime) -> bool | None:
    """Replace what a record says, if it is still in the state `was` and of this attempt.

    Returns whether somebody asked to cancel it; None when it is another's by now. Raises:
        DatabaseUnavailable, TransactionConflict: nothing was written.
    """
    with database.begin() as connection:
        return connection.execute(
            sa.update(task)
            .where(task.c.task_id == record.task_id, task.c.state == was)
            .where(task.c.attempt == record.attempt)
            .values({**_values(record), "heartbeat_at": now})
            .returning(task.c.cancel_asked)
        ).scalar()


def drop(database: Database, record: Record) -> None:
    """Remove the row of a running routine that did nothing after all.

    Raises:
        DatabaseUnavailable, TransactionConflict: the row stays.
    """
    with database.begin() as connection:
        connection.execute(
            sa.delete(task)
            .where(task.c.task_id == record.task_id, task.c.state == TaskState.RUNNING)
            .where(task.c.asked_by.is_(None))
        )


def keep_alive(
    database: Database, task_ids: Collection[str], *, now: datetime
) -> dict[str, tuple[int, bool]]:
    """Renew the heartbeat of running tasks: attempt and wish to cancel of those still running.

    Raises:
        DatabaseUnavailable, TransactionConflict: nothing was written.
    """
    if not task_ids:
        return {}
    with database.begin() as connection:
        rows = connection.execute(
            sa.update(task)
            .where(task.c.task_id.in_(sorted(task_ids)), task.c.state == TaskState.RUNNING)
            .values(heartbeat_at=now)
            .returning(task.c.task_id, task.c.attempt, task.c.cancel_asked)
        )
        return {task_id: (attempt, cancel_asked) for task_id, attempt, cancel_asked in rows}


def mend_interrupted(
    database: Database, *, silent_since: datetime, repeatable: Collection[str], now: datetime
) -> int:
    """End running tasks that were not heard of since a moment; returns how many.

    An asked-for task of a repeatable job is queued again, a few times at most and unless somebody
    wants it cancelled; any other fails as interrupted. Raises:
        DatabaseUnavailable, TransactionConflict: nothing was written.
    """
    since = {"since": silent_since}
    with database.read() as connection:
        if connection.execute(_FIRST_SILENT, since).first() is None:
            return 0
    mended = 0
    with database.begin() as connection:
        rows = connection.execute(_ALL_SILENT, since).all()
        for row in rows:
            again = row.asked_by is not None and row.job in repeatable
            if again and row.attempt < MOST_ATTEMPTS and not row.cancel_asked:
                values: dict[str, Any] = {"state": TaskState.QUEUED, "done_count": 0}
            else:
                errors = [*row.errors, INTERRUPTED][-MOST_ERRORS:]
                values = {"state": TaskState.FAILED, "ended_at": now, "errors": errors}
            connection.execute(sa.update(task).where(task.c.task_id == row.task_id).values(values))
            mended += 1
    return mended


def forget(database: Database, *, routine_before: datetime, asked_before: datetime) -> int:
    """Delete the records of runs that ended before these moments; returns how many.

    Raises:
        DatabaseUnavailable, TransactionConflict: some may be left.
    """
    routine = sa.and_(task.c.asked_by.is_(None), task.c.ended_at < routine_before)
    old = sa.or_(routine, sa.and_(task.c.asked_by.is_not(None), task.c.ended_at < asked_before))
    some = sa.select(task.c.task_id).where(old).limit(_FORGET_AT_ONCE)
    forgotten = 0
    while True:
        with database.begin() as connection:
            gone = connection.execute(sa.delete(task).where(task.c.task_id.in_(some))).rowcount
        forgotten += gone
        if gone < _FORGET_AT_ONCE:
            return forgotten


def _values(record: Record) -> dict[str, Any]:
    return {
        "task_id": record.task_id,
        "job": record.key.job,
        "store_id": record.key.store_id,
        "state": record.state,
        "asked_by": record.asked_by,
        "asked_at": record.asked_at,
        "started_at": record.started_at,
        "ended_at": record.ended_at,
        "done_count": record.done_count,
        "total_count": record.total_count,
        "note": record.note,
        "counts": dict(record.counts),
        "errors": list(record.errors),
        "attempt": record.attempt,
    }
