"""Who acts, what they may do, and how a write is told from its repetition."""

import base64
import binascii
import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

TOKEN_PATTERN = re.compile(r"oh_(live|test)_[A-Za-z0-9_-]{43}")
LONGEST_NAME = 128  # characters
LONGEST_OWNER_TOKEN_S = 3600


class EnvironmentName(StrEnum):
    """The two environments; each is a database of its own."""

    LIVE = "live"
    TEST = "test"


class Right(StrEnum):
    """What an endpoint or command asks for."""

    READ = "read"
    RESERVE = "reserve"
    OPERATE = "operate"
    ADMINISTER = "administer"


class Scope(StrEnum):
    """What a token may do."""

    VIEWER = "viewer"
    RESERVE = "reserve"
    OPERATOR = "operator"
    ADMIN = "admin"

    def allows(self, right: Right) -> bool:
        """Whether this scope includes the right."""
        return right in _RIGHTS[self]


_RIGHTS = {
    Scope.VIEWER: frozenset({Right.READ}),
    Scope.RESERVE: frozenset({Right.READ, Right.RESERVE}),
    Scope.OPERATOR: frozenset({Right.READ, Right.RESERVE, Right.OPERATE}),
    Scope.ADMIN: frozenset(Right),
}


class Role(StrEnum):
    """What a person may do."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who writes, which way (`api`, `manual`, `import`, `system`) and from which address."""

    name: str
    source: str = "api"
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for a write, when (UTC), and under which idempotency key."""

    actor: Actor
    now: datetime
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """Whom a bearer token speaks for.

    `name` is the actor in events; an owner token is bound to one owner's holds.
    """

    name: str
    scope: Scope
    environment: EnvironmentName
    bound_owner: str | None
    token_id: str

    def may(self, right: Right) -> bool:
        """Whether the principal has the right."""
        return self.scope.allows(right)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to be made; without `expires_at` it ends when it is revoked."""

    name: str
    scope: Scope
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewOwnerToken:
    """A short-lived token for one owner's holds; `ttl_s` seconds, 1 … 3600."""

    owner: str
    ttl_s: int = 900


@dataclass(frozen=True, slots=True)
class Accepted:
    """A write that was done: `answer` is its first answer, JSON text, also on a replay."""

    command_id: str
    answer: str
    replayed: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Base of refusals of the catalog and of access; the fields are the facts."""

    code: ClassVar[str]


@dataclass(frozen=True, slots=True)
class IdempotencyConflict(Refusal):
    """This idempotency key was used before with another request."""

    code: ClassVar[str] = "idempotency_conflict"
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class InvalidName(Refusal):
    """A name or owner is empty, too long or has control characters."""

    code: ClassVar[str] = "invalid_name"
    name: str
    longest: int = LONGEST_NAME


@dataclass(frozen=True, slots=True)
class InvalidMoment(Refusal):
    """A moment that cannot be: an end in the past."""

    code: ClassVar[str] = "invalid_moment"
    field: str
    moment: str


@dataclass(frozen=True, slots=True)
class InvalidLifetime(Refusal):
    """An owner token lives 1 … `longest_s` seconds."""

    code: ClassVar[str] = "invalid_lifetime"
    asked_s: int
    longest_s: int = LONGEST_OWNER_TOKEN_S


@dataclass(frozen=True, slots=True)
class NotAllowed(Refusal):
    """The caller's scope does not include this."""

    code: ClassVar[str] = "not_allowed"
    scope: str
    right: str


@dataclass(frozen=True, slots=True)
class TooManyRequests(Refusal):
    """The token has sent as many requests as it may; the next one may come in so many seconds."""

    code: ClassVar[str] = "too_many_requests"
    retry_after_s: int
    per_minute: int


@dataclass(frozen=True, slots=True)
class TokenNotFound(Refusal):
    """No token has this id."""

    code: ClassVar[str] = "token_not_found"
    token: str


@dataclass(frozen=True, slots=True)
class TokenAlreadyMade(Refusal):
    """This request has made a token before; its secret was shown then and is kept nowhere."""

    code: ClassVar[str] = "token_already_made"
    token: str


def command_id(actor: str, key: str) -> str:
    """The id of the command this actor gave this idempotency key: 32 hex digits."""
    return hashlib.blake2b(f"{actor}\0{key}".encode(), digest_size=16).hexdigest()


def request_hash(action: str, body: bytes) -> str:
    """What tells two requests under one idempotency key apart: 32 hex digits."""
    return hashlib.blake2b(action.encode() + body, digest_size=16).hexdigest()


def token_hash(secret: str) -> str:
    """The form in which a token is stored: SHA-256, hex (the secret has 256 random bits)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_valid_name(name: str) -> bool:
    """Whether a name can name a token, a person or an owner: 1–128 printable characters."""
    return (
        0 < len(name) <= LONGEST_NAME and name == name.strip() and not has_control_characters(name)
    )


def has_control_characters(text: str) -> bool:
    """Whether a text holds what no database keeps or nobody can read: controls, half characters."""
    # Nearly every text is printable throughout, which is told ten times as fast.
    return not text.isprintable() and any(
        unicodedata.category(character) in {"Cc", "Cs"} for character in text
    )


def environment_of(bearer: str) -> EnvironmentName | None:
    """The environment a bearer token claims (not yet proven), None when it claims none."""
    match = TOKEN_PATTERN.fullmatch(bearer)
    if match is not None:
        return EnvironmentName(match[1])
    parts = bearer.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return EnvironmentName(claims["aud"])
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        return None
