"""P-1: the ledger in process: reserve with full semantics, in batches of 256."""

import time
from collections.abc import Sequence

from benchmarks.asks import picks, reserve
from benchmarks.databases import POSTGRESQL, SQLITE
from benchmarks.figures import KINDS, Bench, Row, at_least, ratios
from benchmarks.shop import BATCH, Shop, execute, open_shop
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
        with open_shop(bench, kind) as shop:
            hot: list[float] = []
            uniform: list[float] = []
            # Both reach their steady state before either counts.
            rate(shop, shop.skus, commands=10 * BATCH)
            for _ in range(bench.repeats):
                commands = bench.scaled(120 * BATCH, 24 * BATCH)
                bench.say(f"{kind}: one hot SKU")
                hot.append(rate(shop, shop.skus[:1], commands=commands))
                bench.say(f"{kind}: {len(shop.skus):,} SKUs")
                uniform.append(rate(shop, shop.skus, commands=commands))
        rows += [
            Row(
                "P-1",
                f"reserve, {BATCH} a batch, {name}",
                kind,
                "commands/s",
                tuple(values),
                TARGETS[kind, name],
            )
            for name, values in (("hot", hot), ("uniform", uniform))
        ]
        rows.append(Row("P-1", "hot / uniform", kind, "×", ratios(hot, uniform), HOT_TO_UNIFORM))
    return rows


def rate(shop: Shop, codes: Sequence[str], *, commands: int, lines: int = 1) -> float:
    """Return how many commands of `lines` lines a second are decided and committed."""
    kind = ReferenceType.CART if lines == 1 else ReferenceType.ORDER
    asked = [reserve(chosen, kind=kind) for chosen in picks(codes, commands=commands, lines=lines)]
    began = time.perf_counter()
    execute(shop.ledger, asked)
    return commands / (time.perf_counter() - began)
