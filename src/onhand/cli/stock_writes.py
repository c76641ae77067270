"""`onhand stock …`: receive, adjust, count, transfer, reserve, release, deduct, return."""

from typing import Annotated

import msgspec
import typer

from onhand.cli.arguments import (
    parse_lines,
    parse_location,
    parse_moment,
    parse_name,
    parse_reference,
    parse_text,
)
from onhand.cli.desk import Desk, open_desk
from onhand.cli.terminal import table
from onhand.stock.model.commands import (
    Adjust,
    AdjustLine,
    AdjustMode,
    Ask,
    Count,
    CountLine,
    Deduct,
    Line,
    Receive,
    Release,
    Reserve,
    Return,
    Transfer,
)
from onhand.stock.model.events import MAIN_LOCATION

commands = typer.Typer()

Lines = Annotated[list[str], typer.Argument(metavar="SKU=UNITS", show_default=False)]
SomeLines = Annotated[
    list[str] | None,
    typer.Argument(metavar="SKU=UNITS", help="Without any: everything it holds."),
]
Location = Annotated[str | None, typer.Option(metavar="ID", help="Where; `main` if not given.")]
Place = Annotated[
    str | None,
    typer.Option("--location", metavar="ID", help="Only there; else wherever units are."),
]
Reason = Annotated[str | None, typer.Option(metavar="TEXT", help="Kept with the events.")]
GivenReason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; always needed.")]
For = Annotated[str, typer.Option("--for", metavar="TYPE:ID", help="Whose: order:1001, cart:7 …")]


@commands.command()
def receive(
    context: typer.Context, lines: Lines, location: Location = None, reason: Reason = None
) -> None:
    """Put goods that came in on hand."""
    _ask(context, Receive(_lines(lines, location), reason=parse_text(reason)))


@commands.command()
def adjust(
    context: typer.Context,
    lines: Lines,
    reason: GivenReason,
    mode: Annotated[
        AdjustMode, typer.Option(metavar="add|subtract|set", help="What the units mean.")
    ],
    location: Location = None,
) -> None:
    """Correct on hand: add, subtract or set units."""
    place = parse_location(location)
    least = 0 if mode is AdjustMode.SET else 1
    found = [
        AdjustLine(code, mode, units, place) for code, units in parse_lines(lines, least=least)
    ]
    _ask(context, Adjust(tuple(found), reason=parse_text(reason) or ""))


@commands.command()
def count(
    context: typer.Context, lines: Lines, location: Location = None, reason: Reason = None
) -> None:
    """Set on hand to what was counted just now."""
    place = parse_location(location)
    found = [CountLine(code, units, location=place) for code, units in parse_lines(lines, least=0)]
    _ask(context, Count(tuple(found), reason=parse_text(reason)))


@commands.command()
def transfer(
    context: typer.Context,
    lines: Lines,
    to: Annotated[str, typer.Option(metavar="ID", help="Where the units go.")],
    source: Annotated[
        str, typer.Option("--from", metavar="ID", help="Where they are now; `main` if not given.")
    ] = MAIN_LOCATION,
    reason: Reason = None,
) -> None:
    """Move free units from one location to another."""
    _ask(context, Transfer(_lines(lines, source), parse_name(to), parse_text(reason)))


@commands.command()
def reserve(
    context: typer.Context,
    lines: Lines,
    reference: For,
    owner: Annotated[
        str | None, typer.Option(metavar="NAME", help="The customer; you, if not given.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="MOMENT", help="When the hold ends, or `never`; else by the setting."),
    ] = None,
) -> None:
    """Hold units for an order or a cart. Every line or none."""
    is_endless = until == "never"
    end = None if until is None or is_endless else parse_moment(until)
    found, held_for = _lines(lines, None), parse_reference(reference)
    with open_desk(context) as desk:
        ask = Reserve(
            held_for,
            owner=desk.caller.actor if owner is None else parse_name(owner),
            lines=found,
            expires_at=end,
            never_expires=is_endless,
        )
        _show(desk, desk.ask(ask))


@commands.command()
def release(context: typer.Context, reference: For, lines: SomeLines = None) -> None:
    """Let go of units that an order or a cart holds."""
    _ask(context, Release(parse_reference(reference), _lines(lines or [], None)))


@commands.command()
def deduct(
    context: typer.Context,
    reference: For,
    lines: SomeLines = None,
    location: Place = None,
    reason: Reason = None,
) -> None:
    """Ship units of an order. Those it holds, or straight from available stock."""
    found = _lines(lines or [], location)
    _ask(context, Deduct(parse_reference(reference), found, reason=parse_text(reason)))


@commands.command("return")
def give_back(
    context: typer.Context,
    lines: Lines,
    reference: For,
    location: Place = None,
    reason: Reason = None,
) -> None:
    """Put units that an order shipped back on hand."""
    found = _lines(lines, location)
    _ask(context, Return(parse_reference(reference), found, reason=parse_text(reason)))


def _lines(written: list[str], location: str | None) -> tuple[Line, ...]:
    place = parse_location(location)
    return tuple(Line(code, units, place) for code, units in parse_lines(written))


def _ask(context: typer.Context, ask: Ask) -> None:
    with open_desk(context) as desk:
        _show(desk, desk.ask(ask))


def _show(desk: Desk, answer: bytes) -> None:
    """The ledger's answer: the holds it made or changed, and the levels after it."""
    found = msgspec.json.decode(answer)
    views = []
    if found["reservations"]:
        columns = ("reservation", "sku", "location", "held", "shipped", "state", "until")
        rows = [
            (
                hold["id"],
                hold["sku"],
                hold["location"],
                hold["quantity"],
                hold["shipped"],
                hold["state"],
                hold["expires_at"],
            )
            for hold in found["reservations"]
        ]
        views.append(table(columns, rows))
    keys = ("sku", "on_hand", "reserved", "available", "version")
    rows = [tuple(level[key] for key in keys) for level in found["levels"]]
    views.append(table(("sku", "on hand", "reserved", "available", "version"), rows))
    desk.terminal.show(found, *views)
