"""People: made, invited, changed, closed; never without an administrator (P1)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest

from onhand.access.commands.accounts import (
    SetUpLink,
    begin_set_up,
    change_user,
    create_user,
    set_password,
)
from onhand.access.commands.people import SignedIn, change_password, finish_set_up
from onhand.access.model import (
    Accepted,
    Asked,
    InvalidName,
    Language,
    NewUser,
    Refusal,
    Role,
    UserExists,
)
from onhand.access.model.people import (
    INVITED_FOR_S,
    InvalidTimezone,
    LastAdmin,
    LinkAlreadyMade,
    NewPassword,
    NotSignedIn,
    ReservedName,
    SetUp,
    SetUpLinkInvalid,
    UserChanges,
    UserInactive,
    UserNotFound,
    WeakPassword,
    WrongPassword,
    leaves_an_admin,
)
from onhand.access.queries.people import UserView, find_session, find_set_up, list_users
from onhand.db.database import Database
from tests.access.guests import (
    HOME,
    PASSWORD,
    ROOT,
    TERMS,
    asked,
    enter,
    entered,
    guest,
    known,
    link_for,
    person,
    trail,
)
from tests.shop import START

LATER = START + timedelta(hours=1)


def is_signed_in(database: Database, session: SignedIn) -> bool:
    """Whether the session is still good."""
    with database.read() as connection:
        return find_session(connection, session.secret, now=START) is not None


def change(database: Database, name: str, changes: UserChanges) -> Accepted | Refusal:
    """What root changes."""
    return change_user(database, asked(), name, changes)


def finish(database: Database, answer: SetUp) -> SignedIn | Refusal:
    """A link that is used at START."""
    return finish_set_up(database, answer, now=START, origin=HOME, terms=TERMS)


def test_a_name_is_one_persons_however_it_is_written(database: Database) -> None:
    made = known(database, "Ｍei")

    for other in ("mei", "MEI", "Ｍei"):
        assert create_user(database, Asked(ROOT, START), NewUser(other, Role.ADMIN)) == UserExists(
            other
        )
        assert person(database, other) == made
    known(database, "ann", Role.VIEWER)
    with database.read() as connection:
        assert [one.name for one in list_users(connection)] == ["ann", "Ｍei"]
    assert (made.language, made.timezone, made.has_password) == ("en", "Asia/Tokyo", False)


@pytest.mark.parametrize(
    ("new", "refusal"),
    [
        (NewUser("\n", Role.VIEWER), InvalidName("\n")),
        (NewUser("half \ud800", Role.VIEWER), InvalidName("half \ud800")),
        (NewUser("Onhand", Role.VIEWER), ReservedName("Onhand")),
        (NewUser("ＣＬＩ:root", Role.VIEWER), ReservedName("ＣＬＩ:root")),
        (NewUser("a", Role.VIEWER, timezone="Mars/Base"), InvalidTimezone("Mars/Base")),
        (NewUser("a", Role.VIEWER, timezone="/etc/passwd"), InvalidTimezone("/etc/passwd")),
        (NewUser("a", Role.VIEWER, timezone="../UTC"), InvalidTimezone("../UTC")),
        (NewUser("a", Role.VIEWER, timezone="America"), InvalidTimezone("America")),
    ],
)
def test_a_person_who_cannot_be_is_refused(
    database: Database, new: NewUser, refusal: Refusal
) -> None:
    assert create_user(database, Asked(ROOT, START), new) == refusal
    assert trail(database) == []


def test_a_link_lets_its_person_choose_a_password_once(database: Database) -> None:
    known(database, "mei")
    secret = link_for(database, "mei")
    answer = SetUp(secret, PASSWORD, Language.ZH, "Asia/Shanghai")

    with database.read() as connection:
        meant = find_set_up(connection, secret, now=START)
    done = finish(database, answer)

    assert meant is not None
    assert meant.name == "mei"
    assert isinstance(done, SignedIn)
    after = (done.user.language, done.user.timezone, done.user.has_password)
    assert after == ("zh", "Asia/Shanghai", True)
    assert done.user == person(database, "mei")
    assert is_signed_in(database, done)
    assert isinstance(enter(database, "MEI"), SignedIn)
    assert finish(database, answer) == SetUpLinkInvalid()


def test_only_the_newest_link_works_and_not_for_ever(database: Database) -> None:
    known(database, "mei")
    old, new = link_for(database, "mei"), link_for(database, "mei")
    end = START + timedelta(seconds=INVITED_FOR_S)

    def is_open(secret: str, at: timedelta) -> bool:
        with database.read() as connection:
            return find_set_up(connection, secret, now=end + at) is not None

    assert not is_open(old, -timedelta(days=3))
    assert is_open(new, -timedelta(microseconds=1))
    assert not is_open(new, timedelta(0))
    late = finish_set_up(database, SetUp(new, PASSWORD), now=end, origin=HOME, terms=TERMS)
    assert late == SetUpLinkInvalid()
    for nonsense in ("", "x", "\0", "\ud800", new[:-1]):
        assert finish(database, SetUp(nonsense, PASSWORD)) == SetUpLinkInvalid()
    assert person(database, "mei").has_password is False


def test_a_link_used_by_several_at_once_serves_one(database: Database) -> None:
    known(database, "mei")
    answer = SetUp(link_for(database, "mei"), PASSWORD)

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: finish(database, answer), range(4)))

    assert sum(isinstance(one, SignedIn) for one in done) == 1
    assert sum(one == SetUpLinkInvalid() for one in done) == 3


@pytest.mark.parametrize(
    "weak",
    ["", "short", "a" * 20, "Mei.Tanaka-San", "ｍei.tanaka-san", "long" * 65, "with\0control"],
)
def test_a_weak_password_is_refused_and_the_link_still_works(database: Database, weak: str) -> None:
    known(database, "mei.tanaka-san")
    secret = link_for(database, "mei.tanaka-san")

    assert finish(database, SetUp(secret, weak)) == WeakPassword()
    assert set_password(database, asked(), "mei.tanaka-san", weak) == WeakPassword()
    assert isinstance(finish(database, SetUp(secret, PASSWORD)), SignedIn)


def test_a_password_is_the_same_on_every_keyboard(database: Database) -> None:
    known(database, "mei")
    set_password(database, asked(), "mei", "ガラスのうつわ、七枚", passwords=TERMS.passwords)

    decomposed = "カ\u3099ラスのうつわ、七枚"
    assert isinstance(enter(database, "mei", decomposed), SignedIn)


def test_a_new_password_ends_sessions_links_and_waiting(database: Database) -> None:
    session = guest(database, "mei")
    link = link_for(database, "mei")
    for _ in range(12):
        enter(database, "mei", "wrong password", origin="203.0.113.9")

    result = set_password(
        database, asked(key="k"), "Mei", "another horse", passwords=TERMS.passwords
    )

    assert isinstance(result, Accepted)
    assert not is_signed_in(database, session)
    assert finish(database, SetUp(link, PASSWORD)) == SetUpLinkInvalid()
    assert enter(database, "mei") == WrongPassword()
    entered(database, "mei", "another horse")
    assert trail(database)[1].idempotency_key is None


def test_changing_ones_own_password_needs_the_old_one(database: Database) -> None:
    mine, other = guest(database, "mei"), entered(database, "mei")

    def alter(secret: str, *, old: str, new: str = "another horse") -> SignedIn | Refusal:
        wanted = NewPassword(secret, old, new)
        return change_password(database, wanted, now=START, origin=HOME, terms=TERMS)

    assert alter(mine.secret, old="wrong password") == WrongPassword()
    assert alter(mine.secret, old=PASSWORD, new="short") == WeakPassword()
    assert alter("nobody", old=PASSWORD) == NotSignedIn()
    done = alter(mine.secret, old=PASSWORD)

    assert isinstance(done, SignedIn)
    assert [is_signed_in(database, one) for one in (mine, other, done)] == [False, False, True]
    assert enter(database, "mei") == WrongPassword()
    entered(database, "mei", "another horse")


def test_a_change_counts_at_once_and_a_closed_account_is_over(database: Database) -> None:
    guest(database, "root", Role.ADMIN)
    session = guest(database, "mei")
    link = link_for(database, "mei")

    done = change(database, "MEI", UserChanges(Role.VIEWER, None, Language.JA, "UTC"))

    assert isinstance(done, Accepted)
    with database.read() as connection:
        found = find_session(connection, session.secret, now=START)
    assert found is not None
    assert (found.user.role, found.user.language, found.user.timezone) == ("viewer", "ja", "UTC")
    assert msgspec.json.decode(done.answer, type=UserView) == found.user
    change(database, "mei", UserChanges(active=False))
    assert not is_signed_in(database, session)
    assert enter(database, "mei") == WrongPassword()
    assert finish(database, SetUp(link, PASSWORD)) == SetUpLinkInvalid()
    assert begin_set_up(database, asked(), "mei") == UserInactive("mei")
    change(database, "mei", UserChanges(active=True))
    assert not is_signed_in(database, session)
    entered(database, "mei")
    assert change(database, "mei", UserChanges(timezone="x y")) == InvalidTimezone("x y")


@pytest.mark.parametrize("name", ["nobody", "", "a\0b", "\ud800"])
def test_only_a_known_person_can_be_changed(database: Database, name: str) -> None:
    assert change(database, name, UserChanges(active=False)) == UserNotFound(name)
    assert begin_set_up(database, asked(), name) == UserNotFound(name)
    assert set_password(database, asked(), name, PASSWORD) == UserNotFound(name)


def test_the_last_administrator_stays_one(database: Database) -> None:
    guest(database, "root", Role.ADMIN)
    known(database, "invited", Role.ADMIN)
    for changes in (UserChanges(active=False), UserChanges(Role.OPERATOR)):
        assert change(database, "root", changes) == LastAdmin("root")
    assert isinstance(change(database, "root", UserChanges(language=Language.ZH)), Accepted)
    assert isinstance(change(database, "invited", UserChanges(Role.VIEWER)), Accepted)
    guest(database, "mei", Role.ADMIN)

    assert isinstance(change(database, "root", UserChanges(active=False)), Accepted)
    assert change(database, "mei", UserChanges(Role.VIEWER)) == LastAdmin("mei")


def test_administrators_who_demote_each_other_at_once_leave_one(database: Database) -> None:
    names = ["a", "b", "c", "d"]
    for name in names:
        guest(database, name, Role.ADMIN)

    with ThreadPoolExecutor(4) as threads:
        done = list(
            threads.map(lambda name: change(database, name, UserChanges(Role.VIEWER)), names)
        )

    assert sum(isinstance(one, LastAdmin) for one in done) == 1
    assert [person(database, name).role for name in names].count("admin") == 1


@pytest.mark.parametrize(
    ("has_password", "others", "is_left"),
    [
        (True, [], False),
        (True, [False], False),
        (True, [False, True], True),
        (False, [], False),
        (False, [False], True),
        (False, [True], True),
    ],
)
def test_somebody_who_was_only_invited_replaces_no_administrator(
    has_password: bool,
    others: list[bool],
    is_left: bool,
) -> None:
    assert leaves_an_admin(has_password=has_password, others=others) is is_left


def test_under_one_key_one_link_is_made_that_is_not_shown_again(database: Database) -> None:
    known(database, "mei")
    first = begin_set_up(database, asked(key="k"), "mei")

    assert isinstance(first, SetUpLink)
    assert begin_set_up(database, asked(LATER, "k"), "MEI") == LinkAlreadyMade("mei")
    assert isinstance(finish(database, SetUp(first.secret, PASSWORD)), SignedIn)


def test_every_change_is_in_the_audit_trail(database: Database) -> None:
    guest(database, "root", Role.ADMIN)
    mei = guest(database, "mei")
    change(database, "mei", UserChanges(Role.ADMIN))

    changed, finished, linked, created = trail(database)[:4]

    actions = [entry.action for entry in (created, linked, finished, changed)]
    assert actions == ["CreateUser", "CreateSetUpLink", "FinishSetUp", "ChangeUser"]
    assert {entry.subject for entry in trail(database)} == {"user:mei", "user:root"}
    assert (changed.actor, changed.origin) == ("root", "192.0.2.1")
    assert (finished.actor, finished.source, finished.origin) == ("mei", "manual", HOME)
    assert changed.before is not None
    assert changed.after is not None
    before = msgspec.json.decode(changed.before, type=UserView)
    assert before == mei.user
    assert msgspec.json.decode(changed.after, type=UserView).role == "admin"
