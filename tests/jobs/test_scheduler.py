"""The scheduler: real time, real threads, real processes."""

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest

from onhand.bootstrap.clock import utc_now
from onhand.bootstrap.environment import Environment
from onhand.db.database import Database
from onhand.jobs.registry import Job, JobContext, Outcome, StoreRef
from onhand.jobs.runner import Runner
from onhand.jobs.scheduler import Scheduler, start
from tests.jobs.workshop import Workshop, place_to_work

LIMIT_S = 20.0
SPAWN = multiprocessing.get_context("spawn")
STORES = [StoreRef(name, "active", {}) for name in ("east", "north", "west")]


def wait_until(condition: Callable[[], bool]) -> None:
    """Return once it holds."""
    give_up_at = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


class Floor:
    """A job function that remembers who is on it, and stands still for some stores."""

    def __init__(self, *stuck: str) -> None:
        """Runs for the stores in `stuck` last until `open_gate`."""
        self.began: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.most_at_once: Counter[str] = Counter()
        self._now: Counter[str] = Counter()
        self._stuck = stuck
        self._gate = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, context: JobContext) -> Outcome:
        """Run."""
        store = context.store
        with self._lock:
            self.began[store] += 1
            self._now[store] += 1
            self.most_at_once[store] = max(self.most_at_once[store], self._now[store])
            everyone = sum(self._now.values())
            self.most_at_once["all"] = max(self.most_at_once["all"], everyone)
        if store in self._stuck:
            assert self._gate.wait(LIMIT_S)
        else:
            time.sleep(0.05)
        with self._lock:
            self._now[store] -= 1
            self.ended[store] += 1
        return Outcome(again_in_s=0)

    def open_gate(self) -> None:
        """Let those that stand still go on."""
        self._gate.set()


StartWith = Callable[..., Scheduler]


@pytest.fixture
def start_with(environment: Environment) -> Iterator[StartWith]:
    """`start_with(job, …)`: a scheduler over the environment, stopped at the end."""
    started: list[Scheduler] = []

    def begin(*jobs: Job) -> Scheduler:
        runner = Runner(environment, jobs, stores=lambda: STORES, clock=utc_now)
        started.append(start([runner], clock=utc_now))
        return started[-1]

    yield begin
    for scheduler in started:
        assert scheduler.stop(LIMIT_S)


def test_stores_run_side_by_side_and_none_twice(start_with: StartWith) -> None:
    floor = Floor()
    start_with(Job("a", floor, every=1))
    wait_until(lambda: all(floor.ended[store.store_id] > 5 for store in STORES))
    assert [floor.most_at_once[store.store_id] for store in STORES] == [1, 1, 1]
    assert floor.most_at_once["all"] > 1


def test_a_shop_that_hangs_keeps_nobody_waiting(start_with: StartWith) -> None:
    floor = Floor("east")
    start_with(*(Job(name, floor, every=1) for name in ("a", "b", "c", "d", "e")))
    wait_until(lambda: floor.ended["west"] > 10 and floor.ended["north"] > 10)
    assert floor.began["east"] == 2
    assert floor.ended["east"] == 0
    floor.open_gate()
    wait_until(lambda: floor.ended["east"] > 10)


def test_what_is_asked_for_starts_soon(start_with: StartWith, workshop: Workshop) -> None:
    floor = Floor()
    start_with(Job("catalog.pull", floor))
    workshop.ask("catalog.pull", "west")
    wait_until(lambda: [task.state for task in workshop.tasks()] == ["done"])
    assert floor.began == {"west": 1}


def test_stopping_waits_for_what_runs_and_lets_others_go_on_at_once(
    start_with: StartWith,
) -> None:
    floor, other = Floor("east"), Floor()
    first = start_with(Job("a", floor, every=1))
    wait_until(lambda: floor.began["east"] == 1)
    threading.Timer(0.5, floor.open_gate).start()
    assert first.stop(LIMIT_S)
    assert floor.ended == floor.began
    begun = time.monotonic()
    start_with(Job("a", other, every=1))
    wait_until(lambda: all(other.ended[store.store_id] for store in STORES))
    assert time.monotonic() - begun < 5, "far less than a lease"
    assert first.stop(0)


