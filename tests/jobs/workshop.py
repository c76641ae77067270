"""Jobs that do what a test tells them, and a runner for them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from onhand.bootstrap.environment import Environment, open_environments
from onhand.bootstrap.settings import Settings
from onhand.db.database import Database
from onhand.jobs.commands import tasks
from onhand.jobs.queries import TaskFilter, TaskView, list_tasks
from onhand.jobs.registry import Clock, Job, JobContext, Outcome, StoreRef
from onhand.jobs.runner import Runner
from tests.shop import FakeClock


def place_to_work(database: Database, home: Path, clock: Clock) -> Environment:
    """The environment `test` on a database the test chose."""
    onhand = open_environments(Settings(onhand_home=home), clock=clock)
    return replace(onhand.test, database=database)


class Script:
    """A job function: does what the test last said, and remembers for which stores it ran."""

    def __init__(self) -> None:
        """It does nothing until told."""
        self.ran: list[str | None] = []
        self.does: Callable[[JobContext], Outcome] = lambda context: Outcome()

    def __call__(self, context: JobContext) -> Outcome:
        """Run."""
        self.ran.append(context.store_id)
        return self.does(context)

    def take_ran(self) -> list[str | None]:
        """For which stores it ran since last asked."""
        ran, self.ran = self.ran, []
        return ran


class Workshop:
    """An environment with two stores, whose jobs are scripts."""

    def __init__(self, environment: Environment, clock: FakeClock) -> None:
        """No job yet."""
        self.environment = environment
        self.database = environment.database
        self.clock = clock
        self.stores = {
            name: StoreRef(name, "active", {"poll_interval_s": 900}) for name in ("east", "west")
        }

    def runner(self, *jobs: Job) -> Runner:
        """A runner as another process would have it."""
        return Runner(
            self.environment, jobs, stores=lambda: list(self.stores.values()), clock=self.clock
        )

    def set_store(self, store_id: str, status: str, **settings: object) -> None:
        """Change what a store is."""
        self.stores[store_id] = StoreRef(store_id, status, settings)

    def run(self, runner: Runner, seconds: float = 0.0) -> int:
        """Let time pass, then run what is due; returns how many runs there were."""
        return runner.run_due(self.clock.advance(seconds)).runs

    def ask(self, job: str, store_id: str | None = None, *, by: str = "ada") -> str:
        """Ask for a run."""
        with self.database.begin() as connection:
            return tasks.ask(connection, job, store_id, asked_by=by, now=self.clock())

    def cancel(self, task_id: str) -> str:
        """Cancel a task; returns its state."""
        with self.database.begin() as connection:
            return tasks.cancel(connection, task_id, now=self.clock())

    def tasks(self) -> Sequence[TaskView]:
        """All tasks, oldest first."""
        with self.database.read() as connection:
            return list_tasks(connection, TaskFilter(limit=10_000))[::-1]

    def task(self) -> TaskView:
        """The only task."""
        (only,) = self.tasks()
        return only
