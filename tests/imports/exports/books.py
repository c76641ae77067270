"""A ledger with something to export, and the files read back by other people's readers."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, tzinfo
from typing import Any

import python_calamine
import sqlalchemy as sa

from onhand.db.database import Database
from onhand.db.types import UtcTimestamp
from onhand.imports.model.exports import HeaderLanguage, Row, Wanted, headings
from onhand.imports.queries.exports import pages
from onhand.imports.writers.cells import Sheet
from onhand.imports.writers.delimited import Csv, Encoding
from onhand.imports.writers.workbook import write_workbook
from tests.shop import START

Table = list[dict[str, Any]]


def rows_of(database: Database, wanted: Wanted) -> list[Row]:
    """Every row of an export."""
    with database.snapshot() as connection:
        return [row for page in pages(connection, wanted, now=START) for row in page]


def table_of(database: Database, wanted: Wanted) -> Table:
    """Every row of an export by the names of its columns."""
    names = headings(wanted.kind, HeaderLanguage.EN)
    return [dict(zip(names, row, strict=True)) for row in rows_of(database, wanted)]


def as_csv(
    rows: Sequence[Row], *, encoding: Encoding = Encoding.UTF_8, zone: tzinfo = UTC
) -> tuple[bytes, int]:
    """The rows below a header, as a CSV file; and how many characters were replaced."""
    written = Csv(_sheet(rows, zone), encoding)
    return b"".join(written.chunks([rows])), written.replaced


def as_xlsx(rows: Sequence[Row], *, names: tuple[str, ...] = ()) -> bytes:
    """The rows below a header, as an XLSX file."""
    output = io.BytesIO()
    sheet = Sheet("cells", names) if names else _sheet(rows, UTC)
    write_workbook(output, sheet, [rows])
    return output.getvalue()


def read_csv(content: bytes, encoding: str = "utf-8-sig") -> list[list[str]]:
    """What the standard library reads, header included."""
    return list(csv.reader(io.StringIO(content.decode(encoding), newline="")))


def read_xlsx(content: bytes) -> list[list[list[Any]]]:
    """What calamine reads, sheet by sheet, header included."""
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    return [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]


def fill_events(database: Database, events: int, *, sku: str = "bulk") -> None:
    """Put so many events of one registered SKU into the ledger, past every rule but the tables'."""
    statement = sa.text(
        "INSERT INTO stock_event (command_id, sku_id, generation, seq, location_id, kind, "
        "on_hand_change, reserved_change, on_hand_after, reserved_after, shortfall_after, reason, "
        "actor, source, happened_at, recorded_at, hash) "
        "WITH RECURSIVE one (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM one WHERE n < :events) "
        "SELECT 'c', :sku, 1, n, 'main', 'adjusted', 1, 0, n, 0, 0, '棚卸差異 recount of shelf', "
        "'mei', 'api', :at, :at, '' FROM one"
    ).bindparams(sa.bindparam("at", START, UtcTimestamp), events=events, sku=sku)
    with database.begin() as connection:
        connection.execute(statement)


def _sheet(rows: Sequence[Row], zone: tzinfo) -> Sheet:
    width = len(rows[0]) if rows else 1
    return Sheet("cells", tuple(f"c{number}" for number in range(width)), zone)
