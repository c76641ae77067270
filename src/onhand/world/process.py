"""Onhand as one process in the world: opened on its database, at work until it dies."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from onhand.bootstrap.environment import Environment, Onhand, open_environments
from onhand.bootstrap.settings import Settings
from onhand.bootstrap.shops import Wiring
from onhand.jobs.model import Key
from onhand.jobs.registry import Job, JobContext, Outcome
from onhand.jobs.runner import Runner, Work
from onhand.jobs.scheduler import LISTEN_S, THREADS, TICK_S
from onhand.jobs.start import runner_of
from onhand.world.crashes import Crash, Crashes
from onhand.world.network import Network
from onhand.world.queries import next_work_at, unsettled
from onhand.world.turns import Turns

# Jobs that look this often or more are left out while they would find nothing to do.
_EAGER_S = 60.0
_WHEN_CALM_S = 86_400.0
_RESTART_S = 3.0
_BEAT_S = 5.0  # while something runs, its lease and its task are kept alive
_PUSHING = ("sync.push", "sync.read", "naive.push")


class Process:
    """Runs the jobs as `onhand serve` does, in as many threads, on the simulated clock.

    A job that looks every second for work finds none most of the time. Once it has found none it
    is left out until something was done or a moment has come that a row of the database names;
    what it would have found in between is nothing.
    """

    def __init__(
        self,
        settings: Settings,
        turns: Turns,
        network: Network,
        *,
        jobs: Callable[[], Sequence[Job]],
        crashes: Crashes,
    ) -> None:
        """Nothing runs before `open`; `jobs` gives the jobs of a new process."""
        self.restarts = 0
        self._settings = settings
        self._turns = turns
        self._crashes = crashes
        self._jobs = jobs
        self._wiring = Wiring(
            "http://rakuten.invalid", sleep=turns.sleep, transport=network.transport
        )
        self._onhand: Onhand | None = None
        self._runner: Runner | None = None
        self._calm: set[Key] = set()
        self._stirs = 0
        self._look_at: datetime | None = None
        self._named: datetime | None = None

    @property
    def environment(self) -> Environment | None:
        """Where it works; None while it is dead."""
        return None if self._onhand is None else self._onhand.live

    def open(self) -> None:
        """Begin, or begin anew on what the one before left behind."""
        self._crashes.revive()
        self._onhand = open_environments(self._settings, clock=self._turns.now, wiring=self._wiring)
        environment = self._onhand.live
        environment.database.at_commit = self._pass_commit
        self._runner = runner_of(environment, [self._watched(job) for job in self._jobs()])
        self._calm.clear()
        self._look_in(0.0)

    def die(self) -> None:
        """Lose everything in memory; a new process begins soon."""
        self._turns.kill()
        self.close()
        self.restarts += 1
        self._turns.after(_RESTART_S, self.open)

    def close(self) -> None:
        """Let go of connections; nothing is written."""
        onhand, self._onhand, self._runner = self._onhand, None, None
        self._look_at = None
        if onhand is not None:
            onhand.close()

    def stir(self, store_id: str | None = None) -> None:
        """Something has changed, in a store or (None) anywhere: its jobs may find work again."""
        self._stirs += 1
        if store_id is None:
            self._calm.clear()
        else:
            self._calm -= {key for key in self._calm if key.store_id in (store_id, None)}
        self._look_in(TICK_S)

    def stir_ledger(self) -> None:
        """The ledger has changed: whoever follows it finds work, and then the others do."""
        self._stirs += 1
        if self._runner is not None:
            jobs = self._runner.registry
            self._calm -= {
                key
                for key in self._calm
                if key.store_id is None or jobs.find(key.job).follows_ledger
            }
            self._runner.ledger_changed(self._turns.now())
        self._look_in(LISTEN_S / 2)  # on average, of those who listen

    def _pass_commit(self, side: str) -> None:
        self._crashes.pass_by(f"{side} a commit")

    # What runs when

    def _watched(self, job: Job) -> Job:
        """The job as it is, but for the seconds in which it would find nothing."""
        every = job.every
        is_eager = isinstance(every, float) and every < _EAGER_S

        def every_s(settings: object) -> float:
            assert isinstance(every, float)
            store_id = settings.get("shop_code") if isinstance(settings, dict) else None
            return _WHEN_CALM_S if Key(job.name, store_id) in self._calm else every

        def run(context: JobContext) -> Outcome:
            stirs = self._stirs
            outcome = job.run(context)
            if outcome.done:
                self.stir(context.store_id)
            elif job.name == "orders.poll":
                self._stir_what_waited(context)
            elif self._stirs == stirs:
                self._calm.add(Key(job.name, context.store_id))
                if job.name == "sync.push":  # it may have found that numbers wait for orders
                    self._calm.discard(Key("orders.catch-up", context.store_id))
                    self._look_in(TICK_S)
            return outcome

        return replace(job, run=run, every=every_s if is_eager else every)

    def _stir_what_waited(self, context: JobContext) -> None:
        """A poll that found no order has moved the cursor that pushes may wait for."""
        if unsettled(context.environment.database, context.store):
            self._stirs += 1
            self._calm -= {Key(name, context.store_id) for name in _PUSHING}
            self._look_in(TICK_S)

    def _look_in(self, seconds: float) -> None:
        self._plan_look(self._turns.now() + timedelta(seconds=seconds))

    def _plan_look(self, moment: datetime) -> None:
        if self._look_at is not None and self._look_at <= moment:
            return
        self._look_at = moment

        def look() -> None:
            if self._look_at != moment:
                return
            self._look_at = None  # also while the process is dead: the next one plans anew
            if self._runner is not None:
                self._look(self._runner)

        self._turns.at(moment, look)

    def _look(self, runner: Runner) -> None:
        now = self._turns.now()
        free = THREADS - runner.running
        for work in runner.take(now, free, per_store=THREADS // 2):
            self._turns.start(partial(self._work, runner, work))
        if self._runner is runner:
            self._plan_next(runner)

    def _work(self, runner: Runner, first: Work) -> None:
        following = [first]
        while following:
            runner.run(following[0])
            free = THREADS - runner.running
            now = self._turns.now()
            following = (
                runner.take(now, free, per_store=THREADS // 2, look=False) if free > 0 else []
            )
            for work in following[1:]:
                self._turns.after(0.0, partial(self._begin, runner, work))
        if not runner.running:
            self._plan_next(runner)

    def _begin(self, runner: Runner, work: Work) -> None:
        if self._runner is runner:
            self._turns.start(partial(self._work, runner, work))

    def _plan_next(self, runner: Runner) -> None:
        """Look again when the schedule wants something, or a row names a moment."""
        now, due_at = self._turns.now(), runner.due_at
        if due_at is None:  # leases of a process that died are still to run out
            due_at = runner.next_at(now)
        if runner.running:
            due_at = min(due_at, now + timedelta(seconds=_BEAT_S))
        elif due_at > now + timedelta(seconds=1):
            environment = self.environment
            assert environment is not None
            named = next_work_at(environment.database, now=now)
            if named is not None and named != self._named:
                self._named = named
                self._turns.at(named, self.stir)
        self._plan_look(max(due_at, now + timedelta(seconds=TICK_S)))


def dies_with(process: Process, act: Callable[[], None]) -> bool:
    """Run `act`; whether the process died of it."""
    try:
        act()
    except Crash:
        process.die()
        return True
    return False
