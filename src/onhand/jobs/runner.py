"""Running what is due: asked-for tasks first, then the schedule, each under its lease."""

import os
import socket
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

import structlog
import uuid_utils

from onhand.bootstrap.environment import Environment
from onhand.channels.errors import ChannelError, ChannelRateLimited, ChannelUnavailable
from onhand.db.errors import DatabaseUnavailable, TransactionConflict
from onhand.jobs.commands import leases, tasks
from onhand.jobs.commands.leases import Lease, LeaseLost
from onhand.jobs.diary import Diary
from onhand.jobs.holding import Holding
from onhand.jobs.model import Key, Record, TaskState, shortened
from onhand.jobs.queries import queued_tasks
from onhand.jobs.registry import Clock, Job, JobContext, Outcome, Registry, StoreRef
from onhand.jobs.schedule import Schedule
from onhand.jobs.task_run import TaskRun

LEASE_S = 30.0
# Below this a next holder may as well run the job at once, and a write for every run costs more.
_REMEMBER_FROM_S = 60.0
_MOST_QUEUED = 100
Stores = Callable[[], Sequence[StoreRef]]
_DATABASE_ERRORS = (DatabaseUnavailable, TransactionConflict)


@dataclass(slots=True, eq=False)
class Work:
    """One run that is due; `asked` is its task if somebody asked for it."""

    key: Key
    job: Job
    lease: Lease
    asked: Record | None
    task: TaskRun | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """What a call of `run_due` did, and when the next one is worth making."""

    runs: int
    next_at: datetime


