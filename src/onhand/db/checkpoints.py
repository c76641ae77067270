"""Checkpoints of SQLite's write-ahead log, beside the writer.

A checkpoint copies what was committed from the log into the database file and waits for the disk.
SQLite lets a commit do it once the log is long, and whoever is in that batch waits too.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import count
from threading import Event, Thread

from onhand.db.database import Database, connect_to_file

_COMMITS = 32  # from one checkpoint to the next: pages written often are copied once


@contextmanager
def checkpointing(database: Database) -> Iterator[None]:
    """Let a thread checkpoint until the block ends; does nothing on PostgreSQL.

    It keeps what is left to copy short. The log itself begins anew when a commit finds it long.
    """
    if database.dialect != "sqlite":
        yield
        return
    due, ended = Event(), Event()
    commits = count(1)
    unnoticed = database.written

    def notice() -> None:
        if next(commits) % _COMMITS == 0:
            due.set()

    def work() -> None:
        while due.wait() and not ended.is_set():
            due.clear()
            _checkpoint(database)

    thread = Thread(target=work, name="onhand-checkpoints", daemon=True)
    thread.start()
    database.written = notice
    try:
        yield
    finally:
        database.written = unnoticed
        ended.set()
        due.set()
        thread.join()


def _checkpoint(database: Database) -> None:
    # What keeps it from succeeding, a writer meets as well, and says so. A connection of the pool
    # would change places with the writer's, whose pages are in memory.
    with suppress(sqlite3.Error), closing(connect_to_file(database.url)) as connection:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
