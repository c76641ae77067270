"""Memory does not grow with a file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from onhand.db.database import Database
from tests.catalog.trade import register
from tests.cli.conftest import address
from tests.imports.exports.books import fill_events

MOST_GROWTH = 1.1


def export(place: str, file: Path, home: Path) -> int:
    """Export every event in a process of its own; the most memory it had, in KiB."""
    command = [sys.executable, "-c", "from onhand.cli.main import main; main()"]
    arguments = ["export", "events", str(file), "--database", place]
    process = subprocess.Popen(
        [*command, *arguments],
        stdout=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "ONHAND_HOME": str(home)},
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "few", "many"), [("a.csv", 20_000, 200_000), ("a.xlsx", 3_000, 18_000)]
)
def test_ten_times_the_rows_take_no_more_memory(
    sqlite_database: Database, tmp_path: Path, name: str, few: int, many: int
) -> None:
    register(sqlite_database, "bulk", "more")
    fill_events(sqlite_database, few)
    file = tmp_path / name
    small = export(address(sqlite_database), file, tmp_path)
    fill_events(sqlite_database, many - few, sku="more")
    size = file.stat().st_size
    large = export(address(sqlite_database), file, tmp_path)

    assert file.stat().st_size > 5 * size
    assert large < MOST_GROWTH * small
