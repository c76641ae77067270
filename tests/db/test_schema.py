"""The schema: what migrations make is what the tables say, and it guards itself."""

import inspect
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import onhand.access.tables
import onhand.catalog.tables
import onhand.imports.tables
import onhand.jobs.tables
import onhand.orders.tables
import onhand.stock.tables
import onhand.sync.tables  # noqa: F401 — every room adds its tables to the metadata
from onhand.db.database import Database
from onhand.db.metadata import metadata
from onhand.db.migrate import is_current, newest_revision, upgrade
from tests.databases import SchemaTemplate
from tests.shop import Shop, cart, reserve
from tests.stock.recount import table


def test_migrations_make_what_the_tables_say(database: Database) -> None:
    with database.read() as connection:
        # SQLite's index of searches is made of tables of its own (ADR 0019).
        options = {
            "compare_type": True,
            "include_name": lambda name, kind, _parents: (
                not ((kind == "table" and name.startswith("sku_search")) or name == "ix_sku_search")
            ),
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_the_newest_revision_is_known_without_running_the_scripts() -> None:
    scripts = Path(inspect.getfile(newest_revision)).parent / "migrations"
    assert newest_revision() == ScriptDirectory(str(scripts)).get_current_head()


def test_check_constraints_are_the_same_on_both(
    sqlite_database: Database, postgres_database: Database
) -> None:
    def checks(database: Database) -> set[tuple[str, str]]:
        inspector = sa.inspect(database.engine)
        return {
            (name, str(check["name"]))
            for name in metadata.tables
            for check in inspector.get_check_constraints(name)
        }

    declared = {
        (table.name, str(constraint.name))
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, sa.CheckConstraint)
    }
    assert declared
    assert checks(sqlite_database) == declared
    assert checks(postgres_database) == declared


def test_upgrading_again_changes_nothing(database: Database) -> None:
    before, after = upgrade(database)
    assert before == after is not None
    assert is_current(database)
    assert [row["location_id"] for row in table(database, "location")] == ["main"]


def test_several_processes_upgrading_at_once_on_sqlite(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'folder' / 'new.db'}"
    assert_one_upgrades([Database(url) for _ in range(4)])


def test_a_file_that_another_process_is_just_making_is_waited_for(tmp_path: Path) -> None:
    """SQLite does not wait by itself when the journal mode is changed meanwhile."""
    path = tmp_path / "new.db"
    database = Database(f"sqlite:///{path}")
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        ThreadPoolExecutor(1) as threads,
    ):
        other.execute("BEGIN IMMEDIATE")
        waiting = threads.submit(upgrade, database)
        time.sleep(0.2)
        other.execute("ROLLBACK")
        waiting.result(10)
    assert is_current(database)
    database.dispose()


def test_several_processes_upgrading_at_once_on_postgresql(
    schema_template: SchemaTemplate,
) -> None:
    with schema_template.fresh() as database:
        with database.begin() as connection:
            connection.execute(sa.schema.DropSchema(database.schema or "", cascade=True))
        url = database.url.render_as_string(hide_password=False)
        assert_one_upgrades([Database(url, schema=database.schema) for _ in range(4)])


def assert_one_upgrades(databases: list[Database]) -> None:
    """One of them found nothing, all of them end at the same revision."""
    with ThreadPoolExecutor(len(databases)) as threads:
        revisions = list(threads.map(upgrade, databases))
    assert [before for before, _ in revisions].count(None) == 1
    assert len({after for _, after in revisions}) == 1
    assert is_current(databases[0])
    for database in databases:
        database.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE stock_event SET reason = 'x'",
        "UPDATE stock_event SET on_hand_change = on_hand_change + 1 WHERE seq = 1",
        "DELETE FROM stock_event",
        "DELETE FROM stock_event WHERE seq = 1",
    ],
)
def test_events_are_append_only(shop: Shop, statement: str) -> None:
    shop.register(a=5)
    before = table(shop.database, "stock_event")
    refused = pytest.raises(sa.exc.SQLAlchemyError, match="append-only")
    with refused, shop.database.engine.begin() as connection:
        connection.execute(sa.text(statement))
    assert table(shop.database, "stock_event") == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE stock_level SET reserved = -1, on_hand = 5",
        "UPDATE stock_level SET reserved = on_hand + 1",
        "UPDATE stock_level SET on_hand = -1",
        "UPDATE stock_level SET shortfall = -1",
        "UPDATE ledger_head SET reserved = -1",
        "UPDATE ledger_head SET safety_stock = -1",
        "UPDATE ledger_head SET low_stock_threshold = -1",
        "UPDATE reservation SET units_held = -1",
        "UPDATE reservation SET units_held = 0",
        "UPDATE reservation SET units_returned = units_shipped + 1",
        "UPDATE sku SET status = 'lost'",
        "INSERT INTO sku_alias VALUES ('x', 'x', 'ghost')",
        "INSERT INTO stock_level VALUES ('ghost', 'main', 0, 0, 0, 0)",
        "INSERT INTO stock_level VALUES ('a', 'ghost', 0, 0, 0, 0)",
        "INSERT INTO ledger_head (sku_id, generation) VALUES ('ghost', 1)",
        "INSERT INTO audit_entry SELECT * FROM audit_entry",
    ],
)
def test_what_must_never_be_is_refused(shop: Shop, statement: str) -> None:
    shop.register(a=5)
    shop.do(reserve(cart(), a=2))
    with pytest.raises(sa.exc.IntegrityError), shop.database.engine.begin() as connection:
        connection.execute(sa.text(statement))


def test_an_event_cannot_take_the_place_of_another(shop: Shop) -> None:
    shop.register(a=5)
    columns = [c.name for c in metadata.tables["stock_event"].columns if c.name != "position"]
    names = ", ".join(columns)
    with pytest.raises(sa.exc.IntegrityError), shop.database.engine.begin() as connection:
        connection.execute(
            sa.text(f"INSERT INTO stock_event ({names}) SELECT {names} FROM stock_event")
        )
