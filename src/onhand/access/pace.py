"""How many requests a token may send; every server process counts for itself."""

import math
import time
from collections.abc import Callable

from onhand.access.model import Principal, TooManyRequests

_MINUTE_NS = 60_000_000_000
_SECOND_NS = 1_000_000_000


class Pace:
    """Counts the requests of callers; asked by one thread, the loop that takes requests in.

    Each has an allowance of as many as may come in a minute, which comes back steadily. An owner
    token has one of its own, so that no visitor of a storefront uses up the shop's.
    """

    def __init__(
        self,
        per_minute: int,
        *,
        clock: Callable[[], int] = time.monotonic_ns,
        most_remembered: int = 10_000,
    ) -> None:
        """0 a minute: nothing is counted. `clock` counts nanoseconds and is never put back."""
        self._per_minute = per_minute
        self._each_ns = _MINUTE_NS // per_minute if per_minute else 0
        self._window_ns = self._each_ns * per_minute
        self._clock = clock
        self._most_remembered = most_remembered
        # When each caller's allowance is whole again; who came last stands last.
        self._whole_at: dict[tuple[str, str | None], int] = {}

    def take(self, principal: Principal) -> TooManyRequests | None:
        """Count one request, or say how long it has to wait."""
        if not self._each_ns:
            return None
        caller = (principal.token_id, principal.bound_owner)
        now = self._clock()
        whole_at = self._whole_at.pop(caller, now)
        after = (max(now, whole_at)) + self._each_ns
        too_much = after - now - self._window_ns
        self._whole_at[caller] = whole_at if too_much > 0 else after
        if len(self._whole_at) > self._most_remembered:
            del self._whole_at[next(iter(self._whole_at))]
        if too_much > 0:
            return TooManyRequests(math.ceil(too_much / _SECOND_NS), self._per_minute)
        return None
