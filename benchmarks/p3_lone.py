"""P-3: what a lone caller waits: one connection, nobody else."""

from itertools import count

from benchmarks.asks import API, deduct_orders, get, picks, reserve_carts, reserve_orders
from benchmarks.databases import POSTGRESQL, SQLITE
from benchmarks.figures import KINDS, Bench, Row, Target, at_most
from benchmarks.load import Plan, send, write_requests
from benchmarks.servers import Server
from benchmarks.shop import Shop, open_shop

TARGETS: dict[tuple[str, str], Target] = {
    (POSTGRESQL, "reserve"): at_most(1.5),
    (SQLITE, "reserve"): at_most(1.0),
    (POSTGRESQL, "read"): at_most(1.0),
    (SQLITE, "read"): at_most(1.0),
}
_orders = count(1)


def measure(bench: Bench) -> list[Row]:
    """Return the median latency of reserve, deduct and read on both databases."""
    rows: list[Row] = []
    for kind in KINDS:
        latencies: dict[str, list[tuple[float, float]]] = {}
        with open_shop(bench, kind) as shop, shop.serving() as (server,):
            for _ in range(bench.repeats):
                for what, found in once(bench, kind, shop, server).items():
                    latencies.setdefault(what, []).append(found)
        for what, found_ones in latencies.items():
            p50 = tuple(p50 for p50, _ in found_ones)
            p99 = sorted(p99 for _, p99 in found_ones)[len(found_ones) // 2]
            target = TARGETS.get((kind, what))
            note = f"p99 {p99:.1f} ms"
            rows.append(Row("P-3", f"{what}: p50", kind, "ms", p50, target, note))
    return rows


def once(bench: Bench, kind: str, shop: Shop, server: Server) -> dict[str, tuple[float, float]]:
    """Return (p50, p99) in ms of each operation, measured one after the other."""
    requests = bench.scaled(2_000, 500)
    picked = picks(shop.skus, commands=requests)
    orders = [f"lone-order-{next(_orders)}" for _ in picked]
    asked = {
        "reserve": list(reserve_carts(shop.token, picked)),
        "reserve for an order": list(
            reserve_orders(shop.token, list(zip(orders, picked, strict=True)))
        ),
        "deduct": list(deduct_orders(shop.token, orders)),
        "read": [get(f"{API}/{codes[0]}", shop.token) for codes in picked],
    }
    found = {}
    for what, rendered in asked.items():
        bench.say(f"{kind}: lone caller, {what}")
        file = bench.folder / "p3.requests"
        write_requests(file, rendered)
        plan = Plan((server.port,), str(file), 1, requests, warm_up=requests // 10)
        outcome = send(plan).only(200)
        found[what] = (outcome.p50_ms, outcome.p99_ms)
    return found
