"""XLSX with every text as text: no formula, no lost zero, no number made of a code."""

from collections.abc import Iterable, Iterator
from itertools import chain
from tempfile import TemporaryDirectory
from typing import IO, Any

from onhand.imports.model.exports import Page, Row
from onhand.imports.writers.cells import Sheet, as_text

_EXACT = 10**15  # larger numbers lose digits in Excel
_WIDTH = 18  # of a column, in characters


def write_workbook(output: IO[bytes], sheet: Sheet, pages: Iterable[Page]) -> None:
    """Write the whole file; the rows of one page are in memory at once.

    What does not fit on one sheet goes on on further ones, each with the names of the columns.
    `output` must be seekable. Raises:
        OSError: there is no room for it.
    """
    # Imported only here: it would take a tenth of every start.
    from xlsxwriter import Workbook  # type: ignore[import-untyped]  # noqa: PLC0415

    # In a folder of its own: what is not finished would leave its rows behind.
    with TemporaryDirectory(prefix="onhand-export-") as folder:
        book = Workbook(output, {"constant_memory": True, "tmpdir": folder})
        formats = {name: book.add_format(look) for name, look in _LOOKS.items()}
        rows = chain.from_iterable(pages)
        number, following = 0, next(rows, None)
        while following is not None or number == 0:
            number += 1
            place = book.add_worksheet(sheet.title if number == 1 else f"{sheet.title} {number}")
            place.freeze_panes(1, 0)
            place.set_column(0, len(sheet.headings) - 1, _WIDTH)
            for column, heading in enumerate(sheet.headings):
                place.write_string(0, column, heading, formats["heading"])
            following = _fill(place, sheet, chain([following], rows), formats["text"])
        book.close()


_LOOKS: dict[str, dict[str, Any]] = {"heading": {"bold": True}, "text": {"num_format": "@"}}


def _fill(place: Any, sheet: Sheet, rows: Iterator[Row | None], text: Any) -> Row | None:
    """Write rows until the sheet is full; gives the first that did not fit."""
    for at, row in enumerate(rows, start=1):
        if row is None:
            return None
        if at == sheet.most_rows:
            return row
        for column, cell in enumerate(row):
            _write(place, (at, column), as_text(cell, sheet.zone), text)
    return None


def _write(place: Any, at: tuple[int, int], value: str | int | bool | None, text: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        place.write_boolean(*at, value)
    elif isinstance(value, int) and abs(value) < _EXACT:
        place.write_number(*at, value)
    elif str(value).startswith("<r>"):
        # xlsxwriter would take a text that looks like its own markup for such.
        mark, rest = str(value)[0], str(value)[1:]
        place.write_rich_string(*at, mark, text, rest, text)
    else:
        place.write_string(*at, str(value), text)
