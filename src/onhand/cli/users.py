"""`onhand user …`: create, list, change, link, password."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

import msgspec
import typer

from onhand.access.commands.accounts import begin_set_up, change_user, create_user, set_password
from onhand.access.model import EnvironmentName, Language, NewUser, Refusal, Role
from onhand.access.model.people import HOME_ZONE, LONGEST_PASSWORD, UserChanges
from onhand.access.queries.people import UserView, list_users
from onhand.bootstrap.set_up import PATH
from onhand.cli.arguments import parse_name
from onhand.cli.desk import Desk, Options, Refused, open_desk
from onhand.cli.serving import url_of
from onhand.cli.terminal import table

commands = typer.Typer(help="People who sign in to the console.", no_args_is_help=True)

_ROLES = "viewer|operator|admin"
_LANGUAGES = "ja|zh|en"
Name = Annotated[str, typer.Argument(metavar="NAME", help="As `list` shows it, in any case.")]


@commands.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who acts, in events and audit.")],
    role: Annotated[Role, typer.Option(metavar=_ROLES, help="What they may do.")],
    language: Annotated[
        Language, typer.Option(metavar=_LANGUAGES, help="Of the console; `en` if not given.")
    ] = Language.EN,
    timezone: Annotated[
        str, typer.Option(metavar="ZONE", help=f"Of the console; {HOME_ZONE} if not given.")
    ] = HOME_ZONE,
) -> None:
    """Make a person known. They cannot sign in before `link` or `password`."""
    parse_name(name)
    with _people(context) as desk:
        made = create_user(desk.database, desk.asked(), NewUser(name, role, language, timezone))
        found = msgspec.json.decode(desk.accepted(made), type=UserView)
        desk.terminal.show(found, f"{found.name} is {found.role}; next: onhand user link {name}")


@commands.command("list")
def list_all(context: typer.Context) -> None:
    """Every person, with what they may do and when they last signed in."""
    with _people(context) as desk:
        with desk.database.read() as connection:
            found = list_users(connection)
        columns = ("name", "role", "active", "language", "time zone", "password", "signed in")
        rows = [
            (
                *(person.name, person.role, person.active, person.language, person.timezone),
                *(person.has_password, person.signed_in_at),
            )
            for person in found
        ]
        desk.terminal.show({"users": found}, table(columns, rows))


@commands.command()
def change(  # tidy: override — typer reads the command's options from here
    context: typer.Context,
    name: Name,
    *,
    role: Annotated[Role | None, typer.Option(metavar=_ROLES, help="What they may do.")] = None,
    active: Annotated[
        bool | None,
        typer.Option("--reopen/--close", help="Whether they may sign in; closing signs them out."),
    ] = None,
    language: Annotated[
        Language | None, typer.Option(metavar=_LANGUAGES, help="Of the console.")
    ] = None,
    timezone: Annotated[str | None, typer.Option(metavar="ZONE", help="Of the console.")] = None,
) -> None:
    """Change what a person may do, or close or reopen the account."""
    changes = UserChanges(role, active, language, timezone)
    if changes == UserChanges():
        raise typer.BadParameter("name at least one thing to change")
    with _people(context) as desk:
        result = change_user(desk.database, desk.asked(), name, changes)
        found = msgspec.json.decode(desk.accepted(result), type=UserView)
        is_open = "open" if found.active else "closed"
        desk.terminal.show(found, f"{found.name} is {found.role}; the account is {is_open}.")


@commands.command()
def link(context: typer.Context, name: Name) -> None:
    """Make a link with which a person chooses a password. It works once, for 3 days."""
    with _people(context, refused=["--key"]) as desk:
        made = begin_set_up(desk.database, desk.asked(), name)
        if isinstance(made, Refusal):
            raise Refused(made)
        path = PATH + made.secret
        url = url_of(desk.settings, desk.settings.port) + path
        document = {"name": made.name, "path": path, "url": url, "expires_at": made.expires_at}
        desk.terminal.say(f"For {made.name}, until {made.expires_at:%Y-%m-%d %H:%M}Z; shown once:")
        desk.terminal.show(document, url)


@commands.command()
def password(context: typer.Context, name: Name) -> None:
    """Give a person a password, typed at the terminal or read from stdin. Signs them out."""
    with _people(context, refused=["--key"]) as desk:
        result = set_password(desk.database, desk.asked(), name, _read_password(name))
        found = msgspec.json.decode(desk.accepted(result), type=UserView)
        desk.terminal.show(found, f"{found.name} has a new password and was signed out everywhere.")


@contextmanager
def _people(context: typer.Context, *, refused: Sequence[str] = ()) -> Iterator[Desk]:
    """The desk at which people are kept: that of `live`, whatever `--env` says."""
    options: Options = context.obj
    context.obj = replace(options, environment=EnvironmentName.LIVE)
    with open_desk(context, refused=refused) as desk:
        yield desk


def _read_password(name: str) -> str:
    """From the terminal, twice and unseen, or the first line of stdin; never from an argument."""
    if sys.stdin.isatty():
        prompt = f"New password of {name}"
        typed: str = typer.prompt(prompt, hide_input=True, confirmation_prompt=True, err=True)
        return typed
    return sys.stdin.readline(4 * LONGEST_PASSWORD).rstrip("\r\n")
