"""What a job function is handed to tell how far it is, and to hear that it should stop."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from onhand.db.errors import DatabaseUnavailable, TransactionConflict
from onhand.jobs.commands import tasks
from onhand.jobs.commands.leases import Lease
from onhand.jobs.model import MOST_ERRORS, Record, TaskState, shortened

_WRITE_EVERY = timedelta(seconds=1)


class TaskRun:
    """One run of a job; used by the thread that runs it.

    A run that somebody asked for has its row from the start. One by schedule gets it when it has
    something to tell for longer than a second.
    """

    def __init__(self, record: Record, lease: Lease, is_stopping: Callable[[], bool]) -> None:
        """`is_stopping` tells whether the process wants its jobs to end."""
        self.record = record
        self.lease = lease
        self.has_row = not record.is_routine
        self.is_lost = False
        self.cancel_asked = False
        self.has_stopped = False
        self._is_stopping = is_stopping
        self._total: int | None = None
        self._done = 0
        self._note = ""
        self._counts: dict[str, int] = {}
        self._errors: list[str] = []
        self._looked_at = lease.clock()

    def advance(self, done: int, total: int | None = None, note: str | None = None) -> None:
        """Say how much is done, of how much, in the job's own units; written once a second."""
        self._done = done
        self._total = self._total if total is None else total
        self._note = self._note if note is None else shortened(note)
        self._look()

    def count(self, name: str, number: int = 1) -> None:
        """Add to one of the run's counts; a run that counted anything leaves a record."""
        self._counts[name] = self._counts.get(name, 0) + number

    def error(self, text: str) -> None:
        """Record what went wrong without ending the run; of many, the latest are kept."""
        self.count("errors")
        self._errors = [*self._errors, shortened(text)][-MOST_ERRORS:]

    @property
    def cancelled(self) -> bool:
        """Whether to stop at the next safe point.

        Somebody asked for it, the process is stopping (repeatable jobs only), or the lease went to
        another process: then whatever is written from now on may be done twice.
        """
        self._look()
        if self.is_lost or self.cancel_asked or self._is_stopping():
            self.has_stopped = True
        return self.has_stopped

    def as_record(self, state: TaskState, *, note: str = "", ended_at: datetime | None) -> Record:
        """What the row says, or would say."""
        return replace(
            self.record,
            state=state,
            ended_at=ended_at,
            done_count=self._done,
            total_count=self._total,
            note=shortened(note) or self._note,
            counts=dict(self._counts),
            errors=tuple(self._errors),
        )

    def _look(self) -> None:
        """At most once a second: keep the lease, write how far we are, hear of a cancellation."""
        now = self.lease.clock()
        if self.is_lost or now - self._looked_at < _WRITE_EVERY:
            return
        self._looked_at = now
        # Telling how far a run is must not end it; what it came to is written at its end.
        with suppress(DatabaseUnavailable, TransactionConflict):
            self._keep_lease(now)
            self._write(now)

    def _keep_lease(self, now: datetime) -> None:
        if self.lease.until - now < timedelta(seconds=self.lease.seconds / 2):
            self.is_lost = not self.lease.renew()

    def _write(self, now: datetime) -> None:
        record = self.as_record(TaskState.RUNNING, ended_at=None)
        if self.is_lost:
            return
        if not self.has_row:
            tasks.insert(self.lease.database, record, now=now)
            self.has_row = True
            return
        answer = tasks.update(self.lease.database, record, was=TaskState.RUNNING, now=now)
        self.is_lost = answer is None
        self.cancel_asked = self.cancel_asked or bool(answer)
