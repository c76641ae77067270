"""`onhand export …`: levels, events, listings and orders as files for spreadsheets."""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Annotated, Any

import msgspec
import typer

from onhand.cli.arguments import parse_code, parse_moment, parse_name, parse_text
from onhand.cli.desk import Desk, open_desk
from onhand.cli.exits import ExitCode, Stop
from onhand.cli.places import OfStore, find_store
from onhand.imports.model.exports import (
    MAIN_LOCATION,
    EventsWanted,
    HeaderLanguage,
    LevelsWanted,
    ListingsWanted,
    OrdersWanted,
    Page,
    Wanted,
    headings,
)
from onhand.imports.queries.exports import pages
from onhand.imports.writers.cells import Sheet, read_zone
from onhand.imports.writers.delimited import Csv, Encoding
from onhand.imports.writers.workbook import write_workbook

commands = typer.Typer(help="Files for spreadsheets.", no_args_is_help=True)

_STDOUT = "-"
_XLSX = ".xlsx"
_PIECE = 1 << 20  # bytes


class Form(StrEnum):
    """What kind of file, where its name does not tell."""

    CSV = "csv"
    XLSX = "xlsx"


class Exported(msgspec.Struct):
    """What was written; `replaced_characters` are those that CP932 could not carry."""

    file: str
    rows: int = 0
    replaced_characters: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """Where the file goes, and how it is written."""

    file: str
    form: Form
    encoding: Encoding
    language: HeaderLanguage
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class _Way:
    """How the file is to be written, as it was asked for."""

    format: Form | None
    encoding: Encoding | None
    lang: HeaderLanguage
    tz: str


_File = Annotated[str, typer.Argument(metavar="FILE", help="`-` is stdout.")]
_WAYS = {
    "format": Annotated[
        Form | None,
        typer.Option(metavar="csv|xlsx", help="What FILE ends in, or csv, if not given."),
    ],
    "encoding": Annotated[
        Encoding | None,
        typer.Option(metavar="utf-8|cp932", help="Of a CSV file; utf-8 if not given."),
    ],
    "lang": Annotated[
        HeaderLanguage, typer.Option(metavar="en|ja|zh", help="In which the columns are named.")
    ],
    "tz": Annotated[
        str, typer.Option(metavar="ZONE", help="Of moments, such as Asia/Tokyo or +09:00.")
    ],
}
_DEFAULTS = {"format": None, "encoding": None, "lang": HeaderLanguage.EN, "tz": "UTC"}
_Since = Annotated[str | None, typer.Option(metavar="MOMENT", help="Only of then or later.")]
_Until = Annotated[str | None, typer.Option(metavar="MOMENT", help="Only of then or earlier.")]


def _into_a_file(chosen: Callable[..., Wanted]) -> Callable[..., None]:
    """A command out of a function that says which rows are wanted.

    It takes FILE before that function's own options, and how to write it after them.
    """

    @wraps(chosen)
    def run(context: typer.Context, file: str, **given: Any) -> None:
        way = _Way(**{name: given.pop(name) for name in _WAYS})
        target = _target(file, way)
        wanted = chosen(**given)
        with open_desk(context, refused=["--key"]) as desk:
            _export(desk, wanted, target)

    named = Parameter.KEYWORD_ONLY
    parameters = [
        Parameter("context", named, annotation=typer.Context),
        Parameter("file", named, annotation=_File),
        *signature(chosen).parameters.values(),
        *(
            Parameter(name, named, default=_DEFAULTS[name], annotation=kind)
            for name, kind in _WAYS.items()
        ),
    ]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    vars(run)["__signature__"] = Signature(parameters)
    return run


@commands.command()
@_into_a_file
def levels(
    *,
    location: Annotated[
        str, typer.Option(metavar="ID", help="Where the column of quantities is counted.")
    ] = MAIN_LOCATION,
    search: Annotated[
        str | None, typer.Option(metavar="TEXT", help="In the code or name; or a whole alias.")
    ] = None,
    low: Annotated[
        bool, typer.Option("--low", help="Only SKUs at or below their threshold.")
    ] = False,
) -> Wanted:
    """Every SKU with its stock, a row each. Imported again, the file changes nothing."""
    return LevelsWanted(parse_name(location), parse_text(search), low)


