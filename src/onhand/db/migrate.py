"""Bringing a database to the newest schema."""

from pathlib import Path

import sqlalchemy as sa

from onhand.db.database import Database

_SCRIPTS = Path(__file__).parent / "migrations"
_REVISION = sa.table("alembic_version", sa.column("version_num", sa.Text))
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
        if before != newest_revision():
            _run_scripts(connection)
        return before, _revision(connection)


def is_current(database: Database) -> bool:
    """Whether the schema is the one this program was written for."""
    with database.read() as connection:
        return _revision(connection) == newest_revision()


def newest_revision() -> str:
    """The revision that the newest script leads to; scripts are numbered in their order."""
    return max(script.name.split("_")[0] for script in (_SCRIPTS / "versions").glob("[0-9]*.py"))


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(_REVISION.name):
        return None
    return connection.execute(sa.select(_REVISION.c.version_num)).scalar()


def _run_scripts(connection: sa.Connection) -> None:
    # Imported only here: most starts find nothing to do, and this takes a fifth of a start.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
