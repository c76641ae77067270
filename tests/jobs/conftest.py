"""A place to run jobs in: an environment on a real database, stores, and a clock to move."""

from collections.abc import Iterator

import pytest

from onhand.access.model import EnvironmentName
from onhand.bootstrap.environment import Environment
from onhand.db.database import Database
from tests.jobs.workshop import Workshop
from tests.shop import FakeClock
from tests.web.client import environment_over


@pytest.fixture
def environment(database: Database, clock: FakeClock) -> Iterator[Environment]:
    """The environment `test`, once on each database."""
    made = environment_over(EnvironmentName.TEST, database, clock)
    yield made
    made.writes.close()
    made.reads.close()


@pytest.fixture
def workshop(environment: Environment, clock: FakeClock) -> Workshop:
    """Stores `east` and `west`, and no job yet."""
    return Workshop(environment, clock)
