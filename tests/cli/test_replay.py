"""A real shop's month, played through the ledger and counted again without it."""

import csv
import sqlite3
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from onhand.db.database import Database
from tests.cli.conftest import Run
from tests.cli.recount import Recount, recount, rows_of

MONTH = Path(__file__).parents[2] / "data/online_retail_2010-12.csv.gz"
LINES = 42_481


def query(database: Database, sql: str) -> list[tuple[object, ...]]:
    """Rows straight from the driver; changes are committed."""
    if database.dialect == "sqlite":
        with sqlite3.connect(str(database.url.database)) as file:
            found = file.execute(sql).fetchall()
        file.close()
        return found
    url = database.url.render_as_string(hide_password=False)
    with psycopg.connect(url, options=f"-c search_path={database.schema}") as server:
        cursor = server.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []


def stored_units(database: Database) -> Counter[str]:
    """Units on hand by SKU as the database has them; nothing may be held any more."""
    rows = query(database, "SELECT sku_id, on_hand, reserved FROM stock_level")
    assert [row for row in rows if row[2] != 0] == []
    totals: Counter[str] = Counter()
    for sku, on_hand, _ in rows:
        assert isinstance(sku, str)
        assert isinstance(on_hand, int)
        totals[sku] += on_hand
    return totals


def without_zeros(units: Counter[str]) -> dict[str, int]:
    """SKUs that were never touched have no balance; a balance of 0 means the same."""
    return {sku: count for sku, count in units.items() if count}


def some_lines(tmp_path: Path, count: int) -> tuple[Path, list[dict[str, str]]]:
    """The first lines of the month as a plain CSV file."""
    rows = rows_of(MONTH)[:count]
    path = tmp_path / "lines.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path, rows


def check_against(expected: Recount, database: Database, answer: dict[str, object]) -> None:
    """The replay's own count, the recount and the database agree."""
    buckets = answer["buckets"]
    assert isinstance(buckets, dict)
    assert without_zeros(Counter(buckets)) == dict(expected.lines)
    assert without_zeros(stored_units(database)) == without_zeros(expected.on_hand)
    verdict = answer["verify"]
    assert isinstance(verdict, dict)
    assert verdict["clean"] is True
    assert verdict["events"] == query(database, "SELECT count(*) FROM stock_event")[0][0]


@pytest.mark.slow
def test_the_whole_month_ends_where_an_independent_recount_does(
    run: Run, database: Database, place: str
) -> None:
    done = run("replay", str(MONTH), "--into", place, "--json")

    assert done.code == 0
    assert done.err == ""
    assert done.answer["lines"] == sum(done.answer["buckets"].values()) == LINES
    assert done.answer["left_out"] == {}
    check_against(recount(rows_of(MONTH)), database, done.answer)


@pytest.mark.slow
def test_with_leave_to_oversell_nothing_is_refused_and_units_fall_below_zero(
    run: Run, database: Database, place: str, tmp_path: Path
) -> None:
    path, rows = some_lines(tmp_path, 3_000)

    done = run("replay", str(path), "--into", place, "--allow-oversell", "--opening=9", "--json")

    assert done.code == 0
    expected = recount(rows, opening_units=9, oversell=True)
    assert expected.lines["oversold"] > 1_000
    assert min(expected.on_hand.values()) < 0
    check_against(expected, database, done.answer)


@pytest.mark.slow
def test_opening_stock_can_be_so_many_units_of_each(
    run: Run, database: Database, place: str, tmp_path: Path
) -> None:
    path, rows = some_lines(tmp_path, 3_000)

    done = run("replay", str(path), "--into", place, "--opening", "20", "--json")

    expected = recount(rows, opening_units=20)
    assert expected.lines["refused"] > 500
    check_against(expected, database, done.answer)


