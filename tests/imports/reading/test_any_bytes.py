"""Whatever the bytes: rows, faults or a refusal, and no row of the file is lost."""

import csv
import io
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onhand.catalog.model.skus import LONGEST_NAME, is_valid_code, normalise
from onhand.imports.model.choices import Choices, SkuFrom
from onhand.imports.model.formulas import guard
from onhand.imports.model.refusals import FileRefused
from onhand.imports.model.rows import BadRow, FileRow, SkippedRow
from tests.imports.reading.tell import read

FILES = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "cp932", "gb18030", "utf-16"])
RAKUTEN = "商品管理番号（商品URL）,商品番号,商品名,SKU管理番号,システム連携用SKU番号,在庫数"
HEADERS = st.sampled_from(["sku,name,qty", "SKU\t数量\tcolor", "在庫数;SKU管理番号", RAKUTEN])
CHOICES = st.builds(
    Choices,
    sku_from=st.sampled_from([SkuFrom.AUTO, SkuFrom.AUTO, *SkuFrom]),
    compose=st.sampled_from([None, None, "{sku}-{colour}", "{manage}/{size}", "{"]),
    skip_no_sku=st.booleans(),
    narrow_codes=st.booleans(),
    shop_code=st.sampled_from([None, "shop"]),
)
BODIES = st.text(
    st.sampled_from(",;\t\"\r\n=+-'0159aZ. \u3000\u00a0１，髙ｶ红\x00\ufeff\ufffd\u2028"),
    max_size=200,
)


@FILES
@given(
    header=HEADERS,
    body=st.one_of(BODIES.map(lambda text: text.encode("utf-8")), st.binary(max_size=200)),
    encoding=ENCODINGS,
    choices=CHOICES,
)
def test_any_bytes_below_a_header_are_accounted_for(
    tmp_path: Path, header: str, body: bytes, encoding: str, choices: Choices
) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(f"{header}\r\n".encode(encoding) + body)

    try:
        _, rows = read(path, choices)
    except FileRefused:
        return
    lines = [row.line for row in rows]
    assert lines == sorted(set(lines))
    for row in rows:
        assert isinstance(row, FileRow | SkippedRow | BadRow)
        if isinstance(row, FileRow):
            assert row.code == row.code.strip()
            assert is_valid_code(normalise(row.code))
            assert len(row.name or "") <= LONGEST_NAME
            assert (row.name or "").isprintable() or "\u3000" in (row.name or "")


@FILES
@given(st.binary(max_size=300))
def test_bytes_without_any_order_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(content)

    with suppress(FileRefused):
        read(path)


CELLS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from("\n,;\t\"'0"),
    max_size=12,
)


@FILES
@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=30),
    delimiter=st.sampled_from([",", "\t", ";"]),
)
def test_every_row_of_a_table_is_taken_skipped_or_bad(
    tmp_path: Path, rows: list[tuple[str, str, str]], delimiter: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([("sku", "quantity", "商品名"), *rows])
    path = tmp_path / "table.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")

    facts, read_rows = read(path)

    assert facts.delimiter == delimiter
    assert len(read_rows) == len(rows)


@FILES
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(
                lambda code: is_valid_code(normalise(code)) and code == code.strip()
            ),
            st.integers(-(10**12), 10**12),
        ),
        max_size=20,
    )
)
def test_what_our_exports_write_is_read_as_it_was(
    tmp_path: Path, rows: list[tuple[str, int]]
) -> None:
    path = tmp_path / "export.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(
            [("sku", "quantity"), *((guard(code), units) for code, units in rows)]
        )

    _, read_rows = read(path)

    came_back = [(row.code, row.quantity_units) for row in read_rows if isinstance(row, FileRow)]
    assert came_back == rows
