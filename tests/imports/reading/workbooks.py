"""Makes XLSX files for the tests: honest ones, and ones that nobody's spreadsheet writes."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import xlsxwriter  # type: ignore[import-untyped]

Cells = Sequence[Sequence[object]]
SHEET = "xl/worksheets/sheet1.xml"


def workbook(sheets: Mapping[str, Cells], hidden: Sequence[str] = ()) -> bytes:
    """A workbook with these sheets; None leaves a cell out."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"strings_to_urls": False}) as book:
        as_date = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            if name in hidden:
                sheet.hide()
            for row, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if isinstance(cell, datetime):
                        sheet.write_datetime(row, column, cell, as_date)
                    elif isinstance(cell, str):
                        sheet.write_string(row, column, cell)
                    elif cell is not None:
                        sheet.write(row, column, cell)
    return made.getvalue()


def parts(book: bytes) -> dict[str, bytes]:
    """The parts of a workbook by their names."""
    with zipfile.ZipFile(io.BytesIO(book)) as package:
        return {entry.filename: package.read(entry) for entry in package.infolist()}


def pack(path: Path, entries: Mapping[str, bytes]) -> Path:
    """Write a package of these parts."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in entries.items():
            package.writestr(name, content)
    return path
