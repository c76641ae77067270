"""The database goes away while jobs run: nothing is lost, nothing is claimed that was not done."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from onhand.db.database import Database
from onhand.jobs.registry import Job, JobContext, Outcome
from onhand.jobs.runner import LEASE_S
from tests.jobs.workshop import Script, Workshop, place_to_work
from tests.shop import FakeClock


@pytest.fixture
def workshop(sqlite_database: Database, tmp_path: Path, clock: FakeClock) -> Iterator[Workshop]:
    """On SQLite, whose file can be taken away."""
    environment = place_to_work(sqlite_database, tmp_path, clock)
    yield Workshop(environment, clock)
    environment.writes.close()
    environment.reads.close()


def take_away(database: Database) -> Path:
    """Make the database unavailable; returns where its file is meanwhile."""
    file = Path(database.url.database or "")
    return file.rename(file.with_suffix(".away"))


def bring_back(database: Database) -> None:
    """Undo `take_away`."""
    file = Path(database.url.database or "")
    file.with_suffix(".away").rename(file)


@contextmanager
def away(database: Database) -> Iterator[None]:
    """The database is gone until the block ends."""
    take_away(database)
    yield
    bring_back(database)


def test_without_a_database_nothing_runs_and_then_it_goes_on(workshop: Workshop) -> None:
    script = Script()
    runner = workshop.runner(Job("a", script, every=1, per_store=False))
    with away(workshop.database):
        assert workshop.run(runner) == 0
    assert workshop.run(runner, 1) == 1
    with away(workshop.database):
        assert workshop.run(runner, LEASE_S) == 0
    assert workshop.run(runner, 1) == 1, "nobody took the lease meanwhile"


def test_an_end_that_cannot_be_written_is_written_later(workshop: Workshop) -> None:
    script = Script()

    def lose_the_database(context: JobContext) -> Outcome:
        take_away(workshop.database)
        workshop.clock.advance(2)
        context.task.advance(5, 5)
        assert not context.task.cancelled
        return Outcome(done=5)

    script.does = lose_the_database
    workshop.ask("catalog.pull", "east")
    runner = workshop.runner(Job("catalog.pull", script))
    workshop.run(runner)
    assert workshop.run(runner, 1) == 0
    bring_back(workshop.database)
    assert workshop.task().state == "running"
    workshop.run(runner, LEASE_S / 6)
    assert (workshop.task().state, workshop.task().done_count) == ("done", 5)
    assert script.ran == ["east"]


def test_what_ended_is_not_taken_for_interrupted_while_its_end_waits(workshop: Workshop) -> None:
    script, other = Script(), Script()
    script.does = lambda context: Outcome(done=int(bool(take_away(workshop.database))))
    workshop.ask("catalog.pull", "east")
    runner = workshop.runner(Job("catalog.pull", script))
    workshop.run(runner)
    bring_back(workshop.database)
    workshop.run(runner, 3 * LEASE_S)
    workshop.run(workshop.runner(Job("catalog.pull", other)))
    assert workshop.task().state == "done"
    assert other.ran == []


def test_a_run_that_cannot_begin_waits_and_is_not_lost(workshop: Workshop) -> None:
    script = Script()
    workshop.ask("catalog.pull", "east")
    runner = workshop.runner(Job("catalog.pull", script))
    (work,) = runner.take(workshop.clock())
    with away(workshop.database):
        runner.run(work)
    assert script.ran == []
    assert workshop.run(runner) == 1
    assert workshop.task().state == "done"