def test_stopping_does_not_wait_for_ever(start_with: StartWith) -> None:
    floor = Floor("east")
    scheduler = start_with(Job("a", floor, every=1, repeatable=False))
    wait_until(lambda: floor.began["east"] == 1)
    begun = time.monotonic()
    assert not scheduler.stop(0.3)
    assert time.monotonic() - begun < 5
    floor.open_gate()
    wait_until(lambda: scheduler.stop(0))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_run_that_tears_its_thread_down_is_left_to_its_lease(
    start_with: StartWith, workshop: Workshop
) -> None:
    def leave(context: JobContext) -> Outcome:
        raise SystemExit

    floor = Floor()
    scheduler = start_with(Job("catalog.pull", leave), Job("a", floor, every=1))
    workshop.ask("catalog.pull", "west")
    wait_until(lambda: [task.state for task in workshop.tasks()] == ["running"])
    wait_until(lambda: floor.ended["west"] > 3)
    assert scheduler.stop(LIMIT_S)


@pytest.mark.slow
def test_an_idle_scheduler_costs_next_to_nothing(start_with: StartWith) -> None:
    """Three stores and eight jobs, half of them every second."""

    def nothing(context: JobContext) -> Outcome:
        return Outcome()

    start_with(*(Job(f"job-{n}", nothing, every=1 if n < 4 else 900) for n in range(8)))
    time.sleep(1)
    cpu, wall = time.process_time(), time.monotonic()
    time.sleep(3)
    share = (time.process_time() - cpu) / (time.monotonic() - wall)
    assert share < 0.02, f"{share:.1%}"


@dataclass(frozen=True)
class Diarist:
    """A job function that writes down when it begins and ends; it takes 50 ms."""

    log: Path

    def __call__(self, context: JobContext) -> Outcome:
        """Run."""
        self.write("begins", context.store)
        time.sleep(0.05)
        if context.task.lease.is_held(utc_now()):
            self.write("ends", context.store)
        return Outcome(again_in_s=0)

    def write(self, what: str, store: str) -> None:
        """One line at once; the moment comes first."""
        with self.log.open("a") as output:
            output.write(f"{time.monotonic_ns()} {os.getpid()} {store} {what} .\n")


def schedule_for_ever(url: str, schema: str | None, log: Path) -> None:
    """In a process: run the jobs of a shared database until killed."""
    database = Database(url, schema=schema)
    environment = place_to_work(database, log.parent, utc_now)
    job = Job("a", Diarist(log), every=1)
    runner = Runner(environment, [job], stores=lambda: STORES, clock=utc_now, lease_s=2.0)
    start([runner], clock=utc_now)
    threading.Event().wait()


@pytest.mark.slow
def test_killed_processes_are_replaced_and_nothing_runs_twice_at_once(
    database: Database, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    log.touch()
    url = database.url.render_as_string(hide_password=False)
    workers: dict[int, SpawnProcess] = {}
    killed: set[int] = set()

    def begin() -> None:
        worker = SPAWN.Process(target=schedule_for_ever, args=(url, database.schema, log))
        worker.start()
        workers[worker.pid or 0] = worker

    def working() -> set[int]:
        return {int(pid) for pid in {store: pid for _, pid, store, _ in read(log)}.values()}

    def all_work() -> bool:
        """Whether every store is served by a process that lives."""
        stores = {store for _, pid, store, _ in read(log) if int(pid) not in killed}
        return len(stores) == len(STORES) and not working() & killed

    begin()
    begin()
    try:
        for _ in range(3):
            wait_until(all_work)
            time.sleep(0.5)
            for pid in working():
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
                begin()
        wait_until(all_work)
    finally:
        for worker in workers.values():
            worker.kill()
            worker.join()
    assert_alone(log, killed)


def read(log: Path) -> list[list[str]]:
    """Moment, process, store and what happened; a line that was cut short is left out."""
    lines = log.read_text().splitlines()
    return sorted((line.split()[:4] for line in lines if line.endswith(" .")), key=moment)


def moment(line: list[str]) -> int:
    """When it was."""
    return int(line[0])


def assert_alone(log: Path, killed: set[int]) -> None:
    """Between a run's beginning and its end, no other process touched the same store."""
    inside: dict[str, str] = {}
    for _, pid, store, what in read(log):
        before = inside.pop(store, pid)
        assert before == pid or (int(before) in killed and what == "begins")
        if what == "begins":
            inside[store] = pid
    assert len({pid for _, pid, _, _ in read(log)}) > 3
