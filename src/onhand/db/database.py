"""One environment's database: engine, dialect, transactions."""

import select
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from onhand.db.driver import PREPARED, execute, raised_as_usual
from onhand.db.errors import translated_errors

_SQLITE_BUSY_TIMEOUT_MS = 5_000
_POSTGRES_LOCK_TIMEOUT_MS = 10_000
# The ledger's statements look up a few hundred rows by key. A plan made while the tables were
# still empty would scan them all for as long as the connection lives, hence nested loops always;
# bitmaps would lose the order of the index for nothing.
_LEDGER_PLANNER = " ".join(
    f"-c enable_{way}=off" for way in ("hashjoin", "mergejoin", "seqscan", "bitmapscan")
)


class Database:
    """An open database of one environment; safe to share between threads."""

    def __init__(self, url: str, *, schema: str | None = None, pool_size: int = 8) -> None:
        """Open lazily: no connection is made before the first transaction.

        `url` is `sqlite:////path/file.db` or `postgresql://…`; `schema` applies to PostgreSQL.
        """
        self.url = make_url(url)
        self.schema = schema
        # Called with "before" and "after" around each commit; what it raises ends the caller.
        self.at_commit: Callable[[str], None] | None = None
        # Called after each commit of a write; it must neither wait nor raise.
        self.written: Callable[[], None] = lambda: None
        if self.url.get_backend_name() == "sqlite":
            self.dialect = "sqlite"
            self.engine = _sqlite_engine(self.url, pool_size)
            self._ledger_engine = self.engine
        else:
            self.dialect = "postgresql"
            self.engine = _postgres_engine(self.url, schema, pool_size)
            self._ledger_engine = _ledger_engine(self.url, schema, pool_size)

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A write transaction: committed when the block ends, rolled back when it raises.

        Raises:
            DatabaseUnavailable: see `translated_errors`.
            TransactionConflict: run the block again.
        """
        with self._begin(self.engine) as connection:
            yield connection

    @contextmanager
    def begin_ledger(self) -> Iterator[sa.Connection]:
        """Like `begin`, on a connection whose plans suit the ledger's look-ups by key."""
        with self._begin(self._ledger_engine) as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A read transaction; takes no write lock.

        Raises:
            DatabaseUnavailable: see `translated_errors`.
        """
        with _reading(self.engine, {}) as connection:
            yield connection

    @contextmanager
    def look_up(self) -> Iterator[sa.Connection]:
        """Like `read`, for look-ups by key; on PostgreSQL every statement stands alone.

        Raises:
            DatabaseUnavailable: see `translated_errors`.
        """
        with _reading(self._ledger_engine, {"onhand_alone": True}) as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """A read transaction in which every statement sees the same moment.

        Raises:
            DatabaseUnavailable: see `translated_errors`.
        """
        is_postgres = self.dialect == "postgresql"
        options = {"isolation_level": "REPEATABLE READ"} if is_postgres else {}
        with _reading(self.engine, options) as connection:
            yield connection

    @contextmanager
    def _begin(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        with translated_errors(), engine.begin() as connection:
            yield connection
            if self.at_commit is not None:
                self.at_commit("before")
        self.written()
        if self.at_commit is not None:
            self.at_commit("after")

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()
        self._ledger_engine.dispose()


@contextmanager
def _reading(engine: sa.Engine, options: dict[str, Any]) -> Iterator[sa.Connection]:
    with translated_errors(), engine.connect() as plain:
        connection = plain.execution_options(onhand_read_only=True, **options)
        # Begun here, as the driver's own cursor would not. It ends with a commit although nothing
        # was written: a rollback would drop prepared statements.
        with connection.begin():
            yield connection


def _sqlite_engine(url: URL, pool_size: int) -> sa.Engine:
    path = Path(url.database or "")
    engine = sa.create_engine(
        url,
        creator=lambda: connect_to_file(url),
        poolclass=sa.pool.QueuePool,
        pool_size=pool_size,
        pool_timeout=_SQLITE_BUSY_TIMEOUT_MS / 1000,
    )

    @sa.event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # SQLAlchemy's "begin" event below opens transactions
        _use_write_ahead_log(connection)
        for pragma in (
            f"busy_timeout={_SQLITE_BUSY_TIMEOUT_MS}",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-16384",
            "temp_store=MEMORY",
            # Random keys dirty many pages a batch; checkpoint when it pays, not after every commit.
            # A server does so earlier and aside (`checkpoints`).
            "wal_autocheckpoint=16384",
        ):
            connection.execute(f"PRAGMA {pragma}").close()
        entry.info["inode"] = _inode(path)

    @sa.event.listens_for(engine, "checkout")
    def refuse_replaced_file(_: object, entry: ConnectionPoolEntry, __: object) -> None:
        # Writes to a deleted or replaced file would succeed and be lost with the handle.
        if _inode(path) != entry.info["inode"]:
            raise sa.exc.InvalidatePoolError("the database file was removed or replaced")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        read_only = connection.get_execution_options().get("onhand_read_only", False)
        execute(connection, "BEGIN" if read_only else "BEGIN IMMEDIATE", ())

    return engine


def connect_to_file(url: URL) -> sqlite3.Connection:
    """A connection to an SQLite file that no pool knows of.

    A file that is gone is not made anew: an empty one would throw away the write-ahead log that
    lies beside it. Raises:
        sqlite3.Error: there is no such file, or it cannot be opened.
    """
    address = f"file:{quote(url.database or '')}?mode=rw"
    return sqlite3.connect(address, uri=True, check_same_thread=False, cached_statements=512)


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Wait for our turn: SQLite's own busy timeout does not apply to this change."""
    give_up_at = time.monotonic() + _SQLITE_BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
        except sqlite3.OperationalError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.01)
        else:
            return


