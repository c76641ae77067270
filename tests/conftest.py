"""Fixtures for every test: both databases for real, a clock to move, a ledger, a small shop."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from onhand.bootstrap.process import tune_garbage_collection
from onhand.db.database import Database
from onhand.stock.commands import Ledger
from onhand.stock.model.commands import Policy
from tests.databases import (
    SchemaTemplate,
    make_empty,
    migrated_sqlite_file,
    postgres_server,
    use_memory_for_files,
)
from tests.marketplace import Marketplace
from tests.shop import FakeClock, Shop

use_memory_for_files()
# As the program does: walking through what five thousand tests import took a fifth of their time.
tune_garbage_collection()

# The same examples every time; `--hypothesis-profile=default` looks for new ones.
settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
settings.load_profile("fixed")


def pytest_collection_finish() -> None:
    """Leave the tests themselves out of the collector's walks."""
    tune_garbage_collection()


_NAMES = {"sqlite": "sqlite_database", "postgresql": "postgres_database"}


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The libpq URL of a real PostgreSQL: ONHAND_TEST_POSTGRES_URL, or a server of our own."""
    given = os.environ.get("ONHAND_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    with postgres_server() as server:
        yield server.url


@pytest.fixture(scope="session")
def schema_template(postgres_url: str) -> Iterator[SchemaTemplate]:
    """The newest PostgreSQL schema, quick to make again."""
    template = SchemaTemplate(postgres_url)
    yield template
    template.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    return migrated_sqlite_file(tmp_path_factory.mktemp("sqlite") / "template.db")


@pytest.fixture(scope="session")
def shared_file(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """The SQLite file that tests use one after the other, so that statements stay compiled."""
    return Database(f"sqlite:///{tmp_path_factory.mktemp('shared') / 'onhand.db'}")


@pytest.fixture
def sqlite_database(sqlite_template: Path, shared_file: Database) -> Iterator[Database]:
    """A migrated SQLite database, empty apart from the location `main`."""
    path = Path(shared_file.url.database or "")
    shutil.copyfile(sqlite_template, path)
    yield shared_file
    shared_file.dispose()
    for left in path.parent.iterdir():
        left.unlink()


@pytest.fixture(scope="session")
def shared_schema(schema_template: SchemaTemplate) -> Iterator[Database]:
    """The PostgreSQL schema that tests use one after the other."""
    with schema_template.fresh() as database:
        yield database


@pytest.fixture
def postgres_database(shared_schema: Database) -> Database:
    """A migrated PostgreSQL schema, empty apart from the location `main`.

    A test that harms more than rows takes `own_postgres_database`.
    """
    make_empty(shared_schema)
    return shared_schema


@pytest.fixture
def own_postgres_database(schema_template: SchemaTemplate) -> Iterator[Database]:
    """The same in a schema of the test's own, dropped afterwards."""
    with schema_template.fresh() as database:
        yield database


BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest) -> Database:
    """The test runs once on each database; on PostgreSQL in `make test` only."""
    chosen: Database = request.getfixturevalue(_NAMES[request.param])
    return chosen


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still until it is moved."""
    return FakeClock()


@pytest.fixture
def ledger(database: Database, clock: FakeClock) -> Ledger:
    """A ledger with the default settings."""
    return Ledger(database, clock=clock, policy=Policy())


@pytest.fixture
def shop(ledger: Ledger, clock: FakeClock) -> Shop:
    """A shop on the ledger, without any SKU yet."""
    return Shop(ledger, clock)


@pytest.fixture(params=BOTH)
def marketplace(
    request: pytest.FixtureRequest, clock: FakeClock, tmp_path: Path
) -> Iterator[Marketplace]:
    """Stores `tokyo` and `osaka` at a simulated Rakuten, with nothing listed; on each database."""
    made = Marketplace(request.getfixturevalue(_NAMES[request.param]), clock, tmp_path)
    yield made
    made.close()


@pytest.fixture
def marketplace_on_postgres(
    postgres_database: Database, clock: FakeClock, tmp_path: Path
) -> Iterator[Marketplace]:
    """The same on PostgreSQL, for what SQLite's one writer cannot show."""
    made = Marketplace(postgres_database, clock, tmp_path)
    yield made
    made.close()
