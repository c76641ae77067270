"""Reads of people, their sessions and their set-up links."""

from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa

from onhand.access.model import has_control_characters, token_hash
from onhand.access.model.people import name_key
from onhand.access.tables import set_up_link, user, user_session


class UserView(msgspec.Struct, frozen=True):
    """A person; without a password nobody can sign in as them until a set-up link is used."""

    user_id: str
    name: str
    role: str
    active: bool
    language: str
    timezone: str
    has_password: bool
    created_at: datetime
    signed_in_at: datetime | None


class SessionView(msgspec.Struct, frozen=True):
    """A session that is still good: whose it is, and when it ends at the latest."""

    session_id: str
    user: UserView
    seen_at: datetime
    idle_s: int
    ends_at: datetime


def list_users(connection: sa.Connection) -> list[UserView]:
    """Every person, by name."""
    return [user_view(row) for row in connection.execute(sa.select(user).order_by(user.c.name_key))]


def find_user(connection: sa.Connection, name: str) -> UserView | None:
    """The person of this name, however it is written; None if there is none."""
    if has_control_characters(name):
        return None
    row = connection.execute(sa.select(user).where(user.c.name_key == name_key(name))).first()
    return None if row is None else user_view(row)


def has_users(connection: sa.Connection) -> bool:
    """Whether anybody was ever made known."""
    return connection.execute(sa.select(user.c.user_id).limit(1)).first() is not None


def can_anybody_sign_in(connection: sa.Connection) -> bool:
    """Whether anybody has ever chosen a password."""
    chosen = user.c.password_hash.is_not(None)
    return connection.execute(sa.select(user.c.user_id).where(chosen).limit(1)).first() is not None


def find_session(connection: sa.Connection, secret: str, *, now: datetime) -> SessionView | None:
    """The session with this secret if it has not ended and its person is active, else None."""
    session = user_session.c
    row = connection.execute(
        sa.select(user, session.session_id, session.seen_at, session.idle_s, session.ends_at)
        .join(user_session, session.user_id == user.c.user_id)
        .where(
            session.secret_hash == secret_hash(secret),
            session.revoked_at.is_(None),
            session.ends_at > now,
            user.c.active,
        )
    ).first()
    if row is None or row.seen_at + timedelta(seconds=row.idle_s) <= now:
        return None
    return SessionView(row.session_id, user_view(row), row.seen_at, row.idle_s, row.ends_at)


def find_set_up(connection: sa.Connection, secret: str, *, now: datetime) -> UserView | None:
    """Whom a set-up link is for if it can still be used, else None."""
    link = set_up_link.c
    row = connection.execute(
        sa.select(user)
        .join(set_up_link, link.user_id == user.c.user_id)
        .where(
            link.secret_hash == secret_hash(secret),
            sa.or_(link.expires_at.is_(None), link.expires_at > now),
            user.c.active,
        )
    ).first()
    return None if row is None else user_view(row)


def user_view(row: sa.Row[tuple[object, ...]]) -> UserView:
    """A row of `app_user` as it may be shown."""
    return UserView(
        user_id=row.user_id,
        name=row.name,
        role=row.role,
        active=row.active,
        language=row.language,
        timezone=row.timezone,
        has_password=row.password_hash is not None,
        created_at=row.created_at,
        signed_in_at=row.signed_in_at,
    )


def secret_hash(secret: str) -> str:
    """The form in which the secret of a session or link is stored; a cookie may say anything."""
    return token_hash(secret.encode("utf-8", "replace").decode())
