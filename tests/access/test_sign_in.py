"""Signing in: who is let in, how often one may try, and what a stranger learns (P1)."""

import logging
import multiprocessing
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from hypothesis import given
from hypothesis import strategies as st

from onhand.access.commands.accounts import set_password
from onhand.access.commands.people import SignedIn, sign_in
from onhand.access.model import Refusal
from onhand.access.model.people import (
    PER_ADDRESS,
    PER_NAME,
    Allowance,
    Credentials,
    SetUp,
    TooManyAttempts,
    WrongPassword,
    take_attempt,
)
from onhand.access.passwords import PASSWORDS, Checked, Passwords, Terms
from onhand.access.tables import sign_in_attempt, user
from onhand.db.database import Database
from onhand.db.metadata import metadata
from tests.access.guests import HOME, PASSWORD, QUICK, TERMS, asked, enter, entered, guest, known
from tests.shop import START

WRONG = "wrong password"


class CountingHasher:
    """argon2 with a tally of what it computed, and with which parameters."""

    def __init__(self, inner: PasswordHasher = QUICK) -> None:
        """Computes as `inner` does."""
        self._inner = inner
        self.computed: list[str] = []

    def hash(self, password: str) -> str:
        """As argon2-cffi."""
        made = self._inner.hash(password)
        self.computed.append(made.rpartition("$")[0].rpartition("$")[0])
        return made

    def verify(self, hash: str, password: str) -> bool:  # noqa: A002 - the library's own name
        """As argon2-cffi."""
        self.computed.append(hash.rpartition("$")[0].rpartition("$")[0])
        return self._inner.verify(hash, password)

    def check_needs_rehash(self, hash: str) -> bool:  # noqa: A002
        """As argon2-cffi."""
        return self._inner.check_needs_rehash(hash)


def stored_hash(database: Database, name: str) -> str:
    """What is kept of a password."""
    with database.read() as connection:
        kept = connection.execute(sa.select(user.c.password_hash).where(user.c.name_key == name))
        found: str = kept.scalar_one()
    return found


def test_name_and_password_let_in(database: Database) -> None:
    guest(database, "Mei")

    later = START + timedelta(hours=1)
    done = enter(database, " mEI ", now=later)

    assert isinstance(done, SignedIn)
    assert (done.user.name, done.user.signed_in_at) == ("Mei", later)


@pytest.mark.parametrize("name", ["mei", "nobody", "", "a\0b", "\ud800", "invited", "n" * 10_000])
@pytest.mark.parametrize("password", [WRONG, "", "p" * 100_000, "\0", "\ud800"])
def test_every_stranger_hears_the_same(sqlite_database: Database, name: str, password: str) -> None:
    guest(sqlite_database, "mei")
    known(sqlite_database, "invited")

    assert enter(sqlite_database, name, password) == WrongPassword()


@pytest.mark.parametrize("name", ["mei", "nobody", "invited"])
@pytest.mark.parametrize("password", [WRONG, "p" * 100_000])
def test_as_much_is_computed_for_a_name_nobody_has(
    sqlite_database: Database, name: str, password: str
) -> None:
    guest(sqlite_database, "mei")
    known(sqlite_database, "invited")
    hasher = CountingHasher()
    terms = Terms(passwords=Passwords(hasher))
    who = Credentials("anybody", WRONG)
    sign_in(sqlite_database, who, now=START, origin=HOME, terms=terms)  # makes nobody's hash
    hasher.computed.clear()

    sign_in(sqlite_database, Credentials(name, password), now=START, origin=HOME, terms=terms)

    assert hasher.computed == ["$argon2id$v=19$m=8,t=1,p=1"]


def test_nobodys_password_lets_nobody_in() -> None:
    passwords = Passwords(QUICK)

    for typed in ("", "\0", "None"):
        assert passwords.check(None, typed) == Checked(is_right=False)
    assert passwords.check("no hash", PASSWORD) == Checked(is_right=False)


def test_passwords_are_hashed_as_the_library_advises_today() -> None:
    stored = PASSWORDS.hash(PASSWORD)

    assert stored.startswith("$argon2id$")
    assert not PasswordHasher().check_needs_rehash(stored)
    assert PASSWORDS.check(stored, PASSWORD) == Checked(is_right=True)


