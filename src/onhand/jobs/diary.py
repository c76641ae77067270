"""Ending the records of runs: routine that did nothing leaves none, and nothing is forgotten."""

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime

from onhand.db.database import Database
from onhand.db.errors import DatabaseUnavailable, TransactionConflict
from onhand.jobs.commands import tasks
from onhand.jobs.model import Key, Record, TaskState, is_worth_a_row, merged
from onhand.jobs.task_run import TaskRun

_MOST_LATE = 200


@dataclass(frozen=True, slots=True)
class _Ending:
    """How one run ended; `done` is what it says it did."""

    record: Record
    has_row: bool
    done: int


class Diary:
    """What one runner writes of its runs; not safe to share between threads."""

    def __init__(self, database: Database) -> None:
        """Nothing is written yet."""
        self._database = database
        self._late: deque[_Ending] = deque(maxlen=_MOST_LATE)
        self._latest: dict[Key, Record] = {}

    @property
    def late_task_ids(self) -> set[str]:
        """Tasks that ended and whose rows do not say so yet."""
        return {ending.record.task_id for ending in self._late if ending.has_row}

    def end(self, task: TaskRun, record: Record, *, done: int, now: datetime) -> None:
        """Write how a run ended, or keep it until `catch_up`; nothing if it was taken from us."""
        if task.is_lost:
            self._latest.pop(record.key, None)
            return
        self._late.append(
            _Ending(replace(record, done_count=record.done_count or done), task.has_row, done)
        )
        try:
            self.catch_up(now=now)
        except (DatabaseUnavailable, TransactionConflict):
            return

    def catch_up(self, *, now: datetime) -> None:
        """Write what could not be written before.

        Raises:
            DatabaseUnavailable, TransactionConflict: the rest is kept for the next time.
        """
        while self._late:
            self._write(self._late[0], now)
            self._late.popleft()

    def _write(self, ending: _Ending, now: datetime) -> None:
        record = ending.record
        if not record.is_routine:
            tasks.update(self._database, record, was=TaskState.RUNNING, now=now)
        elif not is_worth_a_row(record, ending.done):
            if ending.has_row:
                tasks.drop(self._database, record)
        else:
            self._write_routine(record, ending.has_row, now)

    def _write_routine(self, record: Record, has_row: bool, now: datetime) -> None:
        earlier = self._latest.pop(record.key, None)
        if has_row:
            tasks.update(self._database, record, was=TaskState.RUNNING, now=now)
        else:
            together = None if earlier is None else merged(earlier, record)
            if together is not None:
                written = tasks.update(self._database, together, was=TaskState.DONE, now=now)
                if written is not None:
                    self._latest[record.key] = together
                    return
            tasks.insert(self._database, record, now=now)
        if record.state is TaskState.DONE and not record.errors:
            self._latest[record.key] = record
