"""The `onhand` command: its tree, its global options, and how every failure ends."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated

import typer

from onhand.access.model import EnvironmentName
from onhand.bootstrap.process import tune_garbage_collection
from onhand.bootstrap.settings import SettingsError
from onhand.cli.arguments import parse_key
from onhand.cli.desk import Options, Refused
from onhand.cli.exits import ExitCode, Stop
from onhand.db.errors import DatabaseBusy, DatabaseUnavailable, TransactionConflict

_FLAGS = frozenset({"--json"})
_VALUED = frozenset({"--env", "--database", "--key"})

# Where each command or group of commands is, in the order of `--help`.
_PLACES = {
    "serve": "serving:serve",
    "stock": "stock:commands",
    "sku": "skus:commands",
    "store": "stores:commands",
    "orders": "orders:commands",
    "sync": "sync:commands",
    "drift": "drift:commands",
    "import": "imports:commands",
    "export": "exports:commands",
    "jobs": "jobs:commands",
    "ledger": "ledgers:commands",
    "replay": "replay.command:replay",
    "report": "reports:report",
    "token": "tokens:commands",
    "user": "users:commands",
    "db": "databases:commands",
    "test": "tests:commands",
    "simulate": "simulate:commands",
}


def command_tree(asked: str | None = None) -> typer.Typer:
    """Every command; where one of them is asked for, that one alone.

    A command brings in what it needs: all of them together take a second to import.
    """
    app = typer.Typer(
        name="onhand",
        help="One true stock number for every shop you sell in.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(everywhere)
    for name in [asked] if asked in _PLACES else _PLACES:
        module, _, attribute = _PLACES[name].partition(":")
        found = getattr(import_module(f"onhand.cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)
    return app


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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code; no expected failure shows a trace."""
    tune_garbage_collection()
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = Options(as_json="--json" in given)
    first, command = split_global_options(given)
    try:
        app = command_tree(command[0] if command else None)
        app(args=[*first, *command], prog_name="onhand")
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
    except (DatabaseBusy, TransactionConflict) as error:
        options.terminal.say(f"onhand: the database is busy: {error}; run the command again")
        sys.exit(ExitCode.DATABASE)
    except DatabaseUnavailable as error:
        options.terminal.say(f"onhand: the database cannot be used now: {error.reason}")
        sys.exit(ExitCode.DATABASE)


def split_global_options(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The global options, which may stand anywhere, and the command with what belongs to it.

    What follows a `--` is left alone.
    """
    options: list[str] = []
    rest: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--":
            rest += [argument, *remaining]
        elif argument in _FLAGS or (argument.partition("=")[0] in _VALUED and "=" in argument):
            options.append(argument)
        elif argument in _VALUED:
            value = next(remaining, None)
            options += [argument] if value is None else [argument, value]
        else:
            rest.append(argument)
    return options, rest
