"""Why a run of a job is not wanted."""

from dataclasses import dataclass
from typing import ClassVar

from onhand.access.model import Refusal


@dataclass(frozen=True, slots=True)
class JobNotFound(Refusal):
    """There is no job of this name."""

    code: ClassVar[str] = "unknown_job"
    job: str


@dataclass(frozen=True, slots=True)
class TaskNotFound(Refusal):
    """There is no task of this id."""

    code: ClassVar[str] = "unknown_task"
    task: str


@dataclass(frozen=True, slots=True)
class StoreInactive(Refusal):
    """The store was given up: nothing is run for it."""

    code: ClassVar[str] = "store_inactive"
    store: str
