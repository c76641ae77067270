"""Which listing is told first when calls are scarce (Y4): few left and selling fast.

Every stale listing gets the moment by which it should be told; the earliest is told first. So the
risky ones go first, and none waits for ever.
"""

import math
from datetime import datetime, timedelta

HALF_LIFE = timedelta(days=3.5)
_LONGEST_WAIT_S = 1800.0
_COVER_WITHOUT_WAIT_H = 24.0
_FULL_COVER_H = 24.0 * 30


def sold_recently(units: float, since: timedelta, more: int) -> float:
    """Units sold of late: what was known, faded by the time since, and what was sold now."""
    half_lives = max(since, timedelta(0)) / HALF_LIFE
    return units * math.pow(0.5, half_lives) + more


def due_at(now: datetime, *, available: int, recent_units: float) -> datetime:
    """By when a change should be told: at once where stock lasts a day, 30 minutes where a month.

    `recent_units` is what `sold_recently` gives: a steady seller of one unit a day has about 5.
    """
    if available <= 0:
        return now
    per_hour = recent_units / (HALF_LIFE / timedelta(hours=1) * 1.4427)
    cover_h = available / per_hour if per_hour > 0 else _FULL_COVER_H
    share = (cover_h - _COVER_WITHOUT_WAIT_H) / (_FULL_COVER_H - _COVER_WITHOUT_WAIT_H)
    return now + timedelta(seconds=_LONGEST_WAIT_S * min(1.0, max(0.0, share)))


def backoff_s(tries: int, jitter: float) -> float:
    """Seconds before try `tries` + 1 (from 1): doubling from 2 up to 5 minutes.

    `jitter` (0 … 1) takes up to half of it off, so that stores do not all come back at once.
    """
    return min(300.0, 2.0 ** min(tries, 12)) * (1 - jitter / 2)
