"""Bringing a database to the newest schema."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from onhand.db.database import Database

_SCRIPTS = Path(__file__).parent / "migrations"
_LOCK_ID = 7_110_046  # any number, the same for every process that migrates


def upgrade(database: Database) -> tuple[str | None, str | None]:
    """Apply missing migrations; returns the revisions before and after.

    Safe when several processes start at once: they take turns, and the later ones find nothing to
    do. Raises:
        DatabaseUnavailable: the database cannot be reached or written.
    """
    if database.dialect == "sqlite" and database.url.database:
        Path(database.url.database).parent.mkdir(parents=True, exist_ok=True)
        Path(database.url.database).touch()
    with database.begin() as connection:
        if database.dialect == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK_ID)))
            if database.schema is not None:
                connection.execute(sa.schema.CreateSchema(database.schema, if_not_exists=True))
        before = _revision(connection)
        command.upgrade(_config(connection), "head")
        return before, _revision(connection)


def is_current(database: Database) -> bool:
    """Whether the schema is the one this program was written for."""
    with database.read() as connection:
        return _revision(connection) == ScriptDirectory(str(_SCRIPTS)).get_current_head()


def _revision(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    return config
