"""P-9: a Rakuten item CSV previewed and brought in by the command, and what memory that takes."""

from pathlib import Path

import msgspec

from benchmarks.figures import KINDS, Bench, Row, at_most
from benchmarks.shop import Finished, Shop, WrongResult, open_shop
from tests.imports.normal_item import write_normal_item

PREVIEW_S = at_most(3)
CONFIRM_S = at_most(10)
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
        peaks: dict[tuple[str, int], float] = {}
        with open_shop(bench, kind, skus=1000) as shop:
            for case, way in _WAYS.items():
                preview, confirm = _bring_in(bench, shop, files[small], way)
                peaks["preview", small], peaks["confirm", small] = preview.peak_mb, confirm.peak_mb
                name = f"{small:,} SKU rows, {case}"
                for step, done, target in (
                    ("preview", preview, PREVIEW_S),
                    ("confirm", confirm, CONFIRM_S),
                ):
                    what = f"{step}, {name}"
                    rows += [
                        Row("P-9", what, kind, "s", (done.seconds,), target),
                        Row("P-9", f"{what}: processor time", kind, "s", (done.processor_s,)),
                    ]
            preview, confirm = _bring_in(bench, shop, files[large], "add")
        peaks["preview", large], peaks["confirm", large] = preview.peak_mb, confirm.peak_mb
        for step, done in (("preview", preview), ("confirm", confirm)):
            name = f"{step}, {large:,} SKU rows"
            ratio = peaks[step, large] / peaks[step, small]
            rows += [
                Row("P-9", name, kind, "s", (done.seconds,)),
                Row("P-9", f"{name}: processor time", kind, "s", (done.processor_s,)),
                Row("P-9", f"{name}: peak memory", kind, "MB", (done.peak_mb,)),
                Row(
                    "P-9", f"{name}: memory / that of {small:,}", kind, "×", (ratio,), MEMORY_RATIO
                ),
            ]
    return rows


def _write(bench: Bench, rows: int) -> Path:
    bench.say(f"writing a file of {rows:,} SKU rows")
    path = bench.folder / f"normal-item-{rows}.csv"
    write_normal_item(path, rows)
    return path


def _bring_in(bench: Bench, shop: Shop, file: Path, way: str) -> tuple[Finished, Finished]:
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
    return previewed, confirmed
