"""Memory does not grow with a file, once what the database keeps in memory is full."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from onhand.db.database import Database
from tests.catalog.trade import register
from tests.cli.conftest import address
from tests.imports.exports.books import fill_events
from tests.spent import spend

MOST_GROWTH = 1.1


def export(place: str, file: Path, home: Path) -> float:
    """Export every event in a process of its own; the most memory it had, in MB."""
    command = [sys.executable, "-c", "from onhand.cli.main import main; main()"]
    arguments = ["export", "events", str(file), "--database", place]
    spent = spend(
        [*command, *arguments],
        env={"PATH": os.environ["PATH"], "ONHAND_HOME": str(home)},
        stdout=subprocess.DEVNULL,
    )
    assert spent.code == 0
    return spent.peak_mb


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "few", "many"), [("a.csv", 60_000, 300_000), ("a.xlsx", 3_000, 18_000)]
)
def test_five_times_the_rows_take_no_more_memory(
    sqlite_database: Database, tmp_path: Path, name: str, few: int, many: int
) -> None:
    register(sqlite_database, "bulk", "more")
    fill_events(sqlite_database, few)
    file = tmp_path / name
    small = export(address(sqlite_database), file, tmp_path)
    fill_events(sqlite_database, many - few, sku="more")
    size = file.stat().st_size
    large = export(address(sqlite_database), file, tmp_path)

    assert file.stat().st_size > 4 * size
    assert large < MOST_GROWTH * small
