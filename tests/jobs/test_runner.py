"""The runner: what is due when, whom a failure harms, and what another process may take over."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import pytest

from onhand.channels.errors import ChannelRateLimited
from onhand.jobs.commands.leases import LeaseLost
from onhand.jobs.model import LONGEST_WAIT_S
from onhand.jobs.registry import Job, JobContext, Outcome, Registry, UnknownJob
from onhand.jobs.runner import LEASE_S
from tests.jobs.workshop import Script, Workshop
from tests.shop import START


class Crash(BaseException):
    """The process ends here."""


class Broken(Exception):
    """A job's own failure."""


@dataclass(frozen=True)
class FailsFor:
    """Raises for one store."""

    store_id: str
    error: BaseException

    def __call__(self, context: JobContext) -> Outcome:
        """Run."""
        if context.store_id == self.store_id:
            raise self.error
        return Outcome()


def polling(settings: object) -> float:
    """The interval that a store's settings name."""
    assert isinstance(settings, dict)
    return float(settings["poll_interval_s"])


def test_each_store_is_served_at_its_own_interval(workshop: Workshop) -> None:
    script = Script()
    workshop.set_store("west", "active", poll_interval_s=60)
    runner = workshop.runner(Job("orders.poll", script, every=polling))
    round_ = runner.run_due(workshop.clock())
    assert round_.runs == 2
    assert script.take_ran() == ["east", "west"]
    assert workshop.run(runner) == 0
    assert workshop.run(runner, 59) == 0
    assert workshop.run(runner, 1) == 1
    assert script.take_ran() == ["west"]
    workshop.set_store("east", "active", poll_interval_s=60)
    assert workshop.run(runner) == 1
    assert script.take_ran() == ["east"]


def test_the_next_moment_is_told(workshop: Workshop) -> None:
    runner = workshop.runner(Job("a", Script(), every=3, per_store=False))
    assert runner.run_due(START).next_at == START + timedelta(seconds=3)
    assert runner.run_due(START + timedelta(seconds=1)).next_at == START + timedelta(seconds=3)
    idle = workshop.runner(Job("b", Script(), every=100, per_store=False))
    # Not later than it has to look after its leases.
    assert idle.run_due(START).next_at == START + timedelta(seconds=LEASE_S / 6)