def test_an_old_hash_is_renewed_when_its_password_is_used(database: Database) -> None:
    guest(database, "mei")
    old = stored_hash(database, "mei")
    newer = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    terms = Terms(passwords=Passwords(newer))

    def try_in(password: str) -> SignedIn | Refusal:
        who = Credentials("mei", password)
        return sign_in(database, who, now=START, origin=HOME, terms=terms)

    assert try_in(WRONG) == WrongPassword()
    assert stored_hash(database, "mei") == old
    assert isinstance(try_in(PASSWORD), SignedIn)
    renewed = stored_hash(database, "mei")
    assert renewed.startswith("$argon2id$v=19$m=16,t=2,p=1$")
    assert isinstance(try_in(PASSWORD), SignedIn)
    assert stored_hash(database, "mei") == renewed
    with pytest.raises(VerifyMismatchError):
        newer.verify(renewed, WRONG)


def test_a_password_changed_while_it_is_checked_lets_nobody_in(sqlite_database: Database) -> None:
    guest(sqlite_database, "mei")

    class Meanwhile(CountingHasher):
        """Somebody gives another password just after the old one was found right."""

        def verify(self, hash: str, password: str) -> bool:  # noqa: A002
            right = super().verify(hash, password)
            set_password(
                sqlite_database, asked(), "mei", "another horse", passwords=TERMS.passwords
            )
            return right

    terms = Terms(passwords=Passwords(Meanwhile()))
    who = Credentials("mei", PASSWORD)
    assert sign_in(sqlite_database, who, now=START, origin=HOME, terms=terms) == WrongPassword()


def test_after_ten_failures_a_name_has_to_wait_as_long_as_is_said(database: Database) -> None:
    guest(database, "mei")
    addresses = [f"203.0.113.{n}" for n in range(20)]
    for address in addresses[:10]:
        assert enter(database, "mei", WRONG, origin=address) == WrongPassword()

    refused = [enter(database, name, origin=addresses[11]) for name in ("mei", "MEI")]

    assert refused == [TooManyAttempts(90)] * 2
    soon = START + timedelta(seconds=89.5)
    assert enter(database, "mei", now=soon, origin=addresses[12]) == TooManyAttempts(1)
    then = START + timedelta(seconds=90)
    assert isinstance(enter(database, "mei", now=then, origin=addresses[13]), SignedIn)
    for address in addresses[:10]:  # a success clears the name
        assert enter(database, "mei", WRONG, now=then, origin=address) == WrongPassword()


def test_after_thirty_failures_an_address_has_to_wait(database: Database) -> None:
    guest(database, "mei")
    for n in range(30):
        assert enter(database, f"nobody-{n}", WRONG) == WrongPassword()

    assert enter(database, "mei") == TooManyAttempts(30)
    assert isinstance(enter(database, "mei", origin="198.51.100.8"), SignedIn)
    assert isinstance(enter(database, "mei", now=START + timedelta(seconds=30)), SignedIn)


def test_who_signs_in_does_not_use_up_the_address_of_the_office(database: Database) -> None:
    guest(database, "mei")
    enter(database, "mei", WRONG)

    for _ in range(40):
        entered(database, "mei")

    with database.read() as connection:
        rows = connection.execute(sign_in_attempt.select()).all()
    assert [(row.subject, row.whole_at) for row in rows] == [
        (f"address:{HOME}", START + timedelta(seconds=PER_ADDRESS.refill_s))
    ]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.9", "192.0.2.9", True),
        ("192.0.2.9", "192.0.2.10", False),
        (None, "", True),
        (None, "a socket", False),
    ],
)
def test_a_network_is_one_address(
    sqlite_database: Database,
    one: str | None,
    other: str | None,
    is_same: bool,
) -> None:
    for n in range(30):
        enter(sqlite_database, f"nobody-{n}", WRONG, origin=one)

    refused = enter(sqlite_database, "somebody", WRONG, origin=other)

    assert isinstance(refused, TooManyAttempts) is is_same


