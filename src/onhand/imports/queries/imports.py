"""Reads of imports."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.access.model import Refusal, has_control_characters
from onhand.imports.model.choices import Choices
from onhand.imports.model.facts import FileFacts
from onhand.imports.model.plan import Action, Terms
from onhand.imports.model.refusals import (
    FileTooLarge,
    InvalidRule,
    NoSkuColumn,
    TooManyRows,
    UnknownColumn,
    UnknownDelimiter,
    UnknownEncoding,
    UnknownSheet,
    UnpackedTooLarge,
    UnreadableFile,
)
from onhand.imports.model.states import UNDOABLE, ImportState
from onhand.imports.model.wishes import MOST_MOVED, ImportFailed, ImportMoved, Moved
from onhand.imports.tables import (
    file_import,
    import_fault,
    import_file,
)

_REFUSALS: tuple[type[Refusal], ...] = (
    *(FileTooLarge, TooManyRows, UnreadableFile, UnpackedTooLarge, UnknownEncoding),
    *(UnknownDelimiter, UnknownSheet, UnknownColumn, NoSkuColumn, InvalidRule, ImportFailed),
)
# The ledger knows at once what is on hand; a SKU that came or went counts as moved, too.
_MOVED = """
    SELECT c.sku_id, c.line, c.before_units,
        CASE WHEN coalesce(h.registered, false) = c.is_new THEN NULL
        ELSE coalesce(l.on_hand, 0) END AS on_hand
    FROM import_change c
    LEFT JOIN ledger_head h ON h.sku_id = c.sku_id
    LEFT JOIN stock_level l ON l.sku_id = c.sku_id AND l.location_id = :location
    WHERE c.import_id = :import_id AND c.number > :position
    AND c.action NOT IN ('blocked', 'conflict')
    AND (coalesce(h.registered, false) = c.is_new
        OR (c.action IN (:set, :unchanged) AND coalesce(l.on_hand, 0) <> c.before_units))
