"""Simulated time: one thing happens after the other, and nobody waits for it."""

import heapq
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from onhand.world.crashes import Crash


class _Worker:
    """A thread of the simulated process, which runs only while it is its turn."""

    def __init__(self, turns: "Turns", work: Callable[[], None]) -> None:
        self.has_ended = False
        self.is_killed = False
        self._turns = turns
        self._work = work
        self._go = threading.Semaphore(0)
        self._failure: BaseException | None = None
        threading.Thread(target=self._run, daemon=True).start()

    def resume(self) -> None:
        """Let it run until it sleeps or ends; raises what it raised."""
        self._go.release()
        self._turns.back.acquire()
        if self._failure is not None:
            raise self._failure

    def pause(self) -> None:
        """Let others have their turn, until this thread's next.

        Raises:
            Crash: the process died meanwhile.
        """
        self._turns.back.release()
        self._go.acquire()
        if self.is_killed:
            raise Crash("killed")

    def _run(self) -> None:
        self._go.acquire()
        try:
            self._work()
        except BaseException as failure:  # tidy: boundary — raised again by `resume`
            self._failure = failure
        self.has_ended = True
        self._turns.back.release()


class Turns:
    """The simulated clock and all that is to happen, in the order of its moments."""

    def __init__(self, start: datetime) -> None:
        """It is `start`, and nothing is to happen yet."""
        self.back = threading.Semaphore(0)
        self._now = start
        self._numbers = 0
        self._due: list[tuple[datetime, int, Callable[[], None] | _Worker]] = []
        self._worker: _Worker | None = None
        self._asleep: list[_Worker] = []

    def now(self) -> datetime:
        """The moment it is."""
        return self._now

    def at(self, moment: datetime, happen: Callable[[], None]) -> None:
        """Let something happen at a moment, after what was planned for it before."""
        self._plan(max(moment, self._now), happen)

    def after(self, seconds: float, happen: Callable[[], None]) -> None:
        """Let something happen in so many seconds."""
        self.at(self._now + timedelta(seconds=seconds), happen)

    def start(self, work: Callable[[], None]) -> None:
        """Run `work` in a thread that may `sleep`; raises what it raises until it first does."""
        self._resume(_Worker(self, work))

    def sleep(self, seconds: float) -> None:
        """Let time pass for the thread whose turn it is, and whatever happens meanwhile happen.

        Raises:
            Crash: the process died meanwhile.
        """
        worker = self._worker
        assert worker is not None
        self._plan(self._now + timedelta(seconds=seconds), worker)
        self._asleep.append(worker)
        worker.pause()

    def run(self, until: datetime) -> None:
        """Let happen whatever is due until then; raises what it raises, and may be called again."""
        while self._due and self._due[0][0] <= until:
            moment, _, what = heapq.heappop(self._due)
            self._now = moment
            if not isinstance(what, _Worker):
                what()
            elif not what.has_ended:
                self._asleep.remove(what)
                self._resume(what)
        self._now = max(self._now, until)

    def kill(self) -> None:
        """End every thread where it sleeps."""
        asleep, self._asleep = self._asleep, []
        for worker in asleep:
            worker.is_killed = True
            try:
                self._resume(worker)
            except Crash:
                continue

    def _resume(self, worker: _Worker) -> None:
        before, self._worker = self._worker, worker
        try:
            worker.resume()
        finally:
            self._worker = before

    def _plan(self, moment: datetime, what: Callable[[], None] | _Worker) -> None:
        self._numbers += 1
        heapq.heappush(self._due, (moment, self._numbers, what))
