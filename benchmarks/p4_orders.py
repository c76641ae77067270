"""P-4: orders of five lines, all or nothing, in process and over HTTP."""

from collections.abc import Sequence
from itertools import count

from benchmarks.asks import picks, reserve_carts, reserve_orders
from benchmarks.figures import KINDS, Bench, Row, at_least, ratios
from benchmarks.load import Plan, send, write_requests
from benchmarks.p1_ledger import rate
from benchmarks.shop import BATCH, Shop, open_shop

LINES = 5
CONNECTIONS = 32
LINES_TO_SINGLE = at_least(0.5)
_orders = count(1)


def measure(bench: Bench) -> list[Row]:
    """Return order lines per second beside single-line commands of the same run."""
    rows: list[Row] = []
    for kind in KINDS:
        with open_shop(bench, kind) as shop:
            rate(shop, shop.skus, commands=10 * BATCH)
            for name, codes in (("hot", shop.skus[:LINES]), ("uniform", shop.skus)):
                bench.say(f"{kind}: orders of {LINES} lines in process, {name}")
                commands = bench.scaled(60 * BATCH, 12 * BATCH)
                single, lines = [], []
                for _ in range(bench.repeats):
                    single.append(rate(shop, codes, commands=commands))
                    orders = commands // LINES
                    lines.append(LINES * rate(shop, codes, commands=orders, lines=LINES))
                rows += pair(f"orders of {LINES} lines in process, {name}", kind, single, lines)
            rows += over_http(bench, kind, shop)
    return rows


def over_http(bench: Bench, kind: str, shop: Shop) -> list[Row]:
    """Return the same over HTTP, at 32 connections on uniform SKUs."""
    single, lines = [], []
    requests = bench.scaled(10_000, 2_000)
    with shop.serving() as (server,):
        for _ in range(bench.repeats):
            bench.say(f"{kind}: orders of {LINES} lines over HTTP")
            picked = picks(shop.skus, commands=requests)
            file = bench.folder / "p4.requests"
            write_requests(file, reserve_carts(shop.token, picked))
            plan = Plan((server.port,), str(file), CONNECTIONS, requests, warm_up=requests // 10)
            single.append(send(plan).only(200).rate_per_s)
            ordered = requests // LINES
            orders = [
                (f"http-order-{next(_orders)}", codes)
                for codes in picks(shop.skus, commands=ordered, lines=LINES)
            ]
            write_requests(file, reserve_orders(shop.token, orders))
            plan = Plan((server.port,), str(file), CONNECTIONS, ordered, warm_up=ordered // 10)
            lines.append(LINES * send(plan).only(200).rate_per_s)
    return pair(f"orders of {LINES} lines over HTTP, uniform", kind, single, lines)


def pair(case: str, kind: str, single: Sequence[float], lines: Sequence[float]) -> list[Row]:
    """Return the rate in lines and its ratio to single-line commands."""
    ratio = ratios(lines, single)
    return [
        Row("P-4", case, kind, "lines/s", tuple(lines)),
        Row("P-4", f"{case} / single-line commands", kind, "×", ratio, LINES_TO_SINGLE),
    ]
