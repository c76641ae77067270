"""`onhand simulate world`: the whole of Onhand against simulated shops, and what became of it."""

import logging
import os
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from enum import StrEnum
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import structlog
import typer
from rich.console import RenderableType

from onhand.access.model import EnvironmentName
from onhand.bootstrap.process import tune_garbage_collection
from onhand.bootstrap.settings import load_settings
from onhand.cli.desk import Options, parse_address, refuse_options
from onhand.cli.exits import ExitCode, Stop
from onhand.cli.terminal import table
from onhand.world.setting import Setting

# A world brings simulators, connectors and jobs with it; other commands start without them.
if TYPE_CHECKING:
    from onhand.world.freshness import Burst
    from onhand.world.verdict import Verdict

_MOST_STORES = 9
_MOST_ORDERS = 1_000
_MOST_LISTINGS = 100_000


class Faults(StrEnum):
    """What goes wrong in a world."""

    NONE = "none"
    ALL = "all"


def world(  # tidy: override — typer reads the command's options from here
    context: typer.Context,
    *,
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="Another world with another; 1 if not given.")
    ] = 1,
    seeds: Annotated[
        str | None, typer.Option(metavar="A-B", help="Every seed from A to B, several at a time.")
    ] = None,
    days: Annotated[
        float, typer.Option(min=0, max=60, metavar="D", help="Simulated days; 1 if not given.")
    ] = 1,
    store_count: Annotated[
        int,
        typer.Option(min=1, max=_MOST_STORES, metavar="N", help="How many shops; 3 if not given."),
    ] = 3,
    orders_per_hour: Annotated[
        float,
        typer.Option(
            min=0, max=_MOST_ORDERS, metavar="N", help="Orders in each shop; 1 if not given."
        ),
    ] = 1,
    faults: Annotated[
        Faults, typer.Option(metavar="none|all", help="What goes wrong; none if not given.")
    ] = Faults.NONE,
    crashes: Annotated[
        int, typer.Option(min=0, metavar="N", help="How often the process is killed.")
    ] = 0,
    baseline: Annotated[
        bool, typer.Option("--baseline", help="Also with a naive push, for comparison.")
    ] = False,
    listings: Annotated[
        str | None,
        typer.Option(metavar="N,…", help="Measure freshness instead, with N listings a shop."),
    ] = None,
) -> None:
    """Play days of Onhand and its shops on a simulated clock. Then judge."""
    options: Options = context.obj
    refuse_options(options, ["--key"])
    setting = Setting(
        home=Path(),
        days=days,
        stores=store_count,
        orders_per_hour=orders_per_hour,
        faults=faults is Faults.ALL,
        crashes=crashes,
        url=_url(options),
    )
    if listings is not None:
        _show_bursts(options, replace(setting, seed=seed), _whole_numbers(listings))
        return
    chosen = [seed] if seeds is None else _span(seeds)
    kinds = (False, True) if baseline else (False,)
    worlds = [replace(setting, seed=one, baseline=kind) for one in chosen for kind in kinds]
    if setting.url is not None and len(worlds) > 1:
        raise typer.BadParameter("--database holds one world; give one seed and no --baseline")
    _show_worlds(options, worlds)


def play_alone(setting: Setting) -> "Verdict":
    """Play a world in a folder of its own, without log lines; for a process of a pool.

    Raises:
        NotEmptyError: the setting's database is in use.
    """
    from onhand.world.play import play  # noqa: PLC0415

    silence()
    with tempfile.TemporaryDirectory(prefix="onhand-world-") as home:
        return play(replace(setting, home=Path(home)))


def silence() -> None:
    """Write no log lines: failures are what is simulated."""
    tune_garbage_collection()
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _play_all(options: Options, worlds: Sequence[Setting]) -> "list[Verdict]":
    from onhand.world.play import NotEmptyError  # noqa: PLC0415

    with options.terminal.progress("Simulating", len(worlds)) as progress:
        if len(worlds) == 1:
            try:
                return [play_alone(worlds[0])]
            except NotEmptyError as error:
                raise Stop(
                    ExitCode.REFUSED, "--database: it is not empty; a world needs one of its own"
                ) from error
        verdicts = []
        workers = min(len(worlds), os.cpu_count() or 1)
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            for verdict in pool.map(play_alone, worlds):
                verdicts.append(verdict)
                progress(len(verdicts))
        return verdicts


def _url(options: Options) -> str | None:
    if options.database is None:
        return None
    settings = load_settings()
    address = parse_address(options.database, settings, option="--database")
    if any(address.url == settings.database_of(name).url for name in EnvironmentName):
        raise Stop(ExitCode.REFUSED, "--database: that is an environment's; name another")
    return address.url


