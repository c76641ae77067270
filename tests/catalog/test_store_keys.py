"""A store's keys are kept encrypted, never shown, and resume a store that waited for them (C3)."""

from pathlib import Path

import msgspec
import pytest

from onhand.access.model import Accepted, IdempotencyConflict
from onhand.access.secrets import SecretsUnreadable, Vault, new_secret_key
from onhand.catalog.commands.stores import note_key, pause_store, set_credentials, update_store
from onhand.catalog.model.stores import (
    InvalidCredentials,
    NewKeys,
    PauseReason,
    StoreChange,
    StoreNotFound,
    StoreStatus,
    Why,
)
from onhand.catalog.queries.stores import read_credentials
from onhand.db.database import Database
from tests.catalog.trade import TOKYO, accepted, asked, open_store, the_store, trail
from tests.shop import START
from tests.stock.recount import dump

VAULT = Vault([new_secret_key()])
SECRET, LICENCE = "SP-example-not-a-key", "SL-example-not-a-key"
KEYS = {"service_secret": SECRET, "license_key": LICENCE}


def give(database: Database, keys: dict[str, str], key: str | None = None) -> object:
    """Set keys."""
    return set_credentials(database, asked(key), NewKeys(TOKYO, keys), vault=VAULT)


@pytest.fixture(autouse=True)
def tokyo(database: Database) -> None:
    """A store to give keys to."""
    open_store(database)


def test_pasted_keys_are_trimmed_and_nowhere_in_the_clear(database: Database) -> None:
    result = give(database, {"service_secret": f" {SECRET}\r\n", "license_key": f"\n{LICENCE}"})

    assert isinstance(result, Accepted)
    view = the_store(database)
    assert (view.has_credentials, view.key_expires_at, view.key_checked_at) == (True, None, None)
    everything = repr(dump(database)) + result.answer + repr(view)
    assert SECRET not in everything
    assert LICENCE not in everything
    with database.read() as connection:
        assert read_credentials(connection, TOKYO, VAULT) == KEYS


def test_the_audit_trail_says_that_they_changed_and_no_more(database: Database) -> None:
    give(database, KEYS)
    entry = trail(database)[0]

    assert (entry.action, entry.subject) == ("SetStoreKeys", "store:rakuten-tokyo")
    assert entry.before is not None
    assert entry.after is not None
    assert msgspec.json.decode(entry.before)["has_credentials"] is False
    after = msgspec.json.decode(entry.after)
    assert after["credentials"] == "changed"
    assert after["store"]["has_credentials"] is True


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("license_key", "", Why.MISSING),
        ("license_key", " \n", Why.MISSING),
        ("service_secret", "S" * 51, Why.TOO_LONG),
        ("service_secret", "SP exa mple", Why.HAS_SPACES),
        ("license_key", "SL-exa\nmple", Why.NOT_ONE_LINE),
        ("license_key", "SL-exa\x00mple", Why.NOT_ONE_LINE),
        ("license_key", "SL-exa\u3000mple", Why.HAS_SPACES),
        ("license_key", "SL-exa\ud800mple", Why.NOT_ONE_LINE),
        ("license_key", "ＳＬ-example", Why.NOT_PLAIN),
        ("license_key", "SL-exa\u200bmple", Why.NOT_PLAIN),
        ("password", "SL-example", Why.NO_KEY),
    ],
)
def test_a_key_that_cannot_be_one_is_refused_by_name_only(
    database: Database, *, name: str, value: str, why: Why
) -> None:
    refused = give(database, {**KEYS, name: value})

    assert isinstance(refused, InvalidCredentials)
    assert (refused.store, refused.field) == (TOKYO, name)
    assert refused.why is why
    assert not value.strip() or value not in repr(refused)
    assert not the_store(database).has_credentials


def test_both_keys_are_needed(database: Database) -> None:
    refused = give(database, {"license_key": LICENCE})
    assert refused == InvalidCredentials(TOKYO, "service_secret", Why.MISSING)


def test_new_keys_resume_a_store_whose_keys_had_ended(database: Database) -> None:
    give(database, KEYS)
    with database.begin() as connection:
        note_key(connection, TOKYO, START, now=START)
        pause_store(connection, TOKYO, PauseReason.AUTH_EXPIRED, "GA0001", now=START)

    give(database, {**KEYS, "license_key": "SL-newer-not-a-key"})

    view = the_store(database)
    assert (view.status, view.paused_reason, view.paused_detail) == ("active", None, None)
    assert (view.key_expires_at, view.key_warning) == (None, "none")


def test_new_keys_do_not_resume_what_a_person_paused(database: Database) -> None:
    accepted(update_store(database, asked(), StoreChange(TOKYO, status=StoreStatus.PAUSED)))
    give(database, KEYS)

    assert the_store(database).status is StoreStatus.PAUSED


def test_keys_are_set_once_under_an_idempotency_key(database: Database) -> None:
    first, again = give(database, KEYS, "k"), give(database, KEYS, "k")

    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert (again.answer, again.replayed) == (first.answer, True)
    assert give(database, {**KEYS, "license_key": "other"}, "k") == IdempotencyConflict("k")


def test_without_the_secret_key_it_is_an_error_and_not_no_keys(database: Database) -> None:
    with database.read() as connection:
        assert read_credentials(connection, TOKYO, VAULT) is None
    give(database, KEYS)
    with pytest.raises(SecretsUnreadable), database.read() as connection:
        read_credentials(connection, TOKYO, Vault([new_secret_key()]))


def test_an_unknown_store_has_no_keys(database: Database) -> None:
    refused = set_credentials(database, asked(), NewKeys("nowhere", KEYS), vault=VAULT)
    assert refused == StoreNotFound("nowhere")


def test_the_keys_are_not_in_the_file(sqlite_database: Database) -> None:
    assert "not-a-key" not in repr(NewKeys(TOKYO, KEYS))
    open_store(sqlite_database, "other")
    set_credentials(sqlite_database, asked(), NewKeys("other", KEYS), vault=VAULT)
    file = Path(sqlite_database.url.database or "")
    for path in file.parent.glob(f"{file.name}*"):
        assert b"not-a-key" not in path.read_bytes()
