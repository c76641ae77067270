"""Forgetting previews that nobody confirmed; what was brought in stays, with its file."""

from datetime import datetime

import sqlalchemy as sa

from onhand.db.database import Database
from onhand.imports.model.states import BEFORE_CONFIRM, ImportState
from onhand.imports.tables import file_import, import_change, import_fault, import_listing

_FORGETTABLE = sorted(BEFORE_CONFIRM - {ImportState.WAITING})


def forget_previews(database: Database, *, asked_before: datetime) -> int:
    """Delete imports that changed nothing and were last asked for before this; how many.

    Each in a transaction of its own. Raises:
        DatabaseUnavailable, TransactionConflict: some may be left.
    """
    row = file_import.c
    is_old = sa.and_(row.state.in_(_FORGETTABLE), row.asked_at < asked_before)
    with database.read() as connection:
        old = list(connection.execute(sa.select(row.import_id).where(is_old)).scalars())
    return sum(_forget(database, import_id, is_old) for import_id in old)


def _forget(database: Database, import_id: str, is_old: sa.ColumnElement[bool]) -> bool:
    chosen = sa.and_(file_import.c.import_id == import_id, is_old)
    with database.begin() as connection:
        still = sa.select(file_import.c.import_id).where(chosen).with_for_update()
        if connection.execute(still).first() is None:
            return False  # somebody has asked for it again, or confirmed it
        for table in (import_change, import_listing, import_fault, file_import):
            connection.execute(sa.delete(table).where(table.c.import_id == import_id))
    return True
