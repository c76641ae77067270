"""The first start of an environment: its first administrator."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from onhand.access import queries
from onhand.access.commands.accounts import insert_user, new_link, put_link
from onhand.access.commands.tokens import insert_token, new_secret
from onhand.access.commands.trail import Change, Write, write_once
from onhand.access.model import (
    Accepted,
    Actor,
    Asked,
    EnvironmentName,
    NewToken,
    NewUser,
    Refusal,
    Role,
    Scope,
    UserExists,
)
from onhand.access.tables import first_start
from onhand.db.database import Database

FIRST_ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class FirstSecrets:
    """What the first administrator comes in with; `set_up` is the secret of a set-up link."""

    token: str = field(repr=False)
    set_up: str | None = field(repr=False)


def is_started(connection: sa.Connection) -> bool:
    """Whether the first start of this environment is over."""
    return connection.execute(sa.select(first_start.c.start_id)).first() is not None


def create_first_admin(
    database: Database,
    actor: Actor,
    *,
    environment: EnvironmentName,
    now: datetime,
    keep: Callable[[FirstSecrets], None],
) -> bool:
    """Make the token `admin` unless that was done already; whether it was done now.

    In `live`, where people belong, the person `admin` is made too, with a set-up link that works
    until it is used, unless somebody was made known before. `keep` stores the secrets for their
    owner just before the commit: a crash in between leaves secrets that are not valid and that the
    next attempt replaces, never a lost one. Raises:
        DatabaseUnavailable: nothing was made.
        OSError: `keep` failed and nothing was made.
    """
    issued = new_secret(environment)

    def insert(connection: sa.Connection) -> Change | Refusal:
        if is_started(connection):
            return UserExists(FIRST_ADMIN)
        # Whoever comes second waits here and finds the key taken.
        connection.execute(sa.insert(first_start).values(start_id=1, happened_at=now))
        token = insert_token(connection, issued, NewToken(FIRST_ADMIN, Scope.ADMIN), now)
        made: dict[str, object] = {"token": token.after}
        set_up = None
        if environment is EnvironmentName.LIVE and not queries.has_users(connection):
            person = insert_user(connection, NewUser(FIRST_ADMIN, Role.ADMIN), now)
            set_up = new_link()
            put_link(connection, person.user_id, set_up, None)
            made["user"] = person
        keep(FirstSecrets(issued.secret, set_up))
        return Change(f"user:{FIRST_ADMIN}", made, after=made)

    write = Write("CreateFirstAdmin", issued.token_id)
    result = write_once(database, Asked(actor, now), write, insert)
    return isinstance(result, Accepted)
