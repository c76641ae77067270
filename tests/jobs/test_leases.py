"""Leases: one holder at a time, whatever becomes of it."""

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onhand.bootstrap.clock import utc_now
from onhand.db.database import Database
from onhand.jobs.commands.leases import Lease, LeaseLost, check_held, hold, note_ran
from tests.databases import make_empty
from tests.shop import START, FakeClock
from tests.stock.recount import table

PROCESSES = 3
LEASE_S = 0.4
KILLS = 5
SPAWN = multiprocessing.get_context("spawn")


def take(database: Database, clock: FakeClock, holder: str = "a") -> Lease | None:
    """Try to hold `job` for ten seconds."""
    return hold(database, "job", holder, seconds=10, clock=clock)


def test_one_holds_it_until_its_time_is_over(database: Database, clock: FakeClock) -> None:
    first = take(database, clock)
    assert first is not None
    assert first.until == START + timedelta(seconds=10)
    assert take(database, clock, "b") is None
    assert take(database, clock, "a") is None
    clock.advance(9.999999)
    assert first.is_held(clock())
    assert take(database, clock, "b") is None
    clock.advance(0.000001)
    assert not first.is_held(clock())
    second = take(database, clock, "b")
    assert second is not None
    assert second.fence > first.fence
    assert not first.renew()
    assert take(database, clock, "a") is None


def test_renewing_holds_it_on(database: Database, clock: FakeClock) -> None:
    lease = take(database, clock)
    assert lease is not None
    for _ in range(5):
        clock.advance(9)
        assert lease.renew()
        assert take(database, clock, "b") is None
    clock.advance(11)
    assert lease.renew(), "it ended, but nobody took it"
    assert take(database, clock, "b") is None


def test_what_is_released_is_free_at_once_and_stays_released(
    database: Database, clock: FakeClock
) -> None:
    lease = take(database, clock)
    assert lease is not None
    lease.release()
    assert not lease.is_held(clock())
    assert not lease.renew()
    other = take(database, clock, "b")
    assert other is not None
    lease.release()
    assert other.is_held(clock())
    assert take(database, clock, "c") is None


def test_names_do_not_disturb_each_other(database: Database, clock: FakeClock) -> None:
    assert take(database, clock) is not None
    assert hold(database, "another", "b", seconds=10, clock=clock) is not None


def test_a_late_holder_is_told_apart_inside_its_transaction(
    database: Database, clock: FakeClock
) -> None:
    late = take(database, clock)
    assert late is not None
    with database.begin() as connection:
        check_held(connection, late)
    clock.advance(10)
    assert take(database, clock, "b") is not None
    with pytest.raises(LeaseLost, match="job"), database.begin() as connection:
        check_held(connection, late)


def test_nobody_takes_it_while_a_checked_transaction_runs(
    database: Database, clock: FakeClock
) -> None:
    lease = take(database, clock)
    assert lease is not None
    with ThreadPoolExecutor(1) as threads:
        with database.begin() as connection:
            check_held(connection, lease)
            clock.advance(10)
            other = threads.submit(take, database, clock, "b")
            time.sleep(0.2)
            assert not other.done()
        assert other.result(10) is not None


def test_the_next_holder_learns_when_the_job_last_began(
    database: Database, clock: FakeClock
) -> None:
    lease = take(database, clock)
    assert lease is not None
    assert lease.ran_at is None
    note_ran(lease, START)
    lease.release()
    other = take(database, clock, "b")
    assert other is not None
    assert other.ran_at == START
    note_ran(lease, START + timedelta(days=1))
    assert [row["ran_at"] is not None for row in table(database, "lease")] == [True]
    other.release()
    third = take(database, clock)
    assert third is not None
    assert third.ran_at == START, "a late holder says nothing"


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["hold", "renew", "release", "wait"]),
        st.integers(0, 2),
        st.integers(1, 8),
    ),
    max_size=40,
)


