"""Commands of accounts: what an administrator does to people."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa

from onhand.access import queries
from onhand.access.commands.attempts import forget_name
from onhand.access.commands.trail import Change, Write, new_command_id, write_once
from onhand.access.model import Accepted, Asked, NewUser, Refusal, Role, UserExists
from onhand.access.model.acting import has_control_characters, token_hash
from onhand.access.model.people import (
    INVITED_FOR_S,
    InvalidTimezone,
    LastAdmin,
    LinkAlreadyMade,
    UserChanges,
    UserInactive,
    UserNotFound,
    check_new_user,
    check_password,
    is_timezone,
    leaves_an_admin,
    name_key,
)
from onhand.access.passwords import PASSWORDS, Passwords
from onhand.access.queries.people import UserView, find_user, user_view
from onhand.access.tables import set_up_link, user, user_session
from onhand.db.database import Database


@dataclass(frozen=True, slots=True)
class SetUpLink:
    """A new set-up link; the secret is in no other place."""

    name: str
    secret: str = field(repr=False)
    expires_at: datetime


def create_user(database: Database, asked: Asked, new: NewUser) -> Accepted | Refusal:
    """Make a person known, without a password yet; the answer is the `UserView`.

    Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    refusal = check_new_user(new)
    if refusal is not None:
        return refusal

    def insert(connection: sa.Connection) -> Change | Refusal:
        if find_user(connection, new.name) is not None:
            return UserExists(new.name)
        view = insert_user(connection, new, asked.now)
        return Change(f"user:{new.name}", view, after=view)

    return write_once(database, asked, Write("CreateUser", new), insert)


def change_user(
    database: Database, asked: Asked, name: str, changes: UserChanges
) -> Accepted | Refusal:
    """Change role, language or time zone of a person, or close or reopen the account.

    Closing it ends the person's sessions and set-up link. The answer is the `UserView`. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    if changes.timezone is not None and not is_timezone(changes.timezone):
        return InvalidTimezone(changes.timezone)
    values = {
        column: value
        for column, value in msgspec.structs.asdict(_Changed.of(changes)).items()
        if value is not None
    }

    def change(connection: sa.Connection, known: UserView) -> Change | Refusal:
        after = msgspec.structs.replace(known, **values)
        if _administers(known) and not _administers(after) and not _others(connection, known):
            return LastAdmin(known.name)
        if values:
            connection.execute(
                sa.update(user).where(user.c.user_id == known.user_id).values(**values)
            )
        if not after.active:
            end_sessions(connection, known.user_id, asked.now)
            drop_link(connection, known.user_id)
        return Change(f"user:{known.name}", after, before=known, after=after)

    return _write_person(database, asked, name, _Wish("ChangeUser", changes, change))


def set_password(
    database: Database, asked: Asked, name: str, password: str, *, passwords: Passwords = PASSWORDS
) -> Accepted | Refusal:
    """Give a person a password; ends their sessions and their set-up link.

    Never under an idempotency key: the key is ignored, because nothing that depends on the password
    is kept but its slow hash. The answer is the `UserView`. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    with database.read() as connection:
        known = find_user(connection, name)
    if known is None:
        return UserNotFound(name)
    weak = check_password(password, known.name)
    if weak is not None:
        return weak
    hashed = passwords.hash(password)

    def change(connection: sa.Connection, known: UserView) -> Change:
        after = put_password(connection, known, hashed, asked.now)
        return Change(f"user:{known.name}", after, before=known, after=after)

    without_key = Asked(asked.actor, asked.now)
    return _write_person(database, without_key, name, _Wish("SetPassword", known.name, change))


def begin_set_up(
    database: Database, asked: Asked, name: str, *, valid_s: int = INVITED_FOR_S
) -> SetUpLink | Refusal:
    """Make a link with which a person chooses a password; one made before no longer works.

    Its secret is in the answer and nowhere else, so a repetition under the same key is refused.
    `valid_s` is in seconds. Raises:
        DatabaseUnavailable: nothing was made.
    """
    secret = new_link()
    expires_at = asked.now + timedelta(seconds=valid_s)

    def change(connection: sa.Connection, known: UserView) -> Change | Refusal:
        if not known.active:
            return UserInactive(known.name)
        put_link(connection, known.user_id, secret, expires_at)
        return Change(f"user:{known.name}", {"name": known.name, "expires_at": expires_at})

    result = _write_person(database, asked, name, _Wish("CreateSetUpLink", valid_s, change))
    if isinstance(result, Refusal):
        return result
    made = msgspec.json.decode(result.answer, type=_Made)
    return (
        LinkAlreadyMade(made.name) if result.replayed else SetUpLink(made.name, secret, expires_at)
    )


