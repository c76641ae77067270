"""Whom a bearer token speaks for, and how soon a revoked one does not (P1)."""

import threading
from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from onhand.access.authenticate import Authenticator, InvalidToken
from onhand.access.commands import (
    IssuedToken,
    OwnerToken,
    create_token,
    ensure_signing_key,
    issue_owner_token,
    revoke_token,
)
from onhand.access.model import (
    Actor,
    Asked,
    EnvironmentName,
    InvalidLifetime,
    InvalidName,
    NewOwnerToken,
    NewToken,
    NotAllowed,
    Principal,
    Refusal,
    Scope,
    environment_of,
)
from onhand.db.database import Database
from onhand.db.errors import DatabaseUnavailable
from tests.shop import START, FakeClock

TEST = EnvironmentName.TEST
LIVE = EnvironmentName.LIVE
ROOT = Actor("root")


@pytest.fixture
def guard(database: Database, clock: FakeClock) -> Authenticator:
    """The authenticator of `test`."""
    return Authenticator(database, TEST, clock)


def make(
    database: Database, scope: Scope = Scope.RESERVE, *, ttl_s: int | None = None
) -> IssuedToken:
    """A token of `test` for `shop`."""
    until = None if ttl_s is None else START + timedelta(seconds=ttl_s)
    token = NewToken("shop", scope, until)
    issued = create_token(database, Asked(ROOT, START), token, environment=TEST)
    assert isinstance(issued, IssuedToken)
    return issued


def owner_token(
    database: Database, principal: Principal, owner: str = "ann", *, ttl_s: int = 60
) -> str:
    """A token for one owner, issued at START."""
    issued = issue_owner_token(database, principal, NewOwnerToken(owner, ttl_s), now=START)
    assert isinstance(issued, OwnerToken), issued
    return issued.token


def why_not(guard: Authenticator, bearer: str) -> str:
    """The reason a token is refused."""
    with pytest.raises(InvalidToken) as caught:
        guard.authenticate(bearer)
    return caught.value.reason


def test_a_token_speaks_for_its_name(database: Database, guard: Authenticator) -> None:
    issued = make(database, Scope.OPERATOR)

    principal = guard.authenticate(issued.secret)

    assert principal == Principal("shop", Scope.OPERATOR, TEST, None, issued.token_id)


@pytest.mark.parametrize(
    "bearer",
    [
        "",
        "x",
        "oh_test_",
        "oh_test_" + "A" * 43,
        "oh_live_" + "A" * 43,
        "oh_test_" + "A" * 43 + "\n",
        "a.b.c",
        "…",
        "\0",
        "é" * 43,
    ],
)
def test_a_stranger_is_told_so(guard: Authenticator, bearer: str) -> None:
    assert why_not(guard, bearer) in {"the token is unknown", "the token is not one of ours"}
    assert guard.remembered(bearer) is None


def test_a_revoked_token_is_noticed_within_5_seconds(
    database: Database, guard: Authenticator, clock: FakeClock
) -> None:
    issued = make(database)
    guard.authenticate(issued.secret)
    revoke_token(database, Asked(ROOT, clock()), issued.token_id)

    clock.advance(4.9)
    assert guard.remembered(issued.secret) is not None
    clock.advance(0.1)
    assert guard.remembered(issued.secret) is None
    assert why_not(guard, issued.secret) == "the token was revoked"


def test_a_token_ends_to_the_second_even_when_remembered(
    database: Database, guard: Authenticator, clock: FakeClock
) -> None:
    issued = make(database, ttl_s=3)
    clock.advance(2.9)
    guard.authenticate(issued.secret)

    clock.advance(0.1)

    assert guard.remembered(issued.secret) is None
    assert why_not(guard, issued.secret) == "the token has expired"


def test_a_clock_set_back_does_not_prolong_trust(
    database: Database, guard: Authenticator, clock: FakeClock
) -> None:
    issued = make(database)
    guard.authenticate(issued.secret)
    revoke_token(database, Asked(ROOT, clock()), issued.token_id)

    clock.advance(-3600)

    assert why_not(guard, issued.secret) == "the token was revoked"


def test_a_remembered_token_asks_no_database(sqlite_database: Database, clock: FakeClock) -> None:
    guard = Authenticator(sqlite_database, TEST, clock)
    issued = make(sqlite_database)
    guard.authenticate(issued.secret)
    database_file = sqlite_database.url.database
    assert database_file is not None
    sqlite_database.dispose()
    Path(database_file).unlink()

    assert guard.authenticate(issued.secret).name == "shop"
    clock.advance(5)
    with pytest.raises(DatabaseUnavailable):
        guard.authenticate(issued.secret)


def test_an_owner_token_is_bound_to_its_owner(database: Database, guard: Authenticator) -> None:
    issued = make(database, Scope.ADMIN)
    shop = guard.authenticate(issued.secret)

    principal = guard.authenticate(owner_token(database, shop, "ann 张"))

    assert principal == Principal("shop", Scope.RESERVE, TEST, "ann 张", issued.token_id)


