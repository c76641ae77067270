"""Simulated threads take turns in the order of their moments, and all die together."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from onhand.simulators.rakuten.dice import Dice
from onhand.world.crashes import Crash, Crashes
from onhand.world.setting import START
from onhand.world.turns import Turns


def sleeper(turns: Turns, told: list[str], name: str, *spans_s: float) -> Callable[[], None]:
    """Work that tells when it is awake."""

    def work() -> None:
        for span_s in spans_s:
            turns.sleep(span_s)
            told.append(f"{name} {(turns.now() - START).total_seconds():g}")

    return work


def test_threads_and_happenings_follow_one_clock() -> None:
    turns, told = Turns(START), list[str]()
    turns.start(sleeper(turns, told, "a", 3, 3))
    turns.start(sleeper(turns, told, "b", 2, 5))
    turns.after(4, lambda: told.append("happening"))

    turns.run(START + timedelta(seconds=6))
    assert told == ["b 2", "a 3", "happening", "a 6"]
    assert turns.now() == START + timedelta(seconds=6)

    turns.run(START + timedelta(seconds=60))
    assert told[4:] == ["b 7"]


def test_what_is_due_at_one_moment_happens_as_it_was_planned() -> None:
    turns, told = Turns(START), list[str]()
    turns.after(1, lambda: told.append("first"))
    turns.start(sleeper(turns, told, "second", 1))
    turns.after(1, lambda: turns.after(0, lambda: told.append("last")))
    turns.after(1, lambda: told.append("third"))

    turns.run(START + timedelta(seconds=1))

    assert told == ["first", "second 1", "third", "last"]


def test_a_crash_ends_every_thread_where_it_sleeps() -> None:
    turns, told = Turns(START), list[str]()

    def crash() -> None:
        turns.sleep(2)
        raise Crash("here")

    turns.start(sleeper(turns, told, "a", 1, 5))
    turns.start(crash)
    with pytest.raises(Crash, match="here"):
        turns.run(START + timedelta(seconds=60))
    turns.kill()
    turns.run(START + timedelta(seconds=60))

    assert told == ["a 1"]


def test_crashes_come_as_often_as_planned_and_a_dead_process_does_nothing() -> None:
    turns = Turns(START)
    crashes = Crashes(turns.now, Dice("crashes"))
    crashes.plan(5, START, until=START + timedelta(hours=1))
    died_at = []
    for minute in range(600):
        turns.run(START + timedelta(seconds=6 * minute))
        try:
            crashes.pass_by("before a call" if minute % 3 else "after a commit")
        except Crash:
            died_at.append(minute)
            with pytest.raises(Crash):
                crashes.pass_by("before a commit")
            crashes.revive()

    assert len(died_at) == crashes.died.total() == 5
    assert crashes.planned == 0