def _span(written: str) -> list[int]:
    first, dash, last = written.partition("-")
    if not (dash and first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
        raise typer.BadParameter("--seeds is A-B, two whole numbers, such as 1-20")
    return list(range(int(first), int(last) + 1))


def _whole_numbers(written: str) -> list[int]:
    parts = written.split(",")
    if not all(part.isdecimal() and 0 < int(part) <= _MOST_LISTINGS for part in parts):
        raise typer.BadParameter(f"--listings is one or more numbers up to {_MOST_LISTINGS:,}")
    return [int(part) for part in parts]


# What was found


def _show_worlds(options: Options, worlds: Sequence[Setting]) -> None:
    verdicts = _play_all(options, worlds)
    naive = {v.seed: v for w, v in zip(worlds, verdicts, strict=True) if w.baseline}
    fenced = [v for w, v in zip(worlds, verdicts, strict=True) if not w.baseline]
    is_right = all(verdict.is_right for verdict in fenced)
    document = {
        "right": is_right,
        "days": worlds[0].days,
        "worlds": [_document(verdict) for verdict in fenced],
        "naive": [_document(verdict) for verdict in naive.values()],
    }
    options.terminal.show(document, *_views(fenced, naive))
    if not is_right:
        raise typer.Exit(ExitCode.REFUSED)


def _document(verdict: "Verdict") -> dict[str, Any]:
    return {"right": verdict.is_right, **asdict(verdict)}


def _views(fenced: "Sequence[Verdict]", naive: "dict[int, Verdict]") -> list[RenderableType]:
    columns = ["seed", "orders", "units sold", "oversold", "put back"]
    columns += ["naive: sold", "oversold", "put back", "shops wrong"] if naive else []
    columns += ["lost", "doubled", "shops wrong", "ledger", "crashes", "calls"]
    columns += ["pushes", "p50 s", "p99 s", "max s", "verdict"]
    views: list[RenderableType] = [
        table(columns, [_row(verdict, naive.get(verdict.seed)) for verdict in fenced])
    ]
    if len(fenced) == 1:
        views += _details(fenced[0])
    for verdict in fenced:
        views += [f"seed {verdict.seed}: {line}" for line in verdict.wrong]
    wrong = sum(not verdict.is_right for verdict in fenced)
    oversold = sum(verdict.oversold for verdict in fenced)
    sold = sum(verdict.sold for verdict in fenced)
    told = f"{len(fenced):,} worlds, {wrong} wrong; {oversold:,} of {sold:,} units oversold"
    if naive:
        told += f", {sum(v.oversold for v in naive.values()):,} with a naive push"
    return [*views, f"{told}."]


def _row(verdict: "Verdict", naive: "Verdict | None") -> tuple[object, ...]:
    from onhand.world.verdict import EVERY_STORE, Freshness  # noqa: PLC0415

    waits = verdict.freshness.get(EVERY_STORE, Freshness(0, 0.0, 0.0, 0.0))
    return (
        *(verdict.seed, verdict.orders, verdict.sold, verdict.oversold, verdict.put_back),
        *(() if naive is None else _naive_cells(naive)),
        verdict.lost + verdict.lost_units,
        verdict.doubled + verdict.doubled_units,
        verdict.shops_wrong,
        verdict.ledger_mismatches + verdict.reconcile_mismatches,
        *(verdict.crashes, verdict.calls, waits.pushes),
        *(waits.p50_s, waits.p99_s, waits.most_s),
        "right" if verdict.is_right else "WRONG",
    )


def _naive_cells(verdict: "Verdict") -> tuple[int, ...]:
    return (verdict.sold, verdict.oversold, verdict.put_back, verdict.shops_wrong)


def _details(verdict: "Verdict") -> list[RenderableType]:
    from onhand.world.verdict import EVERY_STORE  # noqa: PLC0415

    shops = [
        (store, waits.pushes, waits.p50_s, waits.p99_s, waits.most_s)
        for store, waits in verdict.freshness.items()
        if store != EVERY_STORE
    ]
    counts: list[tuple[str, int]] = []
    for title, found in (
        ("oversold", verdict.oversold_by),
        ("push", verdict.outcomes),
        ("drift", verdict.drifts),
        ("died", verdict.died),
        ("fault", verdict.faults),
    ):
        counts += [(f"{title}: {name}", count) for name, count in found.items()]
    views: list[RenderableType] = [""]
    if shops:
        views += [table(("store", "pushes", "p50 s", "p99 s", "max s"), shops), ""]
    return [*views, table(("", ""), counts), ""] if counts else views


# Freshness at the shops' limits


def _show_bursts(options: Options, setting: Setting, sizes: Iterable[int]) -> None:
    from onhand.world.freshness import measure_burst  # noqa: PLC0415

    silence()
    bursts = []
    for size in sizes:
        options.terminal.say(f"{size:,} listings in each of {setting.stores} shops …")
        with tempfile.TemporaryDirectory(prefix="onhand-world-") as home:
            bursts.append(measure_burst(replace(setting, home=Path(home), skus=size)))
    document = {
        "bursts": [
            {**asdict(burst), "p99_ratio": burst.ratio, "most_ratio": burst.most_ratio}
            for burst in bursts
        ]
    }
    columns = ("listings a shop", "calls", "p50 s", "p99 s", "max s", "ideal p50 s", "ideal p99 s")
    rows = [(*_burst_cells(burst), f"{burst.ratio:.2f}") for burst in bursts]
    options.terminal.show(
        document,
        table((*columns, "ideal max s", "p99 ÷ ideal"), rows),
        "Every SKU changes at once. The ideal sends 400 rows a second and shop, from the first "
        "moment on.",
    )


def _burst_cells(burst: "Burst") -> tuple[object, ...]:
    measured, ideal = burst.measured, burst.ideal
    return (
        *(burst.listings, burst.calls),
        *(measured.p50_s, measured.p99_s, measured.most_s),
        *(ideal.p50_s, ideal.p99_s, ideal.most_s),
    )
