"""P-11: from the command to the first answer, and the memory of an idle server."""

import time

from benchmarks.figures import KINDS, Bench, Row, at_most
from benchmarks.servers import resident_mb
from benchmarks.shop import open_shop

START_S = at_most(2)
IDLE_MB = at_most(150)
SETTLE_S = 3.0


def measure(bench: Bench) -> list[Row]:
    """Return the start in seconds and the idle memory in MB on both databases."""
    rows: list[Row] = []
    for kind in KINDS:
        starts, memories = [], []
        with open_shop(bench, kind, skus=100) as shop:
            with shop.serving(jobs=True):
                bench.say(f"{kind}: a first start, not counted, compiles the modules")
            for _ in range(bench.repeats):
                bench.say(f"{kind}: starting")
                with shop.serving(jobs=True) as (server,):
                    starts.append(server.start_s)
                    time.sleep(SETTLE_S)
                    memories.append(resident_mb(server.pid))
        rows += [
            Row("P-11", "`onhand serve` to the first answer", kind, "s", tuple(starts), START_S),
            Row("P-11", "memory when idle", kind, "MB", tuple(memories), IDLE_MB),
        ]
    return rows