"""


class ImportCounts(msgspec.Struct, frozen=True):
    """What a file says and would change, in figures; `outcomes` is what became of its SKUs.

    `rows` of the file are `taken_rows`, `skipped` (by reason) or `bad` (by fault). `skus` stands
    for different SKUs, `actions` and `flags` for SKUs, `units_more` and `units_less` for whole
    units.
    """

    rows: int = 0
    taken_rows: int = 0
    repeated_rows: int = 0
    skipped: dict[str, int] = {}
    bad: dict[str, int] = {}
    skus: int = 0
    new: int = 0
    names: int = 0
    images: int = 0
    with_aliases: int = 0
    units_more: int = 0
    units_less: int = 0
    actions: dict[str, int] = {}
    flags: dict[str, int] = {}
    listings_to_map: int = 0
    listings_differing: int = 0
    listings_unknown: int = 0
    outcomes: dict[str, int] = {}


class ImportView(msgspec.Struct, frozen=True, rename={"import_id": "import"}):
    """One import. `file` is the SHA-256 of its bytes; `task` works on it.

    While it is `waiting`, `done` of the file's rows are read; while it is `confirmed`, `done` of
    `total` SKUs are brought in. `problem` says why it was `refused`. `facts` are what was found
    out about the file, `choices` what was said about reading it, `terms` how it is taken.
    `also_imported` are other imports of the same file that changed something.
    """

    import_id: str
    file: str
    file_name: str
    size_bytes: int
    store: str | None
    state: ImportState
    terms: Terms
    choices: Choices
    facts: FileFacts | None
    problem: dict[str, Any] | None
    counts: ImportCounts
    done: int
    total: int | None
    cancel_asked: bool
    task: str | None
    asked_by: str
    asked_at: datetime
    previewed_at: datetime | None
    confirmed_by: str | None
    confirmed_at: datetime | None
    ended_at: datetime | None
    undone_by: str | None
    undone_at: datetime | None
    also_imported: list[str]


class ImportSummary(msgspec.Struct, frozen=True, rename={"import_id": "import"}):
    """One import in a list."""

    import_id: str
    file: str
    file_name: str
    store: str | None
    state: ImportState
    rows: int
    skus: int
    asked_by: str
    asked_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    ended_at: datetime | None
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class ImportFilter:
    """Which imports to list, the newest first; `before` is the last id seen."""

    state: ImportState | None = None
    store: str | None = None
    before: str | None = None
    limit: int = 100


class FaultView(msgspec.Struct, frozen=True):
    """What is wrong with one row of a file."""

    number: int
    line: int
    fault: str
    column: str | None
    value: str


def read_import(connection: sa.Connection, import_id: str) -> ImportView | None:
    """The import with this id, None if there is none."""
    if has_control_characters(import_id):
        return None
    row = connection.execute(
        sa.select(file_import, import_file.c.size_bytes)
        .join(import_file, import_file.c.file_id == file_import.c.file_id)
        .where(file_import.c.import_id == import_id)
    ).first()
    return None if row is None else _view(connection, row)


def why_refused(found: ImportView) -> Refusal | None:
    """Why the file of an import could not be read."""
    if found.state is not ImportState.REFUSED or found.problem is None:
        return None
    facts = {name: value for name, value in found.problem.items() if name != "code"}
    kind = next(kind for kind in _REFUSALS if kind.code == found.problem["code"])
    return msgspec.convert(facts, kind)


def list_imports(connection: sa.Connection, wanted: ImportFilter) -> list[ImportSummary]:
    """Imports, the newest first."""
    row = file_import.c
    statement = sa.select(file_import).order_by(row.import_id.desc()).limit(wanted.limit)
    if wanted.state is not None:
        statement = statement.where(row.state == wanted.state)
    if wanted.store is not None:
        statement = statement.where(row.store_id == wanted.store)
    if wanted.before is not None:
        statement = statement.where(row.import_id < wanted.before)
    return [
        ImportSummary(
            import_id=found.import_id,
            file=found.file_id,
            file_name=found.file_name,
            store=found.store_id,
            state=ImportState(found.state),
            rows=found.counts.get("rows", found.rows_read),
            skus=found.change_count,
            asked_by=found.asked_by,
            asked_at=found.asked_at,
            confirmed_by=found.confirmed_by,
            confirmed_at=found.confirmed_at,
            ended_at=found.ended_at,
            undone_at=found.undone_at,
        )
        for found in connection.execute(statement)
    ]


def find_moved(
    connection: sa.Connection, import_id: str, *, location: str, position: int
) -> ImportMoved | None:
    """What is not as the preview went by, of the SKUs after `position`; None: nothing moved."""
    values = {
        "import_id": import_id,
        "location": location,
        "position": position,
        "set": Action.SET.value,
        "unchanged": Action.UNCHANGED.value,
    }
    first = sa.text(f"{_MOVED} ORDER BY c.number LIMIT :most")
    rows = connection.execute(first, {**values, "most": MOST_MOVED}).all()
    if not rows:
        return None
    count = len(rows)
    if count == MOST_MOVED:
        every = sa.text(f"SELECT count(*) FROM ({_MOVED}) AS moved")  # noqa: S608
        count = int(connection.execute(every, values).scalar_one())
    return ImportMoved(import_id, count, tuple(Moved(*row) for row in rows))


def list_faults(
    connection: sa.Connection, import_id: str, *, after: int, limit: int
) -> list[FaultView]:
    """What is wrong with rows of the file, in the order they were read; `after` is a number."""
    fault = import_fault.c
    rows = connection.execute(
        sa.select(fault.number, fault.line, fault.fault, fault.column_name, fault.value)
        .where(fault.import_id == import_id, fault.number > after)
        .order_by(fault.number)
        .limit(limit)
    )
    return [FaultView(*row) for row in rows]


def _view(connection: sa.Connection, row: sa.Row[Any]) -> ImportView:
    is_reading = row.state == ImportState.WAITING
    return ImportView(
        import_id=row.import_id,
        file=row.file_id,
        file_name=row.file_name,
        size_bytes=row.size_bytes,
        store=row.store_id,
        state=ImportState(row.state),
        terms=msgspec.convert(row.terms, Terms),
        choices=msgspec.convert(row.choices["used"], Choices),
        facts=None if row.facts is None else msgspec.convert(row.facts, FileFacts),
        problem=row.problem,
        counts=msgspec.convert(row.counts, ImportCounts),
        done=row.rows_read if is_reading else row.position,
        total=None if is_reading else row.change_count,
        cancel_asked=row.cancel_asked,
        task=row.task_id,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        previewed_at=row.previewed_at,
        confirmed_by=row.confirmed_by,
        confirmed_at=row.confirmed_at,
        ended_at=row.ended_at,
        undone_by=row.undone_by,
        undone_at=row.undone_at,
        also_imported=_also_imported(connection, row.import_id, row.file_id),
    )


def _also_imported(connection: sa.Connection, import_id: str, file_id: str) -> list[str]:
    row = file_import.c
    brought_in = sorted({*UNDOABLE, ImportState.CONFIRMED})
    others = sa.and_(row.file_id == file_id, row.import_id != import_id, row.state.in_(brought_in))
    return list(
        connection.execute(sa.select(row.import_id).where(others).order_by(row.import_id)).scalars()
    )
