"""P-4: orders of five lines, all or nothing, in process."""

from benchmarks.figures import KINDS, Bench, Row, at_least, ratios
from benchmarks.p1_ledger import rate
from benchmarks.stock import BATCH, open_shelf

LINES = 5
LINES_TO_SINGLE = at_least(0.5)


def measure(bench: Bench) -> list[Row]:
    """Return order lines per second beside single-line commands of the same run."""
    rows: list[Row] = []
    for kind in KINDS:
        bench.say(f"{kind}: stocking")
        with open_shelf(bench.databases.fresh_url(kind)) as shelf:
            rate(shelf, shelf.skus, commands=10 * BATCH)
            for name, codes in (("hot", shelf.skus[:LINES]), ("uniform", shelf.skus)):
                single: list[float] = []
                lines: list[float] = []
                for _ in range(bench.repeats):
                    bench.say(f"{kind}: orders of {LINES} lines, {name}")
                    commands = bench.scaled(60 * BATCH, 12 * BATCH)
                    single.append(rate(shelf, codes, commands=commands))
                    orders = commands // LINES
                    lines.append(LINES * rate(shelf, codes, commands=orders, lines=LINES))
                case = f"orders of {LINES} lines, {name}"
                rows.append(Row("P-4", case, kind, "lines/s", tuple(lines)))
                rows.append(
                    Row(
                        "P-4",
                        f"{case} / single-line commands",
                        kind,
                        "×",
                        ratios(lines, single),
                        LINES_TO_SINGLE,
                    )
                )
    return rows