@pytest.mark.slow
@given(steps=STEPS)
def test_any_sequence_has_one_holder_and_growing_fences(
    steps: list[tuple[str, int, int]], shared_schema: Database
) -> None:
    """Against a plain model of one holder."""
    make_empty(shared_schema)
    clock = FakeClock()
    held: dict[int, Lease] = {}
    owner: int | None = None
    until: datetime = START
    fence = 0
    for step, who, seconds in steps:
        if step == "wait":
            clock.advance(seconds)
        elif step == "hold":
            lease = hold(shared_schema, "x", f"h{who}", seconds=seconds, clock=clock)
            assert (lease is not None) == (clock() >= until)
            if lease is not None:
                assert lease.fence == fence + 1
                owner, until, fence, held[who] = who, lease.until, lease.fence, lease
        elif who in held:
            ours = owner == who
            if step == "renew":
                assert held[who].renew() == ours
                until = held[who].until if ours else until
            else:
                held[who].release()
                owner, until = (None, min(until, clock())) if ours else (owner, until)
                until = clock() if ours else until


def test_of_many_threads_one_gets_it(database: Database, clock: FakeClock) -> None:
    for round_number in range(20):
        start = threading.Barrier(6)

        def race(holder: int, start: threading.Barrier = start) -> Lease | None:
            start.wait(10)
            return take(database, clock, f"h{holder}")

        with ThreadPoolExecutor(6) as threads:
            leases = [lease for lease in threads.map(race, range(6)) if lease is not None]
        assert [lease.fence for lease in leases] == [round_number + 1]
        clock.advance(10)


def say(log: Path, lease: Lease) -> None:
    """Write down that we hold it, if we do: the moment is taken before looking."""
    at = time.monotonic_ns()
    if lease.is_held(utc_now()):
        with log.open("a") as output:
            output.write(f"{at} {lease.holder} {lease.fence} .\n")


def work_in_turns(url: str, schema: str | None, log: Path) -> None:
    """In a process: hold it a little, say so now and then, release it, and again."""
    database = Database(url, schema=schema)
    while True:
        lease = hold(database, "job", str(os.getpid()), seconds=LEASE_S, clock=utc_now)
        if lease is None:
            time.sleep(0.005)
            continue
        for _ in range(4):
            say(log, lease)
            time.sleep(0.02)
            if not lease.renew():
                break
        say(log, lease)
        lease.release()


def turns_of(log: Path) -> list[tuple[int, int, int]]:
    """When who held it with which fence, by time; a line that was cut short is left out."""
    lines = [line.split() for line in log.read_text().splitlines() if line.endswith(" .")]
    return sorted((int(at), int(holder), int(fence)) for at, holder, fence, _ in lines)


@pytest.mark.slow
def test_killed_holders_never_share_it_and_always_lose_it(
    database: Database, tmp_path: Path
) -> None:
    """Processes take turns; every now and then the one that holds the lease is killed."""
    log = tmp_path / "log"
    log.touch()
    url = database.url.render_as_string(hide_password=False)
    workers: dict[int, SpawnProcess] = {}
    killed: set[int] = set()

    def begin() -> None:
        worker = SPAWN.Process(target=work_in_turns, args=(url, database.schema, log))
        worker.start()
        workers[worker.pid or 0] = worker

    def wait_for_another() -> int:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            holder = ([0] + [holder for _, holder, _ in turns_of(log)])[-1]
            if holder and holder not in killed:
                return holder
            time.sleep(0.02)
        raise AssertionError("nobody took the lease of a killed holder")

    for _ in range(PROCESSES):
        begin()
    try:
        while len(killed) < KILLS:
            holder = wait_for_another()
            time.sleep(0.1 * len(killed))
            os.kill(holder, signal.SIGKILL)
            killed.add(holder)
            begin()
        wait_for_another()
    finally:
        for worker in workers.values():
            worker.kill()
            worker.join()
    assert_turns(turns_of(log))


def assert_turns(turns: list[tuple[int, int, int]]) -> None:
    """The fences never go back: nobody held it once the next did."""
    fences = [fence for _, _, fence in turns]
    assert fences == sorted(fences)
    assert len({(fence, holder) for _, holder, fence in turns}) == len(set(fences))
    assert len(set(fences)) > KILLS
