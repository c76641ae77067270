"""Taking an import back: its stock by counter-events; what it said of SKUs stays."""

from datetime import datetime

import sqlalchemy as sa

from onhand.access.model import Accepted, Asked, Refusal
from onhand.imports.model.states import UNDOABLE, ImportState
from onhand.imports.model.wishes import ImportNotFound, ImportNotReady
from onhand.imports.queries.imports import read_import
from onhand.imports.tables import file_import
from onhand.stock.commands import Ledger
from onhand.stock.commands.undo import GroupUndo, undo
from onhand.stock.model.commands import Caller, UndoHow
from onhand.stock.model.events import Reference, ReferenceType, Source
from onhand.stock.model.undo import group_name
from onhand.stock.queries.undo import read_parts


def reference_of(import_id: str) -> Reference:
    """What the events of an import belong to."""
    return Reference(ReferenceType.IMPORT, import_id)


def undo_import(ledger: Ledger, asked: Asked, import_id: str, how: UndoHow) -> Accepted | Refusal:
    """Take back the stock that an import moved; the answer is an `UndoAnswer`.

    Happens once. Names, pictures, SKUs and mappings stay. Raises:
        DatabaseUnavailable: repeat the call.
    """
    database, actor = ledger.database, asked.actor
    refused = check_undoable(ledger, import_id)
    if refused is not None:
        return refused
    caller = Caller(actor.name, Source(actor.source), actor.origin, touches_all=True)
    result = undo(
        ledger,
        caller,
        GroupUndo(reference_of(import_id), how),
        now=asked.now,
        idempotency_key=asked.idempotency_key,
    )
    if isinstance(result, Refusal):
        return result
    with database.begin() as connection:
        note_undone(connection, import_id)
    return result


def note_undone(connection: sa.Connection, import_id: str) -> bool:
    """Whether the ledger has taken an import back, whoever asked it to; noted where it has."""
    parts = read_parts(connection, group_name(reference_of(import_id)))
    if not parts or not parts[-1][0].is_last:
        return False
    part, actor = parts[-1]
    connection.execute(
        sa.update(file_import)
        .where(file_import.c.import_id == import_id)
        .where(file_import.c.state.in_(sorted(UNDOABLE)))
        .values(
            state=ImportState.UNDONE,
            undone_by=actor,
            undone_at=datetime.fromisoformat(part.recorded_at),
        )
    )
    return True


def check_undoable(ledger: Ledger, import_id: str) -> Refusal | None:
    """Why an import cannot be taken back in the state in which it is."""
    with ledger.database.read() as connection:
        found = read_import(connection, import_id)
    if found is None:
        return ImportNotFound(import_id)
    if found.state not in {*UNDOABLE, ImportState.UNDONE}:
        return ImportNotReady(import_id, found.state.value)
    return None