@commands.command()
@_into_a_file
def events(
    *,
    sku: Annotated[str | None, typer.Option(metavar="SKU", help="Only of this SKU.")] = None,
    store: OfStore = None,
    since: _Since = None,
    until: _Until = None,
) -> Wanted:
    """Every event of registered SKUs, the oldest first."""
    code = None if sku is None else parse_code(sku)
    return EventsWanted(code, store, _moment(since), _moment(until))


@commands.command()
@_into_a_file
def listings(*, store: OfStore = None) -> Wanted:
    """Every listing with the SKU it means."""
    return ListingsWanted(store)


@commands.command()
@_into_a_file
def orders(*, store: OfStore = None, since: _Since = None, until: _Until = None) -> Wanted:
    """Every line of every order, the oldest first. Nothing in them says who bought."""
    return OrdersWanted(store, _moment(since), _moment(until))


def _moment(written: str | None) -> datetime | None:
    return None if written is None else parse_moment(written)


def _target(file: str, way: _Way) -> Target:
    suffix = Path(file).suffix.lower()
    form = way.format or (Form.XLSX if suffix == _XLSX else Form.CSV)
    if form is Form.XLSX and way.encoding is not None:
        raise typer.BadParameter("--encoding makes no sense with XLSX")
    try:
        zone = read_zone(way.tz)
    except ValueError as error:
        raise typer.BadParameter(f"{way.tz[:80]!r}: {error}") from error
    return Target(file, form, way.encoding or Encoding.UTF_8, way.lang, zone)


def _export(desk: Desk, wanted: Wanted, target: Target) -> None:
    if not isinstance(wanted, LevelsWanted) and wanted.store is not None:
        find_store(desk, wanted.store)
    if target.file != _STDOUT:
        desk.terminal.show(*_to_file(desk, wanted, target))
        return
    if desk.options.as_json:
        raise typer.BadParameter("--json needs a FILE: what is exported goes to stdout")
    try:
        made = _write(desk, wanted, target, output=sys.stdout.buffer)
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise Stop(ExitCode.MACHINE, "nobody reads stdout any more") from error
    desk.terminal.say(_told(made))


def _to_file(desk: Desk, wanted: Wanted, target: Target) -> tuple[Exported, str]:
    """Write the file under its name only when it is complete."""
    path = Path(target.file)
    draft = path.with_name(f"{path.name}.part")
    try:
        with draft.open("wb") as output:
            made = _write(desk, wanted, target, output=output)
        draft.replace(path)
    except OSError as error:
        raise Stop(ExitCode.MACHINE, f"{path} cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)
    return made, _told(made)


def _write(desk: Desk, wanted: Wanted, target: Target, *, output: IO[bytes]) -> Exported:
    made = Exported(target.file)
    sheet = Sheet(wanted.kind.value, headings(wanted.kind, target.language), target.zone)
    with (
        desk.terminal.progress("Exporting", None) as progress,
        desk.database.snapshot() as connection,
    ):

        def counted() -> Iterator[Page]:
            for page in pages(connection, wanted, now=desk.now()):
                made.rows += len(page)
                progress(made.rows)
                yield page

        if target.form is Form.XLSX:
            with TemporaryFile(prefix="onhand-export-") as whole:  # stdout cannot be wound back
                write_workbook(whole, sheet, counted())
                whole.seek(0)
                shutil.copyfileobj(whole, output, _PIECE)
        else:
            written = Csv(sheet, target.encoding)
            output.writelines(written.chunks(counted()))
            made.replaced_characters = written.replaced
    return made


def _told(made: Exported) -> str:
    told = f"{made.rows:,} rows."
    if made.replaced_characters:
        told += f" CP932 could not carry {made.replaced_characters:,} characters."
    return told
