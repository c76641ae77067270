"""Grouped: what arrives while a batch runs forms the next one, and each caller gets its own."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from onhand.db.grouping import Grouped, Stopping

LIMIT_S = 10.0


class Broken(Exception):
    """What a run raises."""


class Run:
    """Doubles numbers, remembers its batches, and stands still while the gate is closed."""

    def __init__(self) -> None:
        """An open gate."""
        self.batches: list[list[int]] = []
        self.started = threading.Semaphore(0)
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, items: Sequence[int]) -> list[int | BaseException]:
        """Twice each item; negative ones break the batch, 13 only itself."""
        self.batches.append(list(items))
        self.started.release()
        assert self.gate.wait(LIMIT_S)
        if any(item < 0 for item in items):
            raise Broken("all")
        return [Broken("one") if item == 13 else item * 2 for item in items]


@pytest.fixture
def run() -> Run:
    """What the group runs."""
    return Run()


@pytest.fixture
def group(run: Run) -> Iterator[Grouped[int, int]]:
    """A group of batches of at most four."""
    grouped: Grouped[int, int] = Grouped("test", run, batch_size=4)
    yield grouped
    run.gate.set()
    grouped.close()


def test_a_lone_item_runs_at_once(group: Grouped[int, int], run: Run) -> None:
    assert group.submit(4).result(LIMIT_S) == 8
    assert run.batches == [[4]]


def test_what_arrives_meanwhile_forms_the_next_batches(group: Grouped[int, int], run: Run) -> None:
    run.gate.clear()
    first = group.submit(1)
    assert run.started.acquire(timeout=LIMIT_S)
    others = [group.submit(number) for number in range(2, 9)]
    run.gate.set()
    assert [future.result(LIMIT_S) for future in [first, *others]] == list(range(2, 17, 2))
    assert run.batches == [[1], [2, 3, 4, 5], [6, 7, 8]]


def test_an_error_of_one_item_is_its_callers_alone(group: Grouped[int, int], run: Run) -> None:
    run.gate.clear()
    futures = [group.submit(1)]
    assert run.started.acquire(timeout=LIMIT_S)
    futures += [group.submit(number) for number in (12, 13, 14)]
    run.gate.set()
    assert [future.result(LIMIT_S) for future in (futures[0], futures[1], futures[3])] == [
        2,
        24,
        28,
    ]
    with pytest.raises(Broken, match="one"):
        futures[2].result(LIMIT_S)


def test_a_broken_batch_is_told_to_all_of_it_and_the_next_one_runs(
    group: Grouped[int, int], run: Run
) -> None:
    run.gate.clear()
    group.submit(1)
    assert run.started.acquire(timeout=LIMIT_S)
    broken = [group.submit(2), group.submit(-1)]
    run.gate.set()
    for future in broken:
        with pytest.raises(Broken, match="all"):
            future.result(LIMIT_S)
    assert group.submit(3).result(LIMIT_S) == 6


def test_closing_finishes_what_is_queued(run: Run) -> None:
    grouped: Grouped[int, int] = Grouped("test", run, batch_size=2)
    run.gate.clear()
    futures = [grouped.submit(number) for number in range(7)]
    closing = threading.Thread(target=grouped.close)
    closing.start()
    run.gate.set()
    closing.join(LIMIT_S)
    assert not closing.is_alive()
    assert [future.result(0) for future in futures] == [0, 2, 4, 6, 8, 10, 12]
    with pytest.raises(Stopping):
        grouped.submit(1)


def test_every_caller_of_many_threads_gets_its_own_result(
    group: Grouped[int, int], run: Run
) -> None:
    numbers = [number for number in range(200) if number != 13]
    with ThreadPoolExecutor(20) as threads:
        results = list(threads.map(lambda n: group.submit(n).result(LIMIT_S), numbers))
    assert results == [number * 2 for number in numbers]
    assert sorted(number for batch in run.batches for number in batch) == numbers
    assert max(map(len, run.batches)) <= 4


def test_callers_of_an_event_loop(group: Grouped[int, int]) -> None:
    async def ask() -> list[int | BaseException]:
        futures = [group.submit_async(number) for number in (1, 13, 3)]
        return await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), LIMIT_S)

    one, broken, three = asyncio.run(ask())
    assert (one, three) == (2, 6)
    assert isinstance(broken, Broken)


def test_a_caller_that_went_away_harms_nobody(group: Grouped[int, int], run: Run) -> None:
    async def leave() -> int:
        run.gate.clear()
        gone = group.submit_async(1)
        stays = group.submit_async(2)
        gone.cancel()
        run.gate.set()
        return await asyncio.wait_for(stays, LIMIT_S)

    assert asyncio.run(leave()) == 4
    assert group.submit(5).result(LIMIT_S) == 10


def test_a_loop_that_was_closed_harms_nobody(group: Grouped[int, int], run: Run) -> None:
    async def leave() -> None:
        group.submit_async(1)

    run.gate.clear()
    asyncio.run(leave())
    run.gate.set()
    assert group.submit(5).result(LIMIT_S) == 10


class Closing(asyncio.SelectorEventLoop):
    """A loop that was open when it was asked, and is closed when it is called."""

    is_late = True

    def is_closed(self) -> bool:
        """What was true a moment ago."""
        return not self.is_late and super().is_closed()


def test_a_loop_that_closes_at_the_last_moment_harms_nobody(
    group: Grouped[int, int], run: Run
) -> None:
    async def leave() -> None:
        group.submit_async(1)

    loop = Closing()
    run.gate.clear()
    loop.run_until_complete(leave())
    loop.close()
    other = group.submit(2)
    run.gate.set()
    assert other.result(LIMIT_S) == 4
    assert group.submit(5).result(LIMIT_S) == 10
    loop.is_late = False


def test_a_run_that_answers_too_few_is_told_to_all_of_the_batch() -> None:
    few: Grouped[int, int] = Grouped("few", lambda items: [0] * (len(items) - 1))
    for _ in range(2):
        with pytest.raises(ValueError, match="0 results for 1 items"):
            few.submit(1).result(LIMIT_S)
    few.close()


def test_a_cancelled_future_harms_nobody(group: Grouped[int, int], run: Run) -> None:
    run.gate.clear()
    group.submit(1)
    assert run.started.acquire(timeout=LIMIT_S)
    gone, stays = group.submit(2), group.submit(3)
    gone.cancel()
    run.gate.set()
    assert stays.result(LIMIT_S) == 6
    assert group.submit(5).result(LIMIT_S) == 10
