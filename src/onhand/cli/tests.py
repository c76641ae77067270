"""`onhand test …`: reset."""

from typing import Annotated

import msgspec
import typer

from onhand.access.model import Asked
from onhand.bootstrap import demo
from onhand.cli.confirm import ask_first
from onhand.cli.desk import open_desk
from onhand.stock.commands.reset import reset_test_data

commands = typer.Typer(help="The environment `test`.", no_args_is_help=True)


@commands.callback()
def group() -> None:
    """The environment `test`."""


@commands.command()
def reset(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Empty `test` and fill it with the demo again. Tokens stay; `live` is refused."""
    with open_desk(context, refused=["--database", "--key"]) as desk:
        ask_first("Delete all SKUs, stock and audit entries of `test`?", is_sure=yes)
        result = reset_test_data(
            desk.database, Asked(desk.actor, desk.now()), desk.options.environment
        )
        found = msgspec.json.decode(desk.accepted(result))
        demo.fill(desk.database, desk.ledger, clock=desk.now)
        desk.terminal.show(found, "`test` is as it was at the first start.")
