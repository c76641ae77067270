"""Checkpoints beside the writer: what was committed reaches the database file itself."""

import shutil
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from onhand.db.checkpoints import checkpointing
from onhand.db.database import Database
from onhand.stock.tables import location

COMMITS = 40
LIMIT_S = 20.0


def commit_some(database: Database) -> None:
    """Make locations, one transaction each."""
    for number in range(COMMITS):
        with database.begin() as connection:
            row = {"location_id": f"l{number}", "name": "Shelf"}
            connection.execute(sa.insert(location).values(row))


def in_file(database: Database, folder: Path) -> int:
    """How many locations the database file holds without its log."""
    copy = folder / "copy.db"
    shutil.copyfile(database.url.database or "", copy)
    try:
        with closing(sqlite3.connect(copy)) as connection:
            (found,) = connection.execute("SELECT count(*) FROM location").fetchone()
    except sqlite3.DatabaseError:  # copied while it was written
        return 0
    return int(found)


def running() -> list[str]:
    """The threads that checkpoint."""
    return [thread.name for thread in threading.enumerate() if "checkpoints" in thread.name]


def test_what_was_committed_reaches_the_file(sqlite_database: Database, tmp_path: Path) -> None:
    with checkpointing(sqlite_database):
        commit_some(sqlite_database)
        deadline = time.monotonic() + LIMIT_S
        while in_file(sqlite_database, tmp_path) < 32 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert in_file(sqlite_database, tmp_path) >= 32
    assert running() == []


def test_without_it_a_short_log_is_left_alone(sqlite_database: Database, tmp_path: Path) -> None:
    commit_some(sqlite_database)
    assert in_file(sqlite_database, tmp_path) == 1  # the location `main`


def test_a_reader_who_takes_long_sees_what_it_saw(sqlite_database: Database) -> None:
    count = sa.select(sa.func.count()).select_from(location)
    with checkpointing(sqlite_database), sqlite_database.read() as reading:
        assert reading.execute(count).scalar_one() == 1
        commit_some(sqlite_database)
        time.sleep(0.1)
        assert reading.execute(count).scalar_one() == 1
    with sqlite_database.read() as reading:
        assert reading.execute(count).scalar_one() == 1 + COMMITS


def test_a_file_that_is_gone_is_not_made_anew(sqlite_database: Database) -> None:
    path = Path(sqlite_database.url.database or "")
    with checkpointing(sqlite_database):
        for number in range(32):
            with sqlite_database.begin() as connection:
                connection.execute(sa.update(location).values(priority=number))
                if number == 31:  # the commit that asks for a checkpoint
                    path.rename(path.with_suffix(".away"))
        time.sleep(0.1)
        assert running() == ["onhand-checkpoints"]
    assert not path.exists()


def test_it_does_nothing_on_postgresql(postgres_database: Database) -> None:
    with checkpointing(postgres_database):
        assert running() == []
