"""What a job is, and finding one by its name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from onhand.bootstrap.environment import Environment
from onhand.jobs.task_run import TaskRun

Clock = Callable[[], datetime]
StoreSettings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoreRef:
    """A store as the schedule sees it; scheduled work is done for those that are `active`."""

    store_id: str
    status: str
    settings: StoreSettings


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a job function gets: where it works, for which store, and whom to tell."""

    environment: Environment
    store_id: str | None
    task: TaskRun
    clock: Clock

    @property
    def store(self) -> str:
        """The store's id, in a job that is per store."""
        assert self.store_id is not None
        return self.store_id


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run that went well came to.

    `done`: how much it did, in its own units; a scheduled run that did, counted and complained of
    nothing leaves no record. `again_in_s`: seconds until it wants to run next, 0 where there is
    more to do now; None leaves it to the schedule.
    """

    done: int = 0
    again_in_s: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """Something that runs by itself or when asked for; `name` is `room.verb`.

    `every`: seconds from start to start, or how to tell them from a store's settings (of a job
    that is not per store: from nothing); None: only when asked for. A run that raises is tried
    again later; a failure that no later run mends is told with `task.error`. `repeatable`: a run
    that was cut short may simply be done again. `wakes`: jobs that find work once this one did
    something; they run at once and not by their schedule. `follows_ledger`: it also runs soon after
    this process changed the ledger.
    """

    name: str
    run: Callable[[JobContext], Outcome]
    every: float | Callable[[StoreSettings], float | None] | None = None
    per_store: bool = True
    repeatable: bool = True
    wakes: tuple[str, ...] = ()
    follows_ledger: bool = False

    def every_s(self, settings: StoreSettings) -> float | None:
        """Seconds from start to start; None: not by schedule."""
        return self.every(settings) if callable(self.every) else self.every


class UnknownJob(Exception):
    """There is no job of this name."""

    def __init__(self, name: str) -> None:
        """`name` as it was given."""
        super().__init__(f"no job {name}")
        self.name = name


class Registry:
    """The jobs of a process, in the order in which they go first."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        """Raises ValueError when two jobs have one name."""
        self._jobs = {job.name: job for job in jobs}
        if len(self._jobs) != len(jobs):
            raise ValueError("two jobs have one name")

    def __iter__(self) -> Iterator[Job]:
        """The jobs, in order."""
        return iter(self._jobs.values())

    def find(self, name: str) -> Job:
        """The job of this name.

        Raises:
            UnknownJob: there is none.
        """
        job = self._jobs.get(name)
        if job is None:
            raise UnknownJob(name)
        return job
