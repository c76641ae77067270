"""`onhand stock …`: show, low, history, as-of, holds, explain."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

import typer
from rich.table import Table

from onhand.cli.arguments import parse_code, parse_moment, parse_name, parse_reference
from onhand.cli.desk import Desk, Refused, open_desk
from onhand.cli.exits import ExitCode
from onhand.cli.terminal import table
from onhand.stock.model.refusals import UnknownSku
from onhand.stock.queries.history import EventView, HistoryFilter, explain, history
from onhand.stock.queries.holds import HoldFilter, HoldView, list_holds
from onhand.stock.queries.levels import LevelView, level_as_of, low_stock, read_levels

commands = typer.Typer()

_PAGE = 1_000
View = Literal["IN", "OUT", "RESERVE", "RELEASE", "ADJUST"]
Sku = Annotated[str, typer.Argument(metavar="SKU", help="A code or an alias, in any case.")]
Limit = Annotated[
    int, typer.Option(min=1, max=100_000, metavar="N", help="How many at most, 100 if not given.")
]


@commands.command()
def show(context: typer.Context, skus: Annotated[list[str], typer.Argument(metavar="SKU")]) -> None:
    """Levels of SKUs, by location. Ends with 1 when a code is unknown."""
    codes = [parse_code(sku) for sku in skus]
    with open_desk(context) as desk:
        with desk.database.read() as connection:
            found = read_levels(connection, codes, now=desk.now())
        unknown = [code for code in dict.fromkeys(codes) if code not in found]
        levels = list({level.sku: level for code in codes if (level := found.get(code))}.values())
        _show_levels(desk, levels, {"levels": found, "unknown": unknown})
        if unknown:
            desk.terminal.say(f"No registered SKU or alias has this code: {'; '.join(unknown)}.")
            raise typer.Exit(ExitCode.REFUSED)


@commands.command()
def low(context: typer.Context, limit: Limit = 100) -> None:
    """SKUs at or below their low-stock threshold."""
    with open_desk(context) as desk:
        with desk.database.read() as connection:
            levels = low_stock(connection, now=desk.now(), limit=limit)
        _show_levels(desk, levels, {"levels": levels})


@commands.command("history")
def show_history(
    context: typer.Context,
    sku: Sku,
    view: Annotated[
        View | None,
        typer.Option(metavar="IN|OUT|RESERVE|RELEASE|ADJUST", help="Only events of this view."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="MOMENT", help="Only what happened then or later.")
    ] = None,
    limit: Limit = 100,
) -> None:
    """Events of a SKU, newest first."""
    wanted = HistoryFilter(
        view=view, since=None if since is None else parse_moment(since), limit=limit
    )
    code = parse_code(sku)
    with open_desk(context) as desk:
        with desk.database.read() as connection:
            events = history(connection, code, wanted)
        if events is None:
            raise Refused(UnknownSku((code,)))
        desk.terminal.show({"events": events}, _event_table(events))


@commands.command("as-of")
def as_of(
    context: typer.Context,
    sku: Sku,
    moment: Annotated[str, typer.Argument(metavar="MOMENT", help="2026-11-22T15:00:00Z")],
    recorded: Annotated[
        bool, typer.Option("--recorded", help="As the ledger knew it then.")
    ] = False,
) -> None:
    """The level of a SKU at a moment. Late entries count unless `--recorded` is given."""
    code, at = parse_code(sku), parse_moment(moment)
    with open_desk(context) as desk:
        with desk.database.snapshot() as connection:
            level = level_as_of(connection, code, at, recorded=recorded)
        if level is None:
            raise Refused(UnknownSku((code,)))
        _show_levels(desk, [level], level)


@commands.command()
def holds(
    context: typer.Context,
    sku: Annotated[str | None, typer.Option(metavar="SKU", help="Of this SKU.")] = None,
    owner: Annotated[str | None, typer.Option(metavar="NAME", help="For this customer.")] = None,
    reference: Annotated[
        str | None, typer.Option("--for", metavar="TYPE:ID", help="Of this order or cart.")
    ] = None,
    ended: Annotated[bool, typer.Option("--ended", help="Also those that have ended.")] = False,
) -> None:
    """Who holds what, for whom, until when."""
    held_for = None if reference is None else parse_reference(reference)
    wanted = HoldFilter(
        sku=None if sku is None else parse_code(sku),
        owner=None if owner is None else parse_name(owner),
        reference_type=None if held_for is None else held_for.type.value,
        reference_id=None if held_for is None else held_for.id,
        include_ended=ended,
        limit=_PAGE,
    )
    with open_desk(context) as desk:
        found = _every_hold(desk, wanted)
        desk.terminal.show({"reservations": found}, _hold_table(found))


@commands.command("explain")
def show_explanation(context: typer.Context, sku: Sku) -> None:
    """Why the figures of a SKU are what they are."""
    code = parse_code(sku)
    with open_desk(context) as desk:
        with desk.database.snapshot() as connection:
            found = explain(connection, code, now=desk.now())
        if found is None:
            raise Refused(UnknownSku((code,)))
        level = found.level
        sums = [
            (line.kind, line.location, line.events, line.on_hand_change, line.reserved_change)
            for line in found.events
        ]
        if found.lapsed_units:
            sums.append(("ended, not yet swept", "", 0, 0, -found.lapsed_units))
        sums.append(("= now", "", sum(row[2] for row in sums), level.on_hand, level.reserved))
        figures = [
            ("on hand", level.on_hand),
            ("− reserved", -level.reserved),
            ("= available", level.available),
            ("− safety stock", -level.safety_stock),
            ("= sellable, never below 0", level.sellable),
        ]
        desk.terminal.show(
            found,
            table(("events", "location", "count", "on hand", "reserved"), sums),
            "",
            table((level.sku, "units"), figures),
            "",
            _hold_table(found.holds),
        )


def _show_levels(desk: Desk, levels: Sequence[LevelView], document: object) -> None:
    columns = ("sku", "location", "on hand", "reserved", "available", "sellable", "low")
    rows: list[tuple[object, ...]] = []
    for level in levels:
        rows.append(
            (
                level.sku,
                "all",
                level.on_hand,
                level.reserved,
                level.available,
                level.sellable,
                level.is_low,
            )
        )
        if len(level.locations) > 1:
            rows += [
                (level.sku, place.location, place.on_hand, place.reserved, place.available, "", "")
                for place in level.locations
            ]
    desk.terminal.show(document, table(columns, rows))


def _event_table(events: Sequence[EventView]) -> Table:
    columns = ("seq", "recorded", "kind", "location", "on hand", "", "reserved", "", "for", "by")
    rows = [
        (
            event.seq,
            event.recorded_at,
            event.kind,
            event.location,
            f"{event.on_hand_change:+,}" if event.on_hand_change else "",
            event.on_hand,
            f"{event.reserved_change:+,}" if event.reserved_change else "",
            event.reserved,
            f"{event.reference_type}:{event.reference_id}" if event.reference_id else "",
            event.actor,
        )
        for event in events
    ]
    return table(columns, rows)


def _hold_table(found: Sequence[HoldView]) -> Table:
    columns = ("reservation", "sku", "location", "held", "for", "owner", "holder", "state", "until")
    rows = [
        (
            hold.id,
            hold.sku,
            hold.location,
            hold.quantity,
            f"{hold.reference_type}:{hold.reference_id}",
            hold.owner,
            hold.holder,
            hold.state,
            hold.expires_at,
        )
        for hold in found
    ]
    return table(columns, rows)


def _every_hold(desk: Desk, wanted: HoldFilter) -> list[HoldView]:
    found: list[HoldView] = []
    while True:
        with desk.database.read() as connection:
            page = list_holds(connection, wanted, now=desk.now())
        found += page
        if len(page) < _PAGE:
            return found
        wanted = replace(wanted, after=page[-1].id)
