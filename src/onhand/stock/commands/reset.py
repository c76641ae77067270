"""Emptying the test environment."""

from collections.abc import Sequence

import sqlalchemy as sa

from onhand.access.commands import Change, Write, write_once
from onhand.access.model import Accepted, Asked, EnvironmentName, Refusal
from onhand.access.tables import audit_entry
from onhand.catalog.tables import listing, sku, sku_alias, store
from onhand.db.database import Database
from onhand.stock.model.events import MAIN_LOCATION
from onhand.stock.model.refusals import TestOnly
from onhand.stock.tables import (
    count_line,
    count_sheet,
    ledger_head,
    location,
    reservation,
    stock_event,
    stock_level,
)

# What is emptied, together with every table that refers to one of these.
_TABLES = (
    count_line,
    count_sheet,
    reservation,
    stock_level,
    ledger_head,
    stock_event,
    listing,
    store,
    sku_alias,
    sku,
    audit_entry,
)


def reset_test_data(
    database: Database, asked: Asked, environment: EnvironmentName
) -> Accepted | Refusal:
    """Delete all stock, SKUs, stores, what hangs on them, and audit entries of `test`.

    Users and tokens stay.

    Idempotency keys used before go with the entries. Refused anywhere else. Raises:
        DatabaseUnavailable: nothing was deleted.
    """
    if environment is not EnvironmentName.TEST:
        return TestOnly(environment.value)

    def run(connection: sa.Connection) -> Change:
        names = _tables_to_empty(connection)
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text(f"TRUNCATE {', '.join(names)}"))
        else:
            _delete_on_sqlite(connection, names)
        connection.execute(sa.delete(location).where(location.c.location_id != MAIN_LOCATION))
        return Change("environment:test", {"reset": environment.value})

    return write_once(database, asked, Write("ResetTestData", None), run)


def _tables_to_empty(connection: sa.Connection) -> list[str]:
    """The names, what refers to others first; rooms above know of tables that we do not."""
    inspector = sa.inspect(connection)
    names = {table.name for table in _TABLES}
    ordered = [name for name, _ in inspector.get_sorted_table_and_fkc_names() if name]
    for name in ordered:  # what is referred to comes first
        if any(key["referred_table"] in names for key in inspector.get_foreign_keys(name)):
            names.add(name)
    return [name for name in reversed(ordered) if name in names]


def _delete_on_sqlite(connection: sa.Connection, names: Sequence[str]) -> None:
    """The trigger that keeps events is lifted for this transaction only."""
    guard = connection.execute(
        sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE :like"),
        {"like": "%BEFORE DELETE ON stock_event%"},
    ).one()
    connection.exec_driver_sql(f"DROP TRIGGER {guard.name}")
    for name in names:
        connection.execute(sa.delete(sa.table(name)))
    connection.exec_driver_sql(guard.sql)
