"""A place to run jobs in: an environment on a real database, stores, and a clock to move."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from onhand.bootstrap.environment import Environment
from onhand.db.database import Database
from tests.jobs.workshop import Workshop, place_to_work
from tests.shop import FakeClock


@pytest.fixture
def environment(database: Database, clock: FakeClock, tmp_path: Path) -> Iterator[Environment]:
    """The environment `test`, once on each database."""
    made = place_to_work(database, tmp_path, clock)
    yield made
    made.writes.close()
    made.reads.close()


@pytest.fixture
def workshop(environment: Environment, clock: FakeClock) -> Workshop:
    """Stores `east` and `west`, and no job yet."""
    return Workshop(environment, clock)
