"""`onhand jobs …`: what runs by itself, what ran, and running it now."""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from onhand.bootstrap.environment import Environment, open_environments
from onhand.cli.desk import Desk, Refused, open_desk
from onhand.cli.exits import ExitCode
from onhand.cli.logs import configure_logs
from onhand.cli.places import Limit, OfStore, gather, say_more
from onhand.cli.terminal import table
from onhand.jobs.all import ALL_JOBS
from onhand.jobs.commands.asking import ask_for, ask_for_one
from onhand.jobs.commands.asking import cancel as cancel_task
from onhand.jobs.model import TaskState
from onhand.jobs.queries import TaskFilter, TaskView, list_tasks, read_task
from onhand.jobs.refusals import JobNotFound, TaskNotFound
from onhand.jobs.registry import Job, Registry, UnknownJob

commands = typer.Typer(help="Work that runs by itself: list, run, watch.", no_args_is_help=True)

_LOOK_EVERY_S = 0.2
_STATES = "|".join(TaskState)
TaskId = Annotated[str, typer.Argument(metavar="TASK", help="As `tasks` shows it.")]


@commands.command("list")
def list_all(context: typer.Context) -> None:
    """Every job: what it does, for what, how often."""
    with open_desk(context) as desk:
        found = [
            {
                "job": job.name,
                "per_store": job.per_store,
                "schedule": _schedule(job),
                "does": _summary(job),
            }
            for job in ALL_JOBS
        ]
        columns = ("job", "per store", "every", "what it does")
        desk.terminal.show({"jobs": found}, table(columns, [tuple(one.values()) for one in found]))


@commands.command("tasks")
def list_runs(
    context: typer.Context,
    job: Annotated[str | None, typer.Option(metavar="NAME", help="Runs of this job.")] = None,
    store: OfStore = None,
    state: Annotated[
        TaskState | None, typer.Option(metavar=_STATES, help="Only those in this state.")
    ] = None,
    limit: Limit = 100,
) -> None:
    """Runs that were asked for, or that did something by schedule. The newest first."""
    with open_desk(context) as desk, desk.database.read() as connection:
        chosen = None if job is None else _find(job).name

        def page(size: int, after: str | None) -> tuple[list[TaskView], str | None]:
            wanted = TaskFilter(chosen, store, state, after, size + 1)
            found = list_tasks(connection, wanted)
            return found[:size], found[size - 1].task_id if len(found) > size else None

        found, more = gather(page, limit)
        desk.terminal.show({"tasks": found, "more": more}, _tasks(found))
        say_more(desk, limit, more=more)


@commands.command()
def show(context: typer.Context, task: TaskId) -> None:
    """One run: how far it is, what it counted, what went wrong."""
    with open_desk(context) as desk:
        with desk.database.read() as connection:
            found = read_task(connection, task)
        if found is None:
            raise Refused(TaskNotFound(task))
        _show(desk, found)


@commands.command()
def cancel(context: typer.Context, task: TaskId) -> None:
    """Cancel a task that waits, or ask a running one to stop."""
    with open_desk(context) as desk:
        result = cancel_task(desk.database, desk.asked(), task)
        _show(desk, msgspec.json.decode(desk.accepted(result), type=TaskView))


@commands.command()
def run(
    context: typer.Context,
    job: Annotated[str, typer.Argument(metavar="NAME", help="As `list` shows it.")],
    store: OfStore = None,
) -> None:
    """Run a job now and wait for it. Ends with 1 when it fails."""
    chosen = _find(job)
    if store is not None and not chosen.per_store:
        raise typer.BadParameter(f"{job} is not per store; leave out --store")
    with open_desk(context, refused=["--database"]) as desk, _working(desk) as environment:
        asked = desk.asked()
        result = (
            ask_for(environment.database, asked, job, store_id=store)
            if chosen.per_store
            else ask_for_one(environment.database, asked, job)
        )
        tasks = msgspec.json.decode(desk.accepted(result))["tasks"]
        found = _wait(desk, job, [one["task_id"] for one in tasks])
        desk.terminal.show({"tasks": found}, _tasks(found))
        for one in found:
            for error in one.errors:
                desk.terminal.say(f"{one.store_id or job}: {error}")
    if any(one.state != TaskState.DONE for one in found):
        raise typer.Exit(ExitCode.REFUSED)


@contextmanager
def _working(desk: Desk) -> Iterator[Environment]:
    """The environment, with what is asked for run in this process; nothing runs by schedule."""
    # The scheduler is needed by no other command, and takes a while to import.
    from onhand.jobs.scheduler import start  # noqa: PLC0415
    from onhand.jobs.start import runner_of  # noqa: PLC0415

    configure_logs(desk.settings)
    onhand = open_environments(desk.settings)
    try:
        environment = onhand.environment(desk.options.environment)
        when_asked = [replace(job, every=None) for job in ALL_JOBS]
        scheduler = start([runner_of(environment, when_asked)], clock=environment.clock)
        try:
            yield environment
        finally:
            scheduler.stop()
    finally:
        onhand.close()


def _wait(desk: Desk, title: str, task_ids: Sequence[str]) -> list[TaskView]:
    """The tasks once all have ended, here or in a server that has their leases."""
    with desk.terminal.progress(title, None) as progress:
        while True:
            with desk.database.read() as connection:
                read = [read_task(connection, task_id) for task_id in task_ids]
            found = [one for one in read if one is not None]
            progress(sum(one.done_count for one in found))
            if all(TaskState(one.state).has_ended for one in found):
                return found
            time.sleep(_LOOK_EVERY_S)


def _find(name: str) -> Job:
    """The job of this name.

    Raises:
        Refused: there is none.
    """
    try:
        return Registry(ALL_JOBS).find(name)
    except UnknownJob as error:
        raise Refused(JobNotFound(name)) from error


def _schedule(job: Job) -> str:
    if job.every is None:
        return "when asked for"
    return "as the store's settings say" if callable(job.every) else f"{job.every:g} s"


def _summary(job: Job) -> str:
    line = (job.run.__doc__ or "").strip().partition("\n")[0]
    return re.sub(r" \([A-Z][0-9][^)]*\)", "", line)  # capabilities are named for developers


def _tasks(tasks: Sequence[TaskView]) -> Table:
    rows = [
        (one.task_id, one.job, one.store_id, one.state, one.asked_by, _moment(one), _came_to(one))
        for one in tasks
    ]
    return table(("task", "job", "store", "state", "asked by", "since", "came to"), rows)


def _moment(task: TaskView) -> object:
    return task.ended_at or task.started_at or task.asked_at


def _came_to(task: TaskView) -> str:
    total = "" if task.total_count is None else f" of {task.total_count:,}"
    counts = [f"{name}: {number:,}" for name, number in task.counts.items()]
    return "; ".join([f"{task.done_count:,}{total} done", *counts])


def _show(desk: Desk, task: TaskView) -> None:
    rows = [
        ("job", task.job),
        ("store", task.store_id),
        ("state", f"{task.state}, to be cancelled" if _ends_soon(task) else task.state),
        ("asked by", task.asked_by or "the schedule"),
        ("asked", task.asked_at),
        ("started", task.started_at),
        ("ended", task.ended_at),
        ("came to", _came_to(task)),
        ("note", task.note or None),
        ("attempt", task.attempt),
        *(("error", error) for error in task.errors),
    ]
    desk.terminal.show(task, table((task.task_id, ""), rows))


def _ends_soon(task: TaskView) -> bool:
    return task.cancel_asked and not TaskState(task.state).has_ended
