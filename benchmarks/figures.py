"""What a figure returns: rows of one number each, with the target beside it where there is one."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.databases import POSTGRESQL, SQLITE, Databases

KINDS = (POSTGRESQL, SQLITE)


@dataclass(frozen=True, slots=True)
class Target:
    """The limit a number has to keep."""

    kind: Literal["at least", "at most"]
    limit: float

    def reached(self, value: float) -> bool:
        """Return whether the value keeps the limit."""
        return value >= self.limit if self.kind == "at least" else value <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.kind == 'at least' else '≤'} {self.limit:,.10g}"


@dataclass(frozen=True, slots=True)
class Row:
    """One measured number: the median, the values it is the median of, and its target."""

    figure: str
    case: str
    database: str
    unit: str
    values: tuple[float, ...]
    target: Target | None = None
    note: str = ""

    @property
    def value(self) -> float:
        """The median of the measured values."""
        return statistics.median(self.values)

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None without a target."""
        return None if self.target is None else self.target.reached(self.value)


@dataclass(frozen=True, slots=True)
class Bench:
    """What every figure is given: databases, a scratch folder and how long it may take.

    With `largest`, a ledger of ten million events on PostgreSQL is measured too.
    """

    databases: Databases
    folder: Path
    quick: bool
    say: Callable[[str], None]
    largest: bool = False

    @property
    def repeats(self) -> int:
        """How often each case is measured."""
        return 1 if self.quick else 3

    def scaled(self, full: int, quick: int) -> int:
        """Return the size of a case: the full one, or the small one of a quick run."""
        return quick if self.quick else full


def at_least(limit: float) -> Target:
    """Return a lower limit."""
    return Target("at least", limit)


def at_most(limit: float) -> Target:
    """Return an upper limit."""
    return Target("at most", limit)


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, ...]:
    """Return the ratio of each pair of measurements that were taken side by side."""
    return tuple(own / other for own, other in zip(ours, theirs, strict=True))
