"""Several workers at one ledger at the same instant: real threads, or real processes."""

import multiprocessing
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.synchronize import Barrier

from onhand.db.database import Database
from onhand.stock.commands import Ledger, Result
from onhand.stock.model.commands import Command, Policy
from tests.shop import START

SIZE = 4
START_LIMIT_S = 60.0
_start: "Barrier | threading.Barrier | None" = None  # in a worker process: where all set out from


@dataclass(frozen=True)
class Job:
    """Commands of one worker, each a transaction of its own, on a ledger of its own."""

    url: str
    schema: str | None
    commands: tuple[Command, ...]
    now: datetime


class Crew:
    """SIZE workers that set out at the same instant."""

    def run(
        self,
        database: Database,
        shares: Sequence[Sequence[Command]],
        *,
        moments: Sequence[datetime] = (),
    ) -> list[list[Result]]:
        """What became of each worker's commands; `moments` are their clocks, START if left out."""
        assert len(shares) == SIZE
        url = database.url.render_as_string(hide_password=False)
        clocks = moments or [START] * SIZE
        jobs = [
            Job(url, database.schema, tuple(share), now)
            for share, now in zip(shares, clocks, strict=True)
        ]
        return [future.result(START_LIMIT_S) for future in self._submit(jobs)]

    def _submit(self, jobs: Sequence[Job]) -> list["Future[list[Result]]"]:
        raise NotImplementedError


class ThreadCrew(Crew):
    """Workers in this process."""

    def _submit(self, jobs: Sequence[Job]) -> list["Future[list[Result]]"]:
        start = threading.Barrier(SIZE)
        with ThreadPoolExecutor(SIZE) as threads:
            return [threads.submit(_work, job, start) for job in jobs]


class ProcessCrew(Crew):
    """Workers in processes of their own, started once for all tests."""

    def __init__(self, processes: ProcessPoolExecutor) -> None:
        """Use a pool of SIZE processes that know where to set out from."""
        self._processes = processes

    def _submit(self, jobs: Sequence[Job]) -> list["Future[list[Result]]"]:
        return [self._processes.submit(_work_in_process, job) for job in jobs]


@contextmanager
def process_crew() -> Iterator[ProcessCrew]:
    """Worker processes until the block ends."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])  # imported once, not by every worker
    start = context.Barrier(SIZE)
    with ProcessPoolExecutor(SIZE, context, initializer=_set_start, initargs=(start,)) as pool:
        yield ProcessCrew(pool)


def _set_start(start: Barrier) -> None:
    global _start  # noqa: PLW0603 — a barrier reaches a process only when it is made
    _start = start


def _work_in_process(job: Job) -> list[Result]:
    assert _start is not None
    return _work(job, _start)


def _work(job: Job, start: "Barrier | threading.Barrier") -> list[Result]:
    database = Database(job.url, schema=job.schema)
    try:
        ledger = Ledger(database, clock=lambda: job.now, policy=Policy())
        with database.read():  # connected before the start
            pass
        start.wait(START_LIMIT_S)
        return [ledger.execute([command])[0] for command in job.commands]
    finally:
        database.dispose()


def dealt(commands: Sequence[Command]) -> list[list[Command]]:
    """The commands dealt out to SIZE workers in turn."""
    return [list(commands[worker::SIZE]) for worker in range(SIZE)]
