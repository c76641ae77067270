"""P-0: what this machine, its disk and the load generator can carry without Onhand."""

import os
import time

from benchmarks.figures import Bench, Row
from benchmarks.load import Plan, render, send, write_requests
from benchmarks.servers import free_port, module_command, running

CONNECTIONS = 32
LOG_BLOCKS = 1024
PASSES = 3_000_000


def measure(bench: Bench) -> list[Row]:
    """Return the pace of an empty ASGI application, of Python and of synced writes."""
    requests = bench.scaled(40_000, 8_000)
    file = bench.folder / "floor.requests"
    write_requests(file, [render("POST", "/", {"Idempotency-Key": "none"}, b"{}")])
    rates = []
    syncs = []
    passes = []
    for _ in range(bench.repeats):
        bench.say("empty ASGI application")
        port = free_port()
        command = module_command("benchmarks.bare", "--port", str(port))
        with running(command, port=port, log=bench.folder / "floor.log"):
            plan = Plan((port,), str(file), CONNECTIONS, requests, warm_up=1000)
            rates.append(send(plan).only(200).rate_per_s)
        passes.append(python_passes_per_s() / 1_000_000)
        syncs.append(synced_writes_per_s(bench, bench.scaled(2000, 300)))
    return [
        Row(
            "P-0",
            "empty ASGI application, 32 connections",
            "",
            "/s",
            tuple(rates),
            note="as far as the load generator reaches",
        ),
        Row("P-0", "additions in a Python loop", "", "million/s", tuple(passes)),
        Row("P-0", "4 KB written and synced (fdatasync)", "", "/s", tuple(syncs)),
    ]


def python_passes_per_s() -> float:
    """Return how many passes of an empty loop with one addition Python makes per second."""
    total = 0
    began = time.perf_counter()
    for number in range(PASSES):
        total += number
    return PASSES / (time.perf_counter() - began)


def synced_writes_per_s(bench: Bench, writes: int) -> float:
    """Return how many small synced writes per second the disk takes."""
    path = bench.folder / "floor.sync"
    block = b"x" * 4096
    with path.open("wb", buffering=0) as file:
        # A write-ahead log is mostly overwritten, not grown.
        file.write(block * LOG_BLOCKS)
        os.fsync(file.fileno())
        began = time.perf_counter()
        for number in range(writes):
            file.seek(number % LOG_BLOCKS * len(block))
            file.write(block)
            os.fdatasync(file.fileno())
        seconds = time.perf_counter() - began
    path.unlink()
    return writes / seconds
