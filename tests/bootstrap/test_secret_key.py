"""The secret key is made once, whoever starts, and is never replaced or shown."""

import multiprocessing
from pathlib import Path

import pytest

from onhand.access.secrets import Vault, new_secret_key
from onhand.bootstrap.secret_key import FILE_NAME, open_vault
from onhand.bootstrap.settings import SettingsError, load_settings

OLD, NEW = new_secret_key(), new_secret_key()


def vault(home: Path, **env: str) -> Vault:
    """The vault of an installation with this home."""
    return open_vault(load_settings({"ONHAND_HOME": str(home)} | env))


def test_the_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    stored = vault(tmp_path).encrypt("secret")
    file = tmp_path / FILE_NAME

    assert file.stat().st_mode & 0o777 == 0o600
    assert vault(tmp_path).decrypt(stored) == "secret"
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def make_and_encrypt(home: str) -> str:
    """What one of several processes stores."""
    return vault(Path(home)).encrypt("secret")


@pytest.mark.slow
def test_several_processes_at_once_make_one_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        stored = pool.map(make_and_encrypt, [str(tmp_path)] * 8)

    assert {vault(tmp_path).decrypt(text) for text in stored} == {"secret"}
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_the_setting_goes_before_the_file(tmp_path: Path) -> None:
    old = vault(tmp_path, ONHAND_SECRET_KEY=OLD).encrypt("secret")

    assert vault(tmp_path, ONHAND_SECRET_KEY=f" {NEW},\n{OLD} ").decrypt(old) == "secret"
    assert list(tmp_path.iterdir()) == []


def test_the_file_may_hold_several_keys(tmp_path: Path) -> None:
    old = vault(tmp_path, ONHAND_SECRET_KEY=OLD).encrypt("secret")
    (tmp_path / FILE_NAME).write_text(f"{NEW}\n{OLD}\n")

    assert vault(tmp_path).decrypt(old) == "secret"


@pytest.mark.parametrize(
    "text", [",", "not-a-key", pytest.param(f"{OLD},shop-secret", id="a key and no key")]
)
def test_a_setting_that_is_no_key_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        vault(tmp_path, ONHAND_SECRET_KEY=text)

    line = str(caught.value)
    assert line.startswith("ONHAND_SECRET_KEY: ")
    assert "openssl" in line
    assert OLD not in line
    assert "secret" not in line.partition(": ")[2]


@pytest.mark.parametrize("content", [b"", b"not-a-key", b"\xff\xfe"])
def test_a_file_without_a_key_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / FILE_NAME
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=str(file)):
        vault(tmp_path)

    assert file.read_bytes() == content


def test_settings_do_not_show_the_key(tmp_path: Path) -> None:
    settings = load_settings({"ONHAND_HOME": str(tmp_path), "ONHAND_SECRET_KEY": OLD})
    assert OLD not in repr(settings)
