"""Task records: what was asked for, how far it is, what it came to."""

import threading
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from onhand.jobs.commands.tasks import UnknownTask
from onhand.jobs.forgetting import FORGET
from onhand.jobs.model import LONGEST_TEXT, MOST_ATTEMPTS, MOST_ERRORS
from onhand.jobs.queries import TaskFilter, list_tasks, read_task
from onhand.jobs.registry import Job, JobContext, Outcome
from onhand.jobs.runner import LEASE_S
from tests.jobs.workshop import Script, Workshop
from tests.shop import START


class Crash(BaseException):
    """The process ends here."""


def crash(context: JobContext) -> Outcome:
    """End the process in the middle of a run."""
    raise Crash


def asked_only(script: Script, *, repeatable: bool = True) -> Job:
    """A job per store that runs only when asked for."""
    return Job("catalog.pull", script, repeatable=repeatable)


def test_what_is_asked_for_runs_once_and_is_recorded(workshop: Workshop) -> None:
    script = Script()
    script.does = lambda context: Outcome(done=3, note="three pages")
    runner = workshop.runner(asked_only(script))
    assert workshop.run(runner) == 0
    task_id = workshop.ask("catalog.pull", "east")
    assert workshop.task().state == "queued"
    workshop.clock.advance(1)
    assert workshop.run(runner) == 1
    assert workshop.run(runner, 60) == 0
    assert script.ran == ["east"]
    task = workshop.task()
    assert task.task_id == task_id
    assert (task.state, task.done_count, task.note) == ("done", 3, "three pages")
    assert (task.asked_by, task.asked_at) == ("ada", START)
    assert task.started_at == task.ended_at == START + timedelta(seconds=1)
    assert (task.attempt, task.errors, task.counts) == (1, [], {})


def test_asked_for_runs_go_before_scheduled_ones(workshop: Workshop) -> None:
    order: list[str] = []

    def remember(context: JobContext) -> Outcome:
        order.append(context.task.record.key.job)
        return Outcome()

    jobs = [Job(name, remember, every=1, per_store=False) for name in ("a", "b", "c")]
    workshop.ask("c")
    workshop.clock.advance(1)
    workshop.ask("b")
    assert workshop.run(workshop.runner(*jobs)) == 3
    assert order == ["c", "b", "a"]


def test_asking_twice_before_it_begins_is_asking_once(workshop: Workshop) -> None:
    script = Script()
    first = workshop.ask("catalog.pull", "east")
    assert workshop.ask("catalog.pull", "east", by="eve") == first
    assert workshop.ask("catalog.pull", "west") != first
    runner = workshop.runner(asked_only(script))
    assert workshop.run(runner) == 2
    assert workshop.ask("catalog.pull", "east") != first


def test_a_person_may_ask_for_a_paused_store(workshop: Workshop) -> None:
    script = Script()
    workshop.set_store("east", "paused")
    workshop.ask("catalog.pull", "east")
    assert workshop.run(workshop.runner(asked_only(script))) == 1


@pytest.mark.parametrize(
    ("job", "store"),
    [
        ("catalog.pull", "gone"),
        ("catalog.pull", "closed"),
        ("catalog.pull", None),
        ("all", "east"),
        ("nonsense", None),
    ],
)
def test_what_cannot_run_fails_at_once(workshop: Workshop, job: str, store: str | None) -> None:
    script = Script()
    workshop.set_store("closed", "inactive")
    workshop.ask(job, store)
    runner = workshop.runner(asked_only(script), Job("all", script, per_store=False))
    assert workshop.run(runner) == 0
    assert workshop.task().state == "failed"
    assert "no such" in workshop.task().errors[0]


def test_a_failure_is_recorded_and_not_tried_again_by_itself(workshop: Workshop) -> None:
    script = Script()

    def fail(context: JobContext) -> Outcome:
        context.task.advance(2, 5)
        context.task.count("pages", 2)
        raise KeyError("x" * 10_000)

    script.does = fail
    workshop.ask("catalog.pull", "east")
    runner = workshop.runner(asked_only(script))
    workshop.run(runner)
    assert workshop.run(runner, 600) == 0
    task = workshop.task()
    assert (task.state, task.done_count, task.total_count) == ("failed", 2, 5)
    assert task.counts == {"pages": 2, "errors": 1}
    assert task.errors[0].startswith("KeyError: 'xxx")
    assert len(task.errors[0]) == LONGEST_TEXT


