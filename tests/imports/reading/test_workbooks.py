"""XLSX files: what cells become, which sheet is read, and what is refused before it is opened."""

import io
import struct
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onhand.imports.model.choices import Choices, Limits
from onhand.imports.model.facts import EvidenceCode, Form
from onhand.imports.model.refusals import (
    FileRefused,
    Found,
    UnknownSheet,
    UnpackedTooLarge,
    UnreadableFile,
)
from onhand.imports.readers import packages
from tests.imports.reading.tell import LIMITS, read, refusal, tell
from tests.imports.reading.workbooks import SHEET, Cells, pack, parts, workbook

HEADER = ("SKU", "在庫数", "商品名")
GOODS = workbook({"在庫": [HEADER, ("A-1", 5, "帆布"), ("A-2", 6, "綿")]})


def save(tmp_path: Path, book: bytes) -> Path:
    path = tmp_path / "book.xlsx"
    path.write_bytes(book)
    return path


def test_cells_are_read_as_a_person_would_type_them(tmp_path: Path) -> None:
    rows = [
        ("在庫一覧",),
        (),
        HEADER,
        ("00123", 12.0, "zeros kept"),
        (12345.0, "１，２３４", "a number is a code"),
        (4901234567894, 7, "a long one too"),
        (1234567890123456, 7, "sixteen digits are not kept"),
        (datetime(2026, 11, 22), 7, "a date is none"),  # noqa: DTZ001 - spreadsheets have no zones
        ("A-5", datetime(2026, 11, 22), "nor a quantity"),  # noqa: DTZ001
        ("A-6", 12.5, "nor a half"),
        ("A-7", True, "nor a truth"),
        (None, None, None),
        ("A-8", None, None),
        ("=A-9", 5, "no formula"),
        ("'=A-10", 5, "'=guarded"),
        (None, 5, "no code"),
    ]

    facts, read_rows = read(save(tmp_path, workbook({"x": rows})))

    assert (facts.form, facts.header_line, facts.encoding) == (Form.XLSX, 3, None)
    assert [tell(row) for row in read_rows] == [
        "4 | 00123 | 12 | name=zeros kept",
        "5 | 12345 | 1234 | name=a number is a code",
        "6 | 4901234567894 | 7 | name=a long one too",
        "7 bad code_rounded SKU",
        "8 bad code_is_date SKU",
        "9 bad quantity_is_date 在庫数",
        "10 bad quantity_not_whole 在庫数",
        "11 bad quantity_not_a_number 在庫数",
        "12 skipped blank",
        "13 | A-8 | -",
        "14 bad formula SKU",
        "15 | =A-10 | 5 | name==guarded",
        "16 skipped skipped_no_sku",
    ]


def test_first_visible_sheet_with_a_header_is_read_unless_another_is_chosen(
    tmp_path: Path,
) -> None:
    sheets: dict[str, Cells] = {
        "説明": [("このファイルについて",)],
        "old": [HEADER, ("OLD-1", 1, "")],
        "new": [HEADER, ("NEW-1", 2, "")],
    }
    path = save(tmp_path, workbook(sheets, hidden=["old"]))

    facts, rows = read(path)
    chosen, old = read(path, Choices(sheet="old"))

    assert (facts.sheet, facts.sheets) == ("new", ("説明", "old", "new"))
    assert facts.evidence[0].code is EvidenceCode.SHEET_WITH_HEADER
    assert [tell(row) for row in rows] == ["2 | NEW-1 | 2"]
    assert chosen.evidence[0].code is EvidenceCode.CHOSEN
    assert [tell(row) for row in old] == ["2 | OLD-1 | 1"]
    assert refusal(path, Choices(sheet="none")) == UnknownSheet("none", facts.sheets)


def test_rows_can_be_read_again(tmp_path: Path) -> None:
    path = save(tmp_path, GOODS)

    assert read(path) == read(path)


def test_package_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    bomb = pack(tmp_path / "bomb.xlsx", parts(GOODS) | {"xl/media/a.bin": bytes(30_000_000)})
    limits = Limits(10_000_000, 1_000, 2_000, unpacked_bytes=20_000_000)

    by_size = refusal(bomb, limits=limits)
    by_ratio = refusal(bomb)

    assert isinstance(by_size, UnpackedTooLarge)
    assert (by_size.what, by_size.limit) == ("bytes", 20_000_000)
    assert isinstance(by_ratio, UnpackedTooLarge)
    assert (by_ratio.what, by_ratio.limit) == ("ratio", packages.MOST_RATIO)


