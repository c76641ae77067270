"""Why sync refuses what a person asked."""

from dataclasses import dataclass
from typing import ClassVar

from onhand.access.model import Refusal


@dataclass(frozen=True, slots=True)
class InvalidRule(Refusal):
    """A rule's value is out of its range; `least` and `most` say what is possible."""

    code: ClassVar[str] = "invalid_rule"
    field: str
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class PushNotFound(Refusal):
    """No listing of this id is mapped, or nothing of it waits."""

    code: ClassVar[str] = "unknown_push"
    listing: str


@dataclass(frozen=True, slots=True)
class DriftNotFound(Refusal):
    """The listing has no open drift."""

    code: ClassVar[str] = "unknown_drift"
    listing: str
