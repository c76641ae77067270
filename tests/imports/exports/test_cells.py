"""Cells of files: text stays the text it was, and nothing is run or renumbered."""

import csv
import io
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from onhand.imports.model.formulas import guard, unguard
from onhand.imports.writers.cells import Sheet, read_zone
from onhand.imports.writers.delimited import Csv, Encoding
from onhand.imports.writers.workbook import write_workbook
from tests.imports.exports.books import as_csv, as_xlsx, read_csv, read_xlsx

# XML cannot carry surrogates and the two non-characters; databases carry no surrogates either.
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufffe\uffff"), max_size=40
) | st.text("'=+-@\t\r\n0<r>/&_x41;\"", max_size=12)


@given(TEXTS)
@example("'=1")
@example("''=1")
@example("'")
@example("＝SUM(A1)")
def test_a_guarded_text_is_no_formula_and_comes_back(text: str) -> None:
    guarded = guard(text)

    assert not guarded.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    assert unguard(guarded) == text


@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_any_text_comes_back_from_csv(texts: list[str]) -> None:
    content, replaced = as_csv([tuple(texts)])

    assert content.startswith(b"\xef\xbb\xbf")
    assert [unguard(cell) for cell in read_csv(content)[1]] == texts
    assert replaced == 0


@given(st.lists(TEXTS, min_size=1, max_size=6))
@example(["<r><t>x</t></r>", "<r>&</r>", "<r>", "_x0041_", " 0012 ", "a\r\nb"])
def test_any_text_comes_back_from_xlsx(texts: list[str]) -> None:
    (sheet,) = read_xlsx(as_xlsx([(*texts, "end")]))

    assert [unguard(cell) for cell in sheet[1]] == [*texts, "end"]


def test_codes_keep_their_zeros_and_numbers_are_numbers() -> None:
    row = ("00123", "1E5", "4901234567890123456", -5, 10**15, True, None, "-5", "=1+1")

    (sheet,) = read_xlsx(as_xlsx([row]))
    text, _ = as_csv([row])

    assert sheet[1] == [
        *("00123", "1E5", "4901234567890123456", -5.0, "1000000000000000", True, "", "'-5"),
        "'=1+1",
    ]
    assert text.splitlines()[1] == (
        b"00123,1E5,4901234567890123456,-5,1000000000000000,true,,'-5,'=1+1"
    )


def test_moments_are_in_the_readers_zone() -> None:
    moment = datetime(2026, 11, 22, 15, 30, 0, 999_999, UTC)

    def shown(zone: str) -> str:
        content, _ = as_csv([(moment,)], zone=read_zone(zone))
        return read_csv(content)[1][0]

    assert shown("UTC") == "2026-11-22T15:30:00+00:00"
    assert shown("Asia/Tokyo") == shown("+09:00") == "2026-11-23T00:30:00+09:00"
    assert shown("-02:30") == "2026-11-22T13:00:00-02:30"
    last = datetime.max.replace(tzinfo=UTC)
    content, _ = as_csv([(last,)], zone=timezone(timedelta(hours=9)))
    assert read_csv(content)[1] == ["9999-12-31T23:59:59+00:00"]


@pytest.mark.parametrize(
    "name", ["", "JST9", "Asia", "../../etc/passwd", "+24:00", "09:00", "a\x00", "Asia/Tokyo "]
)
def test_no_other_zone_is_known(name: str) -> None:
    with pytest.raises(ValueError, match="Asia/Tokyo"):
        read_zone(name)


def test_cp932_tells_what_it_could_not_carry() -> None:
    row = ("①髙〜−", "简体字 😀", "～㈱")

    content, replaced = as_csv([row], encoding=Encoding.CP932)

    assert read_csv(content, "cp932")[1] == ["①髙～－", "&#31616;体字 &#128512;", "～㈱"]
    assert replaced == 4


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_cp932_writes_whatever_comes(texts: list[str]) -> None:
    content, replaced = as_csv([tuple(texts)], encoding=Encoding.CP932)

    read = [unguard(cell) for cell in read_csv(content, "cp932")[1]]
    assert (read == texts) == (replaced == 0)


def test_a_file_without_rows_names_its_columns() -> None:
    sheet = Sheet("empty", ("sku", "在庫数"))
    output = io.BytesIO()
    write_workbook(output, sheet, [])

    assert read_xlsx(output.getvalue()) == [[["sku", "在庫数"]]]
    assert b"".join(Csv(sheet).chunks([])) == "\ufeffsku,在庫数\r\n".encode()
    assert b"".join(Csv(sheet).chunks([[], []])) == "\ufeffsku,在庫数\r\n".encode()


def test_no_chunk_is_empty() -> None:
    chunks = list(Csv(Sheet("a", ("c",))).chunks([[], [("x",)], [], [("y",)], []]))

    assert all(chunks)
    assert list(csv.reader(b"".join(chunks).decode("utf-8-sig").splitlines())) == [
        ["c"],
        ["x"],
        ["y"],
    ]


def test_what_no_sheet_holds_goes_on_on_another() -> None:
    def sheets(rows: int) -> list[list[list[object]]]:
        output = io.BytesIO()
        write_workbook(output, Sheet("many", ("n",), most_rows=4), [[(n,) for n in range(rows)]])
        return read_xlsx(output.getvalue())

    assert sheets(3) == [[["n"], [0.0], [1.0], [2.0]]]
    assert sheets(4) == [[["n"], [0.0], [1.0], [2.0]], [["n"], [3.0]]]
    assert [len(sheet) for sheet in sheets(7)] == [4, 4, 2]
