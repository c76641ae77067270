"""`onhand ledger …`: verify, rebuild, export."""

import sys
from pathlib import Path
from typing import IO, Annotated

import msgspec
import typer
from rich.console import RenderableType

from onhand.cli.desk import Desk, open_desk
from onhand.cli.exits import ExitCode, Stop
from onhand.cli.terminal import table
from onhand.stock.commands.rebuild import rebuild
from onhand.stock.model.fold import Mismatch
from onhand.stock.queries.export import count_events, export_events
from onhand.stock.queries.verify import VerifyReport, verify

commands = typer.Typer(help="Proof that the numbers are right.", no_args_is_help=True)

_SHOWN_MISMATCHES = 50
_PROGRESS_EVERY = 2_000  # events


class Exported(msgspec.Struct):
    """How many events were written, and the hash of the last one."""

    events: int = 0
    last_hash: str = ""


@commands.command("verify")
def verify_all(context: typer.Context) -> None:
    """Recompute every level, hold and chain. Repairs nothing.

    Ends with 1 when anything does not add up.
    """
    with open_desk(context) as desk:
        report = verify_desk(desk)
        desk.terminal.show(verdict(report), *verdict_views(report))
        if not report.is_clean:
            raise typer.Exit(ExitCode.REFUSED)


@commands.command("rebuild")
def rebuild_all(context: typer.Context) -> None:
    """Derive every level again from the events. Names each one it corrects."""
    with open_desk(context) as desk:
        with desk.terminal.progress("Rebuilding", _count(desk)) as progress:
            report = rebuild(desk.database, progress)
        document = {
            "events": report.events,
            "skus": report.skus,
            "corrections": report.corrections,
        }
        views: list[RenderableType] = []
        if report.corrections:
            views.append(_mismatch_table(report.corrections))
        views.append(
            f"{report.events:,} events of {report.skus:,} SKUs: "
            f"{len(report.corrections):,} balances corrected."
        )
        desk.terminal.show(document, *views)


@commands.command()
def export(
    context: typer.Context,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Instead of stdout.", dir_okay=False)
    ] = None,
) -> None:
    """Write every event as a line of JSON. Oldest first, with its hash."""
    with open_desk(context) as desk:
        if to is None:
            made = _export(desk, sys.stdout)
            desk.terminal.say(_told(made))
            return
        draft = to.with_name(f"{to.name}.part")
        try:
            with draft.open("w", encoding="utf-8") as output:
                made = _export(desk, output)
            draft.replace(to)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise Stop(ExitCode.MACHINE, f"{to} cannot be written: {error.strerror}") from error
        document = {"file": str(to), "events": made.events, "last_hash": made.last_hash}
        desk.terminal.show(document, _told(made))


def verify_desk(desk: Desk) -> VerifyReport:
    """Verify the desk's ledger with a progress bar.

    Raises:
        DatabaseUnavailable: the database went away meanwhile.
    """
    with desk.terminal.progress("Verifying", _count(desk)) as progress:
        return verify(desk.database, progress)


def verdict(report: VerifyReport) -> dict[str, object]:
    """The report as `--json` shows it."""
    return {
        "clean": report.is_clean,
        "events": report.events,
        "skus": report.skus,
        "mismatches": report.mismatches,
    }


def verdict_views(report: VerifyReport) -> list[RenderableType]:
    """The report as people read it."""
    extent = f"{report.events:,} events of {report.skus:,} SKUs"
    if report.is_clean:
        return [f"Verified {extent}: every level, hold and chain follows from the events."]
    views: list[RenderableType] = [_mismatch_table(report.mismatches[:_SHOWN_MISMATCHES])]
    hidden = len(report.mismatches) - _SHOWN_MISMATCHES
    if hidden > 0:
        views.append(f"… and {hidden:,} more; --json lists them all.")
    views.append(f"NOT CLEAN: {len(report.mismatches):,} mismatches in {extent}.")
    return views


def _mismatch_table(found: list[Mismatch]) -> RenderableType:
    columns = ("sku", "what", "stored", "by the events", "seq", "location", "reservation")
    rows = [
        (one.sku, one.what, one.stored, one.derived, one.seq, one.location, one.reservation)
        for one in found
    ]
    return table(columns, rows)


def _count(desk: Desk) -> int:
    with desk.database.read() as connection:
        return count_events(connection)


def _export(desk: Desk, output: IO[str]) -> Exported:
    made = Exported()
    encode = msgspec.json.Encoder().encode
    with (
        desk.terminal.progress("Exporting", _count(desk)) as progress,
        desk.database.snapshot() as connection,
    ):
        for event in export_events(connection):
            output.write(encode(event._asdict()).decode() + "\n")
            made.events += 1
            made.last_hash = event.hash
            if made.events % _PROGRESS_EVERY == 0:
                progress(made.events)
    return made


def _told(made: Exported) -> str:
    return f"{made.events:,} events; the last one's hash is {made.last_hash or 'none'}."
