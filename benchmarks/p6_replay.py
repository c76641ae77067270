"""P-6: a real month of a real shop, replayed by the command and verified."""

from itertools import count
from pathlib import Path

import msgspec

from benchmarks.databases import POSTGRESQL
from benchmarks.figures import KINDS, Bench, Row, at_most
from benchmarks.shop import open_shop

MONTH = Path(__file__).parent.parent / "data" / "online_retail_2010-12.csv.gz"
COMMAND_S = at_most(15)
_schemas = count(1)


def measure(bench: Bench) -> list[Row]:
    """Return the seconds of the whole command, and of the playing in it, on both databases."""
    rows: list[Row] = []
    for kind in KINDS:
        whole, playing = [], []
        lines = 0
        with open_shop(bench, kind, skus=100) as shop:
            shop.run("--help")  # compiles the modules, where nobody has yet
            for _ in range(bench.repeats):
                bench.say(f"{kind}: replaying the month")
                into = [f"--into={shop.url}?schema=replay_{next(_schemas)}"]
                done = shop.run(
                    "replay", str(MONTH), "--json", *(into if kind == POSTGRESQL else [])
                )
                told = msgspec.json.decode(done.output)
                lines = told["lines"]
                whole.append(done.seconds)
                playing.append(told["seconds"])
        case = f"replay of {lines:,} lines"
        note = "start, replay and verify"
        rows += [
            Row("P-6", f"{case}: whole command", kind, "s", tuple(whole), COMMAND_S, note),
            Row("P-6", f"{case}: playing", kind, "s", tuple(playing)),
        ]
    return rows
