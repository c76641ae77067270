"""What is exported is read back by the import as what it was."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from onhand.access.model import has_control_characters
from onhand.catalog.model import is_valid_code, normalise
from onhand.imports.model.choices import Role
from onhand.imports.model.exports import ExportKind, HeaderLanguage, Row, headings
from onhand.imports.model.rows import FileRow
from onhand.imports.writers.cells import Sheet
from onhand.imports.writers.delimited import Csv, Encoding
from onhand.imports.writers.workbook import write_workbook
from tests.imports.reading.tell import read

CHARACTERS = st.characters(exclude_categories=["Cs", "Cc", "Cn"])
TEMPTING = st.sampled_from(
    [
        *("=1+1", "'=1", "-5", "@x", "+81", "0012", "1E5", "1e+5", "'1e+5", "#N/A", "2026-11-22"),
        *("a,b", "<r>x</r>", '"', "'", "true", "4901234567890", "a;b|c", "sku", "在庫数", "＋x"),
    ]
)
CODES = (st.text(CHARACTERS, min_size=1, max_size=20).map(str.strip) | TEMPTING).filter(
    lambda code: is_valid_code(normalise(code))
)
NAMES = (st.text(CHARACTERS, max_size=30) | TEMPTING).map(
    lambda name: "" if has_control_characters(name) or not name.isprintable() else name.strip()
)
ROWS = st.lists(
    st.tuples(CODES, NAMES, st.integers(-(10**9), 10**9)),
    min_size=1,
    max_size=8,
    unique_by=lambda row: normalise(row[0]),
)


def levels(rows: list[tuple[str, str, int]]) -> list[Row]:
    """Rows of an export of levels."""
    rest: Row = (5, 0, 5, 5, 0, 0, False, "active", None, None)
    return [(code, name, "main", units, *rest) for code, name, units in rows]


def check(path: Path, rows: list[tuple[str, str, int]]) -> None:
    """The import's reader finds every row, and nothing else."""
    facts, found = read(path)
    assert {Role.SKU, Role.NAME, Role.QUANTITY, Role.IMAGE} == facts.mapping.keys()
    assert [
        (row.code, row.name or "", row.quantity_units) if isinstance(row, FileRow) else row
        for row in found
    ] == rows


@settings(max_examples=60)
@given(language=st.sampled_from(HeaderLanguage), rows=ROWS)
@example(language=HeaderLanguage.EN, rows=[(code, "", 1) for code in ("'=1", "''=1", "'1e+5")])
@example(language=HeaderLanguage.JA, rows=[("sku", "name", 0), ("在庫数", "商品名", -1)])
def test_codes_names_and_quantities_come_back(
    language: HeaderLanguage, rows: list[tuple[str, str, int]]
) -> None:
    sheet = Sheet("levels", headings(ExportKind.LEVELS, language))
    with tempfile.TemporaryDirectory() as folder:
        text, book = Path(folder, "levels.csv"), Path(folder, "levels.xlsx")
        text.write_bytes(b"".join(Csv(sheet).chunks([levels(rows)])))
        check(text, rows)
        with book.open("wb") as output:
            write_workbook(output, sheet, [levels(rows)])
        check(book, rows)


def test_cp932_comes_back_as_far_as_it_goes(tmp_path: Path) -> None:
    rows = [("Ｔ-①", "髙島屋の帆布トート～赤～", 12), ("=1", "消せるボールペン、黒", 0)]
    sheet = Sheet("levels", headings(ExportKind.LEVELS, HeaderLanguage.JA))
    path = tmp_path / "levels.csv"
    path.write_bytes(b"".join(Csv(sheet, Encoding.CP932).chunks([levels(rows)])))

    check(path, rows)


@pytest.mark.parametrize("kind", [ExportKind.EVENTS, ExportKind.ORDERS, ExportKind.LISTINGS])
@pytest.mark.parametrize("language", list(HeaderLanguage))
def test_no_other_export_says_anything_of_stock(
    kind: ExportKind, language: HeaderLanguage, tmp_path: Path
) -> None:
    names = headings(kind, language)
    path = tmp_path / "export.csv"
    path.write_bytes(b"".join(Csv(Sheet("x", names)).chunks([[tuple("x" for _ in names)]])))

    facts, (row,) = read(path)
    assert Role.QUANTITY not in facts.mapping
    assert isinstance(row, FileRow)
    assert row.quantity_units is None
    assert (row.name is None) == (kind is not ExportKind.LISTINGS)
