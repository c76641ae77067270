"""Jobs that wake others, and jobs that the ledger wakes: nobody waits for a schedule then."""

import time
from collections import Counter
from dataclasses import replace

import pytest

from onhand.bootstrap.clock import utc_now
from onhand.jobs.registry import Job, JobContext, Outcome
from onhand.jobs.runner import Runner
from onhand.jobs.scheduler import start
from tests.jobs.test_scheduler import STORES, wait_until
from tests.jobs.workshop import Script, Workshop
from tests.marketplace import Marketplace

RARELY_S = 3600.0


def test_a_run_that_did_something_wakes_others_of_its_store(workshop: Workshop) -> None:
    poll, push, follow = Script(), Script(), Script()
    runner = workshop.runner(
        Job("poll", poll, every=10.0, wakes=("push", "follow")),
        Job("push", push, every=RARELY_S),
        Job("follow", follow, every=RARELY_S, per_store=False),
    )
    workshop.run(runner)
    push.take_ran(), follow.take_ran()
    workshop.run(runner, 11)
    workshop.run(runner)
    assert (push.take_ran(), follow.take_ran()) == ([], [])  # the poll did nothing
    poll.does = lambda context: Outcome(done=int(context.store_id == "east"))
    workshop.run(runner, 11)
    workshop.run(runner)
    assert (push.take_ran(), follow.take_ran()) == (["east"], [None])
    workshop.run(runner, 1)
    assert push.take_ran() == []


def test_a_job_that_fails_is_not_woken(workshop: Workshop) -> None:
    def fail(_: JobContext) -> Outcome:
        raise OSError

    poll, push = Script(), Script()
    poll.does = lambda context: Outcome(done=1)
    push.does = fail
    jobs = (Job("poll", poll, every=1.0, wakes=("push",)), Job("push", push, every=RARELY_S))
    runner = workshop.runner(*jobs)
    for _ in range(40):
        workshop.run(runner, 1)
    assert len(push.ran) <= 2 * 7  # its waits double


def test_the_ledger_wakes_who_follows_it(workshop: Workshop) -> None:
    """And whom that one wakes runs in every store, at once."""
    ran: Counter[str | None] = Counter()

    def follow(context: JobContext) -> Outcome:
        ran["follow"] += 1
        return Outcome(done=1)

    def push(context: JobContext) -> Outcome:
        ran[context.store_id] += 1
        return Outcome()

    jobs = (
        Job("follow", follow, RARELY_S, per_store=False, wakes=("push",), follows_ledger=True),
        Job("push", push, RARELY_S),
    )
    environment = workshop.environment
    runner = Runner(environment, jobs, stores=lambda: STORES, clock=utc_now)
    scheduler = start([runner], clock=utc_now, threads=4)
    try:
        wait_until(lambda: ran["follow"] == 1 and all(ran[s.store_id] >= 1 for s in STORES))
        time.sleep(0.6)
        seen = Counter(ran)
        assert environment.ledger.at_change is not None
        began = time.monotonic()
        for _ in range(50):
            environment.ledger.at_change()
        wait_until(lambda: all(ran[s.store_id] > seen[s.store_id] for s in STORES))
        assert time.monotonic() - began < 5
        assert ran["follow"] <= 3  # not fifty times
    finally:
        assert scheduler.stop()


def test_the_ledger_tells_of_its_commits(marketplace: Marketplace) -> None:
    told: list[int] = []
    ledger = marketplace.environment.ledger
    ledger.at_change = lambda: told.append(marketplace.goods.units("tote").on_hand)
    marketplace.goods.register("tote")
    told.clear()
    marketplace.goods.receive("tote", 3)
    assert told == [3]


@pytest.mark.parametrize("store_id", ["east", None])
def test_who_follows_the_ledger_is_due_again(workshop: Workshop, store_id: str | None) -> None:
    script = Script()
    job = Job("follow", script, every=RARELY_S, per_store=store_id is not None)
    runner = workshop.runner(replace(job, follows_ledger=True))
    workshop.run(runner)
    script.take_ran()
    workshop.run(runner, 1)
    assert script.take_ran() == []
    runner.ledger_changed(workshop.clock())
    workshop.run(runner, 1)
    assert store_id in script.take_ran()
