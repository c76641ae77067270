"""Workbooks are read in a process of their own, which may take so much and no more."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from onhand.imports.model.choices import Choices, Limits
from onhand.imports.model.refusals import FileRefused, Found, UnreadableFile
from onhand.imports.model.rows import BadRow
from onhand.imports.readers.apart import Waiting, WorkbookApart
from onhand.imports.readers.opening import open_file
from tests.imports.reading.tell import LIMITS, read, tell
from tests.imports.reading.workbooks import SHEET, pack, parts, workbook

HEADER = ("SKU", "在庫数", "商品名")
SMALL = replace(LIMITS, cell_chars=100)


def test_rows_are_those_that_reading_here_gives(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    goods = [HEADER, *((f"A-{n}", n, "急須") for n in range(2_500))]
    odd = [("A-x", datetime(2026, 11, 22), ""), ("A-y", 1, "長" * 101)]  # noqa: DTZ001
    path.write_bytes(workbook({"説明": [("はじめに",)], "在庫": [*goods, *odd]}))
    here = read(path, limits=SMALL)

    with open_file(path, name="book.xlsx", choices=Choices(), limits=SMALL) as source:
        apart = source.facts, list(source.rows())
        again = list(source.rows())

    assert apart == here
    assert again == here[1]
    assert [tell(row) for row in again[-2:]] == [
        "2502 bad quantity_is_date 在庫数",
        "2503 bad cell_too_long -",
    ]


@pytest.mark.parametrize("bound", [{"memory_bytes": 250_000_000}, {"processor_s": 1}])
def test_workbook_that_asks_for_more_is_refused(tmp_path: Path, bound: dict[str, int]) -> None:
    book = parts(workbook({"在庫": [HEADER]}))
    corner = b'<row r="950000"><c r="L950000"><v>1</v></c></row>'
    book[SHEET] = book[SHEET].replace(b"</sheetData>", corner + b"</sheetData>")
    path = pack(tmp_path / "wide.xlsx", book)

    assert why_not(path, replace(LIMITS, **bound)) == UnreadableFile(Found.TOO_DEMANDING)


def test_who_waits_may_give_up(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(workbook({"在庫": [HEADER]}))

    def give_up() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        WorkbookApart(path, LIMITS, Waiting(0.001, give_up))


def why_not(path: Path, limits: Limits) -> object:
    """Why the rows cannot all be read, None when they can."""
    try:
        with WorkbookApart(path, limits, Waiting()) as book:
            assert not any(isinstance(cells, BadRow) for _, cells in book.rows("在庫"))
    except FileRefused as refused:
        return refused.refusal
    return None
