"""People for tests: known, with a password, signed in."""

from datetime import datetime

import msgspec
from argon2 import PasswordHasher

from onhand.access.commands.accounts import SetUpLink, begin_set_up, create_user
from onhand.access.commands.people import SignedIn, finish_set_up, sign_in
from onhand.access.model import Accepted, Actor, Asked, NewUser, Refusal, Role
from onhand.access.model.people import Credentials, SetUp
from onhand.access.passwords import Passwords, Terms
from onhand.access.queries import AuditFilter, AuditView, UserView, search_audit
from onhand.access.queries.people import find_user
from onhand.db.database import Database
from tests.shop import START

ROOT = Actor("root", "manual", "192.0.2.1")
HOME = "198.51.100.7"  # an address
PASSWORD = "correct horse"
# argon2id all the same, in less than a millisecond.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
TERMS = Terms(passwords=Passwords(QUICK))


def asked(now: datetime = START, key: str | None = None) -> Asked:
    """What root asks for."""
    return Asked(ROOT, now, key)


def known(database: Database, name: str, role: Role = Role.OPERATOR) -> UserView:
    """A person without a password."""
    made = create_user(database, Asked(ROOT, START), NewUser(name, role))
    assert isinstance(made, Accepted), made
    return msgspec.json.decode(made.answer, type=UserView)


def link_for(database: Database, name: str, now: datetime = START) -> str:
    """The secret of a new set-up link."""
    made = begin_set_up(database, asked(now), name)
    assert isinstance(made, SetUpLink), made
    return made.secret


def guest(database: Database, name: str, role: Role = Role.OPERATOR) -> SignedIn:
    """A person who has just chosen PASSWORD."""
    known(database, name, role)
    answer = SetUp(link_for(database, name), PASSWORD)
    done = finish_set_up(database, answer, now=START, origin=HOME, terms=TERMS)
    assert isinstance(done, SignedIn), done
    return done


def enter(
    database: Database,
    name: str,
    password: str = PASSWORD,
    *,
    now: datetime = START,
    origin: str | None = HOME,
) -> SignedIn | Refusal:
    """A try to sign in."""
    return sign_in(database, Credentials(name, password), now=now, origin=origin, terms=TERMS)


def entered(database: Database, name: str, password: str = PASSWORD) -> SignedIn:
    """Signed in at START."""
    done = enter(database, name, password)
    assert isinstance(done, SignedIn), done
    return done


def person(database: Database, name: str) -> UserView:
    """As the database has them."""
    with database.read() as connection:
        found = find_user(connection, name)
    assert found is not None
    return found


def trail(database: Database) -> list[AuditView]:
    """The audit trail, newest first."""
    with database.read() as connection:
        return search_audit(connection, AuditFilter(), limit=1000).entries
