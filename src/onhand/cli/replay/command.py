"""`onhand replay FILE`: a real shop's month on a fresh ledger."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType

from onhand.access.model import Asked, EnvironmentName
from onhand.bootstrap.process import tune_garbage_collection
from onhand.bootstrap.settings import DatabaseAddress, Settings, load_settings
from onhand.catalog.commands import create_skus
from onhand.catalog.model import LONGEST_NAME, NewSku
from onhand.catalog.queries import SkuFilter, list_skus
from onhand.cli.desk import Desk, Options, parse_address, place_name, refuse_options, sqlite_file
from onhand.cli.exits import ExitCode, Stop
from onhand.cli.ledgers import verdict, verdict_views, verify_desk
from onhand.cli.replay.lines import Orders, Sku, UnreadableFile, read_orders
from onhand.cli.replay.play import Bucket, Player, ReplayBroken, Tally, Terms
from onhand.cli.terminal import table
from onhand.db.migrate import upgrade
from onhand.stock.queries.history import has_events

_SKUS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Played:
    """A finished replay."""

    orders: Orders
    tally: Tally
    seconds: float


def replay(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Order lines: .csv or .csv.gz.")],
    into: Annotated[
        str | None,
        typer.Option(metavar="URL", help="An empty database; else replay.db in the data folder."),
    ] = None,
    opening: Annotated[
        str, typer.Option(metavar="auto|N", help="Opening units of each SKU; `auto` if not given.")
    ] = "auto",
    allow_oversell: Annotated[
        bool, typer.Option("--allow-oversell", help="Let every SKU be sold below 0.")
    ] = False,
) -> None:
    """Play a shop's order lines on a fresh ledger. Then verify it."""
    terms = Terms(_opening_units(opening), allow_oversell=allow_oversell)
    options: Options = context.obj
    refuse_options(options, ["--database", "--key"])
    try:
        orders = read_orders(file)
    except UnreadableFile as error:
        raise Stop(ExitCode.USAGE, str(error)) from error
    settings = load_settings()
    address = _fresh_place(into, settings)
    desk = Desk(options, settings, address)
    try:
        upgrade(desk.database)
        _refuse_used(desk, place_name(address))
        played = _play(desk, orders, terms)
        report = verify_desk(desk)
        document = {
            "database": place_name(address),
            "opening": opening,
            "allow_oversell": allow_oversell,
            **_document(played),
            "verify": verdict(report),
        }
        hint = f"Look around with: onhand --database '{place_name(address)}' stock show …"
        desk.terminal.show(document, *_views(played), *verdict_views(report), hint)
        if not report.is_clean:
            raise typer.Exit(ExitCode.REFUSED)
    finally:
        desk.database.dispose()


def _opening_units(written: str) -> int | None:
    if written == "auto":
        return None
    if not (written.isascii() and written.isdigit() and len(written) <= 9):
        raise typer.BadParameter("--opening is `auto` or a whole number of units")
    return int(written)


def _fresh_place(into: str | None, settings: Settings) -> DatabaseAddress:
    """Where the replay goes: the given database, or its own file, which is made anew each time."""
    if into is None:
        file = settings.onhand_home.absolute() / "replay.db"
        for leftover in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
            leftover.unlink(missing_ok=True)
        return DatabaseAddress(f"sqlite:///{file}", None)
    address = parse_address(into, settings, option="--into")
    for name in EnvironmentName:
        if _is_same(address, settings.database_of(name)):
            raise Stop(ExitCode.REFUSED, f"--into: that is the database of `{name}`; name another")
    return address


def _is_same(one: DatabaseAddress, other: DatabaseAddress) -> bool:
    one_file, other_file = sqlite_file(one), sqlite_file(other)
    if one_file is not None and other_file is not None:
        return one_file.resolve() == other_file.resolve()
    return one == other


def _refuse_used(desk: Desk, name: str) -> None:
    with desk.database.read() as connection:
        is_used = has_events(connection) or bool(list_skus(connection, SkuFilter(limit=1)).skus)
    if is_used:
        raise Stop(
            ExitCode.REFUSED, f"--into: {name} is not empty; a replay needs a database of its own"
        )


def _play(desk: Desk, orders: Orders, terms: Terms) -> Played:
    tune_garbage_collection()
    started_s = time.perf_counter()
    codes = sorted(orders.skus)
    for start in range(0, len(codes), _SKUS_AT_ONCE):
        some = [_new_sku(orders.skus[code]) for code in codes[start : start + _SKUS_AT_ONCE]]
        desk.accepted(
            create_skus(desk.database, Asked(desk.actor, desk.now(), f"skus/{start}"), some)
        )
    with desk.terminal.progress("Replaying", orders.lines) as progress:
        player = Player(desk.ledger, desk.caller, progress)
        try:
            tally = player.play(orders, terms)
        except ReplayBroken as error:
            raise Stop(ExitCode.REFUSED, str(error)) from error
    return Played(orders, tally, time.perf_counter() - started_s)


def _new_sku(sku: Sku) -> NewSku:
    printable = "".join(mark for mark in sku.name if mark.isprintable())
    return NewSku(sku.original, name=printable[:LONGEST_NAME])


def _document(played: Played) -> dict[str, object]:
    orders, tally = played.orders, played.tally
    return {
        "lines": orders.lines,
        "buckets": {bucket.value: tally.lines[bucket] for bucket in Bucket},
        "left_out": dict(orders.left_out),
        "orders": dict(tally.orders),
        "units": dict(tally.units),
        "skus": len(orders.skus),
        "seconds": round(played.seconds, 3),
        "lines_per_second": round(orders.lines / played.seconds),
    }


_BUCKETS = {
    Bucket.SHIPPED: "held and shipped",
    Bucket.OVERSOLD: "held and shipped below 0",
    Bucket.REFUSED: "refused: not enough stock",
    Bucket.RETURNED: "cancelled: came back",
    Bucket.WRITTEN_OFF: "written off",
    Bucket.WRITE_OFF_REFUSED: "write-off refused: not enough stock",
    Bucket.LEFT_OUT: "left out",
}


def _views(played: Played) -> list[RenderableType]:
    orders, tally = played.orders, played.tally
    rows: list[tuple[str, int]] = [
        (words, tally.lines[bucket]) for bucket, words in _BUCKETS.items() if tally.lines[bucket]
    ]
    rows.append(("= all lines of the file", orders.lines))
    reasons = [(f"left out: {reason}", count) for reason, count in orders.left_out.items()]
    served = [(f"orders {how}", count) for how, count in tally.orders.items()]
    units = [(f"units {what}", count) for what, count in tally.units.items()]
    pace = f"{orders.lines / played.seconds:,.0f} lines a second"
    return [
        table(("lines", ""), rows),
        *([table(("of these", ""), reasons)] if reasons else []),
        "",
        table(("", ""), [*served, *units]),
        "",
        f"{len(orders.skus):,} SKUs, {played.seconds:.1f} s, {pace}.",
    ]