class Runner:
    """Runs one environment's jobs, in one thread (`run_due`) or several (`take` and `run`).

    It keeps the leases of what it runs from run to run, so that an idle second costs the database
    no write; another process takes them over when this one ends, however it ends.
    """

    def __init__(
        self,
        environment: Environment,
        jobs: Sequence[Job],
        *,
        stores: Stores,
        clock: Clock,
        lease_s: float = LEASE_S,
    ) -> None:
        """Nothing runs yet; `stores` gives the stores as they are now."""
        self.environment = environment
        self.registry = Registry(jobs)
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{uuid_utils.uuid7().hex}"
        self._read_stores = stores
        self._clock = clock
        self._lock = threading.RLock()
        self._holding = Holding(environment.database, self.holder, seconds=lease_s, clock=clock)
        self._diary = Diary(environment.database)
        self._schedule = Schedule(self.registry)
        self._queued: list[Record] = []
        self._busy: dict[Key, Work] = {}
        self._tried: set[Key] = set()
        self._beat_every = timedelta(seconds=lease_s / 6)
        self._next_beat_at: datetime | None = None
        self._stopping = threading.Event()
        self._is_blind = False
        self._log = structlog.get_logger("onhand.jobs").bind(environment=environment.name.value)

    def run_due(self, now: datetime) -> Round:
        """Run everything that is due at `now`, once and one after the other."""
        due = self.take(now)
        for work in due:
            self.run(work)
        return Round(len(due), self.next_at(now))

    def take(
        self,
        now: datetime,
        most: int | None = None,
        *,
        per_store: int | None = None,
        look: bool = True,
    ) -> list[Work]:
        """What is due, asked-for tasks first, for `run` to be called with each.

        At most `most` runs, and of one store at most `per_store` at the same time, running ones
        included. Without `look` the queue, the stores and the leases are taken as last seen.
        """
        with self._lock:
            taken: list[Work] = []
            try:
                if look:
                    self._look(now)
                for work in islice(self._choose(now, per_store), most):
                    self._busy[work.key] = work
                    taken.append(work)
            except _DATABASE_ERRORS as error:
                self._cannot_see(error)
            else:
                self._is_blind = False
            return taken

    def run(self, work: Work) -> None:
        """Run what `take` gave; a failure is recorded and harms nothing else."""
        task = self._begin(work)
        if task is not None:
            store_id = work.key.store_id
            context = JobContext(self.environment, store_id, task, self._clock)
            try:
                outcome = work.job.run(context)
            except LeaseLost:
                task.is_lost = True
                self._ended(work, task, Outcome())
            except Exception as error:  # tidy: boundary — one job's failure is its own
                self._failed(work, task, error)
            else:
                self._ended(work, task, outcome)
        with self._lock:
            self._busy.pop(work.key, None)

    def ledger_changed(self, now: datetime) -> None:
        """Let jobs that follow the ledger be due."""
        names = [job.name for job in self.registry if job.follows_ledger]
        with self._lock:
            self._schedule.wake(names, None, now=now)

    def let_go(self, work: Work) -> None:
        """Keep neither lease nor task of a run alive whose thread died before its end."""
        with self._lock:
            if self._busy.get(work.key) is work:
                del self._busy[work.key]
                self._holding.drop(work.key)
                self._schedule.left(work.key)

    def next_at(self, now: datetime) -> datetime:
        """The moment from which `run_due` may find more to do; asked-for tasks come unannounced."""
        with self._lock:
            moments = [self._schedule.next_at(self._busy), self._next_beat_at]
        known = [moment for moment in moments if moment is not None]
        return max(now, min(known, default=now + self._beat_every))

    @property
    def due_at(self) -> datetime | None:
        """When the schedule wants something next, heartbeats and asked-for tasks left aside."""
        with self._lock:
            return self._schedule.next_at(self._busy)

    @property
    def running(self) -> int:
        """How many runs have begun, or were taken to begin, and have not ended."""
        return len(self._busy)

    def stop(self) -> None:
        """Begin nothing more; runs of repeatable jobs hear that they should stop."""
        self._stopping.set()

    def close(self) -> None:
        """Let other processes have the leases of everything that is not running here."""
        with self._lock:
            self._stopping.set()
            try:
                self._diary.catch_up(now=self._clock())
                self._holding.release_all_but(set(self._busy))
            except _DATABASE_ERRORS as error:
                self._cannot_see(error)

    # What there is to do

    def _look(self, now: datetime) -> None:
        self._schedule.see(self._read_stores())
        if self._next_beat_at is None or now >= self._next_beat_at:
            self._beat(now)
            self._next_beat_at = now + self._beat_every
        elif not self._stopping.is_set():
            self._claim([key for key in self._schedule.keys if key not in self._tried], now)
        with self.environment.database.read() as connection:
            self._queued = queued_tasks(connection, _MOST_QUEUED)

    def _choose(self, now: datetime, per_store: int | None) -> Iterator[Work]:
        """What may begin now; what was given before must be busy when the next is asked for."""
        if self._stopping.is_set():
            return
        for queued in list(self._queued):
            if self._has_room(queued.key, per_store):
                work = self._asked_work(queued, now)
                if work is not None:
                    yield work
        for key in self._schedule.due(now, self._busy):
            if self._has_room(key, per_store):
                job = self.registry.find(key.job)
                yield Work(key, job, self._holding.lease(key), None)

    def _has_room(self, key: Key, per_store: int | None) -> bool:
        if key in self._busy:
            return False
        if key.store_id is None or per_store is None:
            return True
        return sum(busy.store_id == key.store_id for busy in self._busy) < per_store

    def _asked_work(self, queued: Record, now: datetime) -> Work | None:
        key = queued.key
        job = self._schedule.askable(key)
        if job is None:
            reason = "there is no such job, or no such store"
            tasks.refuse(self.environment.database, queued, reason, now=now)
        else:
            self._claim([key], now)
        self._queued.remove(queued)
        if job is None or key not in self._holding:
            return None  # where another process holds the lease, the task is for that one to run
        return Work(key, job, self._holding.lease(key), queued)

    # Leases and heartbeats

    def _beat(self, now: datetime) -> None:
        """Keep what we hold, tell that our tasks live, take over what others let go."""
        for key in self._holding.renew():
            self._lost(key)
        needed = {*self._schedule.keys, *self._busy, *(queued.key for queued in self._queued)}
        for key in self._schedule.in_care:
            if key not in needed:
                self._schedule.left(key)
        self._holding.release_all_but(needed)
        self._diary.catch_up(now=now)
        self._keep_tasks_alive(now)
        tasks.mend_interrupted(
            self.environment.database,
            silent_since=now - timedelta(seconds=2 * self._holding.seconds),
            repeatable={job.name for job in self.registry if job.repeatable},
            now=now,
        )
        self._tried.clear()
        if not self._stopping.is_set():
            self._claim(self._schedule.keys, now)

    def _keep_tasks_alive(self, now: datetime) -> None:
        running = [work.task for work in self._busy.values() if work.task is not None]
        with_row = {task.record.task_id: task for task in running if task.has_row}
        ids = with_row.keys() | self._diary.late_task_ids
        alive = tasks.keep_alive(self.environment.database, ids, now=now)
        for task_id, task in with_row.items():
            attempt, cancel_asked = alive.get(task_id, (None, False))
            if attempt == task.record.attempt:
                task.cancel_asked = task.cancel_asked or cancel_asked
            elif not task.record.is_routine:
                task.is_lost = True

    def _claim(self, keys: list[Key], now: datetime) -> None:
        self._tried.update(keys)
        for key in self._holding.take(keys):
            self._schedule.came(key, ran_at=self._holding.lease(key).ran_at, now=now)

    def _lost(self, key: Key) -> None:
        work = self._busy.get(key)
        if work is not None and work.task is not None:
            work.task.is_lost = True
        self._schedule.left(key)
        self._log.warning("lost the lease of a job", job=key.job, store=key.store_id)

    def _cannot_see(self, error: DatabaseUnavailable | TransactionConflict) -> None:
        if not self._is_blind:
            self._log.warning("cannot look for jobs", reason=str(error))
        self._is_blind = True

    # One run

    def _begin(self, work: Work) -> TaskRun | None:
        """Make sure of the lease and of the task; None when this run is not to be."""
        now = self._clock()
        try:
            if not work.lease.is_held(now) and not work.lease.renew():
                return None
            if work.asked is None:
                key, task_id = work.key, tasks.new_task_id()
                running = TaskState.RUNNING
                record: Record | None = Record(task_id, key, running, None, now, started_at=now)
            else:
                record = tasks.begin(self.environment.database, work.asked, now=now)
        except _DATABASE_ERRORS as error:
            with self._lock:
                self._schedule.failed(work.key, at=now, asked_s=None)
                self._cannot_see(error)
            return None
        if record is None:
            return None
        work.task = TaskRun(record, work.lease, self._wants_end_of(work.job))
        return work.task

    def _wants_end_of(self, job: Job) -> Callable[[], bool]:
        return lambda: job.repeatable and self._stopping.is_set()

    def _ended(self, work: Work, task: TaskRun, outcome: Outcome) -> None:
        now, begun_at = self._clock(), task.record.started_at
        state = TaskState.DONE
        if task.has_stopped and not task.is_lost:
            state = TaskState.CANCELLED if task.cancel_asked else TaskState.QUEUED
        if state is TaskState.QUEUED and task.record.is_routine:
            state = TaskState.DONE  # what it did it did; the next process goes on by schedule
        ended_at = now if state.has_ended else None
        record = task.as_record(state, note=outcome.note, ended_at=ended_at)
        with self._lock:
            self._diary.end(task, record, done=outcome.done, now=now)
            if task.is_lost or begun_at is None or (task.has_stopped and not task.cancel_asked):
                return
            again_s = outcome.again_in_s
            again_at = None if again_s is None else now + timedelta(seconds=again_s)
            self._schedule.went_well(work.key, ran_at=begun_at, again_at=again_at)
            every_s = self._schedule.every_s(work.key)
            if outcome.done:
                self._schedule.wake(work.job.wakes, work.key.store_id, now=now)
        if again_s is None and every_s is not None and every_s >= _REMEMBER_FROM_S:
            with suppress(*_DATABASE_ERRORS):
                leases.note_ran(work.lease, begun_at)

    def _failed(self, work: Work, task: TaskRun, error: Exception) -> None:
        now = self._clock()
        expected = isinstance(error, (ChannelError, *_DATABASE_ERRORS))
        asked_s = None
        if isinstance(error, (ChannelRateLimited, ChannelUnavailable)):
            asked_s = error.retry_after_s
        task.error(f"{type(error).__name__}: {error}")
        record = task.as_record(TaskState.FAILED, ended_at=now)
        with self._lock:
            self._diary.end(task, record, done=0, now=now)
            again_in_s = None
            if work.asked is None and not task.is_lost:
                again_in_s = self._schedule.failed(work.key, at=now, asked_s=asked_s)
        self._log.warning(
            "a job failed",
            job=work.key.job,
            store=work.key.store_id,
            error=shortened(f"{type(error).__name__}: {error}"),
            again_in_s=again_in_s,
            traceback=None if expected else "".join(traceback.format_exception(error)),
        )
