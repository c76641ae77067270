"""`onhand jobs …`: what runs, and running it where no server is."""

import pytest

from onhand.db.database import Database
from onhand.jobs.all import ALL_JOBS
from onhand.jobs.commands import tasks
from tests.cli.conftest import Run
from tests.shop import START


@pytest.fixture
def here(run: Run) -> Run:
    """The command line on both environments' databases, empty."""
    assert run("db", "upgrade").code == 0
    return run


def ask(database: Database, job: str = "sync.follow") -> str:
    """Ask for a run; returns the task's id."""
    with database.begin() as connection:
        return tasks.ask(connection, job, None, asked_by="ada", now=START)


def test_jobs_are_listed(on: Run) -> None:
    found = on("jobs", "list", "--json").answer["jobs"]

    assert [one["job"] for one in found] == [job.name for job in ALL_JOBS]
    assert all(one["does"] and one["schedule"] for one in found)
    assert "catalog.pull" in on("jobs", "list").out


def test_tasks_are_listed_shown_and_cancelled(on: Run, database: Database) -> None:
    ids = [ask(database, job) for job in ("sync.follow", "jobs.forget", "sync.replan")]

    listed = on("jobs", "tasks", "--json").answer
    assert [one["task_id"] for one in listed["tasks"]] == ids[::-1]
    assert len(on("jobs", "tasks", "--job", "sync.follow", "--json").answer["tasks"]) == 1
    assert "more than 2" in on("jobs", "tasks", "--limit", "2").err
    assert on("jobs", "show", ids[0], "--json").answer["state"] == "queued"
    assert on("jobs", "cancel", ids[0], "--json").answer["state"] == "cancelled"
    assert "cancelled" in on("jobs", "show", ids[0]).out
    assert len(on("jobs", "tasks", "--state", "queued", "--json").answer["tasks"]) == 2
    assert on("jobs", "tasks", "--store", "x", "--json").answer == {"tasks": [], "more": False}


def test_a_job_runs_here_where_no_server_does(here: Run) -> None:
    done = here("jobs", "run", "sync.follow", "--json")

    (task,) = done.answer["tasks"]
    assert (done.code, task["state"], task["asked_by"].split(":")[0]) == (0, "done", "cli")
    assert here("jobs", "run", "orders.poll", "--json").answer["tasks"] == []  # no store


@pytest.mark.slow
def test_a_job_that_fails_ends_with_1(here: Run) -> None:
    here("store", "create", "tokyo", "--name", "東京")

    done = here("jobs", "run", "catalog.pull", "--store", "tokyo", "--json")
    (task,) = done.answer["tasks"]
    assert (done.code, task["state"], task["store_id"]) == (1, "failed", "tokyo")
    assert "no keys yet" in done.err
    paused = here("store", "show", "tokyo", "--json").answer
    assert paused["paused_reason"] == "auth_expired"
    again = here("jobs", "run", "catalog.pull", "--store", "tokyo")  # paused, but asked for
    assert (again.code, "failed" in again.out) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("run", "nothing"), 1, "unknown_job"),
        (("run", "catalog.pull", "--store", "nowhere"), 1, "unknown_store"),
        (("run", "sync.follow", "--store", "tokyo"), 2, "not per store"),
        (("run", "sync.follow", "--database", "sqlite:////x.db"), 2, "--database"),
        (("tasks", "--job", "nothing"), 1, "unknown_job"),
        (("tasks", "--state", "lost"), 2, "--state"),
        (("show", "none"), 1, "unknown_task"),
        (("show", "\x1b[2J"), 1, "unknown_task"),
        (("cancel", "none"), 1, "unknown_task"),
    ],
)
def test_what_cannot_be(here: Run, arguments: tuple[str, ...], code: int, says: str) -> None:
    done = here("jobs", *arguments)

    assert (done.code, says in done.err, done.out) == (code, True, "")


def test_without_a_database_nothing_runs(run: Run) -> None:
    done = run("jobs", "run", "sync.follow")

    assert (done.code, "onhand db upgrade" in done.err) == (4, True)
