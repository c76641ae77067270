"""P-7: verify and rebuild by the command, per million events, and what memory they take."""

from benchmarks.figures import KINDS, Bench, Row, at_most
from benchmarks.growth import Grower
from benchmarks.shop import open_shop

LIMITS_S = {"verify": at_most(15), "rebuild": at_most(20)}
PEAK_MB = at_most(200)
MILLION = 1_000_000


def measure(bench: Bench) -> list[Row]:
    """Return seconds per million events and peak memory in MB on both databases."""
    rows: list[Row] = []
    for kind in KINDS:
        with open_shop(bench, kind) as shop:
            grower = Grower(bench, kind, shop)
            events = grower.grow(bench.scaled(MILLION, 100_000))
            shop.run("--help")  # compiles the modules, where nobody has yet
            for verb, limit in LIMITS_S.items():
                seconds, peaks = [], []
                for _ in range(bench.repeats):
                    bench.say(f"{kind}: {verb} of {events:,} events")
                    done = shop.run("ledger", verb)
                    seconds.append(done.seconds * MILLION / events)
                    peaks.append(done.peak_mb)
                name = f"{verb}, {events:,} events"
                case = f"{name}, per million"
                rows += [
                    Row("P-7", case, kind, "s", tuple(seconds), limit),
                    Row("P-7", f"{name}: peak memory", kind, "MB", tuple(peaks), PEAK_MB),
                ]
    return rows