def test_an_owner_token_ends_on_time(
    database: Database, guard: Authenticator, clock: FakeClock
) -> None:
    bearer = owner_token(database, guard.authenticate(make(database).secret), ttl_s=60)

    clock.advance(59)
    guard.authenticate(bearer)
    clock.advance(1)

    assert guard.remembered(bearer) is None
    assert why_not(guard, bearer) == "the token has expired"


def test_an_owner_token_ends_with_the_token_that_issued_it(
    database: Database, guard: Authenticator, clock: FakeClock
) -> None:
    issued = make(database, ttl_s=100)
    bearer = owner_token(database, guard.authenticate(issued.secret), ttl_s=3600)
    clock.advance(98)
    guard.authenticate(bearer)
    clock.advance(2)
    assert why_not(guard, bearer) == "the token has expired"

    other = make(database)
    bearer = owner_token(database, Principal("shop", Scope.RESERVE, TEST, None, other.token_id))
    revoke_token(database, Asked(ROOT, clock()), other.token_id)
    clock.advance(-60)
    assert why_not(guard, bearer) == "the token was revoked"


def test_an_owner_token_of_one_environment_is_nothing_in_the_other(
    database: Database, guard: Authenticator, clock: FakeClock
) -> None:
    bearer = owner_token(database, guard.authenticate(make(database).secret))

    assert environment_of(bearer) is TEST
    assert why_not(Authenticator(database, LIVE, clock), bearer) == "the token is not one of ours"


def test_a_forged_owner_token_is_refused(database: Database, guard: Authenticator) -> None:
    issued = make(database)
    genuine = owner_token(database, guard.authenticate(issued.secret))
    key = ensure_signing_key(database, now=START)
    claims = jwt.decode(genuine, key, algorithms=["HS256"], options={"verify_signature": False})
    forgeries = [
        genuine[:-2] + ("AA" if genuine[-2:] != "AA" else "BB"),
        jwt.encode(claims, "k" * 64, algorithm="HS256"),
        jwt.encode(claims, key, algorithm="HS512"),
        jwt.encode(claims, "", algorithm="none"),
        jwt.encode(claims | {"aud": "live"}, key, algorithm="HS256"),
        jwt.encode(claims | {"iss": "other"}, key, algorithm="HS256"),
        jwt.encode(claims | {"owner": 5}, key, algorithm="HS256"),
        jwt.encode(claims | {"exp": "soon"}, key, algorithm="HS256"),
        jwt.encode({k: v for k, v in claims.items() if k != "tid"}, key, algorithm="HS256"),
    ]

    for forged in forgeries:
        assert why_not(guard, forged) == "the token is not one of ours"
    unknown = jwt.encode(claims | {"tid": "tok_none"}, key, algorithm="HS256")
    assert why_not(guard, unknown) == "the token is unknown"
    assert guard.authenticate(jwt.encode(claims, key, algorithm="HS256")).bound_owner == "ann"


@pytest.mark.parametrize(
    ("principal", "wanted", "refusal"),
    [
        (
            Principal("v", Scope.VIEWER, TEST, None, "t"),
            NewOwnerToken("ann"),
            NotAllowed("viewer", "reserve"),
        ),
        (
            Principal("o", Scope.RESERVE, TEST, "ann", "t"),
            NewOwnerToken("bob"),
            NotAllowed("reserve", "reserve"),
        ),
        (Principal("s", Scope.RESERVE, TEST, None, "t"), NewOwnerToken(""), InvalidName("")),
        (
            Principal("s", Scope.RESERVE, TEST, None, "t"),
            NewOwnerToken("ann", 3601),
            InvalidLifetime(3601),
        ),
        (
            Principal("s", Scope.RESERVE, TEST, None, "t"),
            NewOwnerToken("ann", 0),
            InvalidLifetime(0),
        ),
    ],
)
def test_an_owner_token_that_cannot_be_is_refused(
    database: Database, principal: Principal, wanted: NewOwnerToken, refusal: Refusal
) -> None:
    assert issue_owner_token(database, principal, wanted, now=START) == refusal


def test_the_signing_key_is_made_once(database: Database) -> None:
    keys: list[str] = []
    gate = threading.Barrier(4)

    def ask() -> None:
        gate.wait()
        keys.append(ensure_signing_key(database, now=START))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(keys) == 4
    assert len(set(keys)) == 1


@pytest.mark.parametrize(
    ("bearer", "environment"),
    [
        ("oh_test_" + "a" * 43, TEST),
        ("oh_live_" + "-" * 43, LIVE),
        ("oh_prod_" + "a" * 43, None),
        ("oh_test_" + "a" * 42, None),
        ("oh_test_" + "a" * 43 + "\n", None),
        ("a.b.c", None),
        ("a.e30.c", None),
        ("a.W10.c", None),
        ("a.eyJhdWQiOiJtYXJzIn0.c", None),
        ("a.eyJhdWQiOiJsaXZlIn0.c", LIVE),
        ("a.ééé.c", None),
        ("", None),
    ],
)
def test_a_token_names_its_environment(bearer: str, environment: EnvironmentName | None) -> None:
    assert environment_of(bearer) is environment
