"""Telling whom a bearer token speaks for."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from onhand.access.model import (
    TOKEN_PATTERN,
    EnvironmentName,
    Principal,
    Scope,
    token_hash,
)
from onhand.access.queries import TokenView, find_token, read_signing_key, read_token
from onhand.db.database import Database

_TRUSTED_FOR = timedelta(seconds=5)  # after which a revoked token is noticed


class InvalidToken(Exception):
    """The bearer token speaks for nobody here; `reason` may be told to the caller."""

    def __init__(self, reason: str) -> None:
        """`reason` is a short English phrase without the token."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Known:
    principal: Principal
    checked_at: datetime
    expires_at: datetime | None


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
        *,
        most_remembered: int = 10_000,
    ) -> None:
        """`clock` gives the current moment in UTC."""
        self._database = database
        self._environment = environment
        self._clock = clock
        self._most_remembered = most_remembered
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def remembered(self, bearer: str) -> Principal | None:
        """The principal if the token was found good in the last 5 seconds; asks no database."""
        known = self._known.get(token_hash(bearer))
        if known is None:
            return None
        now = self._clock()
        fresh = timedelta(0) <= now - known.checked_at < _TRUSTED_FOR
        ended = known.expires_at is not None and known.expires_at <= now
        return known.principal if fresh and not ended else None

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
            known = self._check_api_token(bearer, now)
        else:
            known = self._check_owner_token(bearer, now)
        self._remember(token_hash(bearer), known)
        return known.principal

    def _check_api_token(self, bearer: str, now: datetime) -> _Known:
        with self._database.read() as connection:
            token = find_token(connection, token_hash(bearer))
        token = _usable(token, now)
        scope = Scope(token.scope)
        principal = Principal(token.name, scope, self._environment, None, token.token_id)
        return _Known(principal, now, token.expires_at)

    def _check_owner_token(self, bearer: str, now: datetime) -> _Known:
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
        return _Known(principal, now, min(ends))

    def _remember(self, key: str, known: _Known) -> None:
        with self._lock:
            self._known.pop(key, None)
            if len(self._known) >= self._most_remembered:
                del self._known[next(iter(self._known))]
            self._known[key] = known


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
