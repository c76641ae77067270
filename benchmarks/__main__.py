"""Measure the figures and print one table: `python -m benchmarks --only P-1,P-2 --quick`."""

import argparse
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from benchmarks import (
    floor,
    p1_ledger,
    p2_reserve,
    p3_lone,
    p4_orders,
    p5_reads,
    p6_replay,
    p7_proof,
    p8_growth,
    p9_import,
    p10_sync,
    p11_start,
    p12_pages,
)
from benchmarks.databases import Databases, databases
from benchmarks.failures import FigureFailed
from benchmarks.figures import Bench, Row
from benchmarks.report import RESULTS, machine, show, write
from onhand.bootstrap.process import tune_garbage_collection

# A table in a file or a log has no window to fit into.
FILE_WIDTH = 160

FIGURES: dict[str, Callable[[Bench], list[Row]]] = {
    "P-0": floor.measure,
    "P-1": p1_ledger.measure,
    "P-2": p2_reserve.measure,
    "P-3": p3_lone.measure,
    "P-4": p4_orders.measure,
    "P-5": p5_reads.measure,
    "P-6": p6_replay.measure,
    "P-7": p7_proof.measure,
    "P-8": p8_growth.measure,
    "P-9": p9_import.measure,
    "P-10": p10_sync.measure,
    "P-11": p11_start.measure,
    "P-12": p12_pages.measure,
}


def chosen(only: str) -> list[str]:
    """Return the names of the figures to measure; raises SystemExit for an unknown one."""
    names = [name.strip().upper() for name in only.split(",") if name.strip()]
    unknown = sorted(set(names) - set(FIGURES))
    if unknown:
        sys.exit(f"unknown figures {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    return [name for name in FIGURES if name in names] if names else list(FIGURES)


def measure(
    console: Console, provided: Databases, arguments: argparse.Namespace
) -> tuple[list[Row], list[str]]:
    """Return the rows of the named figures, and why any of them could not be measured."""
    names = chosen(arguments.only)
    rows: list[Row] = []
    failures: list[str] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=len(names))
        for name in names:

            def say(what: str, name: str = name) -> None:
                progress.update(task, description=f"{name} {what}")

            bench = Bench(
                provided, provided.folder, arguments.quick, say, largest=arguments.largest
            )
            try:
                rows += FIGURES[name](bench)
            except FigureFailed as failure:
                failures.append(f"{name}: {failure}")
            progress.advance(task)
    return rows, failures


def main() -> int:
    """Measure, print the table and write the JSON file; exit 1 when one failed.

    A missed target is no failure: another machine has other figures.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default="", help="figures to measure, such as P-1,P-2")
    parser.add_argument("--quick", action="store_true", help="small sizes, each measured once")
    parser.add_argument(
        "--largest", action="store_true", help="P-8 also with ten million events on PostgreSQL"
    )
    parser.add_argument("--json", type=Path, help="where to write the JSON file")
    arguments = parser.parse_args()
    tune_garbage_collection()  # as every process of the product does
    chosen(arguments.only)  # complains before anything is started
    console = Console()
    if not console.is_terminal:
        console = Console(width=FILE_WIDTH)
    # Ending by SIGTERM has to unwind the blocks that stop servers and remove databases.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with databases() as provided:
        facts = machine(provided.postgres.version)
        rows, failures = measure(console, provided, arguments)
    path = arguments.json or RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    show(console, facts, rows)
    write(path, facts, rows)
    console.print(f"written to {path}")
    for failure in failures:
        console.print(failure, style="red", markup=False)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
