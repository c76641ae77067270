"""Sessions: they end when they should, everywhere, and are nobody else's."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from onhand.access.commands.accounts import change_user, set_password
from onhand.access.commands.people import SignedIn, sign_in, sign_out
from onhand.access.model import EnvironmentName, Principal, Role, Scope
from onhand.access.model.people import Credentials, UserChanges, csrf_token, is_csrf_token
from onhand.access.passwords import Terms
from onhand.access.queries.people import SessionView
from onhand.access.sessions import Sessions, principal_of
from onhand.access.tables import user_session
from onhand.db.database import Database
from tests.access.guests import HOME, PASSWORD, TERMS, asked, enter, entered, guest, trail
from tests.shop import START, FakeClock

BRIEF = Terms(idle_s=600, longest_s=3600, passwords=TERMS.passwords)


@pytest.fixture
def sessions(database: Database, clock: FakeClock) -> Sessions:
    """What one server process knows of sessions."""
    return Sessions(database, clock, BRIEF)


def begin(database: Database, now: datetime = START) -> SignedIn:
    """A brief session of `mei`."""
    who = Credentials("mei", PASSWORD)
    done = sign_in(database, who, now=now, origin=HOME, terms=BRIEF)
    assert isinstance(done, SignedIn)
    return done


def test_a_secret_is_new_at_every_sign_in_and_speaks_for_its_person_only(
    database: Database, sessions: Sessions
) -> None:
    mei = [guest(database, "mei"), entered(database, "mei"), entered(database, "mei")]
    ann = guest(database, "ann")

    assert len({one.secret for one in [*mei, ann]}) == 4
    assert all(len(one.secret) == 43 for one in mei)
    for one in [*mei, ann]:
        assert found(sessions, one).user == one.user
    for stranger in ("", "x", mei[0].secret[:-1], "\0", "\ud800", "漢字"):
        assert sessions.find(stranger) is None


def test_a_session_ends_when_it_is_not_used(
    database: Database, sessions: Sessions, clock: FakeClock
) -> None:
    guest(database, "mei")
    used, unused = begin(database), begin(database)

    for _ in range(5):
        clock.advance(400)
        assert sessions.find(used.secret) is not None
    assert sessions.find(unused.secret) is None
    clock.advance(600)
    assert sessions.find(used.secret) is None


def test_a_session_ends_in_any_case_to_the_second(
    database: Database, sessions: Sessions, clock: FakeClock
) -> None:
    guest(database, "mei")
    session = begin(database)
    assert session.ends_at == START + timedelta(seconds=3600)

    for _ in range(7):
        clock.advance(500)
        assert sessions.find(session.secret) is not None
    clock.advance(99)
    assert sessions.find(session.secret) is not None
    clock.advance(1)
    assert sessions.remembered(session.secret) is None
    assert sessions.find(session.secret) is None


def _sign_out(database: Database, session: SignedIn) -> None:
    sign_out(database, session.secret, now=START)


def _new_password(database: Database, session: SignedIn) -> None:
    set_password(database, asked(), session.user.name, "another horse", passwords=TERMS.passwords)


def _close(database: Database, session: SignedIn) -> None:
    change_user(database, asked(), session.user.name, UserChanges(active=False))


@pytest.mark.parametrize("end", [_sign_out, _new_password, _close])
def test_another_process_notices_an_end_within_5_seconds(
    database: Database,
    sessions: Sessions,
    clock: FakeClock,
    end: Callable[[Database, SignedIn], None],
) -> None:
    guest(database, "mei")
    session = begin(database)
    assert sessions.find(session.secret) is not None

    end(database, session)

    assert sessions.remembered(session.secret) is not None
    clock.advance(5)
    assert sessions.remembered(session.secret) is None
    assert sessions.find(session.secret) is None
    sessions.forget(session.secret)


def test_who_signs_out_here_is_out_here_at_once(database: Database, sessions: Sessions) -> None:
    guest(database, "mei")
    one, other = begin(database), begin(database)
    for session in (one, other):
        assert sessions.find(session.secret) is not None

    left = sign_out(database, one.secret, now=START, origin=HOME)
    sessions.forget(one.secret)

    assert left is not None
    assert left.name == "mei"
    assert sessions.find(one.secret) is None
    assert sessions.find(other.secret) is not None
    assert sign_out(database, one.secret, now=START) is None
    assert sign_out(database, "nobody", now=START) is None
    assert [entry.action for entry in trail(database)][:3] == ["SignOut", "SignIn", "SignIn"]


def test_another_role_counts_within_5_seconds(
    database: Database, sessions: Sessions, clock: FakeClock
) -> None:
    guest(database, "mei")
    session = begin(database)
    before = found(sessions, session)

    change_user(database, asked(), "mei", UserChanges(Role.VIEWER))
    clock.advance(5)

    live = EnvironmentName.LIVE
    acting = principal_of(before, live)
    assert acting == Principal("mei", Scope.OPERATOR, live, None, before.session_id)
    assert principal_of(found(sessions, session), EnvironmentName.TEST).scope is Scope.VIEWER


def found(sessions: Sessions, session: SignedIn) -> SessionView:
    """The session, which is good."""
    view = sessions.find(session.secret)
    assert view is not None
    return view


def test_sessions_that_are_over_leave_no_rows(database: Database) -> None:
    guest(database, "mei")
    for _ in range(3):
        begin(database)

    last = begin(database, START + timedelta(days=8))

    with database.read() as connection:
        rows = connection.execute(user_session.select()).all()
    assert [row.ends_at for row in rows] == [last.ends_at]


def test_a_visit_is_written_down_at_most_once_a_minute(
    database: Database, sessions: Sessions, clock: FakeClock
) -> None:
    guest(database, "mei")
    session = begin(database)
    seen = set()

    for _ in range(30):
        clock.advance(6)
        seen.add(found(sessions, session).seen_at)

    with database.read() as connection:
        rows = connection.execute(user_session.select()).all()
    assert max(row.seen_at for row in rows) == START + timedelta(seconds=180)
    assert len(seen) == 3


def test_the_token_of_forms_belongs_to_one_session(sqlite_database: Database) -> None:
    one, other = guest(sqlite_database, "mei"), entered(sqlite_database, "mei")

    token = csrf_token(one.secret)

    assert is_csrf_token(one.secret, token)
    assert len(token) == 43
    assert one.secret not in token
    for wrong in ("", csrf_token(other.secret), token[:-1], token + "=", one.secret, "\ud800"):
        assert not is_csrf_token(one.secret, wrong)


def test_nobody_is_signed_in_by_a_wrong_password(database: Database) -> None:
    guest(database, "mei")

    with database.read() as connection:
        before = len(connection.execute(user_session.select()).all())
    enter(database, "mei", "wrong password")

    with database.read() as connection:
        assert len(connection.execute(user_session.select()).all()) == before
