"""The `onhand` command: its tree, its global options, and how every failure ends."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from onhand.access.model import EnvironmentName
from onhand.bootstrap.process import tune_garbage_collection
from onhand.bootstrap.settings import SettingsError
from onhand.cli import (
    databases,
    drift,
    exports,
    imports,
    jobs,
    ledgers,
    orders,
    reports,
    simulate,
    skus,
    stock_reads,
    stock_writes,
    stores,
    sync,
    tests,
    tokens,
    undo,
    users,
)
from onhand.cli.arguments import parse_key
from onhand.cli.desk import Options, Refused
from onhand.cli.exits import ExitCode, Stop
from onhand.cli.replay.command import replay
from onhand.cli.serving import serve
from onhand.db.errors import DatabaseUnavailable

_FLAGS = frozenset({"--json"})
_VALUED = frozenset({"--env", "--database", "--key"})

app = typer.Typer(
    name="onhand",
    help="One true stock number for every shop you sell in.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def everywhere(
    context: typer.Context,
    environment: Annotated[
        EnvironmentName,
        typer.Option("--env", metavar="live|test", help="Which environment; `test` if not given."),
    ] = EnvironmentName.TEST,
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="Another database than the environment's.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON on stdout, nothing else there.")
    ] = False,
    key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Idempotency key: the same write happens once."),
    ] = None,
) -> None:
    """One true stock number for every shop you sell in.

    These options may stand anywhere in the command.
    """
    context.obj = Options(environment, database, as_json=as_json, key=parse_key(key))


stock = typer.Typer(help="Units: what is there, what is held, what moved.", no_args_is_help=True)
stock.add_typer(stock_reads.commands)
stock.add_typer(stock_writes.commands)
stock.add_typer(undo.commands)

app.command()(serve)
app.add_typer(stock, name="stock")
app.add_typer(skus.commands, name="sku")
app.add_typer(stores.commands, name="store")
app.add_typer(orders.commands, name="orders")
app.add_typer(sync.commands, name="sync")
app.add_typer(drift.commands, name="drift")
app.add_typer(imports.commands, name="import")
app.add_typer(exports.commands, name="export")
app.add_typer(jobs.commands, name="jobs")
app.add_typer(ledgers.commands, name="ledger")
app.command()(replay)
app.command()(reports.report)
app.add_typer(tokens.commands, name="token")
app.add_typer(users.commands, name="user")
app.add_typer(databases.commands, name="db")
app.add_typer(tests.commands, name="test")
app.add_typer(simulate.commands, name="simulate")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code; no expected failure shows a trace."""
    tune_garbage_collection()
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = Options(as_json="--json" in given)
    try:
        app(args=global_options_first(given), prog_name="onhand")
    except Refused as refused:
        options.terminal.say(f"Refused: {refused.detail} ({refused.code})")
        if options.as_json:
            options.terminal.show(refused.as_document())
        sys.exit(ExitCode.REFUSED)
    except Stop as stop:
        options.terminal.say(f"onhand: {stop}")
        sys.exit(stop.code)
    except SettingsError as error:
        options.terminal.say(f"onhand: {error}")
        is_down = isinstance(error.__cause__, DatabaseUnavailable)
        sys.exit(ExitCode.DATABASE if is_down else ExitCode.SETTINGS)
    except DatabaseUnavailable as error:
        options.terminal.say(f"onhand: the database cannot be used now: {error.reason}")
        sys.exit(ExitCode.DATABASE)


def global_options_first(arguments: Sequence[str]) -> list[str]:
    """The arguments with the global options before the command, so that they may stand anywhere.

    What follows a `--` is left alone.
    """
    first: list[str] = []
    rest: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--":
            rest += [argument, *remaining]
        elif argument in _FLAGS or (argument.partition("=")[0] in _VALUED and "=" in argument):
            first.append(argument)
        elif argument in _VALUED:
            first += [argument, *(value for value in [next(remaining, None)] if value is not None)]
        else:
            rest.append(argument)
    return first + rest
