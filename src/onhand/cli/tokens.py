"""`onhand token …`: create, list, revoke."""

from datetime import timedelta
from typing import Annotated

import msgspec
import typer

from onhand.access.commands import create_token, revoke_token
from onhand.access.model import EnvironmentName, NewToken, Refusal, Scope
from onhand.access.queries import TokenView, list_tokens
from onhand.cli.arguments import parse_name
from onhand.cli.desk import Refused, open_desk
from onhand.cli.terminal import table

commands = typer.Typer(help="API tokens of the environment.", no_args_is_help=True)


@commands.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who acts, in events and audit.")],
    scope: Annotated[
        Scope, typer.Option(metavar="viewer|reserve|operator|admin", help="What it may do.")
    ],
    days: Annotated[
        int | None,
        typer.Option(min=1, max=36_500, metavar="N", help="Ends after so many days; else never."),
    ] = None,
) -> None:
    """Make a token and show its secret, once; only a hash of it is kept."""
    parse_name(name)
    with open_desk(context, refused=["--database", "--key"]) as desk:
        asked = desk.asked()
        token = NewToken(name, scope, None if days is None else asked.now + timedelta(days=days))
        environment: EnvironmentName = desk.options.environment
        made = create_token(desk.database, asked, token, environment=environment)
        if isinstance(made, Refusal):
            raise Refused(made)
        document = {
            "token_id": made.token_id,
            "token": made.secret,
            "name": name,
            "scope": scope,
            "environment": environment,
            "expires_at": token.expires_at,
        }
        desk.terminal.say(f"{made.token_id}: {scope} of `{environment}`; it is shown only now:")
        desk.terminal.show(document, made.secret)


@commands.command("list")
def list_all(context: typer.Context) -> None:
    """Every token ever made, without its secret."""
    with open_desk(context) as desk:
        with desk.database.read() as connection:
            found = list_tokens(connection)
        columns = ("token", "name", "scope", "created", "ends", "revoked")
        rows = [msgspec.structs.astuple(token) for token in found]
        desk.terminal.show({"tokens": found}, table(columns, rows))


@commands.command()
def revoke(
    context: typer.Context,
    token_id: Annotated[str, typer.Argument(metavar="TOKEN_ID", help="As `list` shows it.")],
) -> None:
    """End a token; running servers notice within 5 seconds."""
    with open_desk(context) as desk:
        result = revoke_token(desk.database, desk.asked(), token_id)
        found = msgspec.json.decode(desk.accepted(result), type=TokenView)
        desk.terminal.show(found, f"{found.token_id} ({found.name}) is revoked.")
