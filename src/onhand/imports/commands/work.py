"""Doing what an import waits for."""

from onhand.imports.commands.apply import apply
from onhand.imports.commands.preview import preview
from onhand.imports.commands.working import Progress, Work, WorkLost, Workshop
from onhand.imports.model.states import ImportState


def work_on(workshop: Workshop, progress: Progress, import_id: str | None = None) -> str | None:
    """Do what this import, or the one that has waited longest, waits for; its id, None if none.

    Raises:
        DatabaseUnavailable, TransactionConflict: the rest may be done by anybody after a while.
    """
    work = workshop.take(progress, import_id)
    if work is None:
        return None
    _do(work)
    return work.import_id


def _do(work: Work) -> None:
    try:
        if work.state is ImportState.WAITING:
            preview(work)
        else:
            apply(work)
    except WorkLost:
        return  # cancelled, or another process goes on with it
