"""Long work: what runs, what ran, and stopping it."""

from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import Response

from onhand.access.model import Right
from onhand.catalog.model.stores import is_valid_store, normalise_store
from onhand.jobs.commands.asking import cancel
from onhand.jobs.model import TaskState
from onhand.jobs.queries import TaskFilter, TaskView, list_tasks, read_task
from onhand.web.answers import TaskPage
from onhand.web.errors import Problem, Refused
from onhand.web.fields import PageSize, StoreId
from onhand.web.operation import operation, operations
from onhand.web.paths import PathTask
from onhand.web.visits import Visitor, Writer, answered, shown

router = operations("/tasks", tag="tasks")


class TaskSearch(BaseModel):
    """Which tasks to show."""

    model_config = ConfigDict(extra="forbid")
    job: Annotated[str, Field(pattern=r"^[a-z.-]{1,60}$")] | None = Field(
        None, description="Only runs of this job, like `orders.poll`."
    )
    store: Annotated[StoreId, AfterValidator(normalise_store)] | None = None
    state: TaskState | None = None
    limit: PageSize = 100
    after: Annotated[str, Field(pattern="^[0-9a-f]{32}$")] | None = Field(
        None, description="The `cursor` of the page before."
    )


@router.get("", **operation(Right.READ, TaskPage))
def read_tasks(visit: Visitor, wanted: Annotated[TaskSearch, Query()]) -> Response:
    """Runs of jobs, the newest first: asked for, or by schedule where they did something."""
    if wanted.store is not None and not is_valid_store(wanted.store):
        return shown(TaskPage([], None))
    chosen = TaskFilter(
        job=wanted.job,
        store_id=wanted.store,
        state=wanted.state,
        before=wanted.after,
        limit=wanted.limit + 1,
    )
    with visit.environment.database.read() as connection:
        found = list_tasks(connection, chosen)
    page = found[: wanted.limit]
    cursor = page[-1].task_id if len(found) > wanted.limit else None
    return shown(TaskPage(page, cursor))


@router.get("/{task}", **operation(Right.READ, TaskView, "unknown_task"))
def show_task(visit: Visitor, task: PathTask) -> Response:
    """One run: how far it is, what it counted, what went wrong."""
    with visit.environment.database.read() as connection:
        found = read_task(connection, task)
    if found is None:
        raise Refused(Problem("unknown_task", {"task": task}))
    return shown(found)


@router.post("/{task}/cancel", **operation(Right.OPERATE, TaskView, "unknown_task"))
def cancel_task(writer: Writer, task: PathTask) -> Response:
    """Cancel a task that waits, or ask a running one to stop at the next safe point.

    One that has ended stays as it is.
    """
    return answered(cancel(writer.visit.environment.database, writer.asked(), task))
