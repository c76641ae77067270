"""What the interface answers about imports."""

import msgspec

from onhand.imports.queries.changes import ChangeView
from onhand.imports.queries.imports import ImportSummary, ImportView


class ImportAnswer(msgspec.Struct, frozen=True, rename={"import_id": "import"}):
    """An import that was asked for. `is_repeat`: the file was brought in before in the same way.

    `has_worker` false: no process works on imports now; it stays queued until one does.
    """

    import_id: str
    is_repeat: bool
    has_worker: bool
    details: ImportView


class ImportPage(msgspec.Struct, frozen=True):
    """Imports, the newest first; ask again with `after` = `cursor` (null: that was all)."""

    imports: list[ImportSummary]
    cursor: str | None


class ChangePage(msgspec.Struct, frozen=True):
    """Changes in the order of the file; ask again with `after` = `cursor` (null: that was all)."""

    changes: list[ChangeView]
    cursor: int | None
