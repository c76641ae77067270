"""The vault gives back what it was given, to whoever has the secret key, and to nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onhand.access.secrets import SecretsUnreadable, Vault, is_secret_key, new_secret_key

OLD, NEW, OTHER = (new_secret_key() for _ in range(3))


@given(secret=st.text(st.characters(codec="utf-8")))
def test_a_secret_comes_back_and_does_not_show(secret: str) -> None:
    vault = Vault([OLD])
    stored = vault.encrypt(secret)

    assert vault.decrypt(stored) == secret
    assert stored != vault.encrypt(secret)
    assert len(secret) < 8 or secret not in stored


def test_the_first_key_encrypts_and_every_key_decrypts() -> None:
    old = Vault([OLD]).encrypt("before")
    both = Vault([NEW, OLD])

    assert both.decrypt(old) == "before"
    assert Vault([NEW]).decrypt(both.encrypt("after")) == "after"


@pytest.mark.parametrize(
    "stored",
    ["", "x", "gAAAAA", pytest.param(Vault([OTHER]).encrypt("secret"), id="another key's")],
)
def test_what_cannot_be_decrypted_says_what_to_do(stored: str) -> None:
    with pytest.raises(SecretsUnreadable, match=r"ONHAND_SECRET_KEY.*set the keys anew"):
        Vault([NEW, OLD]).decrypt(stored)


def test_an_altered_secret_is_not_decrypted() -> None:
    stored = Vault([OLD]).encrypt("secret")
    for at in range(0, len(stored), 7):
        altered = stored[:at] + ("A" if stored[at] != "A" else "B") + stored[at + 1 :]
        with pytest.raises(SecretsUnreadable):
            Vault([OLD]).decrypt(altered)


def test_fingerprints_tell_secrets_apart_and_depend_on_the_key() -> None:
    vault = Vault([OLD])

    assert vault.fingerprint("a") == vault.fingerprint("a") != vault.fingerprint("b")
    assert vault.fingerprint("a") != Vault([NEW]).fingerprint("a")


@pytest.mark.parametrize(
    "text", ["", "short", "é" * 44, "A" * 43, pytest.param(OLD + "AAAA", id="too long")]
)
def test_what_is_no_secret_key(text: str) -> None:
    assert not is_secret_key(text)
    assert is_secret_key(OLD)