def test_progress_is_written_at_most_once_a_second(workshop: Workshop) -> None:
    script = Script()
    statements = 0

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal statements
        statements += statement.startswith("UPDATE task")

    def advance(context: JobContext) -> Outcome:
        sa.event.listen(workshop.database.engine, "before_cursor_execute", count)
        for step in range(1000):
            workshop.clock.advance(0.01)
            context.task.advance(step, 1000, f"step {step}")
            assert not context.task.cancelled
        sa.event.remove(workshop.database.engine, "before_cursor_execute", count)
        with workshop.database.read() as connection:
            seen = read_task(connection, context.task.record.task_id)
        assert seen is not None
        assert (seen.state, seen.total_count) == ("running", 1000)
        assert seen.done_count >= 900
        return Outcome()

    script.does = advance
    workshop.ask("catalog.pull", "east")
    workshop.run(workshop.runner(asked_only(script)))
    assert workshop.task().state == "done"
    assert 9 <= statements <= 11


def test_errors_are_bounded(workshop: Workshop) -> None:
    script = Script()

    def complain(context: JobContext) -> Outcome:
        for number in range(1000):
            context.task.error(f"line {number}")
        return Outcome()

    script.does = complain
    workshop.ask("catalog.pull", "east")
    workshop.run(workshop.runner(asked_only(script)))
    task = workshop.task()
    assert task.errors == [f"line {number}" for number in range(1000 - MOST_ERRORS, 1000)]
    assert task.counts == {"errors": 1000}


def test_a_waiting_task_is_cancelled_at_once(workshop: Workshop) -> None:
    script = Script()
    task_id = workshop.ask("catalog.pull", "east")
    assert workshop.cancel(task_id) == "cancelled"
    assert workshop.run(workshop.runner(asked_only(script))) == 0
    assert workshop.task().state == "cancelled"
    assert workshop.cancel(task_id) == "cancelled"
    with pytest.raises(UnknownTask):
        workshop.cancel("nonsense")


def test_a_running_task_is_cancelled_when_it_looks(workshop: Workshop) -> None:
    script = Script()

    def be_cancelled(context: JobContext) -> Outcome:
        told = [context.task.cancelled]
        assert workshop.cancel(context.task.record.task_id) == "running"
        context.task.advance(1)
        workshop.clock.advance(1)
        told.append(context.task.cancelled)
        assert told == [False, True]
        return Outcome()

    script.does = be_cancelled
    workshop.ask("catalog.pull", "east")
    workshop.run(workshop.runner(asked_only(script)))
    assert workshop.task().state == "cancelled"
    assert workshop.task().done_count == 1


def test_a_run_that_was_done_before_it_looked_is_done(workshop: Workshop) -> None:
    script = Script()

    def finish(context: JobContext) -> Outcome:
        workshop.cancel(context.task.record.task_id)
        return Outcome(done=1)

    script.does = finish
    workshop.ask("catalog.pull", "east")
    workshop.run(workshop.runner(asked_only(script)))
    assert workshop.task().state == "done"


def test_routine_that_did_nothing_leaves_no_row(workshop: Workshop) -> None:
    runner = workshop.runner(Job("a", Script(), every=1))
    for _ in range(50):
        workshop.run(runner, 1)
    assert workshop.tasks() == []


def test_long_routine_shows_itself_while_it_runs(workshop: Workshop) -> None:
    script = Script()

    def take_long(context: JobContext) -> Outcome:
        for step in range(3):
            workshop.clock.advance(1)
            context.task.advance(step, 3)
        assert workshop.task().state == "running"
        assert workshop.task().asked_by is None
        return Outcome()

    script.does = take_long
    runner = workshop.runner(Job("a", script, every=1, per_store=False))
    workshop.run(runner)
    assert workshop.tasks() == []

    def take_long_and_do_something(context: JobContext) -> Outcome:
        take_long(context)
        return Outcome(done=3)

    script.does = take_long_and_do_something
    workshop.run(runner, 1)
    assert workshop.task().state == "done"


@pytest.mark.slow
def test_busy_routine_leaves_a_few_rows_an_hour(workshop: Workshop) -> None:
    script = Script()

    def work(context: JobContext) -> Outcome:
        context.task.count("pushed", 2)
        return Outcome(done=1)

    script.does = work
    runner = workshop.runner(Job("a", script, every=10, per_store=False))
    for _ in range(360):
        workshop.run(runner, 10)
    found = workshop.tasks()
    assert len(found) == 4
    assert sum(task.done_count for task in found) == 360
    assert sum(task.counts["pushed"] for task in found) == 720
    assert all(task.state == "done" for task in found)


