"""What was found good a moment ago, so that the database need not be asked again."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, NamedTuple, TypeVar

Found = TypeVar("Found")

_TRUSTED_FOR = timedelta(seconds=5)  # after which what was revoked or changed meanwhile is noticed
_MOST = 10_000


class _Known(NamedTuple, Generic[Found]):
    found: Found
    checked_at: datetime
    ends_at: datetime | None


class Remembered(Generic[Found]):
    """What secrets stand for, by their hash, for 5 seconds; safe to share between threads."""

    def __init__(self, clock: Callable[[], datetime], *, most: int = _MOST) -> None:
        """`clock` gives the current moment in UTC; of more than `most` the oldest is forgotten."""
        self._clock = clock
        self._most = most
        self._known: dict[str, _Known[Found]] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> Found | None:
        """What was found in the last 5 seconds, unless it has ended by itself since."""
        known = self._known.get(key)
        if known is None:
            return None
        now = self._clock()
        is_fresh = timedelta(0) <= now - known.checked_at < _TRUSTED_FOR
        return known.found if is_fresh and (known.ends_at is None or now < known.ends_at) else None

    def keep(self, key: str, found: Found, *, at: datetime, ends_at: datetime | None) -> None:
        """Remember what was found good at a moment, until it ends at the latest."""
        with self._lock:
            self._known.pop(key, None)
            if len(self._known) >= self._most:
                del self._known[next(iter(self._known))]
            self._known[key] = _Known(found, at, ends_at)

    def forget(self, key: str) -> None:
        """Ask the database the next time."""
        with self._lock:
            self._known.pop(key, None)
