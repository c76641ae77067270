"""Holding a ledger's transaction open at a known point."""

import threading
import time
from datetime import datetime

import sqlalchemy as sa

from onhand.db.database import Database
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


def lock_queue(database: Database) -> int:
    """How many of Onhand's PostgreSQL connections wait for somebody's lock."""
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE application_name = 'onhand' AND wait_event_type = 'Lock'"
    )
    with database.read() as connection:
        return int(connection.execute(waiting).scalar_one())


def wait_for_lock_queue(database: Database, length: int = 1) -> None:
    """Return once so many wait for a lock."""
    deadline = time.monotonic() + LIMIT_S
    while lock_queue(database) < length:
        assert time.monotonic() < deadline, "nobody waits for a lock"
        time.sleep(0.01)