def test_a_balance_altered_by_hand_is_named_and_rebuilt(
    run: Run, on: Run, database: Database, place: str, tmp_path: Path
) -> None:
    path, _ = some_lines(tmp_path, 1_000)
    assert run("replay", str(path), "--into", place).code == 0
    assert on("ledger", "verify").code == 0
    query(database, "UPDATE stock_level SET on_hand = on_hand + 1 WHERE sku_id = '85123a'")

    found = on("ledger", "verify", "--json")
    told = on("ledger", "verify")
    rebuilt = on("ledger", "rebuild", "--json")

    assert found.code == told.code == 1
    assert {one["sku"] for one in found.answer["mismatches"]} == {"85123a"}
    assert "85123a" in told.out
    assert "NOT CLEAN" in told.out
    assert rebuilt.code == 0
    assert [one["sku"] for one in rebuilt.answer["corrections"]] == ["85123a"]
    assert on("ledger", "verify").code == 0


def test_every_odd_line_is_left_out_with_its_reason(
    run: Run, database: Database, place: str, tmp_path: Path
) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(
        "invoice,sku,description,quantity,invoiced_at,country\n"
        "1,A,Apple,5,2010-12-01 08:00,UK\n"
        "1, a ,,3,2010-12-01 08:00,UK\n"
        ",A,,1,2010-12-01 08:00,UK\n"
        "2,,,1,2010-12-01 08:00,UK\n"
        f"2,{'x' * 129},,1,2010-12-01 08:00,UK\n"
        "2,A,,1,yesterday,UK\n"
        "2,A,,1.5,2010-12-01 08:00,UK\n"
        "2,A,,0,2010-12-01 08:00,UK\n"
        "2,A,,1000001,2010-12-01 08:00,UK\n"
        "C3,A,,1,2010-12-01 08:00,UK\n"
        "C3,A,,-2,2010-12-01 08:00,UK\n"
        "4,A\n",
        encoding="utf-8",
    )

    done = run("replay", str(path), "--into", place, "--opening", "10", "--json")

    assert done.code == 0
    assert done.answer["lines"] == sum(done.answer["buckets"].values()) == 12
    assert done.answer["left_out"] == {
        "no invoice number": 1,
        "no usable SKU code": 2,
        "no readable time": 2,
        "quantity is not a whole number": 1,
        "quantity is 0": 1,
        "quantity is above 1,000,000 units": 1,
        "cancellation with a positive quantity": 1,
    }
    assert stored_units(database) == {"a": 10 - 8 + 2}


def test_where_it_goes_by_itself_is_made_anew_each_time(
    run: Run, home: Path, tmp_path: Path
) -> None:
    path, _ = some_lines(tmp_path, 50)

    first = run("replay", str(path), "--json")
    second = run("replay", str(path), "--json")

    assert first.code == second.code == 0
    assert first.answer["database"] == f"sqlite:///{home}/replay.db"
    assert first.answer["buckets"] == second.answer["buckets"]
    assert not (home / "live.db").exists()
    assert not (home / "test.db").exists()


def test_a_used_database_and_those_of_the_environments_are_refused(
    run: Run, home: Path, place: str, tmp_path: Path
) -> None:
    path, _ = some_lines(tmp_path, 50)
    assert run("replay", str(path), "--into", place).code == 0

    again = run("replay", str(path), "--into", place)
    live = run("replay", str(path), "--into", f"sqlite:///{home}/live.db")

    assert again.code == live.code == 1
    assert "not empty" in again.err
    assert "database of `live`" in live.err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a,b\n1,2\n", "no column invoice"),
        (b"\x1f\x8bnot gzip at all", "lines.csv"),
        (b"invoice,sku,description,quantity,invoiced_at\n\xff\xfe,,,,\n", "lines.csv"),
        (b"", "no column invoice"),
    ],
)
def test_a_file_of_something_else_is_refused_in_one_line(
    run: Run, tmp_path: Path, content: bytes, told: str
) -> None:
    path = tmp_path / "lines.csv"
    path.write_bytes(content)

    done = run("replay", str(path))

    assert done.code == 2
    assert told in done.err
    assert done.err.count("\n") == 1


def test_a_file_cut_short_is_refused(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "lines.csv.gz"
    path.write_bytes(MONTH.read_bytes()[:100_000])

    assert run("replay", str(path)).code == 2
    assert run("replay", str(tmp_path / "none.csv")).code == 2
