"""What can go wrong with a database, named by the reaction it needs."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

_RETRY_SQLSTATES = frozenset({"40001", "40P01"})  # serialization failure, deadlock victim
_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_BUSY_SNAPSHOT})


class DatabaseUnavailable(Exception):
    """The database cannot be used now (gone, locked, full): nothing was acknowledged, try again."""

    def __init__(self, reason: str) -> None:
        """`reason` is the database's own short text, without connection details."""
        super().__init__(reason)
        self.reason = reason


class DatabaseBusy(DatabaseUnavailable):
    """Others kept the database for longer than we wait; the same call will do in a moment."""


class TransactionConflict(Exception):
    """Another transaction won (unique key, deadlock): run the whole transaction again."""


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn driver errors into `DatabaseUnavailable` or `TransactionConflict`.

    Raises:
        DatabaseBusy: it is locked, or every connection of ours is in use.
        DatabaseUnavailable: the server or file is gone, full or read-only.
        TransactionConflict: a unique key or a lock was lost to another transaction.
    """
    try:
        yield
    except sa.exc.IntegrityError as error:
        if _is_unique_violation(error.orig):
            raise TransactionConflict(_first_line(error.orig)) from error
        raise
    except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError) as error:
        if getattr(error.orig, "sqlstate", None) in _RETRY_SQLSTATES:
            raise TransactionConflict(_first_line(error.orig)) from error
        is_locked = getattr(error.orig, "sqlite_errorcode", None) in _LOCKED
        kind = DatabaseBusy if is_locked else DatabaseUnavailable
        raise kind(_first_line(error.orig)) from error
    except sa.exc.DBAPIError as error:
        # SQLite says no more than `DatabaseError` of a file that is damaged or no database at all.
        if error.connection_invalidated or type(error) is sa.exc.DatabaseError:
            raise DatabaseUnavailable(_first_line(error.orig)) from error
        raise
    except sa.exc.TimeoutError as error:
        raise DatabaseBusy("no free database connection") from error


def _is_unique_violation(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.IntegrityError):
        return error.sqlite_errorcode in {
            sqlite3.SQLITE_CONSTRAINT_UNIQUE,
            sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
        }
    return getattr(error, "sqlstate", None) == "23505"


def _first_line(error: BaseException | None) -> str:
    return (str(error).strip().splitlines() or ["unknown database error"])[0]
