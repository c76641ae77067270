"""API tokens: made once, shown once, stored as a hash, ended at once (P1)."""

from datetime import datetime, timedelta

import msgspec
import pytest
import sqlalchemy as sa

from onhand.access.commands import IssuedToken, create_token, revoke_token
from onhand.access.model import (
    Accepted,
    Actor,
    Asked,
    EnvironmentName,
    IdempotencyConflict,
    InvalidMoment,
    InvalidName,
    NewToken,
    Refusal,
    Right,
    Scope,
    TokenAlreadyMade,
    TokenNotFound,
    token_hash,
)
from onhand.access.queries import (
    AuditFilter,
    AuditView,
    TokenView,
    find_token,
    list_tokens,
    search_audit,
)
from onhand.access.tables import api_token
from onhand.db.database import Database
from tests.shop import START, FakeClock

TEST = EnvironmentName.TEST
ROOT = Actor("root", "manual", "192.0.2.1")


def make(
    database: Database, token: NewToken, key: str | None = None, *, at: datetime = START
) -> IssuedToken | Refusal:
    """A token of `test`."""
    return create_token(database, Asked(ROOT, at, key), token, environment=TEST)


def trail(database: Database) -> list[AuditView]:
    """The audit trail, newest first."""
    with database.read() as connection:
        return search_audit(connection, AuditFilter()).entries


def test_a_token_is_found_by_its_secret_only(database: Database) -> None:
    until = START + timedelta(days=1)
    issued = make(database, NewToken("shop", Scope.RESERVE, until))
    assert isinstance(issued, IssuedToken)
    assert issued.secret.startswith("oh_test_")
    assert len(issued.secret) == len("oh_test_") + 43

    with database.read() as connection:
        found = find_token(connection, token_hash(issued.secret))
        assert find_token(connection, token_hash(issued.secret[:-1] + "!")) is None
        assert list_tokens(connection) == [found]
    assert found == TokenView(issued.token_id, "shop", "reserve", START, until, None)


def test_under_one_key_one_token_is_made_whose_secret_is_not_shown_again(
    database: Database,
) -> None:
    new = NewToken("shop", Scope.RESERVE, START + timedelta(days=1))
    first = make(database, new, "k")
    assert isinstance(first, IssuedToken)

    again = make(database, new, "k", at=START + timedelta(days=2))

    assert again == TokenAlreadyMade(first.token_id)
    other = make(database, NewToken("shop", Scope.ADMIN), "k")
    assert other == IdempotencyConflict("k")
    with database.read() as connection:
        assert [token.token_id for token in list_tokens(connection)] == [first.token_id]
    assert first.secret not in msgspec.json.encode(trail(database)).decode()
    assert isinstance(make(database, new, "k2"), IssuedToken)


def test_the_secret_is_stored_nowhere(database: Database) -> None:
    issued = make(database, NewToken("shop", Scope.ADMIN))
    assert isinstance(issued, IssuedToken)

    with database.read() as connection:
        rows = connection.execute(sa.select(api_token)).all()
    stored = repr(rows) + msgspec.json.encode(trail(database)).decode()

    assert issued.secret not in stored
    assert issued.secret.removeprefix("oh_test_") not in stored


def test_two_tokens_may_share_a_name_and_never_a_secret(database: Database) -> None:
    made = [make(database, NewToken("shop", Scope.VIEWER)) for _ in range(3)]

    assert len({issued.secret for issued in made if isinstance(issued, IssuedToken)}) == 3


@pytest.mark.parametrize(
    ("token", "refusal"),
    [
        (NewToken("", Scope.ADMIN), InvalidName("")),
        (NewToken(" shop", Scope.ADMIN), InvalidName(" shop")),
        (NewToken("a\0b", Scope.ADMIN), InvalidName("a\0b")),
        (NewToken("half \ud800", Scope.ADMIN), InvalidName("half \ud800")),
        (NewToken("n" * 129, Scope.ADMIN), InvalidName("n" * 129)),
        (NewToken("shop", Scope.ADMIN, START), InvalidMoment("expires_at", START.isoformat())),
    ],
)
def test_a_token_that_cannot_be_is_refused(
    database: Database, token: NewToken, refusal: Refusal
) -> None:
    assert make(database, token) == refusal
    assert trail(database) == []


def test_a_revoked_token_stays_revoked_since_the_first_time(
    database: Database, clock: FakeClock
) -> None:
    issued = make(database, NewToken("shop", Scope.ADMIN))
    assert isinstance(issued, IssuedToken)
    first = clock.advance(10)

    for _ in range(2):
        result = revoke_token(database, Asked(ROOT, clock()), issued.token_id)
        assert isinstance(result, Accepted)
        assert msgspec.json.decode(result.answer, type=TokenView).revoked_at == first
        clock.advance(10)

    with database.read() as connection:
        found = find_token(connection, token_hash(issued.secret))
    assert found is not None
    assert found.revoked_at == first


@pytest.mark.parametrize("token_id", ["tok_none", "", "a\0b", "\ud800"])
def test_only_a_known_token_can_be_revoked(database: Database, token_id: str) -> None:
    assert revoke_token(database, Asked(ROOT, START), token_id) == TokenNotFound(token_id)


def test_making_and_revoking_are_in_the_audit_trail(database: Database, clock: FakeClock) -> None:
    issued = make(database, NewToken("shop", Scope.OPERATOR))
    assert isinstance(issued, IssuedToken)
    revoke_token(database, Asked(ROOT, clock.advance(1), "k"), issued.token_id)
    revoke_token(database, Asked(ROOT, clock.advance(1), "k"), issued.token_id)

    revoked, made = trail(database)

    assert (made.action, made.subject) == ("CreateToken", f"token:{issued.token_id}")
    assert (made.actor, made.source, made.origin) == ("root", "manual", "192.0.2.1")
    assert made.before is None
    assert made.after is not None
    assert msgspec.json.decode(made.after)["scope"] == "operator"
    assert (revoked.action, revoked.idempotency_key) == ("RevokeToken", "k")
    assert revoked.before is not None
    assert revoked.after is not None
    assert msgspec.json.decode(revoked.before)["revoked_at"] is None
    assert msgspec.json.decode(revoked.after)["revoked_at"] == "2026-03-01T12:00:01Z"


@pytest.mark.parametrize(
    ("scope", "rights"),
    [
        (Scope.VIEWER, {Right.READ}),
        (Scope.RESERVE, {Right.READ, Right.RESERVE}),
        (Scope.OPERATOR, {Right.READ, Right.RESERVE, Right.OPERATE}),
        (Scope.ADMIN, {Right.READ, Right.RESERVE, Right.OPERATE, Right.ADMINISTER}),
    ],
)
def test_a_scope_allows_what_it_says(scope: Scope, rights: set[Right]) -> None:
    assert {right for right in Right if scope.allows(right)} == rights
