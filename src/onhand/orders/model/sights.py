"""An order as a shop showed it, and which of two such sights is the newer."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# "Up to 10,000 with coupons": `units` of the item model of Rakuten's order API, document 8.3.
LARGEST_UNITS = 10_000


class State(StrEnum):
    """How far an order is, in the words of the port."""

    PLACED = "placed"
    CONFIRMED = "confirmed"
    CHANGING = "changing"
    CANCELLING = "cancelling"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    ODD = "odd"

    @property
    def waits(self) -> bool:
        """Whether something is being decided at the shop: units stay held until it is."""
        return self in (State.CHANGING, State.CANCELLING)


# Of two sights of one instant the further one is taken for the newer.
_PROGRESS = {
    State.ODD: 0,
    State.PLACED: 1,
    State.CONFIRMED: 2,
    State.CHANGING: 3,
    State.CANCELLING: 4,
    State.SHIPPED: 5,
    State.CANCELLED: 6,
}


@dataclass(frozen=True, slots=True)
class SeenLine:
    """A line as the shop showed it; `units` may be nonsense."""

    line_id: str
    item: str
    variant: str
    units: int
    name: str = ""
    codes: tuple[str, ...] = ()

    @property
    def has_good_units(self) -> bool:
        """Whether the units can be believed: 1 … LARGEST_UNITS."""
        return 1 <= self.units <= LARGEST_UNITS


@dataclass(frozen=True, slots=True)
class Sighting:
    """An order as the shop showed it when it was asked at `read_at` (our clock, UTC)."""

    state: State
    status: str
    ordered_at: datetime
    read_at: datetime
    lines: tuple[SeenLine, ...]

    @property
    def version(self) -> "Version":
        """What tells this sight from others of the same order."""
        content = [
            self.status,
            sorted([line.line_id, line.item, line.variant, line.units] for line in self.lines),
        ]
        text = json.dumps(content, ensure_ascii=True).encode()
        return Version(self.read_at, self.state, hashlib.blake2b(text, digest_size=16).hexdigest())


@dataclass(frozen=True, slots=True)
class Version:
    """Which sight of an order this is; `fingerprint` stands for its status and lines."""

    read_at: datetime
    state: State
    fingerprint: str

    def is_newer_than(self, other: "Version") -> bool:
        """Whether this sight wins: read later, else further on, else by a rule of its own.

        The last rule only makes the outcome independent of the order of arrival.
        """
        return self.order > other.order

    def shows_the_same(self, other: "Version") -> bool:
        """Whether both sights show the same, whenever they were read."""
        return (self.state, self.fingerprint) == (other.state, other.fingerprint)

    @property
    def order(self) -> tuple[datetime, int, str]:
        """What sights are compared by."""
        return self.read_at, _PROGRESS[self.state], self.fingerprint
