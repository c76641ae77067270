"""Holding a ledger's transaction open at a known point."""

import threading
from datetime import datetime

from tests.shop import START

LIMIT_S = 30.0


class GateClock:
    """A clock that stops whoever asks it until the gate is opened.

    The ledger reads its clock once the SKUs of a batch are locked, so a ledger with this clock
    stands still inside its transaction, with its locks held.
    """

    def __init__(self, now: datetime = START) -> None:
        """Closed, at `now`."""
        self._now = now
        self.reached = threading.Event()
        self._open = threading.Event()

    def __call__(self) -> datetime:
        """The moment, once the gate is open."""
        self.reached.set()
        assert self._open.wait(LIMIT_S), "nobody opened the gate"
        return self._now

    def open(self) -> None:
        """Let everybody pass from now on."""
        self._open.set()
