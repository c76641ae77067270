"""Tasks: long work that runs, ran or waits, with its progress; stopping it."""

from starlette.responses import Response

from onhand.access.model import Refusal, Right
from onhand.catalog.queries.stores import list_stores
from onhand.jobs.commands.asking import cancel
from onhand.jobs.model import TaskState
from onhand.jobs.queries import TaskFilter, TaskView, list_tasks, read_task
from onhand.web.console.forms import Form
from onhand.web.console.languages import mark
from onhand.web.console.navigation import Entry
from onhand.web.console.pages.selling_shown import PAGE, names
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit, part
from onhand.web.errors import Problem, Refused

pages = Pages(Entry(label=mark("Tasks"), icon="checklist", path="/tasks", order=85, key="k"))


class TaskSearch(Form):
    """What the list is narrowed down by."""

    state: TaskState | None = None
    store: str = ""
    after: str | None = None


@pages.get("/tasks", Right.READ)
def show_tasks(visit: Visit) -> Response:
    """Runs of jobs, the newest first."""
    wanted = visit.filters(TaskSearch)
    chosen = TaskFilter(
        store_id=wanted.store or None,
        state=wanted.state,
        before=wanted.after,
        limit=PAGE + 1,
    )
    with visit.environment.database.snapshot() as connection:
        found = list_tasks(connection, chosen)
        stores = names(list_stores(connection, now=visit.now))
    tasks = found[:PAGE]
    cursor = tasks[-1].task_id if len(found) > PAGE else None
    return visit.page(
        "selling/tasks.html",
        tasks=tasks,
        cursor=cursor,
        wanted=wanted,
        stores=stores,
        states=list(TaskState),
    )


@pages.get("/tasks/{task}", Right.READ)
def show_task(visit: Visit) -> Response:
    """One run: how far it is, what it counted, what went wrong."""
    task = _known(visit)
    with visit.environment.database.read() as connection:
        stores = names(list_stores(connection, now=visit.now))
    return visit.page("selling/task.html", task=task, stores=stores)


@pages.post("/tasks/{task}/cancel", Right.OPERATE)
def cancel_task(visit: Visit) -> Response:
    """Cancel a task that waits, ask a running one to stop."""
    task_id = visit.path("task")
    result = cancel(visit.environment.database, visit.asked(), task_id)
    if isinstance(result, Refusal):
        raise Refused(Problem("unknown_task", {"task": task_id}))
    said = mark("The task is cancelled; one that runs stops at the next safe point.")
    return visit.done(visit.text(said), to=f"/tasks/{part(task_id)}")


def _known(visit: Visit) -> TaskView:
    task_id = visit.path("task")
    with visit.environment.database.read() as connection:
        found = read_task(connection, task_id)
    if found is None:
        raise Refused(Problem("unknown_task", {"task": task_id}))
    return found
