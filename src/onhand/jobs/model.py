"""Pure decisions of jobs: when something runs next, how long a failing one waits, what is kept."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 300.0
LONGEST_ASKED_WAIT_S = 3600.0
MOST_ERRORS = 20
LONGEST_TEXT = 500
MOST_ATTEMPTS = 3
MERGE_WITHIN_S = 900.0
INTERRUPTED = "interrupted"


class TaskState(StrEnum):
    """How far a task is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self not in {TaskState.QUEUED, TaskState.RUNNING}


class Key(NamedTuple):
    """What never runs twice at once: a job, for one store or (None) for the environment."""

    job: str
    store_id: str | None

    @property
    def lease_name(self) -> str:
        """The name of the lease that guards it."""
        return self.job if self.store_id is None else f"{self.job}:{self.store_id}"


@dataclass(frozen=True, slots=True)
class Record:
    """What a task's row says, apart from its heartbeat and the wish to cancel it."""

    task_id: str
    key: Key
    state: TaskState
    asked_by: str | None
    asked_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    done_count: int = 0
    total_count: int | None = None
    note: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    errors: Sequence[str] = ()
    attempt: int = 0

    @property
    def is_routine(self) -> bool:
        """Whether the schedule, not a person, wanted it."""
        return self.asked_by is None


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the schedule remembers of one key.

    `ran_at`: when it last began and did not fail. `not_before`: what its last run asked for, or
    how long a failing one waits; None: the schedule decides. `failures`: in a row, so far.
    """

    ran_at: datetime | None = None
    not_before: datetime | None = None
    failures: int = 0

    def due_at(self, every_s: float, since: datetime) -> datetime:
        """When it runs next; `since` (when it came under our care) if it never ran."""
        if self.not_before is not None:
            return self.not_before
        return since if self.ran_at is None else self.ran_at + timedelta(seconds=every_s)


def wait_s(name: str, failures: int, asked_s: float | None = None) -> float:
    """Seconds until a job tries again after so many failures in a row (1 or more).

    Doubles up to five minutes; between half and all of it, spread by the job's name, so that many
    stores do not come back at one instant. `asked_s`, what the shop asked for, is the least, up to
    an hour.
    """
    longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(failures - 1, 30))
    share = zlib.crc32(f"{name} {failures}".encode()) / 2**32
    asked = min(asked_s or 0.0, LONGEST_ASKED_WAIT_S)
    return max(longest * (0.5 + share / 2), asked)


def is_worth_a_row(record: Record, done: int) -> bool:
    """Whether the ended run of a routine leaves a record; `done` is what it says it did."""
    went_well = record.state is TaskState.DONE
    return not went_well or done > 0 or any(record.counts.values()) or bool(record.errors)


def shortened(text: str) -> str:
    """At most LONGEST_TEXT characters, the beginning."""
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def merged(earlier: Record, later: Record) -> Record | None:
    """One record for two routine runs that went well; None if they are too far apart.

    A job that finds work every second leaves a few rows an hour.
    """
    begun, ended = earlier.started_at, later.ended_at
    if begun is None or ended is None or (ended - begun).total_seconds() > MERGE_WITHIN_S:
        return None
    if later.state is not TaskState.DONE or later.errors:
        return None
    counts = dict(earlier.counts)
    for name, number in later.counts.items():
        counts[name] = counts.get(name, 0) + number
    return Record(
        task_id=earlier.task_id,
        key=earlier.key,
        state=TaskState.DONE,
        asked_by=None,
        asked_at=earlier.asked_at,
        started_at=begun,
        ended_at=ended,
        done_count=earlier.done_count + later.done_count,
        note=later.note or earlier.note,
        counts=counts,
        errors=earlier.errors,
        attempt=earlier.attempt,
    )
