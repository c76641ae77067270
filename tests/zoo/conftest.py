"""Parallel workers for the zoo."""

from collections.abc import Iterator

import pytest

from onhand.db.database import Database
from onhand.stock.commands import Ledger
from onhand.stock.model.commands import Policy
from tests.crew import Crew, ProcessCrew, ThreadCrew, process_crew
from tests.shop import FakeClock, Shop


@pytest.fixture(scope="session")
def processes() -> Iterator[ProcessCrew]:
    """Worker processes, started once."""
    with process_crew() as crew:
        yield crew


@pytest.fixture(params=["threads", "processes"])
def crew(request: pytest.FixtureRequest) -> Crew:
    """The test runs once with threads and once with processes."""
    if request.param == "threads":
        return ThreadCrew()
    chosen: Crew = request.getfixturevalue("processes")
    return chosen


@pytest.fixture
def shop_on_postgres(postgres_database: Database, clock: FakeClock) -> Shop:
    """A shop on PostgreSQL, for what SQLite's one writer cannot show."""
    return Shop(Ledger(postgres_database, clock=clock, policy=Policy()), clock)
