"""P-2: reserve over HTTP, with token, validation and idempotency key, beside the naive endpoint."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks import naive
from benchmarks.asks import naive_carts, picks, reserve_carts
from benchmarks.databases import POSTGRESQL
from benchmarks.figures import KINDS, Bench, Row, Target, at_least, at_most, ratios
from benchmarks.load import Outcome, Plan, send, write_requests
from benchmarks.servers import Server, free_port, module_command, running
from benchmarks.shop import UNITS_ON_HAND, Shop, open_shop, sku_codes

CONNECTIONS = (32, 256)
CASES = {"hot": 1, "uniform": 10_000}
HOT_TO_UNIFORM = at_least(0.9)
P99_MS = at_most(25)
TO_NAIVE = {
    (32, "hot"): at_least(12),
    (32, "uniform"): at_least(8),
    (256, "hot"): at_least(20),
}
RATE = {32: at_least(3_000), 256: at_least(5_000)}


@dataclass(frozen=True, slots=True)
class Case:
    """One way to load: how many connections, on which SKUs."""

    connections: int
    name: str

    def __str__(self) -> str:
        return f"{self.connections} connections, {self.name}"


ALL = tuple(Case(connections, name) for connections in CONNECTIONS for name in CASES)
Results = dict[Case, list[Outcome]]


def measure(bench: Bench) -> list[Row]:
    """Return rates, 99th percentiles and ratios on both databases."""
    rows: list[Row] = []
    for kind in KINDS:
        with open_shop(bench, kind) as shop:
            processes = (1, 2) if kind == POSTGRESQL else (1,)
            ours: dict[int, Results] = {number: {case: [] for case in ALL} for number in processes}
            theirs: Results = {case: [] for case in ALL}
            # Each side is measured in turn, so that a busy moment of the machine meets both.
            for _ in range(bench.repeats):
                for number in processes:
                    load_ours(bench, kind, shop, processes=number, into=ours[number])
                load_naive(bench, kind, theirs)
        for number in processes:
            rows += rows_of(kind, number, ours[number], theirs)
        rows += [
            Row(
                "P-2",
                f"naive endpoint, {case}",
                kind,
                "requests/s",
                rates(theirs[case]),
                None,
                f"p99 {middle(theirs[case]):,.0f} ms",
            )
            for case in ALL
        ]
    return rows


def load_ours(bench: Bench, kind: str, shop: Shop, *, processes: int, into: Results) -> None:
    """Load Onhand in every case and note the outcomes."""
    with shop.serving(processes) as servers:
        for case in ALL:
            bench.say(f"{kind}: {processes} process(es), {case}")
            count = bench.scaled(15_000, 3_000)
            picked = picks(shop.skus[: CASES[case.name]], commands=count)
            file = bench.folder / "p2.requests"
            write_requests(file, reserve_carts(shop.token, picked))
            ports = tuple(server.port for server in servers)
            plan = Plan(ports, str(file), case.connections, count, warm_up=count // 5)
            into[case].append(send(plan).only(200))


def load_naive(bench: Bench, kind: str, into: Results) -> None:
    """Load the naive endpoint in every case and note the outcomes."""
    with naive_server(bench, kind) as server:
        for case in ALL:
            bench.say(f"{kind}: naive endpoint, {case}")
            count = bench.scaled(2_500, 1_000)
            picked = picks(sku_codes(CASES[case.name]), commands=count)
            file = bench.folder / "p2.requests"
            write_requests(file, naive_carts(picked))
            plan = Plan((server.port,), str(file), case.connections, count, warm_up=count // 5)
            into[case].append(send(plan).only(201))


@contextmanager
def naive_server(bench: Bench, kind: str) -> Iterator[Server]:
    """Run the naive endpoint on a fresh database with the same SKUs."""
    url = bench.databases.fresh_url(kind)
    naive.prepare(url, sku_codes(), UNITS_ON_HAND)
    port = free_port()
    command = module_command("benchmarks.naive", "--url", url, "--port", str(port))
    with running(command, port=port, log=bench.folder / "naive.log") as server:
        yield server


def rows_of(kind: str, processes: int, ours: Results, theirs: Results) -> list[Row]:
    """Return the rows of one number of server processes."""
    rows: list[Row] = []
    label = f"{processes} process{'es' if processes > 1 else ''}"
    for case in ALL:
        found = ours[case]
        name = f"{label}, {case}"
        # The specification asks rates and latencies of one process.
        rate_target: Target | None = RATE[case.connections] if processes == 1 else None
        p99_target = P99_MS if case.connections == min(CONNECTIONS) else None
        to_naive = TO_NAIVE.get((case.connections, case.name))
        rows += [
            Row("P-2", name, kind, "requests/s", rates(found), rate_target),
            Row("P-2", f"{name}: p99", kind, "ms", p99s(found), p99_target),
            Row(
                "P-2",
                f"{name} / naive",
                kind,
                "×",
                ratios(rates(found), rates(theirs[case])),
                to_naive,
            ),
        ]
    for connections in CONNECTIONS:
        hot, uniform = (rates(ours[Case(connections, name)]) for name in CASES)
        name = f"{label}, {connections} connections, hot / uniform"
        rows.append(Row("P-2", name, kind, "×", ratios(hot, uniform), HOT_TO_UNIFORM))
    return rows


def rates(outcomes: list[Outcome]) -> tuple[float, ...]:
    """Return requests per second of each measurement."""
    return tuple(outcome.rate_per_s for outcome in outcomes)


def p99s(outcomes: list[Outcome]) -> tuple[float, ...]:
    """Return the 99th percentile of each measurement, in ms."""
    return tuple(outcome.p99_ms for outcome in outcomes)


def middle(outcomes: list[Outcome]) -> float:
    """Return the median of the 99th percentiles, in ms."""
    return sorted(p99s(outcomes))[len(outcomes) // 2]