def _ledger_engine(url: URL, schema: str | None, pool_size: int) -> sa.Engine:
    """Connections for look-ups by key, which run on libpq itself and are always prepared."""
    from onhand.db.prepared import Prepared  # noqa: PLC0415 — imports psycopg, useless on SQLite

    engine = _postgres_engine(
        url, schema, pool_size, planner=_LEDGER_PLANNER, prepare_threshold=None
    )

    @sa.event.listens_for(engine, "connect")
    def keep_prepared(connection: Any, entry: ConnectionPoolEntry) -> None:
        entry.info[PREPARED] = Prepared(connection)

    def prepared_of(connection: sa.Connection) -> Prepared | None:
        # A look-up's statements stand alone: the round trips of a transaction were half its wait.
        stands_alone = connection.get_execution_options().get("onhand_alone", False)
        return None if stands_alone else connection.info[PREPARED]

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        with raised_as_usual(connection):
            if (prepared := prepared_of(connection)) is not None:
                prepared.begin()

    @sa.event.listens_for(engine, "commit")
    def commit(connection: sa.Connection) -> None:
        # psycopg's own commit, which follows, finds nothing left to do.
        with raised_as_usual(connection):
            if (prepared := prepared_of(connection)) is not None:
                prepared.commit()

    return engine


def _postgres_engine(
    url: URL,
    schema: str | None,
    pool_size: int,
    *,
    planner: str = "",
    prepare_threshold: int | None = 2,
) -> sa.Engine:
    options = f"-c timezone=UTC -c lock_timeout={_POSTGRES_LOCK_TIMEOUT_MS} {planner}"
    if schema is not None:
        options += f" -c search_path={schema}"
    connect_args: dict[str, Any] = {
        "options": options.strip(),
        "connect_timeout": 5,
        "prepare_threshold": prepare_threshold,
        "application_name": "onhand",
        "client_encoding": "UTF8",
    }
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        pool_timeout=10,
        connect_args=connect_args,
    )

    @sa.event.listens_for(engine, "checkout")
    def refuse_dead_connection(connection: Any, _: object, __: object) -> None:
        # A server says nothing to an idle connection but goodbye. Looking whether it did costs a
        # few microseconds, asking it whether it is there would cost a round trip.
        if connection.closed or _has_word(connection.fileno()):
            raise sa.exc.InvalidatePoolError("the server closed the connection")

    return engine


def _has_word(file_descriptor: int) -> bool:
    """Whether something can be read from a socket without waiting, its end included."""
    poll = select.poll()
    poll.register(file_descriptor, select.POLLIN)
    return bool(poll.poll(0))
