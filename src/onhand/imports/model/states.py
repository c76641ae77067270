"""How far an import is, and what may be done with it then."""

from enum import StrEnum


class ImportState(StrEnum):
    """How far an import is.

    `waiting`: to be read. `previewed`: what it would change is known. `refused`: the file could not
    be read. `cancelled`: given up before anything was changed. `confirmed`: being brought in.
    `applied`: all of it was. `stopped`: cancelled on the way; what was brought in stays until it
    is undone, and confirming goes on with the rest. `undone`: taken back.
    """

    WAITING = "waiting"
    PREVIEWED = "previewed"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    CONFIRMED = "confirmed"
    APPLIED = "applied"
    STOPPED = "stopped"
    UNDONE = "undone"


PENDING = frozenset({ImportState.WAITING, ImportState.CONFIRMED})
"""Somebody has to work on it."""

BEFORE_CONFIRM = frozenset(
    {ImportState.WAITING, ImportState.PREVIEWED, ImportState.REFUSED, ImportState.CANCELLED}
)
"""Nothing was changed yet: the same file, taken in the same way, is read anew."""

UNDOABLE = frozenset({ImportState.APPLIED, ImportState.STOPPED})
"""It has changed something that can be taken back."""
