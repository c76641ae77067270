"""Commands of people themselves: signing in and out, and choosing a password."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa

from onhand.access.commands.accounts import put_password
from onhand.access.commands.attempts import count_attempt, forgive
from onhand.access.commands.trail import Change, Write, new_command_id, write_once
from onhand.access.model import Actor, Asked, Refusal, has_control_characters, token_hash
from onhand.access.model.people import (
    Credentials,
    InvalidTimezone,
    NewPassword,
    NotSignedIn,
    SetUp,
    SetUpLinkInvalid,
    WrongPassword,
    check_password,
    is_timezone,
    name_key,
)
from onhand.access.passwords import Terms
from onhand.access.queries.people import (
    UserView,
    find_session,
    find_set_up,
    secret_hash,
    user_view,
)
from onhand.access.tables import set_up_link, user, user_session
from onhand.db.database import Database

_TERMS = Terms()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: `secret` belongs in the person's cookie and is kept nowhere else."""

    secret: str = field(repr=False)
    user: UserView
    ends_at: datetime


def sign_in(
    database: Database,
    credentials: Credentials,
    *,
    now: datetime,
    origin: str | None,
    terms: Terms = _TERMS,
) -> SignedIn | Refusal:
    """Begin a session for whoever knows name and password; `origin` is the network address.

    The attempt is counted first and does not count if it goes well. Raises:
        DatabaseUnavailable: nobody was signed in.
    """
    refusal = count_attempt(database, credentials.name, origin, now=now)
    if refusal is not None:
        return refusal
    with database.read() as connection:
        known = _find_active(connection, credentials.name)
    stored = None if known is None else known.password_hash
    checked = terms.passwords.check(stored, credentials.password)
    if known is None or not checked.is_right:
        return WrongPassword()
    session = _NewSession.of(terms, now)

    def begin(connection: sa.Connection) -> Change | Refusal:
        person = _lock(connection, known.user_id)
        if not person.active or person.password_hash != stored:
            return WrongPassword()  # it was changed while it was being checked
        if checked.renewed is not None:
            _set(connection, known.user_id, password_hash=checked.renewed)
        forgive(connection, credentials.name, origin)
        _forget_ended(connection, now)
        view = session.begin(connection, user_view(person))
        return Change(f"user:{view.name}", session.answer(view))

    asked = Asked(Actor(known.name, "manual", origin), now)
    result = write_once(database, asked, Write("SignIn", session.session_id), begin)
    return result if isinstance(result, Refusal) else session.signed_in(result.answer)


