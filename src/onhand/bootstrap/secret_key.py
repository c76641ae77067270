"""The installation's secret key, and files that hold a secret."""

import os
import tempfile
from pathlib import Path

from onhand.access.secrets import Vault, is_secret_key, new_secret_key
from onhand.bootstrap.settings import Settings, SettingsError, split_keys

FILE_NAME = "secret.key"


def open_vault(settings: Settings) -> Vault:
    """The vault of this installation: with the keys of the setting, or of the file, made once.

    Safe when several processes start at once. Raises:
        SettingsError: the file cannot be made or read, or holds no key.
    """
    if settings.onhand_secret_key is not None:
        return Vault(split_keys(settings.onhand_secret_key.get_secret_value()))
    file = settings.onhand_home.absolute() / FILE_NAME
    try:
        if not file.exists():
            _make(file)
        keys = split_keys(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SettingsError(
            f"ONHAND_HOME: the secret key {file} cannot be read ({reason}); "
            "let this user read it, or set ONHAND_SECRET_KEY"
        ) from error
    if not keys or not all(map(is_secret_key, keys)):
        raise SettingsError(
            f"ONHAND_HOME: {file} holds no secret key; put back the one that was there, "
            "or delete the file and set the stores' keys anew"
        )
    return Vault(keys)


def write_secret(file: Path, secret: str) -> None:
    """Replace the file at once, readable by its owner only.

    Raises:
        SettingsError: the folder cannot be written.
    """
    try:
        draft = _draft(file, secret)
        try:
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise SettingsError(
            f"ONHAND_HOME: {file} cannot be written ({error.strerror}); "
            "name a folder this user may write to"
        ) from error


def _make(file: Path) -> None:
    """Put a new secret key there unless somebody else does so first."""
    draft = _draft(file, new_secret_key())
    try:
        os.link(draft, file)  # unlike a rename, this never replaces a key that is there
    except FileExistsError:
        pass  # another process was first: its key is the one to use
    finally:
        draft.unlink()


def _draft(file: Path, secret: str) -> Path:
    """A file beside the one to be, readable by its owner only."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.")
    with os.fdopen(descriptor, "w") as output:
        output.write(secret + "\n")
        output.flush()
        os.fsync(output.fileno())
    return Path(name)