def test_a_crashed_repeatable_task_is_done_again_but_not_for_ever(workshop: Workshop) -> None:
    script = Script()
    script.does = crash
    workshop.ask("catalog.pull", "east")
    for attempt in range(1, MOST_ATTEMPTS + 1):
        with pytest.raises(Crash):
            workshop.run(workshop.runner(asked_only(script)))
        assert (workshop.task().state, workshop.task().attempt) == ("running", attempt)
        assert workshop.run(workshop.runner(asked_only(script)), LEASE_S) == 0
        workshop.clock.advance(LEASE_S + 1)
    runner = workshop.runner(asked_only(script))
    workshop.run(runner)
    assert workshop.task().state == "failed"
    assert workshop.task().errors == ["interrupted"]
    assert len(script.ran) == MOST_ATTEMPTS


def test_a_crashed_task_that_may_not_be_repeated_fails(workshop: Workshop) -> None:
    script = Script()
    script.does = crash
    job = asked_only(script, repeatable=False)
    workshop.ask("catalog.pull", "east")
    with pytest.raises(Crash):
        workshop.run(workshop.runner(job))
    workshop.run(workshop.runner(job), 2 * LEASE_S + 1)
    assert (workshop.task().state, workshop.task().errors) == ("failed", ["interrupted"])


def test_a_late_run_does_not_overwrite_its_successor(workshop: Workshop) -> None:
    script, other = Script(), Script()
    other.does = lambda context: Outcome(done=7)
    second = workshop.runner(asked_only(other))

    def oversleep(context: JobContext) -> Outcome:
        workshop.run(second, 2 * LEASE_S + 1)
        workshop.run(second)
        return Outcome(done=1)

    script.does = oversleep
    workshop.ask("catalog.pull", "east")
    workshop.run(workshop.runner(asked_only(script)))
    task = workshop.task()
    assert (task.state, task.done_count, task.attempt) == ("done", 7, 2)


def test_stopping_puts_a_repeatable_task_back(workshop: Workshop) -> None:
    script = Script()
    runner = workshop.runner(asked_only(script))

    def hear(context: JobContext) -> Outcome:
        runner.stop()
        assert context.task.cancelled
        return Outcome(done=1)

    script.does = hear
    workshop.ask("catalog.pull", "east")
    workshop.run(runner)
    runner.close()
    assert workshop.task().state == "queued"
    script.does = lambda context: Outcome(done=5)
    assert workshop.run(workshop.runner(asked_only(script))) == 1
    assert (workshop.task().state, workshop.task().done_count) == ("done", 5)
    assert workshop.task().attempt == 2


def test_lists_are_filtered_and_paged(workshop: Workshop) -> None:
    ids = [workshop.ask(f"job-{number % 3}", f"store-{number}") for number in range(30)]
    workshop.cancel(ids[5])
    with workshop.database.read() as connection:
        page = list_tasks(connection, TaskFilter(limit=20))
        rest = list_tasks(connection, TaskFilter(limit=20, before=page[-1].task_id))
        assert [task.task_id for task in [*page, *rest]] == ids[::-1]
        assert len(list_tasks(connection, TaskFilter(job="job-1"))) == 10
        assert [t.task_id for t in list_tasks(connection, TaskFilter(store_id="store-4"))] == [
            ids[4]
        ]
        assert [t.task_id for t in list_tasks(connection, TaskFilter(state="cancelled"))] == [
            ids[5]
        ]
        assert read_task(connection, "nonsense") is None


@pytest.mark.slow
def test_old_records_are_forgotten(workshop: Workshop) -> None:
    script = Script()
    script.does = lambda context: Outcome(done=1)
    jobs = asked_only(script), Job("a", script, every=3600, per_store=False), FORGET
    workshop.ask("catalog.pull", "east")
    runner = workshop.runner(*jobs)
    for _ in range(24 * 8):
        workshop.run(runner, 3600)
    found = workshop.tasks()
    assert [task.job for task in found if task.asked_by] == ["catalog.pull"]
    assert 24 * 7 - 1 <= len(found) <= 24 * 7 + 3
    workshop.run(runner, 83 * 86_400)
    assert [task.job for task in workshop.tasks()] == ["a"]


def test_of_many_runners_asked_at_once_one_runs_it(workshop: Workshop) -> None:
    ran = []

    def remember(context: JobContext) -> Outcome:
        ran.append(context.task.record.task_id)
        time.sleep(0.01)
        return Outcome()

    for _ in range(10):
        task_id = workshop.ask("catalog.pull", "east")
        runners = [workshop.runner(Job("catalog.pull", remember)) for _ in range(4)]
        threads = [
            threading.Thread(target=runner.run_due, args=(workshop.clock(),)) for runner in runners
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert ran == [task_id]
        ran.clear()
        workshop.clock.advance(LEASE_S)
