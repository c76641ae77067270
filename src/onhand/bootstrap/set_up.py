"""The first administrator's set-up link, in a file until it is used."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from onhand.access.queries.people import find_set_up
from onhand.bootstrap.settings import Settings
from onhand.db.database import Database

FILE_NAME = "set-up-link"
PATH = "/setup/"  # of the console's page, followed by the secret


def set_up_file(home: Path) -> Path:
    """The file that holds the link's secret."""
    return home / FILE_NAME


def pending_set_up(settings: Settings, live: Database, *, now: datetime) -> str | None:
    """The path of the first set-up link if it still waits to be used; else its file is removed.

    Raises:
        DatabaseUnavailable: it cannot be told.
    """
    file = set_up_file(settings.onhand_home.absolute())
    try:
        secret = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    with live.read() as connection:
        person = find_set_up(connection, secret, now=now)
    if person is not None:
        return PATH + secret
    with suppress(OSError):  # what it holds is worth nothing any more
        file.unlink()
    return None
