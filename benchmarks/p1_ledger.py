"""P-1: the ledger in process: reserve with full semantics, in batches of 256."""

import time
from collections.abc import Sequence

from benchmarks.databases import POSTGRESQL, SQLITE
from benchmarks.figures import KINDS, Bench, Row, Target, at_least, ratios
from benchmarks.stock import BATCH, Shelf, execute, open_shelf, picks, reserve
from onhand.stock.model.events import ReferenceType

TARGETS = {
    (POSTGRESQL, "hot"): at_least(15_000),
    (POSTGRESQL, "uniform"): at_least(10_000),
    (SQLITE, "hot"): at_least(15_000),
    (SQLITE, "uniform"): at_least(10_000),
}
HOT_TO_UNIFORM = at_least(1.0)


def measure(bench: Bench) -> list[Row]:
    """Return commands per second, hot and uniform, on both databases."""
    rows: list[Row] = []
    for kind in KINDS:
        bench.say(f"{kind}: stocking")
        with open_shelf(bench.databases.fresh_url(kind)) as shelf:
            hot: list[float] = []
            uniform: list[float] = []
            # Both reach their steady state before either counts.
            rate(shelf, shelf.skus, commands=10 * BATCH)
            for _ in range(bench.repeats):
                commands = bench.scaled(120 * BATCH, 24 * BATCH)
                bench.say(f"{kind}: one hot SKU")
                hot.append(rate(shelf, shelf.skus[:1], commands=commands))
                bench.say(f"{kind}: {len(shelf.skus):,} SKUs")
                uniform.append(rate(shelf, shelf.skus, commands=commands))
        rows += [
            row(kind, "hot", f"reserve, {BATCH} a batch, one hot SKU", hot),
            row(kind, "uniform", f"reserve, {BATCH} a batch, 10,000 SKUs", uniform),
            Row("P-1", "hot / uniform", kind, "×", ratios(hot, uniform), HOT_TO_UNIFORM),
        ]
    return rows


def row(kind: str, case: str, name: str, values: Sequence[float]) -> Row:
    """Return the row of one case."""
    target: Target = TARGETS[kind, case]
    return Row("P-1", name, kind, "commands/s", tuple(values), target)


def rate(shelf: Shelf, codes: Sequence[str], *, commands: int, lines: int = 1) -> float:
    """Return how many commands of `lines` lines a second are decided and committed."""
    type_ = ReferenceType.CART if lines == 1 else ReferenceType.ORDER
    asked = [
        reserve(chosen, type_=type_) for chosen in picks(codes, commands=commands, lines=lines)
    ]
    began = time.perf_counter()
    execute(shelf.ledger, asked)
    return commands / (time.perf_counter() - began)