def test_attempts_that_count_no_more_leave_no_rows(database: Database) -> None:
    for n in range(25):
        enter(database, f"nobody-{n}", WRONG, origin=f"203.0.113.{n}")

    enter(database, "somebody", WRONG, now=START + timedelta(hours=1))

    with database.read() as connection:
        assert len(connection.execute(sign_in_attempt.select()).all()) == 2


def test_however_many_try_at_once_ten_are_looked_at(database: Database) -> None:
    guest(database, "mei")

    def attempt(n: int) -> type:
        return type(enter(database, "mei", WRONG, origin=f"203.0.113.{n % 3}"))

    with ThreadPoolExecutor(8) as threads:
        tally = Counter(threads.map(attempt, range(24)))

    assert tally == {WrongPassword: PER_NAME.attempts, TooManyAttempts: 14}


def test_people_who_sign_in_at_once_all_get_in(database: Database) -> None:
    names = [f"guest-{n}" for n in range(4)]
    for name in names:
        guest(database, name)

    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(lambda name: enter(database, name), names * 4))

    assert len({one.secret for one in done if isinstance(one, SignedIn)}) == 16


def try_often(
    place: tuple[str, str | None], names: Sequence[str], results: "multiprocessing.Queue[int]"
) -> None:
    """One process that guesses; says how many guesses were looked at."""
    database = Database(place[0], schema=place[1])
    done = [enter(database, name, WRONG) for name in names]
    results.put(sum(one == WrongPassword() for one in done))
    database.dispose()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "looked_at"),
    [(["mei"] * 12, PER_NAME.attempts), ([f"n{n}" for n in range(25)], PER_ADDRESS.attempts)],
    ids=["a name", "an address"],
)
def test_two_processes_count_together(database: Database, names: list[str], looked_at: int) -> None:
    place = (database.url.render_as_string(hide_password=False), database.schema)
    spawn = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[int] = spawn.Queue()
    processes = [spawn.Process(target=try_often, args=(place, names, results)) for _ in range(2)]
    for process in processes:
        process.start()
    total = sum(results.get(timeout=60) for _ in processes)
    for process in processes:
        process.join(30)

    assert total == looked_at


def test_passwords_and_secrets_are_stored_and_logged_nowhere(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    session = guest(database, "mei")
    entered(database, "mei")
    enter(database, PASSWORD, PASSWORD)  # typed where the name belongs
    set_password(database, asked(), "mei", "another horse", passwords=TERMS.passwords)

    with database.read() as connection:
        rows = [connection.execute(table.select()).all() for table in metadata.sorted_tables]
    is_file = database.dialect == "sqlite"
    beside = Path(database.url.database or "").parent.iterdir() if is_file else ()
    files = b"".join(file.read_bytes() for file in beside)
    written = repr(rows).encode() + files + caplog.text.encode()

    assert len(files) > 1000 or not is_file
    for secret in (PASSWORD, "another horse", session.secret):
        assert secret.encode() not in written
    told = [session, Credentials("mei", PASSWORD), SetUp(session.secret, PASSWORD)]
    assert PASSWORD not in repr(told)
    assert session.secret not in repr(told)


@given(
    waits=st.lists(st.integers(0, 200), max_size=60),
    allowance=st.builds(Allowance, st.integers(1, 8), st.integers(1, 100)),
)
def test_no_more_get_through_than_the_allowance_and_what_comes_back(
    waits: list[int], allowance: Allowance
) -> None:
    now, whole_at = START, None
    taken: list[datetime] = []
    for wait in waits:
        now += timedelta(seconds=wait)
        after = take_attempt(allowance, whole_at, now)
        if isinstance(after, TooManyAttempts):
            then = now + timedelta(seconds=after.retry_after_s)
            assert isinstance(take_attempt(allowance, whole_at, then), datetime)
            assert after.retry_after_s <= allowance.refill_s
            continue
        whole_at = after
        taken.append(now)
    for index, first in enumerate(taken):
        for count, last in enumerate(taken[index:], start=1):
            back = (last - first).total_seconds() / allowance.refill_s
            assert count <= allowance.attempts + back
