"""People: what can be asked of an account, how many attempts a sign-in has, and why not."""

import hashlib
import hmac
import math
import re
import unicodedata
import zoneinfo
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from onhand.access.model.acting import (
    InvalidName,
    Refusal,
    Role,
    has_control_characters,
    is_valid_name,
)

SHORTEST_PASSWORD = 10  # characters
LONGEST_PASSWORD = 256
INVITED_FOR_S = 3 * 86_400  # how long a set-up link works
HOME_ZONE = "Asia/Tokyo"
_ZONE = re.compile(r"[A-Za-z0-9+_-]+(/[A-Za-z0-9+_-]+){0,2}")


class Language(StrEnum):
    """The languages of the console."""

    JA = "ja"
    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True)
class NewUser:
    """A person to be made."""

    name: str
    role: Role
    language: Language = Language.EN
    timezone: str = HOME_ZONE


@dataclass(frozen=True, slots=True)
class UserChanges:
    """What is to be changed of a person; None leaves it as it is."""

    role: Role | None = None
    active: bool | None = None
    language: Language | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a person signs in with."""

    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SetUp:
    """What a person answers to a set-up link: the link's secret, the password chosen, tastes."""

    secret: str = field(repr=False)
    password: str = field(repr=False)
    language: Language | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A signed-in person's change of password; `secret` is the session's."""

    secret: str = field(repr=False)
    old: str = field(repr=False)
    new: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class UserExists(Refusal):
    """Somebody already has this name."""

    code: ClassVar[str] = "user_exists"
    name: str


@dataclass(frozen=True, slots=True)
class ReservedName(Refusal):
    """The audit trail uses this name for what no person did."""

    code: ClassVar[str] = "reserved_name"
    name: str


@dataclass(frozen=True, slots=True)
class UserNotFound(Refusal):
    """Nobody has this name."""

    code: ClassVar[str] = "user_not_found"
    name: str


@dataclass(frozen=True, slots=True)
class UserInactive(Refusal):
    """The person's account was closed."""

    code: ClassVar[str] = "user_inactive"
    name: str


@dataclass(frozen=True, slots=True)
class LastAdmin(Refusal):
    """Without this person nobody could administer any more."""

    code: ClassVar[str] = "last_admin"
    name: str


@dataclass(frozen=True, slots=True)
class InvalidTimezone(Refusal):
    """No time zone has this name."""

    code: ClassVar[str] = "invalid_timezone"
    timezone: str


@dataclass(frozen=True, slots=True)
class WeakPassword(Refusal):
    """A password that cannot be taken; it is not repeated."""

    code: ClassVar[str] = "weak_password"
    shortest: int = SHORTEST_PASSWORD
    longest: int = LONGEST_PASSWORD


@dataclass(frozen=True, slots=True)
class WrongPassword(Refusal):
    """Name and password do not belong together; which of them is wrong is not said."""

    code: ClassVar[str] = "wrong_password"


@dataclass(frozen=True, slots=True)
class TooManyAttempts(Refusal):
    """Too many attempts to sign in, under this name or from this address."""

    code: ClassVar[str] = "too_many_attempts"
    retry_after_s: int


@dataclass(frozen=True, slots=True)
class SetUpLinkInvalid(Refusal):
    """The set-up link was used, has ended, was replaced by another, or never was."""

    code: ClassVar[str] = "set_up_link_invalid"


@dataclass(frozen=True, slots=True)
class LinkAlreadyMade(Refusal):
    """This request has made a set-up link before; it was shown then and is kept nowhere."""

    code: ClassVar[str] = "link_already_made"
    name: str


@dataclass(frozen=True, slots=True)
class NotSignedIn(Refusal):
    """The session has ended."""

    code: ClassVar[str] = "not_signed_in"


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many attempts may be made at once, and in how many seconds one of them comes back."""

    attempts: int
    refill_s: int


PER_NAME = Allowance(attempts=10, refill_s=90)
PER_ADDRESS = Allowance(attempts=30, refill_s=30)  # an office may share one


def take_attempt(
    allowance: Allowance, whole_at: datetime | None, now: datetime
) -> datetime | TooManyAttempts:
    """The moment at which the allowance is whole again if an attempt is made now, or a refusal.

    `whole_at` is that moment before the attempt, None if nothing was taken yet.
    """
    refill = timedelta(seconds=allowance.refill_s)
    after = max(whole_at or now, now) + refill
    too_much = after - now - allowance.attempts * refill
    if too_much > timedelta(0):
        return TooManyAttempts(math.ceil(too_much.total_seconds()))
    return after


def give_back(allowance: Allowance, whole_at: datetime) -> datetime:
    """The moment at which the allowance is whole when an attempt taken before does not count."""
    return whole_at - timedelta(seconds=allowance.refill_s)


def name_key(name: str) -> str:
    """What two ways of writing one person's name have in common."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def is_reserved(name: str) -> bool:
    """Whether the name would pass for the program or for somebody at its command line."""
    return name_key(name) == "onhand" or name_key(name).startswith("cli:")


def is_timezone(name: str) -> bool:
    """Whether this is the name of a time zone, such as `Asia/Tokyo`."""
    if not _ZONE.fullmatch(name):
        return False
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def written_password(typed: str) -> str:
    """A password as it is hashed: the same whichever keyboard composed its characters."""
    return unicodedata.normalize("NFKC", typed)


def is_possible_password(typed: str) -> bool:
    """Whether a password can ever have been taken; any other is wrong without being tried."""
    return len(typed) <= LONGEST_PASSWORD and not has_control_characters(typed)


def check_password(typed: str, name: str) -> WeakPassword | None:
    """Why a person of this name cannot take this password, None if nothing speaks against it."""
    password = written_password(typed)
    is_good = (
        is_possible_password(typed)
        and SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD
        and len(set(password)) > 3
        and name_key(password) != name_key(name)
    )
    return None if is_good else WeakPassword()


def check_new_user(new: NewUser) -> Refusal | None:
    """Why this person cannot be made, whoever else there is; None if nothing speaks against it."""
    if not is_valid_name(new.name) or not name_key(new.name):
        return InvalidName(new.name)
    if is_reserved(new.name):
        return ReservedName(new.name)
    return None if is_timezone(new.timezone) else InvalidTimezone(new.timezone)


def leaves_an_admin(*, has_password: bool, others: Iterable[bool]) -> bool:
    """Whether somebody can still administer when one of the admins no longer does.

    `has_password` says whether that one can sign in, `others` the same of every other active admin:
    somebody who was only invited is no replacement for somebody who can sign in.
    """
    left = list(others)
    return any(left) or (not has_password and bool(left))


def csrf_token(secret: str) -> str:
    """What the forms of a session carry: 43 characters that do not tell the session's secret."""
    digest = hmac.digest(secret.encode(), b"onhand csrf", hashlib.sha256)
    return urlsafe_b64encode(digest).decode().rstrip("=")


def is_csrf_token(secret: str, given: str) -> bool:
    """Whether a form came from a page of this session."""
    return hmac.compare_digest(csrf_token(secret).encode(), given.encode("utf-8", "replace"))