def test_package_of_too_many_parts_is_refused(tmp_path: Path) -> None:
    many = {f"part{count}": b"" for count in range(packages.MOST_ENTRIES)}

    refused = refusal(pack(tmp_path / "many.xlsx", parts(GOODS) | many))

    assert isinstance(refused, UnpackedTooLarge)
    assert refused.what == "entries"


def test_directory_that_lies_about_a_size_is_refused(tmp_path: Path) -> None:
    book = bytearray(GOODS)
    true_size = len(parts(GOODS)[SHEET])
    with zipfile.ZipFile(io.BytesIO(GOODS)) as package:
        entry = package.getinfo(SHEET)
        directory = package.start_dir
    place = book.index(SHEET.encode(), directory) - 46 + 24
    assert struct.unpack_from("<I", book, place) == (true_size,)
    struct.pack_into("<I", book, place, 100)
    struct.pack_into("<I", book, entry.header_offset + 22, 100)

    assert refusal(save(tmp_path, bytes(book))) == UnreadableFile(Found.DAMAGED)


CORNERS = {
    "usual": b'<row r="9"><c r="XFD1048576"><v>1</v></c></row>',
    "other quotes": b"<row r='9'><c r='XFD1048576'><v>1</v></c></row>",
    "spaces": b'<row r = "9"><c  r =\n"XFD1048576"><v>1</v></c></row>',
    "said twice": b'<row r="9"><c r="A9"r="XFD1048576"><v>1</v></c></row>',
    "small letters": b'<row r="9"><c r="xfd1048576"><v>1</v></c></row>',
    "prefix": b'<x:row r="9"><x:c r="XFD1048576"><v>1</v></x:c></x:row>',
    "places left out": b'<row r="1048576">' + b"<c><v>1</v></c>" * 16_384 + b"</row>",
    "far column": b'<row r="9"><c r="ZZZZZZZ9"><v>1</v></c></row>',
    "far row": b'<row r="9"><c r="A99999999999"><v>1</v></c></row>',
}


@pytest.mark.parametrize("corner", CORNERS)
def test_sheet_of_two_far_corners_is_refused_before_memory_is_asked_for(
    tmp_path: Path, corner: str
) -> None:
    book = parts(GOODS)
    book[SHEET] = book[SHEET].replace(b"</sheetData>", CORNERS[corner] + b"</sheetData>")

    refused = refusal(pack(tmp_path / "corners.xlsx", book))

    assert isinstance(refused, UnpackedTooLarge)
    assert (refused.what, refused.limit) == ("cells", packages.MOST_CELLS)


def test_untrue_count_of_texts_is_refused_before_memory_is_asked_for(tmp_path: Path) -> None:
    book = parts(GOODS)
    texts = book["xl/sharedStrings.xml"]
    book["xl/sharedStrings.xml"] = texts.replace(b'uniqueCount="', b'uniqueCount="20000000000')

    assert refusal(pack(tmp_path / "count.xlsx", book)) == UnreadableFile(Found.DAMAGED)


PIECES = st.sampled_from(
    (
        *(b"", b"\0", b'"', b"<row>", b"</row>", b"<c>", b'<c r="C9">', b'r="XFD1048576"'),
        *(b'<c r="A1"><v>1</v></c>', b't="s"', b't="e"', b't="b"', b's="99999"', b"&#x110000;"),
        *(b"<v>1e999</v>", b"-1", b"99999999999999999999", b"\xff\xfe", b'uniqueCount="9999999"'),
    )
)
CHANGES = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 12), PIECES), min_size=1)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(part=st.sampled_from([SHEET, SHEET, *parts(GOODS)]), changes=CHANGES)
def test_damaged_workbooks_are_read_or_refused(
    tmp_path: Path, part: str, changes: list[tuple[int, int, bytes]]
) -> None:
    book = parts(GOODS)
    for place, length, piece in changes:
        start = place % (len(book[part]) + 1)
        book[part] = book[part][:start] + piece + book[part][start + length :]

    with_rows(pack(tmp_path / "damaged.xlsx", book))


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=st.lists(st.tuples(st.integers(4, len(GOODS) - 1), st.integers(0, 255))))
def test_damaged_packages_are_read_or_refused(
    tmp_path: Path, changes: list[tuple[int, int]]
) -> None:
    book = bytearray(GOODS)
    for place, value in changes:
        book[place] = value

    with_rows(save(tmp_path, bytes(book)))


def with_rows(path: Path) -> None:
    try:
        _, rows = read(path, limits=LIMITS)
    except FileRefused:
        return
    assert [row.line for row in rows] == list(range(rows[0].line, rows[0].line + len(rows)))
