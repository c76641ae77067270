"""The table and the JSON file of a run."""

import json
import os
import platform
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Row

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("fastapi", "msgspec", "psycopg", "pydantic", "sqlalchemy", "uvicorn", "uvloop")


def machine(postgres_version: str) -> dict[str, str]:
    """Return what the figures were measured on and with."""
    packages = (f"{name} {metadata.version(name)}" for name in PACKAGES)
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{os.cpu_count()} cores, {processor()}, {memory_gb():.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "postgresql": postgres_version,
        "packages": ", ".join(packages),
    }


def processor() -> str:
    """Return the processor's name as the kernel gives it."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def memory_gb() -> float:
    """Return the machine's memory in GB."""
    size: int = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return size / 1024**3


def amount(value: float) -> str:
    """Return a number with as many digits as it deserves."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(rows: Sequence[Row]) -> Table:
    """Return the rows as one table."""
    shown = Table(title="Onhand: measured figures", title_justify="left")
    for name in ("figure", "case", "database"):
        shown.add_column(name)
    for name in ("median", "unit", "range", "target"):
        shown.add_column(name, justify="right" if name in ("median", "range") else "left")
    shown.add_column("reached")
    shown.add_column("note")
    before = ""
    for row in rows:
        if before not in ("", row.figure):
            shown.add_section()
        before = row.figure
        shown.add_row(*cells(row))
    return shown


def cells(row: Row) -> tuple[str, ...]:
    """Return the cells of one row of the table."""
    spread = f"{amount(min(row.values))} – {amount(max(row.values))}" if len(row.values) > 1 else ""
    reached = {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[row.reached]
    target = "" if row.target is None else str(row.target)
    return (
        *(row.figure, row.case, row.database, amount(row.value), row.unit),
        *(spread, target, reached, row.note),
    )


def markdown(rows: Sequence[Row]) -> str:
    """Return the rows as the table that docs/reference/performance.md shows."""
    lines = [
        "| figure | case | database | measured | unit | to reach | reached |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        figure, case, database, median, unit, spread, target, _, _ = cells(row)
        measured = f"{median} ({spread})" if spread else median
        reached = {None: "", True: "yes", False: "no"}[row.reached]
        named = (figure, case, database, measured, unit, target, reached)
        lines.append(f"| {' | '.join(named)} |")
    return "\n".join(lines) + "\n"


def show(console: Console, facts: dict[str, str], rows: Sequence[Row]) -> None:
    """Print the machine and the table."""
    for name, fact in facts.items():
        console.print(f"[dim]{name:>11}[/]  {fact}", highlight=False)
    console.print(table(rows))


def write(path: Path, facts: dict[str, str], rows: Sequence[Row]) -> None:
    """Write the machine and the rows as JSON, and the table as Markdown beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    measured = [
        {
            "figure": row.figure,
            "case": row.case,
            "database": row.database,
            "unit": row.unit,
            "median": row.value,
            "values": list(row.values),
            "target": None if row.target is None else str(row.target),
            "reached": row.reached,
            "note": row.note,
        }
        for row in rows
    ]
    path.write_text(json.dumps({"machine": facts, "rows": measured}, indent=1, ensure_ascii=False))
    path.with_suffix(".md").write_text(markdown(rows))