def test_stepping_from_moment_to_moment_misses_nothing(workshop: Workshop) -> None:
    script = Script()
    runner = workshop.runner(Job("a", script, every=7), Job("b", Script(), every=11))
    for _ in range(200):
        moment = runner.run_due(workshop.clock()).next_at
        workshop.clock.advance((moment - workshop.clock()).total_seconds())
    passed = (workshop.clock() - START).total_seconds()
    assert len(script.ran) == 2 * (passed // 7) or len(script.ran) == 2 * (passed // 7 + 1)


def test_paused_and_inactive_stores_are_left_alone(workshop: Workshop) -> None:
    script = Script()
    runner = workshop.runner(Job("a", script, every=1))
    workshop.set_store("east", "paused")
    workshop.set_store("west", "inactive")
    assert workshop.run(runner) == 0
    workshop.set_store("east", "active")
    assert workshop.run(runner, 1) == 1
    assert script.take_ran() == ["east"]


def test_a_job_of_the_environment_runs_once(workshop: Workshop) -> None:
    script = Script()
    runner = workshop.runner(Job("sync.follow", script, every=1, per_store=False))
    assert workshop.run(runner) == 1
    assert script.take_ran() == [None]


def test_more_work_runs_again_at_once_but_lets_others_go_first(workshop: Workshop) -> None:
    busy, other = Script(), Script()
    busy.does = lambda context: Outcome(done=1, again_in_s=0)
    jobs = Job("busy", busy, every=60, per_store=False), Job("other", other, every=1)
    runner = workshop.runner(*jobs)
    for _ in range(10):
        workshop.run(runner)
    assert len(busy.take_ran()) == 10
    assert other.take_ran() == ["east", "west"]
    busy.does = lambda context: Outcome(again_in_s=5)
    workshop.run(runner)
    busy.take_ran()
    workshop.run(runner, 4.9)
    assert busy.take_ran() == []
    workshop.run(runner, 0.1)
    assert busy.take_ran() == [None]


def test_a_failing_store_backs_off_and_the_other_does_not_notice(workshop: Workshop) -> None:
    script = Script()
    script.does = FailsFor("east", Broken("no"))
    runner = workshop.runner(Job("a", script, every=1))
    moments = []
    for _ in range(500):
        workshop.run(runner, 4)
        if "east" in script.take_ran():
            moments.append(workshop.clock())
    waits = [(b - a).total_seconds() for a, b in pairwise(moments)]
    assert waits[0] <= 8
    assert 8 <= len(waits) <= 20
    assert max(waits) <= LONGEST_WAIT_S + 4
    assert min(waits[-2:]) >= LONGEST_WAIT_S / 2
    script.does = lambda context: Outcome()
    workshop.run(runner, LONGEST_WAIT_S)
    script.take_ran()
    workshop.run(runner, 1)
    assert sorted(map(str, script.take_ran())) == ["east", "west"], "it went well: no more waiting"
    failures = [task for task in workshop.tasks() if task.state == "failed"]
    assert {task.store_id for task in failures} == {"east"}
    assert failures[0].errors == ["Broken: no"]
    assert len(failures) == len(workshop.tasks()) == len(moments)


def test_the_shop_says_how_long_to_wait(workshop: Workshop) -> None:
    script = Script()
    script.does = FailsFor("east", ChannelRateLimited("f", "slow", retry_after_s=600))
    runner = workshop.runner(Job("a", script, every=1))
    workshop.run(runner)
    script.take_ran()
    workshop.run(runner, 599)
    assert script.take_ran() == ["west"]
    workshop.run(runner, 1)
    assert "east" in script.take_ran()


def test_two_processes_share_the_work_and_never_do_it_twice(workshop: Workshop) -> None:
    one, two = Script(), Script()
    first = workshop.runner(Job("a", one, every=1))
    second = workshop.runner(Job("a", two, every=1))
    for _ in range(100):
        workshop.run(first, 1)
        workshop.run(second)
    assert len(one.ran) == 200
    assert two.ran == []
    first.close()
    for _ in range(6):
        workshop.run(second, 1)
    assert len(two.take_ran()) >= 2
    assert workshop.run(first) == 0


def test_a_crashed_process_is_replaced_once_its_leases_end(workshop: Workshop) -> None:
    script, other = Script(), Script()
    script.does = FailsFor("west", Crash())
    first = workshop.runner(Job("a", script, every=1))
    with pytest.raises(Crash):
        workshop.run(first)
    second = workshop.runner(Job("a", other, every=1))
    for _ in range(int(LEASE_S)):
        assert workshop.run(second) == 0
        workshop.clock.advance(1)
    workshop.run(second, 5)
    assert other.take_ran() == ["east", "west"]


def test_a_process_that_slept_too_long_does_not_begin(workshop: Workshop) -> None:
    late, script = Script(), Script()
    first = workshop.runner(Job("a", late, every=1, per_store=False))
    second = workshop.runner(Job("a", script, every=1, per_store=False))
    (work,) = first.take(workshop.clock())
    workshop.run(second, LEASE_S)
    assert script.take_ran() == [None]
    first.run(work)
    assert late.ran == []
    assert workshop.run(first, LEASE_S / 6) == 0
    assert workshop.run(second) == 1


def test_a_run_hears_that_its_lease_was_lost(workshop: Workshop) -> None:
    script, other = Script(), Script()
    second = workshop.runner(Job("a", other, every=1, per_store=False))
    heard = []

    def sleep_long(context: JobContext) -> Outcome:
        workshop.run(second, LEASE_S)
        heard.append(context.task.cancelled)
        context.task.advance(1, 2)
        return Outcome(done=1)

    script.does = sleep_long
    workshop.run(workshop.runner(Job("a", script, every=1, per_store=False)))
    assert heard == [True]
    assert other.ran == [None]
    assert workshop.tasks() == []


def test_a_long_run_keeps_its_lease_by_telling_how_far_it_is(workshop: Workshop) -> None:
    script, other = Script(), Script()
    second = workshop.runner(Job("a", other, every=1, per_store=False))

    def take_long(context: JobContext) -> Outcome:
        for step in range(10):
            workshop.clock.advance(LEASE_S * 0.6)
            context.task.advance(step, 10)
            assert not context.task.cancelled
            workshop.run(second)
        return Outcome(done=10)

    script.does = take_long
    workshop.run(workshop.runner(Job("a", script, every=1, per_store=False)))
    assert other.ran == []
    assert workshop.task().state == "done"


def test_losing_the_lease_inside_a_write_is_no_failure_of_the_job(workshop: Workshop) -> None:
    script = Script()
    script.does = FailsFor("east", LeaseLost("a:east"))
    workshop.run(workshop.runner(Job("a", script, every=1)))
    assert workshop.tasks() == []


def test_rare_jobs_do_not_start_anew_with_every_process(workshop: Workshop) -> None:
    script = Script()
    job = Job("catalog.pull", script, every=86_400)
    workshop.run(workshop.runner(job))
    script.take_ran()
    later = workshop.runner(job)
    assert workshop.run(later, 3600) == 0
    assert workshop.run(later, 82_799) == 0
    assert workshop.run(later, 1) == 2


def test_a_rare_job_that_failed_or_was_cut_short_starts_anew(workshop: Workshop) -> None:
    script = Script()
    script.does = FailsFor("east", Broken("no"))
    job = Job("catalog.pull", script, every=86_400)
    workshop.run(workshop.runner(job))
    script.take_ran()
    script.does = lambda context: Outcome()
    assert workshop.run(workshop.runner(job), LEASE_S) == 1
    assert script.ran == ["east"]


def test_a_process_that_stops_begins_nothing(workshop: Workshop) -> None:
    script = Script()
    runner = workshop.runner(Job("a", script, every=1))
    runner.stop()
    workshop.ask("a", "east")
    assert workshop.run(runner) == 0
    assert script.ran == []


def test_names_are_looked_up_and_used_once() -> None:
    job = Job("a", Script())
    registry = Registry([job])
    assert registry.find("a") is job
    with pytest.raises(UnknownJob, match="no job b"):
        registry.find("b")
    with pytest.raises(ValueError, match="one name"):
        Registry([job, job])
