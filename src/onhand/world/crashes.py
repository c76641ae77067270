"""Crashes of the process, at any place where something becomes true outside its memory."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from onhand.simulators.rakuten.dice import Dice

_LONGEST_AIM = 20  # places of its kind passed between the moment of a crash and the crash
_KINDS = ("commit", "call")


class Crash(BaseException):
    """The process ends here and now; nobody but the world may catch this."""


class Crashes:
    """Where and when the process dies; each call of `pass_by` is a place where it may."""

    def __init__(self, clock: Callable[[], datetime], dice: Dice) -> None:
        """It does not die before `plan`."""
        self.died: Counter[str] = Counter()
        self._clock = clock
        self._dice = dice
        self._moments: list[datetime] = []
        self._kind = _KINDS[0]
        self._left: int | None = None
        self._is_dead = False

    def plan(self, count: int, start: datetime, *, until: datetime) -> None:
        """Spread so many crashes between two moments."""
        span_s = (until - start).total_seconds()
        self._moments = sorted(
            start + timedelta(seconds=span_s * self._dice.roll()) for _ in range(count)
        )

    def pass_by(self, place: str) -> None:
        """Go on, or die here.

        Raises:
            Crash: the process is dead; nothing it does from now on has an effect.
        """
        if self._is_dead:
            raise Crash(place)
        if not self._moments or self._clock() < self._moments[0]:
            return
        if self._left is None:
            self._kind = _KINDS[self._dice.whole(0, len(_KINDS) - 1)]
            self._left = self._dice.whole(0, _LONGEST_AIM)
        if not place.endswith(self._kind):
            return
        if self._left > 0:
            self._left -= 1
            return
        del self._moments[0]
        self._left = None
        self.died[place] += 1
        self._is_dead = True
        raise Crash(place)

    def revive(self) -> None:
        """A new process begins."""
        self._is_dead = False

    @property
    def planned(self) -> int:
        """How many are still to come."""
        return len(self._moments)

    def landing(self) -> bool:
        """Whether what a dying process had sent arrives all the same."""
        return self._dice.happens(0.5)
