"""Taking an import back: its stock by counter-events; what it said of SKUs stays."""

from dataclasses import replace
from functools import partial

import sqlalchemy as sa

from onhand.access.model import Accepted, Asked, Refusal
from onhand.imports.model.states import UNDOABLE, ImportState
from onhand.imports.model.wishes import ImportNotFound, ImportNotReady
from onhand.imports.queries.imports import read_import
from onhand.imports.tables import file_import
from onhand.stock.commands import Ledger
from onhand.stock.commands.undo import GroupUndo, undo
from onhand.stock.model.commands import UndoHow
from onhand.stock.model.events import Reference, ReferenceType


def reference_of(import_id: str) -> Reference:
    """What the events of an import belong to."""
    return Reference(ReferenceType.IMPORT, import_id)


def undo_import(ledger: Ledger, asked: Asked, import_id: str, how: UndoHow) -> Accepted | Refusal:
    """Take back the stock that an import moved; the answer is an `UndoAnswer`.

    Happens once. Names, pictures, SKUs and mappings stay. Raises:
        DatabaseUnavailable: repeat the call.
    """
    refused = check_undoable(ledger, import_id)
    if refused is not None:
        return refused
    return undo_group(ledger, asked, GroupUndo(reference_of(import_id), how))


def undo_group(ledger: Ledger, asked: Asked, ask: GroupUndo) -> Accepted | Refusal:
    """Take back any group as the ledger does; where it is an import, its state follows at once.

    Raises:
        DatabaseUnavailable: repeat the call.
    """
    return undo(ledger, asked, replace(ask, before=partial(_before_undo, asked)))


def _before_undo(
    asked: Asked, connection: sa.Connection, group: str, is_last: bool
) -> Refusal | None:
    """Refuse an import that is being brought in; note one that is taken back to its end."""
    kind, _, import_id = group.partition(":")
    chosen = file_import.c.import_id == import_id
    state: str | None = None
    if kind == ReferenceType.IMPORT:
        state = connection.execute(
            sa.select(file_import.c.state).where(chosen).with_for_update()
        ).scalar()
    if state is None:  # no import, or one of another program's
        return None
    if state not in UNDOABLE:
        return ImportNotReady(import_id, state)
    if is_last:
        undone = {
            "state": ImportState.UNDONE,
            "undone_by": asked.actor.name,
            "undone_at": asked.now,
        }
        connection.execute(sa.update(file_import).where(chosen).values(undone))
    return None


def check_undoable(ledger: Ledger, import_id: str) -> Refusal | None:
    """Why an import cannot be taken back in the state in which it is."""
    with ledger.database.read() as connection:
        found = read_import(connection, import_id)
    if found is None:
        return ImportNotFound(import_id)
    if found.state not in {*UNDOABLE, ImportState.UNDONE}:
        return ImportNotReady(import_id, found.state.value)
    return None
