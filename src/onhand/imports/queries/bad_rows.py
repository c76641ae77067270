"""The rows of a file that could not be taken, as a CSV file that can be mended and given again."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa

from onhand.db.database import Database
from onhand.imports.commands.files import unpacked
from onhand.imports.commands.preview import opened_again
from onhand.imports.model.exports import Page
from onhand.imports.model.rows import BadRow
from onhand.imports.readers.opening import FileSource
from onhand.imports.tables import file_import, import_fault
from onhand.imports.writers.cells import Sheet
from onhand.imports.writers.delimited import Csv

_OUR_COLUMNS = ("line", "fault", "column", "value")
_ROWS_AT_ONCE = 500


def bad_rows(database: Database, import_id: str) -> Generator[bytes, None, None]:
    """The bad rows with their cells as they are in the file, behind where and why.

    Of a file that could not be read at all there are none.
    """
    with database.read() as connection:
        chosen = file_import.c.import_id == import_id
        row = connection.execute(sa.select(file_import).where(chosen)).one()
        faults = _faults(connection, import_id)
    if not faults or row.facts is None:
        yield from Csv(Sheet("bad rows", _OUR_COLUMNS)).chunks([])
        return
    with unpacked(database, row.file_id) as path, opened_again(row, path) as source:
        sheet = Sheet("bad rows", (*_OUR_COLUMNS, *source.facts.header))
        yield from Csv(sheet).chunks(_pages(source, faults))


def _faults(connection: sa.Connection, import_id: str) -> dict[int, Sequence[Any]]:
    fault = import_fault.c
    rows = connection.execute(
        sa.select(fault.line, fault.fault, fault.column_name, fault.value)
        .where(fault.import_id == import_id)
        .order_by(fault.number)
    )
    return {row.line: tuple(row) for row in rows}


def _pages(source: FileSource, faults: Mapping[int, Sequence[Any]]) -> Iterator[Page]:
    rows = _rows(source, faults)
    while page := list(islice(rows, _ROWS_AT_ONCE)):
        yield page


def _rows(source: FileSource, faults: Mapping[int, Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    left = len(faults)
    for line, cells in source.records():
        fault = faults.get(line)
        if fault is None or line <= source.facts.header_line:
            continue
        yield (*fault, *(() if isinstance(cells, BadRow) else map(str, cells)))
        left -= 1
        if left == 0:
            return
