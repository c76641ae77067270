"""Why a command about an order is refused: a stable `code` and the facts."""

from dataclasses import dataclass
from typing import ClassVar

from onhand.access.model import Refusal


@dataclass(frozen=True, slots=True)
class OrderNotFound(Refusal):
    """The store has no such order."""

    code: ClassVar[str] = "order_not_found"
    store: str
    order: str


@dataclass(frozen=True, slots=True)
class OrderNotWaiting(Refusal):
    """The shop does not wait for this order to be confirmed."""

    code: ClassVar[str] = "order_not_waiting"
    store: str
    order: str
    state: str


@dataclass(frozen=True, slots=True)
class EntryNotFound(Refusal):
    """The desk has no such entry."""

    code: ClassVar[str] = "entry_not_found"
    entry: str


@dataclass(frozen=True, slots=True)
class EntryClosed(Refusal):
    """The entry is closed already."""

    code: ClassVar[str] = "entry_closed"
    entry: str
    closed_how: str


@dataclass(frozen=True, slots=True)
class InvalidReason(Refusal):
    """What was done about an entry is said in 1 … `longest` printable characters."""

    code: ClassVar[str] = "invalid_reason"
    reason: str
    longest: int
