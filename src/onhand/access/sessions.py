"""Telling whom a session speaks for."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from onhand.access.commands.people import note_visit
from onhand.access.model import EnvironmentName, Principal, Scope
from onhand.access.passwords import Terms
from onhand.access.queries.people import SessionView, find_session, secret_hash
from onhand.access.remembered import Remembered
from onhand.db.database import Database
from onhand.db.errors import TransactionConflict

_NOTED_EVERY_S = 60  # a visit is written down at most so often


class Sessions:
    """Checks the sessions of the installation; safe to share between threads.

    A session found good is trusted for 5 seconds without asking the database again.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime], terms: Terms) -> None:
        """`database` is that of `live`; `clock` gives the current moment in UTC."""
        self.terms = terms
        self._database = database
        self._clock = clock
        self._remembered: Remembered[SessionView] = Remembered(clock)

    def remembered(self, secret: str) -> SessionView | None:
        """The session if it was found good in the last 5 seconds; asks no database."""
        return self._remembered.get(secret_hash(secret))

    def find(self, secret: str) -> SessionView | None:
        """The session with this secret if it is still good; may ask the database.

        Raises:
            DatabaseUnavailable: it could not be looked up.
        """
        session = self.remembered(secret)
        if session is not None:
            return session
        now = self._clock()
        with self._database.read() as connection:
            session = find_session(connection, secret, now=now)
        if session is None:
            self.forget(secret)
            return None
        if now - session.seen_at >= timedelta(seconds=min(_NOTED_EVERY_S, session.idle_s / 10)):
            with suppress(TransactionConflict):  # another visit of the same session was noted
                note_visit(self._database, session.session_id, now=now)
        self._remembered.keep(secret_hash(secret), session, at=now, ends_at=session.ends_at)
        return session

    def forget(self, secret: str) -> None:
        """Ask the database the next time: after signing out, and after changing oneself."""
        self._remembered.forget(secret_hash(secret))


def principal_of(session: SessionView, environment: EnvironmentName) -> Principal:
    """As whom the person of a session acts in an environment: by name, as far as the role goes."""
    user = session.user
    return Principal(user.name, Scope(user.role), environment, None, session.session_id)
