"""What a person may choose changes how a file is read, and a choice that cannot be is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from onhand.imports.model.choices import Choices, Limits, Role, SkuFrom
from onhand.imports.model.facts import EvidenceCode
from onhand.imports.model.refusals import (
    FileTooLarge,
    Found,
    InvalidRule,
    NoSkuColumn,
    TooManyRows,
    UnknownColumn,
    UnknownDelimiter,
    UnknownEncoding,
    UnreadableFile,
)
from onhand.imports.model.wishes import with_memory
from onhand.imports.readers import encodings
from onhand.imports.readers.delimited import MOST_BROKEN
from tests.imports.reading.tell import read, refusal, tell


def save(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "file.csv"
    path.write_bytes(text.encode(encoding))
    return path


def told(path: Path, choices: Choices) -> list[str]:
    return [tell(row) for row in read(path, choices)[1]]


@pytest.mark.parametrize("name", ["shift_jis", "CP932", "sjis", "Windows-31J"])
def test_encoding_can_be_chosen_by_its_usual_names(tmp_path: Path, name: str) -> None:
    path = save(tmp_path, "sku,name\nA-1,ｶﾊﾞﾝ①\n", "cp932")

    facts, rows = read(path, Choices(encoding=name))

    assert (facts.encoding, facts.evidence[0].code) == ("cp932", EvidenceCode.CHOSEN)
    assert [tell(row) for row in rows] == ["2 | A-1 | - | name=ｶﾊﾞﾝ①"]


def test_store_decides_what_the_bytes_leave_open(tmp_path: Path) -> None:
    path = save(tmp_path, "sku,name\nA-1,ｶﾊﾞﾝ\n", "cp932")

    facts, _ = read(path, Choices(likely_encoding="gbk"))

    assert facts.encoding == "gb18030"
    assert facts.evidence[0].code is EvidenceCode.LIKELY_FOR_STORE


def test_wrong_encoding_makes_rows_bad_and_never_garbage(tmp_path: Path) -> None:
    path = save(tmp_path, "sku,name\nA-1,帆布\nA-2,x\n", "cp932")

    assert told(path, Choices(encoding="utf-8")) == ["2 bad undecodable -", "3 | A-2 | - | name=x"]


def test_delimiter_can_be_chosen(tmp_path: Path) -> None:
    path = save(tmp_path, "sku;qty,sku\nA;1,B\n")

    assert told(path, Choices(delimiter="semicolon")) == ["2 | A | -"]
    assert told(path, Choices(delimiter="comma", mapping={Role.SKU: "sku"})) == ["2 | B | -"]


def test_columns_can_be_chosen_by_name_also_the_second_of_a_name(tmp_path: Path) -> None:
    path = save(tmp_path, "code,在庫,在庫\nA-1,5,6\n")
    mapping = {Role.SKU: "Ｃｏｄｅ", Role.QUANTITY: "在庫 (2)"}

    facts, rows = read(path, Choices(mapping=mapping))

    assert facts.mapping == {Role.SKU: "code", Role.QUANTITY: "在庫 (2)"}
    assert facts.unused == ("在庫",)
    assert [tell(row) for row in rows] == ["2 | A-1 | 6"]


ITEM = "商品管理番号（商品URL）,商品番号,商品名,SKU管理番号,システム連携用SKU番号,在庫数\n"


@pytest.mark.parametrize(
    ("sku_from", "told_row"),
    [
        (SkuFrom.AUTO, "3 | V-1 | 5 | name=帆布 | listing=tote/V-1 | aliases=S-1"),
        (SkuFrom.VARIANT, "3 | V-1 | 5 | name=帆布 | listing=tote/V-1 | aliases=S-1"),
        (SkuFrom.SYSTEM_SKU, "3 | S-1 | 5 | name=帆布 | listing=tote/V-1"),
        (SkuFrom.ITEM_NUMBER, "3 | T-1 | 5 | name=帆布 | listing=tote/V-1 | aliases=S-1"),
        (SkuFrom.MANAGE_NUMBER, "3 | Tote | 5 | name=帆布 | listing=tote/V-1 | aliases=S-1"),
        (
            SkuFrom.MANAGE_AND_VARIANT,
            "3 | Tote-V-1 | 5 | name=帆布 | listing=tote/V-1 | aliases=S-1",
        ),
    ],
)
def test_column_that_becomes_the_code_can_be_chosen(
    tmp_path: Path, sku_from: SkuFrom, told_row: str
) -> None:
    path = save(tmp_path, f"{ITEM}Tote,T-1,帆布,,,\nTote,,,V-1,S-1,5\n", "cp932")

    assert told(path, Choices(sku_from=sku_from)) == ["2 skipped item_row Tote", told_row]


def test_row_without_a_sku_is_bad_where_that_is_chosen(tmp_path: Path) -> None:
    path = save(tmp_path, "sku,qty\n,5\n,\n")

    assert told(path, Choices(skip_no_sku=False)) == ["2 bad no_sku sku", "3 skipped blank"]


def test_full_width_codes_can_be_made_narrow(tmp_path: Path) -> None:
    path = save(tmp_path, "sku,qty\nＡＢ－１２　３,5\n")

    assert told(path, Choices(narrow_codes=True)) == ["2 | AB-12 3 | 5"]


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("{sku}-{colour}-{size}", "YF-1063-red"),
        ("x{size}{sku}_{colour}.", None),
        ("{sku}{{{colour}}}", "YF-1063{red}"),
    ],
)
def test_rule_composes_codes(tmp_path: Path, rule: str, code: str | None) -> None:
    path = save(tmp_path, "sku,color,size\nYF-1063,red,\n")

    expected = "2 skipped skipped_no_sku" if code is None else f"2 | {code} | -"
    assert told(path, Choices(compose=rule)) == [expected]


@pytest.mark.parametrize("rule", ["{sku", "{price}", "{sku!r}", "{sku:>9}", "{}", "abc", "x" * 201])
def test_rule_that_is_none_is_refused(tmp_path: Path, rule: str) -> None:
    path = save(tmp_path, "sku,color,size\nYF-1063,red,\n")

    assert isinstance(refusal(path, Choices(compose=rule)), InvalidRule)


def test_choices_that_the_file_has_not_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path, "sku,qty\nA-1,5\n")
    mapping = {Role.QUANTITY: "units"}
    known = ("sku", "qty")

    assert refusal(path, Choices(encoding="klingon")) == UnknownEncoding("klingon", encodings.KNOWN)
    assert isinstance(refusal(path, Choices(delimiter="|")), UnknownDelimiter)
    assert refusal(path, Choices(mapping=mapping)) == UnknownColumn("quantity", "units", known)
    assert isinstance(refusal(path, Choices(sku_from=SkuFrom.SYSTEM_SKU)), NoSkuColumn)


def test_limits_are_kept(tmp_path: Path) -> None:
    path = save(tmp_path, "sku,qty\nA-1,5\nA-2,6\n")
    size = path.stat().st_size
    too_small = Limits(file_bytes=size - 1, rows=9, cell_chars=100, unpacked_bytes=100)
    too_few = Limits(file_bytes=size, rows=1, cell_chars=100, unpacked_bytes=100)

    assert refusal(path, limits=too_small) == FileTooLarge(size, size - 1)
    assert refusal(path, limits=too_few) == TooManyRows(1)


def test_file_of_nothing_but_broken_quotes_is_given_up(tmp_path: Path) -> None:
    path = save(tmp_path, "sku,qty\n" + 'A,"x" y\n' * (MOST_BROKEN + 1))

    assert refusal(path) == UnreadableFile(Found.BROKEN_QUOTES, MOST_BROKEN + 2)


def test_line_without_an_end_does_not_fill_memory(tmp_path: Path) -> None:
    path = save(tmp_path, 'sku,qty\nA-1,5\nB,"' + "x" * 2_500_000 + "\nA-2,6\n")

    assert told(path, Choices()) == ["2 | A-1 | 5", "3 bad cell_too_long -", "4 | A-2 | 6"]


def test_a_remembered_rule_gives_way_to_a_column_that_is_named_for_the_code() -> None:
    memory = Choices(compose="{sku}-{colour}", narrow_codes=True)
    named = Choices(sku_from=SkuFrom.VARIANT)

    assert with_memory(Choices(), memory) == memory
    assert with_memory(named, memory) == replace(named, narrow_codes=True)
    assert with_memory(Choices(compose="{sku}"), memory).compose == "{sku}"
