"""Asking for runs and cancelling them, as people do: once, and with an entry in the audit trail."""

import sqlalchemy as sa

from onhand.access.commands import Change, Write, write_once
from onhand.access.model import Accepted, Asked, Refusal, has_control_characters
from onhand.catalog.model.stores import StoreNotFound, StoreStatus
from onhand.catalog.queries.stores import list_stores, read_store
from onhand.db.database import Database
from onhand.jobs.commands import tasks
from onhand.jobs.queries import read_task
from onhand.jobs.refusals import StoreInactive, TaskNotFound


def ask_for(
    database: Database, asked: Asked, job: str, *, store_id: str | None = None
) -> Accepted | Refusal:
    """Want a run of a job that is per store: for one store, or (None) for every active one.

    The answer has each store's task. A store that is paused is asked for only by its name. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """

    def run(connection: sa.Connection) -> Change | Refusal:
        stores = _stores(connection, asked, store_id)
        if isinstance(stores, Refusal):
            return stores
        found = [
            {
                "store": store,
                "task_id": tasks.ask(
                    connection, job, store, asked_by=asked.actor.name, now=asked.now
                ),
            }
            for store in stores
        ]
        subject = f"job:{job}" if store_id is None else f"job:{job}:{store_id}"
        return Change(subject, {"job": job, "tasks": found})

    write = Write("AskForJob", [job, store_id])
    return write_once(database, asked, write, run)


def ask_for_one(database: Database, asked: Asked, job: str) -> Accepted | Refusal:
    """Want a run of a job that is not per store; the answer has its task.

    Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """

    def run(connection: sa.Connection) -> Change:
        by = asked.actor.name
        task_id = tasks.ask(connection, job, None, asked_by=by, now=asked.now)
        only = {"store": None, "task_id": task_id}
        return Change(f"job:{job}", {"job": job, "tasks": [only]})

    write = Write("AskForJob", [job, None])
    return write_once(database, asked, write, run)


def cancel(database: Database, asked: Asked, task_id: str) -> Accepted | Refusal:
    """Cancel a task that waits, ask a running one to stop; one that has ended stays as it is.

    The answer is the `TaskView`. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    if has_control_characters(task_id):
        return TaskNotFound(task_id)

    def run(connection: sa.Connection) -> Change | Refusal:
        try:
            tasks.cancel(connection, task_id, now=asked.now)
        except tasks.UnknownTask:
            return TaskNotFound(task_id)
        return Change(f"task:{task_id}", read_task(connection, task_id))

    write = Write("CancelTask", task_id)
    return write_once(database, asked, write, run)


def _stores(connection: sa.Connection, asked: Asked, store_id: str | None) -> list[str] | Refusal:
    if store_id is None:
        active = list_stores(connection, now=asked.now, status=StoreStatus.ACTIVE)
        return [store.store for store in active]
    store = read_store(connection, store_id, now=asked.now)
    if store is None:
        return StoreNotFound(store_id)
    return StoreInactive(store.store) if store.status is StoreStatus.INACTIVE else [store.store]
