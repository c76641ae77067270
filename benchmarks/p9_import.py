"""P-9: a Rakuten item CSV previewed and brought in by the command, and what memory that takes."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.figures import KINDS, Bench, Row, Target, at_most
from benchmarks.shop import Finished, Shop, WrongResult, open_shop
from tests.imports.normal_item import write_normal_item

_TARGETS = {"preview": at_most(3), "confirm": at_most(10)}
MEMORY_RATIO = at_most(1.5)
_WAYS = {"new SKUs": "replace", "known SKUs": "add"}


def measure(bench: Bench) -> list[Row]:
    """Return seconds for 20,000 SKU rows, and the peak memory of 100,000 as a multiple of theirs.

    Seconds include the start of the command. Processor time is that of the command alone.
    """
    small, large = bench.scaled(20_000, 20_000), bench.scaled(100_000, 100_000)
    files = {rows: _write(bench, rows) for rows in (small, large)}
    rows: list[Row] = []
    for kind in KINDS:
        taken: dict[tuple[str, str], list[Finished]] = {}
        for _ in range(bench.repeats):
            with open_shop(bench, kind, skus=1000) as shop:
                for case, way in _WAYS.items():
                    for step, done in _bring_in(bench, shop, files[small], way).items():
                        taken.setdefault((case, step), []).append(done)
        with open_shop(bench, kind, skus=1000) as shop:
            most = _bring_in(bench, shop, files[large], "add")
        for (case, step), some in taken.items():
            rows += _seconds(f"{step}, {small:,} SKU rows, {case}", kind, some, _TARGETS[step])
        for step, done in most.items():
            name = f"{step}, {large:,} SKU rows"
            few = [one for case in _WAYS for one in taken[case, step]]
            ratio = done.peak_mb / max(one.peak_mb for one in few)
            rows += [
                *_seconds(name, kind, [done]),
                Row("P-9", f"{name}: peak memory", kind, "MB", (done.peak_mb,)),
                Row(
                    "P-9", f"{name}: memory / that of {small:,}", kind, "×", (ratio,), MEMORY_RATIO
                ),
            ]
    return rows


def _seconds(
    name: str, kind: str, some: Sequence[Finished], target: Target | None = None
) -> list[Row]:
    return [
        Row("P-9", name, kind, "s", tuple(done.seconds for done in some), target),
        Row(
            "P-9",
            f"{name}: processor time",
            kind,
            "s",
            tuple(done.processor_s for done in some),
        ),
    ]


def _write(bench: Bench, rows: int) -> Path:
    bench.say(f"writing a file of {rows:,} SKU rows")
    path = bench.folder / f"normal-item-{rows}.csv"
    write_normal_item(path, rows)
    return path


def _bring_in(bench: Bench, shop: Shop, file: Path, way: str) -> dict[str, Finished]:
    """Preview and confirm a file; raises WrongResult when not all of it was brought in."""
    bench.say(f"importing {file.name}")
    choices = ("--set", f"stock={way}")
    previewed = shop.run("import", "preview", str(file), *choices, "--json")
    import_id = msgspec.json.decode(previewed.output)["import"]["import"]
    confirmed = shop.run("import", "confirm", import_id, "--json")
    done = msgspec.json.decode(confirmed.output)["import"]
    skus = done["counts"]["skus"]
    if done["state"] != "applied" or done["counts"]["outcomes"] != {"applied": skus}:
        raise WrongResult(f"{done['state']}: {done['counts']}")
    return {"preview": previewed, "confirm": confirmed}
