"""Telling whom a bearer token speaks for."""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from onhand.access.model import (
    TOKEN_PATTERN,
    EnvironmentName,
    Principal,
    Scope,
    token_hash,
)
from onhand.access.queries import TokenView, find_token, read_signing_key, read_token
from onhand.access.remembered import Remembered
from onhand.db.database import Database

# Whom a token speaks for, and until when.
_Checked = tuple[Principal, datetime | None]


class InvalidToken(Exception):
    """The bearer token speaks for nobody here; `reason` may be told to the caller."""

    def __init__(self, reason: str) -> None:
        """`reason` is a short English phrase without the token."""
        super().__init__(reason)
        self.reason = reason


class _Claims(msgspec.Struct, frozen=True):
    sub: str
    owner: str
    tid: str
    exp: int


class Authenticator:
    """Checks bearer tokens of one environment; safe to share between threads.

    A token found good is trusted for 5 seconds without asking the database again.
    """

    def __init__(
        self,
        database: Database,
        environment: EnvironmentName,
        clock: Callable[[], datetime],
    ) -> None:
        """`clock` gives the current moment in UTC."""
        self._database = database
        self._environment = environment
        self._clock = clock
        self._remembered: Remembered[Principal] = Remembered(clock)

    def remembered(self, bearer: str) -> Principal | None:
        """The principal if the token was found good in the last 5 seconds; asks no database."""
        return self._remembered.get(token_hash(bearer))

    def authenticate(self, bearer: str) -> Principal:
        """Whom the token speaks for; may ask the database.

        Raises:
            InvalidToken: unknown, expired, revoked, malformed or of the other environment.
            DatabaseUnavailable: the token could not be looked up.
        """
        principal = self.remembered(bearer)
        if principal is not None:
            return principal
        now = self._clock()
        if TOKEN_PATTERN.fullmatch(bearer):
            principal, ends_at = self._check_api_token(bearer, now)
        else:
            principal, ends_at = self._check_owner_token(bearer, now)
        self._remembered.keep(token_hash(bearer), principal, at=now, ends_at=ends_at)
        return principal

    def _check_api_token(self, bearer: str, now: datetime) -> _Checked:
        with self._database.read() as connection:
            token = find_token(connection, token_hash(bearer))
        token = _usable(token, now)
        scope = Scope(token.scope)
        principal = Principal(token.name, scope, self._environment, None, token.token_id)
        return principal, token.expires_at

    def _check_owner_token(self, bearer: str, now: datetime) -> _Checked:
        with self._database.read() as connection:
            key = read_signing_key(connection)
        claims = _decode(bearer, key or "", self._environment)
        expires_at = datetime.fromtimestamp(claims.exp, UTC)
        if expires_at <= now:
            raise InvalidToken("the token has expired")
        with self._database.read() as connection:
            token = _usable(read_token(connection, claims.tid), now)
        principal = Principal(
            claims.sub, Scope.RESERVE, self._environment, claims.owner, token.token_id
        )
        ends = [expires_at, *([token.expires_at] if token.expires_at else [])]
        return principal, min(ends)


def _usable(token: TokenView | None, now: datetime) -> TokenView:
    if token is None:
        raise InvalidToken("the token is unknown")
    if token.revoked_at is not None:
        raise InvalidToken("the token was revoked")
    if token.expires_at is not None and token.expires_at <= now:
        raise InvalidToken("the token has expired")
    return token


def _decode(bearer: str, key: str, environment: EnvironmentName) -> _Claims:
    """What a genuine owner token says; its end is checked by our own clock."""
    import jwt  # noqa: PLC0415 — with all of cryptography; most servers never meet such a token

    try:
        claims = jwt.decode(
            bearer,
            key,
            algorithms=["HS256"],
            audience=environment.value,
            issuer="onhand",
            options={
                "require": ["exp", "sub", "owner", "tid"],
                "verify_exp": False,
                "verify_iat": False,
            },
        )
        return msgspec.convert(claims, _Claims)
    except (jwt.PyJWTError, msgspec.ValidationError) as error:
        raise InvalidToken("the token is not one of ours") from error
