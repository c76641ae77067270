"""`onhand import …` on both databases."""

from pathlib import Path

import pytest

from onhand.cli.exits import ExitCode
from tests.cli.conftest import Run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with four SKUs and a bad row."""
    path = tmp_path / "stock.csv"
    path.write_text("sku,quantity,price\na,8,100\nb,0,100\nc,-1,100\nNew,3,100\n")
    return path


@pytest.fixture
def shop(on: Run) -> Run:
    """SKUs `a` and `b` with 5 units each."""
    for code in "ab":
        assert on("sku", "add", code).code == 0
        assert on("stock", "receive", f"{code}=5").code == 0
    return on


def on_hand(on: Run, sku: str) -> int:
    """What is on hand of a SKU."""
    found: int = on("stock", "show", sku, "--json").answer["levels"][sku]["on_hand"]
    return found


def test_preview_confirm_show_list_undo(shop: Run, file: Path) -> None:
    seen = shop("import", "preview", str(file), "--set", "stock=replace", "--json")
    assert seen.code == 0, seen.err
    found = seen.answer["import"]
    assert (found["state"], found["counts"]["bad"]) == ("previewed", {"negative_quantity": 1})
    assert found["facts"]["ignored_prices"] == ["price"]
    assert [change["sku"] for change in seen.answer["changes"]] == ["a", "b", "new"]
    assert on_hand(shop, "a") == 5
    import_id = found["import"]

    text = shop("import", "show", import_id)
    assert "to_zero" in text.out
    assert "evidence" in text.out
    assert "delimiter_fits" in text.out
    assert f"onhand import confirm {import_id}" in text.err
    bad = shop("import", "show", import_id, "--bad", "--json").answer
    assert [(row["line"], row["value"]) for row in bad["bad_rows"]] == [(4, "-1")]

    done = shop("import", "confirm", import_id, "--json").answer["import"]
    assert (done["state"], done["counts"]["outcomes"]) == ("applied", {"applied": 3})
    assert [on_hand(shop, sku) for sku in ("a", "b", "new")] == [8, 0, 3]
    (listed,) = shop("import", "list", "--json").answer["imports"]
    assert (listed["import"], listed["state"]) == (import_id, "applied")

    again = shop("import", "preview", str(file), "--set", "stock=replace")
    assert "brought in before" in again.err
    dry = shop("import", "undo", import_id, "--dry-run", "--json").answer
    assert dry["skus"] == 3
    assert shop("import", "undo", import_id).code == 0
    assert on_hand(shop, "a") == 5
    assert shop("import", "show", import_id, "--json").answer["import"]["state"] == "undone"


def test_moved_stock_refuses_unless_it_is_left_out(shop: Run, file: Path) -> None:
    seen = shop("import", "preview", str(file), "--json")
    import_id = seen.answer["import"]["import"]
    shop("stock", "receive", "a=1")

    refused = shop("import", "confirm", import_id, "--json")
    assert (refused.code, refused.answer["code"]) == (ExitCode.REFUSED, "import_moved")
    done = shop("import", "confirm", import_id, "--leave-out-moved", "--json").answer["import"]
    assert done["counts"]["outcomes"] == {"applied": 2, "moved": 1}


def test_cancel(shop: Run, file: Path) -> None:
    import_id = shop("import", "preview", str(file), "--json").answer["import"]["import"]
    assert shop("import", "cancel", import_id, "--json").answer["import"]["state"] == "cancelled"
    refused = shop("import", "confirm", import_id, "--json")
    assert (refused.code, refused.answer["code"]) == (ExitCode.REFUSED, "import_not_ready")


def test_files_and_choices_that_cannot_be(on: Run, file: Path, tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.csv"
    garbage.write_bytes(b"%PDF-1.4")
    refused = on("import", "preview", str(garbage), "--json")
    assert (refused.code, refused.answer["code"]) == (ExitCode.REFUSED, "unreadable_file")
    for arguments in (
        (str(tmp_path / "nowhere.csv"),),
        (str(file), "--set", "colour=red"),
        (str(file), "--set", "stock=triple"),
        (str(file), "--column", "sku"),
        (str(file), "--column", "nothing=x"),
    ):
        assert on("import", "preview", *arguments).code == ExitCode.USAGE
    unknown = on("import", "show", "0" * 32, "--json")
    assert (unknown.code, unknown.answer["code"]) == (ExitCode.REFUSED, "unknown_import")
