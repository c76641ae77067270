"""Attempts to sign in, counted in the database: every server process sees those of the others."""

import hashlib
import ipaddress
from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from onhand.access.commands.trail import ATTEMPTS
from onhand.access.model.people import (
    PER_ADDRESS,
    PER_NAME,
    Allowance,
    TooManyAttempts,
    give_back,
    name_key,
    take_attempt,
)
from onhand.access.tables import sign_in_attempt
from onhand.db.database import Database
from onhand.db.errors import DatabaseUnavailable, TransactionConflict

_KNOW = {
    "sqlite": sqlite.insert(sign_in_attempt).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(sign_in_attempt).on_conflict_do_nothing(),
}


def count_attempt(
    database: Database, name: str, origin: str | None, *, now: datetime
) -> TooManyAttempts | None:
    """Take one attempt from the name and from the address, before the password is looked at.

    However many arrive at once, no more are let through than there are. Raises:
        DatabaseUnavailable: nothing was counted, and nobody is let in.
    """
    subjects = {_address(origin): PER_ADDRESS, _name(name): PER_NAME}
    for _ in range(ATTEMPTS):
        try:
            with database.begin() as connection:
                _forget_whole(connection, now)
                refusal = _take(connection, subjects, now)
                if refusal is not None:
                    connection.rollback()
                return refusal
        except TransactionConflict:
            continue  # somebody else counted at the same moment
    raise DatabaseUnavailable("too many conflicting transactions")


def forgive(connection: sa.Connection, name: str, origin: str | None) -> None:
    """A sign-in went well: the name starts anew, and the address gets this attempt back."""
    # The address before the name, as when they are counted: else the two wait for each other.
    subject = sign_in_attempt.c.subject == _address(origin)
    whole_at = connection.execute(
        sa.select(sign_in_attempt.c.whole_at).where(subject).with_for_update()
    ).scalar_one_or_none()
    if whole_at is not None:
        connection.execute(
            sa.update(sign_in_attempt)
            .where(subject)
            .values(whole_at=give_back(PER_ADDRESS, whole_at))
        )
    forget_name(connection, name)


def forget_name(connection: sa.Connection, name: str) -> None:
    """Forget the attempts under a name."""
    connection.execute(sa.delete(sign_in_attempt).where(sign_in_attempt.c.subject == _name(name)))


def _take(
    connection: sa.Connection, subjects: Mapping[str, Allowance], now: datetime
) -> TooManyAttempts | None:
    attempt = sign_in_attempt.c
    for subject, allowance in subjects.items():
        connection.execute(_KNOW[connection.dialect.name], {"subject": subject, "whole_at": now})
        whole_at = connection.execute(
            sa.select(attempt.whole_at).where(attempt.subject == subject).with_for_update()
        ).scalar_one_or_none()
        if whole_at is None:
            raise TransactionConflict("the row was just forgotten")
        after = take_attempt(allowance, whole_at, now)
        if isinstance(after, TooManyAttempts):
            return after
        connection.execute(
            sa.update(sign_in_attempt).where(attempt.subject == subject).values(whole_at=after)
        )
    return None


def _forget_whole(connection: sa.Connection, now: datetime) -> None:
    """Rows that say nothing any more; those another process is just looking at are left."""
    attempt = sign_in_attempt.c
    whole = sa.select(attempt.subject).where(attempt.whole_at <= now)
    connection.execute(
        sa.delete(sign_in_attempt).where(
            attempt.subject.in_(whole.with_for_update(skip_locked=True))
        )
    )


def _name(name: str) -> str:
    """Hashed, because people type passwords where a name belongs."""
    return f"name:{_digest(name_key(name))}"


def _address(origin: str | None) -> str:
    """The network an attempt came from: one household has 2^64 addresses of IPv6."""
    try:
        address = ipaddress.ip_address(origin or "")
    except ValueError:
        return f"address:{_digest(origin or '')}"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return f"address:{address.ipv4_mapped}"
        return f"address:{ipaddress.ip_network((address, 64), strict=False)}"
    return f"address:{address}"


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()