def new_link() -> str:
    """The secret of a set-up link: 256 random bits."""
    return secrets.token_urlsafe(32)


def insert_user(connection: sa.Connection, new: NewUser, now: datetime) -> UserView:
    """Add the row of a person, in the transaction of the command that makes them."""
    row = {
        "user_id": f"usr_{new_command_id()}",
        "name": new.name,
        "name_key": name_key(new.name),
        "role": new.role.value,
        "active": True,
        "language": new.language.value,
        "timezone": new.timezone,
        "created_at": now,
    }
    made = connection.execute(sa.insert(user).values(**row).returning(*user.c)).one()
    return user_view(made)


def put_link(
    connection: sa.Connection, user_id: str, secret: str, expires_at: datetime | None
) -> None:
    """Replace a person's set-up link."""
    drop_link(connection, user_id)
    connection.execute(
        sa.insert(set_up_link).values(
            user_id=user_id, secret_hash=token_hash(secret), expires_at=expires_at
        )
    )


def drop_link(connection: sa.Connection, user_id: str) -> None:
    """End a person's set-up link if there is one."""
    connection.execute(sa.delete(set_up_link).where(set_up_link.c.user_id == user_id))


def put_password(
    connection: sa.Connection, known: UserView, hashed: str, now: datetime
) -> UserView:
    """Replace a person's password, and with it sessions, set-up link and attempts."""
    connection.execute(
        sa.update(user).where(user.c.user_id == known.user_id).values(password_hash=hashed)
    )
    end_sessions(connection, known.user_id, now)
    drop_link(connection, known.user_id)
    forget_name(connection, known.name)
    return msgspec.structs.replace(known, has_password=True)


def end_sessions(connection: sa.Connection, user_id: str, now: datetime) -> None:
    """End every session of a person."""
    session = user_session.c
    connection.execute(
        sa.update(user_session)
        .where(session.user_id == user_id, session.revoked_at.is_(None))
        .values(revoked_at=now)
    )


class _Made(msgspec.Struct, frozen=True):
    name: str


class _Changed(msgspec.Struct, frozen=True):
    """Changes as columns."""

    role: str | None
    active: bool | None
    language: str | None
    timezone: str | None

    @classmethod
    def of(cls, changes: UserChanges) -> "_Changed":
        """The words instead of their kinds."""
        return msgspec.convert(msgspec.to_builtins(changes), cls)


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is to be done to a person: its name, all that is asked, and the doing."""

    action: str
    body: object
    run: Callable[[sa.Connection, UserView], Change | Refusal]


def _write_person(database: Database, asked: Asked, name: str, wish: _Wish) -> Accepted | Refusal:
    """Run a write on one person, locked together with everybody who can administer."""
    if has_control_characters(name):
        return UserNotFound(name)

    def run(connection: sa.Connection) -> Change | Refusal:
        is_meant = user.c.name_key == name_key(name)
        is_admin = sa.and_(user.c.role == Role.ADMIN.value, user.c.active)
        # All in one order: two admins who demote each other at the same moment must see each other.
        connection.execute(
            sa.select(user.c.user_id)
            .where(sa.or_(is_meant, is_admin))
            .order_by(user.c.user_id)
            .with_for_update()
        )
        known = find_user(connection, name)
        return UserNotFound(name) if known is None else wish.run(connection, known)

    write = Write(wish.action, [name_key(name), wish.body])
    return write_once(database, asked, write, run)


def _administers(view: UserView) -> bool:
    return view.active and view.role == Role.ADMIN.value


def _others(connection: sa.Connection, known: UserView) -> bool:
    """Whether somebody else can administer."""
    others = [
        view.has_password
        for view in queries.list_users(connection)
        if _administers(view) and view.user_id != known.user_id
    ]
    return leaves_an_admin(has_password=known.has_password, others=others)
