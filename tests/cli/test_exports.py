"""`onhand export …`: files, stdout, and what cannot be."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.imports.exports.books import read_csv, read_xlsx


@pytest.fixture
def goods(on: Run) -> Run:
    """Ten units of `AB-1` and none of `0012`."""
    assert on("sku", "add", "AB-1", "0012").code == 0
    assert on("stock", "receive", "AB-1=10").code == 0
    return on


def test_every_export_is_written_into_a_file(goods: Run, tmp_path: Path) -> None:
    for kind, rows in (("levels", 2), ("events", 1), ("listings", 0), ("orders", 0)):
        text, book = tmp_path / f"{kind}.csv", tmp_path / f"{kind}.XLSX"
        assert goods("export", kind, str(text)).out.startswith(f"{rows} rows.")
        made = goods("export", kind, str(book), "--lang", "ja", "--tz", "Asia/Tokyo", "--json")
        assert made.answer == {"file": str(book), "rows": rows, "replaced_characters": 0}
        assert len(read_csv(text.read_bytes())) == rows + 1
        assert len(read_xlsx(book.read_bytes())[0]) == rows + 1
    assert not [file for file in tmp_path.iterdir() if file.suffix == ".part"]


def test_stdout_takes_a_file_too(goods: Run) -> None:
    done = goods("export", "levels", "-", "--low", "--location", "annex")

    assert done.err.strip() == "1 rows."
    assert done.out.splitlines()[1].startswith("0012,,annex,0,0")


def test_rows_can_be_chosen(goods: Run, tmp_path: Path) -> None:
    file = tmp_path / "chosen.csv"
    for arguments, rows in (
        (("levels", "--search", "ab"), 1),
        (("events", "--sku", "ab-1", "--until", "2099-01-01T00:00:00Z"), 1),
        (("events", "--since", "2099-01-01T00:00:00Z"), 0),
        (("orders", "--since", "2020-01-01T00:00:00Z"), 0),
    ):
        kind, *chosen = arguments
        assert goods("export", kind, str(file), *chosen).code == 0
        assert len(read_csv(file.read_bytes())) == rows + 1


def test_cp932_tells_what_it_could_not_carry(goods: Run, tmp_path: Path) -> None:
    file = tmp_path / "sjis.csv"
    assert goods("sku", "add", "smile-😀").code == 0

    done = goods("export", "levels", str(file), "--encoding", "cp932")

    assert "could not carry 1 characters" in done.out
    assert read_csv(file.read_bytes(), "cp932")[3][0] == "smile-&#128512;"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("levels", "a.xlsx", "--encoding", "cp932"), 2, "makes no sense with XLSX"),
        (("levels", "a.csv", "--tz", "Tokyo"), 2, "a time zone looks like"),
        (("levels", "-", "--json"), 2, "--json needs a FILE"),
        (("events", "a.csv", "--since", "yesterday"), 2, "a moment looks like"),
        (("events", "a.csv", "--key", "k"), 2, "--key"),
        (("listings", "a.csv", "--store", "nowhere"), 1, "unknown_store"),
        (("levels", "/nowhere/a.csv"), 5, "cannot be written"),
    ],
)
def test_what_cannot_be_is_told(
    goods: Run, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = goods("export", *arguments)

    assert done.code == code
    assert says in done.err
