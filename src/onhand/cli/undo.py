"""`onhand stock undo`: take back a file, a stocktake or one command."""

from typing import Annotated

import msgspec
import typer
from rich.table import Table

from onhand.access.model import Accepted
from onhand.cli.arguments import parse_name
from onhand.cli.desk import Desk, Refused, open_desk
from onhand.cli.terminal import table
from onhand.imports.commands.undoing import undo_group
from onhand.stock.commands.answers import UndoAnswer
from onhand.stock.commands.undo import GroupUndo
from onhand.stock.model.commands import UndoHow
from onhand.stock.model.events import Reference, ReferenceType
from onhand.stock.model.refusals import Refusal
from onhand.stock.queries.undo import Named, UndoPreview, preview_undo

commands = typer.Typer()

_KINDS = ("import", "manual", "command")
_WHY = {
    "units_gone": "units are gone",
    "sku_gone": "SKU was reset",
    "location_gone": "location is closed",
    "balance_too_large": "balance too large",
}


@commands.command()
def undo(
    context: typer.Context,
    group: Annotated[
        str,
        typer.Argument(metavar="TYPE:ID", help="import:ID, manual:ID (a stocktake) or command:ID."),
    ],
    how: Annotated[
        UndoHow,
        typer.Option(
            metavar="all_or_nothing|what_is_possible",
            help="When some cannot be taken back; `all_or_nothing` if not given.",
        ),
    ] = UndoHow.ALL_OR_NOTHING,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would happen, and what would break.")
    ] = False,
) -> None:
    """Take back an import, receipt, adjustment, count or transfer, by events that negate it."""
    named = _named(group)
    with open_desk(context) as desk:
        if dry_run:
            show_preview(desk, named)
            return
        result = undo_group(desk.ledger, desk.asked(), GroupUndo(named, how))
        show_undone(desk, result)


def show_undone(desk: Desk, result: Accepted | Refusal) -> None:
    """What an undo took back.

    Raises:
        Refused: it was refused.
    """
    if isinstance(result, Refusal):
        raise Refused(result)
    if result.replayed:
        desk.terminal.say("Taken back before: nothing was done, this is the first answer.")
    answer = msgspec.json.decode(result.answer, type=UndoAnswer)
    desk.terminal.show(answer, *_answer_tables(answer))


def _named(written: str) -> Named:
    kind, _, number = written.partition(":")
    if kind not in _KINDS:
        raise typer.BadParameter(
            f"{written[:80]!r} is not TYPE:ID such as import:1001; types: {', '.join(_KINDS)}"
        )
    name = parse_name(number)
    return name if kind == "command" else Reference(ReferenceType(kind), name)


def show_preview(desk: Desk, named: Named) -> None:
    """What an undo would do now, and what it would break.

    Raises:
        Refused: there is no such group, or it cannot be taken back.
    """
    with desk.database.snapshot() as connection:
        found = preview_undo(connection, named, now=desk.now())
    if isinstance(found, Refusal):
        raise Refused(found)
    if found.undone is not None:
        desk.terminal.say("Taken back already; nothing is left to do.")
        desk.terminal.show(found, *_answer_tables(found.undone))
        return
    _show_lines(desk, found)


def _show_lines(desk: Desk, found: UndoPreview) -> None:
    columns = ("sku", "location", "change", "on hand", "reserved", "available", "breaks")
    rows = [
        (
            line.sku,
            line.location,
            line.units,
            line.on_hand,
            line.reserved,
            line.available,
            None if line.why is None else _why(line.why, line.shortfall_units),
        )
        for line in found.lines
    ]
    desk.terminal.show(found, table(columns, rows))
    desk.terminal.say(
        f"Nothing was changed. {found.skus - found.broken_skus} of {found.skus} SKUs can be "
        "taken back."
    )


def _answer_tables(answer: UndoAnswer) -> list[Table]:
    head = (answer.undoes, answer.skus, answer.done_by, answer.recorded_at)
    tables = [table(("undone", "SKUs", "by", "at"), [head])]
    if answer.left_out:
        rows = [
            (line.sku, line.location, line.units, _why(line.why, line.shortfall_units))
            for line in answer.left_out
        ]
        tables.append(table(("left out", "location", "change", "why"), rows))
    return tables


def _why(why: str, shortfall_units: int) -> str:
    return f"{shortfall_units:,} {_WHY[why]}" if shortfall_units else _WHY[why]
