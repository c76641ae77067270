"""Statements on the driver's own terms.

SQLAlchemy's handling of one statement costs more than SQLite's work on it, which a lone caller
notices. Only what runs for every command or read comes this way.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from onhand.db.prepared import Prepared

PREPARED = "prepared"  # where a connection of the ledger's pool on PostgreSQL keeps `Prepared`

Rows = list[tuple[Any, ...]]


def execute(connection: sa.Connection, statement: str, parameters: Sequence[Any]) -> Rows:
    """Run a statement in the driver's own style of parameters and return its rows.

    The caller has begun the transaction. Raises:
        sqlalchemy.exc.DBAPIError: as SQLAlchemy would.
    """
    with raised_as_usual(connection):
        prepared: Prepared | None = connection.info.get(PREPARED)
        if prepared is not None:
            return prepared.run(statement, parameters)
        cursor = connection.connection.cursor()
        cursor.execute(statement, parameters)
        return list(cursor.fetchall()) if cursor.description else []


def execute_many(connection: sa.Connection, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run a statement once for each row of parameters.

    The caller has begun the transaction. Raises:
        sqlalchemy.exc.DBAPIError: as SQLAlchemy would.
    """
    with raised_as_usual(connection):
        connection.connection.cursor().executemany(statement, rows)


@contextmanager
def raised_as_usual(connection: sa.Connection) -> Iterator[None]:
    """Let the driver's errors come as SQLAlchemy raises them.

    A connection that is gone takes the idle ones with it.
    """
    dialect = connection.dialect
    try:
        yield
    except dialect.loaded_dbapi.Error as error:
        is_gone = dialect.is_disconnect(error, connection.connection, None)
        if is_gone:
            connection.engine.dispose()
            connection.invalidate(error)
        raise sa.exc.DBAPIError.instance(
            None,
            None,
            error,
            dialect.loaded_dbapi.Error,
            connection_invalidated=is_gone,
            dialect=dialect,
        ) from error
