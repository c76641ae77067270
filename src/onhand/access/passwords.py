"""Passwords at rest (argon2id), and on which terms a person who knows one is let in."""

import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from onhand.access.model.people import is_possible_password, written_password

_AT_ONCE = 4  # each takes 64 MiB for a tenth of a second


class Hasher(Protocol):
    """What is asked of argon2-cffi's `PasswordHasher`."""

    def hash(self, password: str) -> str:
        """The password's hash, with its parameters and a new salt."""

    def verify(self, hash: str, password: str) -> bool:  # noqa: A002 - argon2-cffi's own name
        """True; raises `VerificationError` where it is another password's."""

    def check_needs_rehash(self, hash: str) -> bool:  # noqa: A002
        """Whether the hash was made with other parameters."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a password was right and, if so, the hash to keep from now on instead of the old."""

    is_right: bool
    renewed: str | None = field(default=None, repr=False)


class Passwords:
    """Hashes and checks passwords; safe to share between threads, never within a transaction."""

    def __init__(self, hasher: Hasher | None = None) -> None:
        """Without a `hasher`, argon2-cffi's with the parameters it holds to be right today."""
        self._given = hasher
        self._places = threading.Semaphore(_AT_ONCE)

    @cached_property
    def _hasher(self) -> Hasher:
        if self._given is not None:
            return self._given
        # Loads a library of C, which most commands do without.
        from argon2 import PasswordHasher  # noqa: PLC0415

        return PasswordHasher()

    @cached_property
    def _nobodys(self) -> str:
        """A hash of a password that nobody has."""
        return self._hasher.hash("\0")

    def hash(self, password: str) -> str:
        """The form in which a password is stored."""
        with self._places:
            return self._hasher.hash(written_password(password))

    def check(self, stored: str | None, password: str) -> Checked:
        """Whether this is the password with that hash.

        Without a hash (nobody has the name, or they have no password) as much is computed as with
        one, so that the time an answer takes does not tell which names exist.
        """
        from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415

        is_possible = is_possible_password(password)
        typed = written_password(password) if is_possible else ""
        with self._places:
            try:
                self._hasher.verify(stored or self._nobodys, typed)
            except (InvalidHashError, VerificationError):
                return Checked(is_right=False)
            if stored is None or not is_possible:
                return Checked(is_right=False)
            needs_renewal = self._hasher.check_needs_rehash(stored)
            return Checked(True, self._hasher.hash(typed) if needs_renewal else None)


PASSWORDS = Passwords()


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a session lasts without a visit and in all, in seconds, and who checks passwords."""

    idle_s: int = 12 * 3600
    longest_s: int = 7 * 86_400
    passwords: Passwords = PASSWORDS
