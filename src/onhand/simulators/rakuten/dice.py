"""Chance that can be replayed and stored: a roll is a function of seed, purpose and count."""

import math
from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

import msgspec

T = TypeVar("T")
_SIDES = 2**53


class Dice(msgspec.Struct):
    """A stream of rolls of its own, so that one use of chance does not disturb another."""

    seed: str
    rolls: int = 0

    def roll(self) -> float:
        """The next number from 0 up to, not including, 1."""
        self.rolls += 1
        found = blake2b(f"{self.seed}:{self.rolls}".encode(), digest_size=8).digest()
        return (int.from_bytes(found) % _SIDES) / _SIDES

    def happens(self, probability: float) -> bool:
        """Whether something of this probability happens; one of 0 takes no roll."""
        return probability > 0 and self.roll() < probability

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.roll() * (high - low + 1))

    def wait_s(self, mean_s: float) -> float:
        """Seconds until something happens that happens every `mean_s` seconds on average."""
        return -mean_s * math.log(1.0 - self.roll())

    def shuffled(self, things: Sequence[T]) -> list[T]:
        """The same things in another order."""
        rest = list(things)
        for index in range(len(rest) - 1, 0, -1):
            other = self.whole(0, index)
            rest[index], rest[other] = rest[other], rest[index]
        return rest
