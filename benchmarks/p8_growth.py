"""P-8: what becomes of writes, reads and proof as the ledger grows."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.asks import API, get
from benchmarks.databases import POSTGRESQL
from benchmarks.figures import KINDS, Bench, Row
from benchmarks.growth import Grower
from benchmarks.load import Plan, send, write_requests
from benchmarks.p1_ledger import rate
from benchmarks.shop import BATCH, Shop, WrongResult, open_shop
from onhand.stock.queries.verify import verify

SIZES = (10_000, 100_000, 1_000_000)
LARGEST_POSTGRESQL = 10_000_000
QUICK_SIZES = (10_000, 30_000)
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that is measured again at every size."""

    name: str
    unit: str
    measure: Callable[[Bench, Shop, int], float]


def measure(bench: Bench) -> list[Row]:
    """Return each figure at every size, on both databases."""
    rows: list[Row] = []
    for kind in KINDS:
        found: dict[str, list[Row]] = {figure.name: [] for figure in FIGURES}
        with open_shop(bench, kind) as shop:
            grower = Grower(bench, kind, shop)
            rate(shop, shop.skus, commands=4 * BATCH)
            for size in sizes(bench, kind):
                events = grower.grow(size)
                for figure in FIGURES:
                    bench.say(f"{kind}: {figure.name} at {size:,} events")
                    # Verifying ten million events takes minutes.
                    repeats = 1 if size == LARGEST_POSTGRESQL else bench.repeats
                    values = [figure.measure(bench, shop, events) for _ in range(repeats)]
                    case = f"{figure.name}, {size:,} events"
                    found[figure.name].append(Row("P-8", case, kind, figure.unit, tuple(values)))
        rows += [row for at_sizes in found.values() for row in at_sizes]
    return rows


def sizes(bench: Bench, kind: str) -> Sequence[int]:
    """Return the sizes of the ledger in events, ascending."""
    if bench.quick:
        return QUICK_SIZES
    return (*SIZES, LARGEST_POSTGRESQL) if bench.largest and kind == POSTGRESQL else SIZES


def hot_rate(bench: Bench, shop: Shop, _events: int) -> float:
    """Return reserve commands per second on one SKU."""
    return rate(shop, shop.skus[:1], commands=bench.scaled(20 * BATCH, 8 * BATCH))


def uniform_rate(bench: Bench, shop: Shop, _events: int) -> float:
    """Return reserve commands per second on all SKUs."""
    return rate(shop, shop.skus, commands=bench.scaled(20 * BATCH, 8 * BATCH))


def level_ms(bench: Bench, shop: Shop, _events: int) -> float:
    """Return what a lone caller waits for a level, in ms."""
    return wait_ms(bench, shop, "")


def history_ms(bench: Bench, shop: Shop, _events: int) -> float:
    """Return what a lone caller waits for the latest 100 events of a SKU, in ms."""
    return wait_ms(bench, shop, "/transactions?limit=100")


def wait_ms(bench: Bench, shop: Shop, path: str) -> float:
    """Return the median wait of a lone caller for a read of every hundredth SKU, in ms."""
    reads = [get(f"{API}/{sku}{path}", shop.token) for sku in shop.skus[:: len(shop.skus) // 200]]
    file = bench.folder / "p8.requests"
    count = write_requests(file, reads)
    with shop.serving() as (server,):
        plan = Plan((server.port,), str(file), 1, count, warm_up=count // 10)
        return send(plan).only(200).p50_ms


def verify_s(_bench: Bench, shop: Shop, events: int) -> float:
    """Return the seconds of verification in process, per million events."""
    began = time.perf_counter()
    report = verify(shop.environment.database)
    seconds = time.perf_counter() - began
    if not report.is_clean:
        raise WrongResult("the ledger is not clean")
    return seconds * MILLION / events


FIGURES = (
    Figure("reserve in process, one hot SKU", "commands/s", hot_rate),
    Figure("reserve in process, 10,000 SKUs", "commands/s", uniform_rate),
    Figure("one level, lone caller", "ms", level_ms),
    Figure("page of 100 events, lone caller", "ms", history_ms),
    Figure("verify in process, per million events", "s", verify_s),
)
