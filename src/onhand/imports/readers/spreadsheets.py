"""The rows of an XLSX file's sheet, each cell as the text a person would type."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from pathlib import Path
from typing import Self

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from onhand.imports.model.choices import Limits
from onhand.imports.model.refusals import FileRefused, Found, UnknownSheet, UnreadableFile
from onhand.imports.model.rows import BadRow, DateCell, Fault
from onhand.imports.readers.delimited import LONGEST_LINE, Record
from onhand.imports.readers.packages import check_package

Value = int | float | str | bool | date | time | timedelta


@contextmanager
def _damage_refused() -> Iterator[None]:
    try:
        yield
    except (CalamineError, OSError, ValueError):
        raise FileRefused(UnreadableFile(Found.DAMAGED)) from None
    # Where native code gives up it raises what is no Exception and bears no name to import.
    except BaseException as error:  # tidy: boundary, the library is native code
        if type(error).__module__ != "pyo3_runtime":
            raise
        raise FileRefused(UnreadableFile(Found.DAMAGED)) from None


class Workbook:
    """An XLSX file that was found harmless; one of its sheets is held in memory at a time."""

    def __init__(self, path: Path, limits: Limits) -> None:
        check_package(path, limits)
        self._cell_chars = limits.cell_chars
        self._held: CalamineSheet | None = None
        with _damage_refused():
            self._book = CalamineWorkbook.from_path(path)
            sheets = [
                one for one in self._book.sheets_metadata if one.typ is SheetTypeEnum.WorkSheet
            ]
        self.sheets = tuple(one.name for one in sheets)
        self.visible = tuple(one.name for one in sheets if one.visible is SheetVisibleEnum.Visible)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._book.close()

    def rows(self, sheet: str) -> Iterator[Record]:
        """The rows of a sheet with their numbers, 1-based, as spreadsheets show them.

        Raises:
            FileRefused: there is none of that name, or it is damaged.
        """
        if sheet not in self.sheets:
            raise FileRefused(UnknownSheet(sheet[:80], self.sheets))
        if self._held is None or self._held.name != sheet:
            self._held = None  # before another is laid out
            with _damage_refused():
                self._held = self._book.get_sheet_by_name(sheet)
        return self._records(self._held)

    def _records(self, sheet: CalamineSheet) -> Iterator[Record]:
        most = self._cell_chars
        for number, values in enumerate(sheet.iter_rows(), 1):
            cells = [cell if type(cell) is str else _as_text(cell) for cell in values]
            chars = sum(map(len, cells))
            if chars > most and (chars > LONGEST_LINE or max(map(len, cells)) > most):
                longest = max(cells, key=len)
                yield number, BadRow(number, Fault.CELL_TOO_LONG, None, longest[:80])
            else:
                yield number, cells


def _as_text(value: Value) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        # Spreadsheets keep 15 digits; what needs more comes out with an exponent, as rounded.
        return format(value, ".15g")
    return DateCell(value)
