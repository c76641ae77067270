"""Statements on the driver's own cursor.

SQLAlchemy's handling of one statement costs more than SQLite's work on it, which a lone caller
notices. Only what runs for every command or read comes this way.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPICursor, DBAPIModule


def execute(connection: sa.Connection, statement: str, parameters: Sequence[Any]) -> DBAPICursor:
    """Run a statement in the driver's own style of parameters; its rows are in the cursor.

    The caller has begun the transaction. Raises:
        sqlalchemy.exc.DBAPIError: as SQLAlchemy would.
    """
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement, parameters)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _wrapped(connection, cursor, error) from error
    return cursor


def execute_many(connection: sa.Connection, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run a statement once for each row of parameters.

    The caller has begun the transaction. Raises:
        sqlalchemy.exc.DBAPIError: as SQLAlchemy would.
    """
    cursor = connection.connection.cursor()
    try:
        cursor.executemany(statement, rows)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _wrapped(connection, cursor, error) from error


def _wrapped(connection: sa.Connection, cursor: DBAPICursor, error: DBAPIModule.Error) -> Exception:
    """The error as SQLAlchemy raises it; a connection that is gone takes the idle ones with it."""
    raw = connection.connection
    dialect = connection.dialect
    is_gone = dialect.is_disconnect(error, raw, cursor)
    if is_gone:
        connection.engine.dispose()
        connection.invalidate(error)
    return sa.exc.DBAPIError.instance(
        None,
        None,
        error,
        dialect.loaded_dbapi.Error,
        connection_invalidated=is_gone,
        dialect=dialect,
    )
