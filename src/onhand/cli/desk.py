"""Where a command works: one environment's database, opened for its one task."""

import os
import pwd
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import typer

from onhand.access.model import Accepted as AccessAccepted
from onhand.access.model import Actor, Asked, EnvironmentName
from onhand.access.model import Refusal as AccessRefusal
from onhand.bootstrap.clock import utc_now
from onhand.bootstrap.environment import policy_of
from onhand.bootstrap.settings import DatabaseAddress, Settings, SettingsError, load_settings
from onhand.cli.exits import ExitCode, Stop
from onhand.cli.terminal import Terminal
from onhand.db.database import Database
from onhand.db.migrate import is_current
from onhand.stock.commands import Accepted, Ledger
from onhand.stock.model.commands import Ask, Caller, Command
from onhand.stock.model.events import Source
from onhand.stock.model.refusals import Refusal
from onhand.web.errors import problem_of
from onhand.web.messages import say

REPLAY_SCHEMA = "onhand_replay"  # of a PostgreSQL address that names none


@dataclass(frozen=True, slots=True)
class Options:
    """What may be said with every command."""

    environment: EnvironmentName = EnvironmentName.TEST
    database: str | None = None
    as_json: bool = False
    key: str | None = None

    @property
    def terminal(self) -> Terminal:
        """Where this command speaks."""
        return Terminal(as_json=self.as_json)


class Refused(Exception):
    """The ledger, the catalog or access refused the command: nothing was written."""

    def __init__(self, refusal: Refusal | AccessRefusal) -> None:
        """`refusal` carries the code and the facts."""
        problem = problem_of(refusal)
        self.facts = problem.facts
        self.code = problem.code
        self.title, self.detail = say(problem.code, "en", problem.facts)
        super().__init__(self.detail)

    def as_document(self) -> dict[str, object]:
        """The refusal as `--json` shows it, with the fields of the API's problem details."""
        return {"code": self.code, "title": self.title, "detail": self.detail, **self.facts}


class Desk:
    """An open database with a ledger on it, and in whose name the command acts."""

    def __init__(self, options: Options, settings: Settings, address: DatabaseAddress) -> None:
        """Nothing is connected before the first transaction."""
        self.options = options
        self.settings = settings
        self.name = place_name(address)
        if options.database is None:
            self.name = f"`{options.environment}`"
        self.terminal = options.terminal
        self.database = Database(address.url, schema=address.schema)
        self.ledger = Ledger(self.database, clock=utc_now, policy=policy_of(settings))
        self.caller = Caller(f"cli:{_user_name()}", Source.MANUAL, touches_all=True)
        self.actor = Actor(self.caller.actor, Source.MANUAL.value)

    def now(self) -> datetime:
        """The current moment in UTC."""
        return utc_now()

    def asked(self) -> Asked:
        """Who asks, now, under the key that was given, for the rooms that keep no stock."""
        return Asked(self.actor, self.now(), self.options.key)

    def ask(self, ask: Ask) -> bytes:
        """The ledger's answer to one command, as JSON.

        Raises:
            Refused: nothing was written.
        """
        (result,) = self.ledger.execute([Command(self.caller, ask, self.options.key)])
        return self.accepted(result)

    def accepted(self, result: Accepted | Refusal | AccessAccepted | AccessRefusal) -> bytes:
        """The answer of an accepted command, as JSON.

        Raises:
            Refused: it was not.
        """
        if isinstance(result, Refusal | AccessRefusal):
            raise Refused(result)
        if result.replayed:
            self.terminal.say(
                "This key was used before: nothing was done, this is the first answer."
            )
        return result.answer.encode()


@contextmanager
def open_desk(context: typer.Context, *, refused: Sequence[str] = ()) -> Iterator[Desk]:
    """The desk the global options ask for, its database checked to be of this version.

    `refused` names global options that make no sense here.

    Raises:
        SettingsError: a setting is wrong.
        Stop: there is no database yet, or it is of another version.
        DatabaseUnavailable: it cannot be reached.
    """
    options: Options = context.obj
    refuse_options(options, refused)
    settings = load_settings()
    address = chosen_address(options, settings)
    desk = Desk(options, settings, address)
    try:
        if not is_present(address) or not is_current(desk.database):
            raise Stop(
                ExitCode.DATABASE,
                f"{place_name(address)} has not been brought to this version of Onhand: "
                "run `onhand db upgrade`",
            )
        yield desk
    finally:
        desk.database.dispose()


def refuse_options(options: Options, refused: Sequence[str]) -> None:
    """Keep a global option from being silently without effect.

    Raises:
        BadParameter: one of `refused` was given.
    """
    given = {"--database": options.database, "--key": options.key}
    for name in refused:
        if given[name] is not None:
            raise typer.BadParameter(f"{name} makes no sense with this command")


def chosen_address(options: Options, settings: Settings) -> DatabaseAddress:
    """Where the database is that the global options name.

    Raises:
        Stop: `--database` is not an address.
    """
    if options.database is None:
        return settings.database_of(options.environment)
    return parse_address(options.database, settings, option="--database")


def parse_address(url: str, settings: Settings, *, option: str) -> DatabaseAddress:
    """An address given on the command line; `?schema=` names the schema on PostgreSQL.

    Raises:
        Stop: it is none; the message names the option.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    schema = query.pop("schema", REPLAY_SCHEMA)
    plain = urlunsplit(parts._replace(query=urlencode(query))) if parts.query else url
    try:
        given = load_settings({"DATABASE_URL": plain, "ONHAND_HOME": str(settings.onhand_home)})
    except SettingsError as error:
        reason = str(error).removeprefix("DATABASE_URL: ").partition("; correct it")[0]
        raise Stop(ExitCode.USAGE, f"{option}: {reason}") from error
    address = given.database_of(EnvironmentName.LIVE)
    return address if address.schema is None else replace(address, schema=schema)


def place_name(address: DatabaseAddress) -> str:
    """The address as it is shown and can be given to `--database`, without a password."""
    if address.schema is None:
        return address.url
    parts = urlsplit(address.url)
    user = f"{parts.username}@" if parts.username else ""
    port = f":{parts.port}" if parts.port else ""
    query = urlencode([*parse_qsl(parts.query), ("schema", address.schema)])
    return urlunsplit(parts._replace(netloc=f"{user}{parts.hostname or ''}{port}", query=query))


def is_present(address: DatabaseAddress) -> bool:
    """Whether an SQLite file is there; asking SQLite itself would make it."""
    file = sqlite_file(address)
    return file is None or file.is_file()


def sqlite_file(address: DatabaseAddress) -> Path | None:
    """The file of an SQLite address."""
    if address.schema is not None:
        return None
    return Path(address.url.removeprefix("sqlite:///"))


def _user_name() -> str:
    """The account the process runs under, not what the environment claims it to be."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
