"""Secrets at rest: what is encrypted with the installation's secret key before it is stored."""

import hashlib
import hmac
import re
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

_KEY = re.compile(r"[A-Za-z0-9_-]{43}=")


class SecretsUnreadable(Exception):
    """A stored secret was encrypted with a key we do not have; the text says what to do."""

    def __init__(self) -> None:
        """The same words wherever it happens."""
        super().__init__(
            "stored keys cannot be decrypted: put back the secret key they were stored under "
            "(ONHAND_SECRET_KEY, or the file secret.key in ONHAND_HOME), or set the keys anew"
        )


def new_secret_key() -> str:
    """A new secret key: 44 characters."""
    return Fernet.generate_key().decode()


def is_secret_key(text: str) -> bool:
    """Whether a text is a secret key: 32 bytes in URL-safe base64."""
    return _KEY.fullmatch(text) is not None


class Vault:
    """Encrypts and decrypts texts (Fernet: AES-128-CBC with HMAC-SHA-256)."""

    def __init__(self, keys: Sequence[str]) -> None:
        """The first key encrypts; every one decrypts, so that keys can be changed.

        Raises:
            ValueError: there is no key, or one is not a secret key.
        """
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._first = keys[0].encode()

    def encrypt(self, text: str) -> str:
        """The text as it may be stored."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, stored: str) -> str:
        """The text that was encrypted.

        Raises:
            SecretsUnreadable: none of our keys made it, or it was altered.
        """
        try:
            return self._fernet.decrypt(stored.encode()).decode()
        except InvalidToken as error:
            raise SecretsUnreadable from error

    def fingerprint(self, text: str) -> str:
        """What tells two secrets apart without telling what they are: 64 hex digits."""
        return hmac.new(self._first, text.encode(), hashlib.sha256).hexdigest()
