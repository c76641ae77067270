"""`onhand import …`: what a file would change, bringing it in, taking it back."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import msgspec
import typer
import uuid_utils

from onhand.access.model import has_control_characters
from onhand.cli.arguments import parse_name
from onhand.cli.desk import Desk, Refused, open_desk
from onhand.cli.exits import ExitCode, Stop
from onhand.cli.import_views import show_faults, show_import, show_list
from onhand.cli.places import Limit, OfStore, gather, say_more
from onhand.cli.undo import show_preview, show_undone
from onhand.imports.commands.asking import AskAnswer, Workers, ask_preview
from onhand.imports.commands.asking import cancel as give_up
from onhand.imports.commands.asking import confirm as bring_in
from onhand.imports.commands.files import keep_file
from onhand.imports.commands.undoing import check_undoable, reference_of, undo_import
from onhand.imports.commands.work import work_on
from onhand.imports.commands.working import Stop as StopWork
from onhand.imports.commands.working import Workshop
from onhand.imports.model.choices import Choices
from onhand.imports.model.plan import Terms
from onhand.imports.model.refusals import FileTooLarge
from onhand.imports.model.states import ImportState
from onhand.imports.model.wishes import ImportNotFound, Wish
from onhand.imports.queries.changes import ChangeFilter, ChangeView, Shown, list_changes
from onhand.imports.queries.imports import (
    ImportFilter,
    ImportSummary,
    ImportView,
    list_faults,
    list_imports,
    read_import,
    why_refused,
)
from onhand.stock.model.commands import UndoHow

commands = typer.Typer(
    help="Files: preview what they would change, confirm, undo.", no_args_is_help=True
)

_MOST_FAULTS = 10_000
ImportId = Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")]
ShownOption = Annotated[
    Shown,
    typer.Option(
        "--changes", metavar="WHICH", help="all, changing, new, metadata, flagged, a flag …"
    ),
]


class _Bar:
    """Shows how far it is; an interruption from the keyboard cancels at the next safe point."""

    def __init__(self, show: Callable[[int], None]) -> None:
        self._show = show
        self.is_interrupted = False

    def advance(self, done: int, total: int | None) -> None:
        self._show(done)

    def wants_stop(self) -> StopWork | None:
        return StopWork.CANCEL if self.is_interrupted else None

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        self.is_interrupted = True


@commands.command()
def preview(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, TSV or XLSX.")],
    store: OfStore = None,
    how: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="mode, stock, zero, location, encoding, delimiter, sheet, sku_from, compose, "
            "skip_no_sku, narrow_codes; again=true for a file that was brought in before.",
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="ROLE=HEADER", help="Which column is the SKU, …"),
    ] = None,
) -> None:
    """Show what a file would change. Nothing is changed."""
    said = _pairs(how or [], "NAME=VALUE")
    again = _read_flag(said.pop("again", "false"))
    terms, choices = _wishes(store, said, _pairs(column or [], "ROLE=HEADER"))
    with open_desk(context) as desk:
        kept = _keep(desk, file)
        name = "".join(c for c in file.name if not has_control_characters(c))
        wish = Wish(kept, name, terms, choices, again)
        holder = _holder()
        workers = Workers(desk.settings.import_max_rows, holder=holder)
        answer = desk.accepted(ask_preview(desk.database, desk.asked(), wish, workers))
        asked = msgspec.json.decode(answer, type=AskAnswer)
        if asked.is_repeat:
            desk.terminal.say(
                "This file was brought in before, in the same way; --set again=true takes it anew."
            )
        with _working(desk, holder, asked.import_id, None) as is_interrupted:
            found = _find(desk, asked.import_id)
        refusal = why_refused(found)
        if refusal is not None:
            raise Refused(refusal)
        show_import(desk, found, _changes(desk, found, Shown.ALL, 20))
    if is_interrupted():
        raise typer.Exit(130)


@commands.command()
def confirm(
    context: typer.Context,
    import_id: ImportId,
    leave_out_moved: Annotated[
        bool,
        typer.Option("--leave-out-moved", help="Bring in the rest where some stock has moved."),
    ] = False,
) -> None:
    """Bring in what a preview showed. Nothing is when stock has moved since."""
    chosen = parse_name(import_id)
    with open_desk(context) as desk:
        holder = _holder()
        workers = Workers(desk.settings.import_max_rows, holder=holder)
        result = bring_in(
            desk.database, desk.asked(), chosen, workers, leave_out_moved=leave_out_moved
        )
        desk.accepted(result)
        total = _find(desk, chosen).total
        with _working(desk, holder, chosen, total) as is_interrupted:
            found = _find(desk, chosen)
        show_import(desk, found, [])
    if is_interrupted():
        raise typer.Exit(130)


@commands.command("list")
def list_all(
    context: typer.Context,
    store: OfStore = None,
    state: Annotated[
        ImportState | None,
        typer.Option(metavar="|".join(ImportState), help="Only those in this state."),
    ] = None,
    limit: Limit = 100,
) -> None:
    """Imports, the newest first."""
    with open_desk(context) as desk, desk.database.read() as connection:

        def page(size: int, after: str | None) -> tuple[list[ImportSummary], str | None]:
            found = list_imports(connection, ImportFilter(state, store, after, size + 1))
            return found[:size], found[size - 1].import_id if len(found) > size else None

        found, more = gather(page, limit)
        show_list(desk, found, more=more)
        say_more(desk, limit, more=more)


@commands.command()
def show(
    context: typer.Context,
    import_id: ImportId,
    shown: ShownOption = Shown.ALL,
    bad: Annotated[bool, typer.Option("--bad", help="The rows that cannot be taken.")] = False,
    limit: Limit = 100,
) -> None:
    """One import: what it would change or changed, SKU by SKU."""
    with open_desk(context) as desk:
        found = _find(desk, parse_name(import_id))
        if not bad:
            show_import(desk, found, _changes(desk, found, shown, limit))
            return
        with desk.database.read() as connection:
            faults = list_faults(connection, found.import_id, after=0, limit=limit + 1)
        show_faults(desk, faults[:limit], more=len(faults) > limit)
        say_more(desk, limit, more=len(faults) > limit)


@commands.command()
def cancel(context: typer.Context, import_id: ImportId) -> None:
    """Give up an import. What was brought in by then stays until it is undone."""
    chosen = parse_name(import_id)
    with open_desk(context) as desk:
        desk.accepted(give_up(desk.database, desk.asked(), chosen))
        show_import(desk, _find(desk, chosen), [])


@commands.command()
def undo(
    context: typer.Context,
    import_id: ImportId,
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
    """Take back the stock an import moved. Names, pictures, SKUs and mappings stay."""
    chosen = parse_name(import_id)
    with open_desk(context) as desk:
        if dry_run:
            refused = check_undoable(desk.ledger, chosen)
            if refused is not None:
                raise Refused(refused)
            show_preview(desk, reference_of(chosen))
            return
        show_undone(desk, undo_import(desk.ledger, desk.asked(), chosen, how))


def _wishes(
    store: str | None, said: dict[str, str], columns: dict[str, str]
) -> tuple[Terms, Choices]:
    """How the file is taken and read, as it was said with --set and --column."""
    unknown = said.keys() - _TERMS - _CHOICES
    if unknown:
        raise typer.BadParameter(f"there is no choice {', '.join(sorted(unknown))}")
    terms = {name: value for name, value in said.items() if name in _TERMS}
    choices: dict[str, Any] = {name: said[name] for name in said.keys() & _CHOICES}
    for name in choices.keys() & {"skip_no_sku", "narrow_codes"}:
        choices[name] = _read_flag(choices[name])
    try:
        return (
            msgspec.convert({**terms, "store": store}, Terms),
            msgspec.convert({**choices, "mapping": columns}, Choices),
        )
    except msgspec.ValidationError as error:
        raise typer.BadParameter(str(error)) from error


_TERMS = frozenset({"mode", "stock", "zero", "location"})
_CHOICES = frozenset(
    ["encoding", "delimiter", "sheet", "sku_from", "compose", "skip_no_sku", "narrow_codes"]
)


def _read_flag(written: str) -> bool:
    if written not in {"true", "false"}:
        raise typer.BadParameter(f"{written[:80]!r} is neither true nor false")
    return written == "true"


def _pairs(written: list[str], form: str) -> dict[str, str]:
    found = {}
    for one in written:
        name, equals, value = one.partition("=")
        if not equals or not name or has_control_characters(value.replace("\t", "")):
            raise typer.BadParameter(f"{one[:80]!r} is not of the form {form}")
        found[name] = value
    return found


def _keep(desk: Desk, path: Path) -> str:
    """Keep the file; the id of it.

    Raises:
        Stop: it cannot be opened.
        Refused: it is too large.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            limit = desk.settings.import_max_bytes
            if size > limit:
                raise Refused(FileTooLarge(size, limit))
            return keep_file(desk.database, file, by=desk.actor.name, now=desk.now()).file_id
    except OSError as error:
        raise Stop(ExitCode.USAGE, f"{path}: {error.strerror}") from error


def _holder() -> str:
    return f"cli:{socket.gethostname()}:{os.getpid()}:{uuid_utils.uuid7().hex}"


@contextmanager
def _working(
    desk: Desk, holder: str, import_id: str, total: int | None
) -> Iterator[Callable[[], bool]]:
    """Do what the import waits for, before the block; whether it was interrupted."""
    workshop = Workshop(desk.database, desk.ledger, desk.now, holder)
    with desk.terminal.progress("rows" if total is None else "SKUs", total) as show_done:
        bar = _Bar(show_done)
        before = signal.signal(signal.SIGINT, bar.interrupt)
        try:
            work_on(workshop, bar, import_id)
        finally:
            signal.signal(signal.SIGINT, before)
    yield lambda: bar.is_interrupted


def _find(desk: Desk, import_id: str) -> ImportView:
    with desk.database.read() as connection:
        found = read_import(connection, import_id)
    if found is None:
        raise Refused(ImportNotFound(import_id))
    return found


def _changes(desk: Desk, found: ImportView, shown: Shown, limit: int) -> list[ChangeView]:
    with desk.database.read() as connection:
        return list_changes(connection, found.import_id, ChangeFilter(shown, limit=limit))
