"""P-5: reads over HTTP at 100,000 SKUs: a level, a batch, a page of history, low stock, as of."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

import msgspec

from benchmarks.asks import API, get, picks, sale
from benchmarks.figures import KINDS, Bench, Row, at_least, at_most
from benchmarks.load import Outcome, Plan, render, send, write_requests
from benchmarks.servers import Server
from benchmarks.shop import Shop, execute, open_shop

LEVEL_RATE = at_least(4_000)
LIST_MS = at_most(20)
CONNECTIONS = 32
BUSY = 200  # SKUs whose history is long


def measure(bench: Bench) -> list[Row]:
    """Return the rate of single reads and what a lone caller waits for each list."""
    rows: list[Row] = []
    for kind in KINDS:
        skus = bench.scaled(100_000, 20_000)
        with open_shop(bench, kind, skus=skus) as shop:
            bench.say(f"{kind}: selling")
            sold = picks(shop.skus[:BUSY], commands=bench.scaled(10_000, 1_000), lines=2)
            execute(shop.ledger, [command for codes in sold for command in sale(codes)])
            with shop.serving() as (server,):
                rows += measure_reads(bench, kind, shop, server)
    return rows


def measure_reads(bench: Bench, kind: str, shop: Shop, server: Server) -> list[Row]:
    """Return the rows of one database."""
    moment = quote(datetime.now(UTC).isoformat())
    lists: dict[str, Callable[[str], bytes]] = {
        "level as of a moment": lambda sku: get(f"{API}/{sku}?as_of={moment}", shop.token),
        "batch of 100 levels": lambda _: batch(shop),
        "page of 100 events": lambda sku: get(f"{API}/{sku}/transactions?limit=100", shop.token),
        f"low stock, 100 of {len(shop.skus):,}": lambda _: get(
            f"{API}/low-stock?limit=100", shop.token
        ),
        "holds, a page of 100": lambda _: get(f"{API}/reservations?limit=100", shop.token),
    }
    rates = []
    waits: dict[str, list[float]] = {name: [] for name in lists}
    for _ in range(bench.repeats):
        bench.say(f"{kind}: one level")
        count = bench.scaled(20_000, 4_000)
        reads = [get(f"{API}/{codes[0]}", shop.token) for codes in picks(shop.skus, commands=count)]
        rates.append(load(bench, server, reads, connections=CONNECTIONS).rate_per_s)
        for name, make in lists.items():
            bench.say(f"{kind}: {name}")
            busy = list(shop.skus[:BUSY]) * bench.scaled(3, 1)
            waits[name].append(load(bench, server, [make(sku) for sku in busy]).p50_ms)
    rows = [Row("P-5", "one level, 32 connections", kind, "requests/s", tuple(rates), LEVEL_RATE)]
    rows += [
        Row("P-5", f"{name}: p50 of a lone caller", kind, "ms", tuple(found), LIST_MS)
        for name, found in waits.items()
    ]
    return rows


def batch(shop: Shop) -> bytes:
    """Return a request for 100 random levels."""
    body = msgspec.json.encode({"skus": random.sample(shop.skus, 100)})
    return render("POST", f"{API}/batch", {"Authorization": f"Bearer {shop.token}"}, body)


def load(bench: Bench, server: Server, reads: list[bytes], *, connections: int = 1) -> Outcome:
    """Send reads, each once, and return what came back."""
    file = bench.folder / "p5.requests"
    count = write_requests(file, reads)
    plan = Plan((server.port,), str(file), connections, count, warm_up=count // 10)
    return send(plan).only(200)
