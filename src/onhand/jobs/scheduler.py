"""Running jobs by the clock on the wall, in threads of this process."""

import logging
import threading
import time
import traceback
from collections.abc import Sequence
from datetime import UTC

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]
from apscheduler.schedulers.background import (  # type: ignore[import-untyped]
    BackgroundScheduler,
)

from onhand.jobs.registry import Clock
from onhand.jobs.runner import Runner, Work

TICK_S = 0.5
LISTEN_S = 0.2  # the ledger is followed at most this often, however fast it changes
THREADS = 4  # an environment's; jobs mostly wait for shops
STOP_WITHIN_S = 10.0


class _Crew:
    """The threads of one runner, started when something is due and gone when nothing is.

    Half of them at most work for one store: a shop that hangs must not keep the others waiting.
    Daemons: a run that does not end in time must not keep the process from ending.
    """

    def __init__(self, runner: Runner, clock: Clock, *, threads: int) -> None:
        self.runner = runner
        self._clock = clock
        self._threads = threads
        self._per_store = max(1, threads // 2)
        self._lock = threading.Lock()
        self._log = structlog.get_logger("onhand.jobs")
        self._changed, self._ended = threading.Event(), threading.Event()
        self._asked = threading.Event()
        threading.Thread(target=self._listen, name="onhand-ledger-listener", daemon=True).start()
        runner.environment.ledger.at_change = self._changed.set
        runner.environment.bell.listen(self._hear)

    def stop(self) -> None:
        """Begin nothing more."""
        self.runner.stop()
        self._ended.set()
        self._changed.set()

    def _hear(self) -> None:
        """Somebody has asked for a task."""
        self._asked.set()
        self._changed.set()

    def _listen(self) -> None:
        while not self._ended.wait(LISTEN_S):
            self._changed.wait()
            self._changed.clear()
            is_asked = self._asked.is_set()
            self._asked.clear()
            self.runner.ledger_changed(self._clock())
            for work in self._take(self._threads, look=is_asked):
                self._start(work)

    def tick(self) -> None:
        """Look what is due and set threads to work on it."""
        for work in self._take(self._threads, look=True):
            self._start(work)

    def _start(self, work: Work) -> None:
        threading.Thread(
            target=self._work, args=(work,), name=f"onhand-{work.key.job}", daemon=True
        ).start()

    def _take(self, most: int, *, look: bool) -> list[Work]:
        with self._lock:
            free = max(0, min(most, self._threads - self.runner.running))
            # Looking also keeps leases and tasks alive, and must not wait for a free thread.
            if free == 0 and not look:
                return []
            return self.runner.take(self._clock(), free, per_store=self._per_store, look=look)

    def _work(self, first: Work) -> None:
        following: list[Work] = [first]
        while following:
            try:
                self.runner.run(following[0])
            except Exception as error:  # tidy: boundary — nobody else would hear of it
                facts = "".join(traceback.format_exception(error))
                self._log.error("a run broke off", job=following[0].key.job, traceback=facts)
            finally:
                self.runner.let_go(following[0])
            following = self._take(self._threads, look=False)
            for work in following[1:]:  # several where one run has woken jobs of several stores
                self._start(work)


class Scheduler:
    """Drives runners until it is stopped; it costs next to nothing while nothing is due."""

    def __init__(self, runners: Sequence[Runner], *, clock: Clock, threads: int) -> None:
        """Start at once; each runner has `threads` threads of its own."""
        self._crews = [_Crew(runner, clock, threads=threads) for runner in runners]
        quiet = logging.getLogger("onhand.jobs.clockwork")
        quiet.setLevel(logging.ERROR)  # a tick that waits for a database is told by the runner
        self._clockwork = BackgroundScheduler(
            logger=quiet,
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(max(1, len(self._crews)))},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for crew in self._crews:
            self._clockwork.add_job(crew.tick, "interval", seconds=TICK_S)
        self._clockwork.start()

    def stop(self, within_s: float = STOP_WITHIN_S) -> bool:
        """Begin nothing more and wait at most so many seconds for what runs to end.

        Returns whether all of it did. What did not is left to its thread; its lease ends by
        itself, and its task is found by another process. Calling it again does nothing more.
        """
        if not self._clockwork.running:
            return not self._is_working
        for crew in self._crews:
            crew.stop()
        give_up_at = time.monotonic() + within_s
        while self._is_working and time.monotonic() < give_up_at:
            time.sleep(0.02)
        self._clockwork.shutdown()
        for crew in self._crews:
            crew.runner.close()
        return not self._is_working

    @property
    def _is_working(self) -> bool:
        return any(crew.runner.running for crew in self._crews)


def start(runners: Sequence[Runner], *, clock: Clock, threads: int = THREADS) -> Scheduler:
    """Run what is due, now and from now on, without keeping the caller waiting.

    Any number of processes may do this over one database: leases decide which of them runs what.
    """
    return Scheduler(runners, clock=clock, threads=threads)