def sign_out(
    database: Database, secret: str, *, now: datetime, origin: str | None = None
) -> UserView | None:
    """End a session; whose it was, None if it had ended before.

    Raises:
        DatabaseUnavailable: it has not ended.
    """
    with database.read() as connection:
        known = find_session(connection, secret, now=now)
    if known is None:
        return None

    def end(connection: sa.Connection) -> Change | Refusal:
        session = user_session.c
        ended = connection.execute(
            sa.update(user_session)
            .where(session.session_id == known.session_id, session.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        if ended.rowcount == 0:
            return NotSignedIn()
        return Change(f"user:{known.user.name}", {"session": known.session_id})

    asked = Asked(Actor(known.user.name, "manual", origin), now)
    result = write_once(database, asked, Write("SignOut", known.session_id), end)
    return None if isinstance(result, Refusal) else known.user


def finish_set_up(
    database: Database,
    answer: SetUp,
    *,
    now: datetime,
    origin: str | None = None,
    terms: Terms = _TERMS,
) -> SignedIn | Refusal:
    """Use a set-up link: give its person the password they chose, and sign them in.

    Sessions begun before end. Of several uses at the same moment one succeeds. Raises:
        DatabaseUnavailable: the link was not used.
    """
    with database.read() as connection:
        known = find_set_up(connection, answer.secret, now=now)
    if known is None:
        return SetUpLinkInvalid()
    refusal = check_password(answer.password, known.name)
    if refusal is not None:
        return refusal
    if answer.timezone is not None and not is_timezone(answer.timezone):
        return InvalidTimezone(answer.timezone)
    hashed = terms.passwords.hash(answer.password)
    session = _NewSession.of(terms, now)

    def finish(connection: sa.Connection) -> Change | Refusal:
        person = user_view(_lock(connection, known.user_id))
        used = connection.execute(
            sa.delete(set_up_link).where(
                set_up_link.c.user_id == known.user_id,
                set_up_link.c.secret_hash == secret_hash(answer.secret),
            )
        )
        if used.rowcount == 0 or not person.active:
            return SetUpLinkInvalid()
        tastes = {"language": answer.language, "timezone": answer.timezone}
        chosen = {name: str(value) for name, value in tastes.items() if value is not None}
        if chosen:
            _set(connection, known.user_id, **chosen)
        after = put_password(connection, msgspec.structs.replace(person, **chosen), hashed, now)
        view = session.begin(connection, after)
        return Change(f"user:{view.name}", session.answer(view), before=person, after=view)

    asked = Asked(Actor(known.name, "manual", origin), now)
    result = write_once(database, asked, Write("FinishSetUp", session.session_id), finish)
    return result if isinstance(result, Refusal) else session.signed_in(result.answer)


def change_password(
    database: Database,
    asked: NewPassword,
    *,
    now: datetime,
    origin: str | None,
    terms: Terms = _TERMS,
) -> SignedIn | Refusal:
    """Change one's own password; every session ends, and a new one begins here.

    The old password is asked for, and counted, as when signing in. Raises:
        DatabaseUnavailable: the password is the old one.
    """
    with database.read() as connection:
        session = find_session(connection, asked.secret, now=now)
    if session is None:
        return NotSignedIn()
    refusal = check_password(asked.new, session.user.name)
    if refusal is not None:
        return refusal
    proven = sign_in(
        database, Credentials(session.user.name, asked.old), now=now, origin=origin, terms=terms
    )
    if isinstance(proven, Refusal):
        return proven
    hashed = terms.passwords.hash(asked.new)
    begun = _NewSession.of(terms, now)

    def change(connection: sa.Connection) -> Change | Refusal:
        person = _lock(connection, session.user.user_id)
        if find_session(connection, proven.secret, now=now) is None:
            return WrongPassword()  # somebody else gave another one meanwhile
        before = user_view(person)
        view = begun.begin(connection, put_password(connection, before, hashed, now))
        return Change(f"user:{view.name}", begun.answer(view), before=before, after=view)

    by = Asked(Actor(session.user.name, "manual", origin), now)
    result = write_once(database, by, Write("ChangePassword", begun.session_id), change)
    return result if isinstance(result, Refusal) else begun.signed_in(result.answer)


def note_visit(database: Database, session_id: str, *, now: datetime) -> None:
    """Write down that a session is used, which puts off its end for want of visits.

    Raises:
        DatabaseUnavailable, TransactionConflict: nothing was written.
    """
    session = user_session.c
    with database.begin() as connection:
        connection.execute(
            sa.update(user_session)
            .where(session.session_id == session_id, session.seen_at < now)
            .values(seen_at=now)
        )


@dataclass(frozen=True, slots=True)
class _NewSession:
    """A session to be."""

    session_id: str
    secret: str = field(repr=False)
    now: datetime
    terms: Terms

    @classmethod
    def of(cls, terms: Terms, now: datetime) -> "_NewSession":
        """With a secret of 256 random bits, whatever the browser came with."""
        return cls(f"ses_{new_command_id()}", secrets.token_urlsafe(32), now, terms)

    @property
    def ends_at(self) -> datetime:
        """When it ends however much it is used."""
        return self.now + timedelta(seconds=self.terms.longest_s)

    def begin(self, connection: sa.Connection, person: UserView) -> UserView:
        """Add its row; the person, just signed in."""
        connection.execute(
            sa.insert(user_session).values(
                session_id=self.session_id,
                secret_hash=token_hash(self.secret),
                user_id=person.user_id,
                created_at=self.now,
                seen_at=self.now,
                idle_s=self.terms.idle_s,
                ends_at=self.ends_at,
            )
        )
        _set(connection, person.user_id, signed_in_at=self.now)
        return msgspec.structs.replace(person, signed_in_at=self.now)

    def answer(self, person: UserView) -> dict[str, object]:
        """What the audit trail is told."""
        return {"session": self.session_id, "user": person}

    def signed_in(self, answer: str) -> SignedIn:
        """What the person is told."""
        return SignedIn(self.secret, msgspec.json.decode(answer, type=_Begun).user, self.ends_at)


class _Begun(msgspec.Struct, frozen=True):
    user: UserView


def _find_active(connection: sa.Connection, name: str) -> "sa.Row[tuple[object, ...]] | None":
    if has_control_characters(name):
        return None
    found = sa.select(user).where(user.c.name_key == name_key(name), user.c.active)
    return connection.execute(found).first()


def _lock(connection: sa.Connection, user_id: str) -> "sa.Row[tuple[object, ...]]":
    """The person's row, which stays as it is until the transaction ends; people are never gone."""
    chosen = sa.select(user).where(user.c.user_id == user_id).with_for_update()
    return connection.execute(chosen).one()


def _set(connection: sa.Connection, user_id: str, **values: object) -> None:
    connection.execute(sa.update(user).where(user.c.user_id == user_id).values(**values))


def _forget_ended(connection: sa.Connection, now: datetime) -> None:
    """Sessions that are long over; the audit trail knows of them."""
    connection.execute(sa.delete(user_session).where(user_session.c.ends_at <= now))
