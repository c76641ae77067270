"""Commands of stores: people make, change and give them up; jobs pause and resume them."""

import dataclasses
import json
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.access.commands import (
    SYSTEM,
    AuditEntry,
    Change,
    Write,
    identify,
    record,
    write_once,
)
from onhand.access.model import Accepted, Actor, Asked, Refusal
from onhand.access.secrets import Vault
from onhand.catalog.model.stores import (
    LONGEST_DETAIL,
    InvalidStoreField,
    NewKeys,
    NewStore,
    PauseReason,
    RakutenSettings,
    StoreChange,
    StoreExists,
    StoreNotFound,
    StoreStatus,
    Why,
    change_settings,
    check_credentials,
    check_new_store,
    check_store_name,
    is_valid_store,
    normalise_store,
)
from onhand.catalog.queries.stores import StoreView, read_store
from onhand.catalog.tables import store
from onhand.db.database import Database

_NOT_PAUSED = {"paused_reason": None, "paused_at": None, "paused_detail": None}


def create_store(database: Database, asked: Asked, new: NewStore) -> Accepted | Refusal:
    """Make a store known, without keys; the answer is its `StoreView`.

    Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    refused = check_new_store(new, asked.now)
    if refused is not None:
        return refused
    store_id = normalise_store(new.store)
    settings = change_settings(store_id, RakutenSettings(), new.settings)
    if isinstance(settings, Refusal):
        return settings

    def create(connection: sa.Connection) -> Change | Refusal:
        if read_store(connection, store_id, now=asked.now) is not None:
            return StoreExists(store_id)
        connection.execute(
            sa.insert(store).values(
                store_id=store_id,
                platform=new.platform,
                name=new.name.strip(),
                status=StoreStatus.ACTIVE,
                settings=dataclasses.asdict(settings),
                orders_from=new.orders_from or asked.now,
                created_at=asked.now,
                updated_at=asked.now,
            )
        )
        after = read_store(connection, store_id, now=asked.now)
        return Change(f"store:{store_id}", after, after=after)

    write = Write("CreateStore", new)
    return write_once(database, asked, write, create)


def update_store(database: Database, asked: Asked, change: StoreChange) -> Accepted | Refusal:
    """Change a store, pause or resume it by hand; the answer is the `StoreView` afterwards.

    Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    store_id = normalise_store(change.store)
    if not is_valid_store(store_id):
        return StoreNotFound(store_id)
    if change.status is StoreStatus.INACTIVE:
        return InvalidStoreField(store_id, "status", Why.NOT_BY_HAND)
    given = change.settings or {}
    refused = None if change.name is None else check_store_name(store_id, change.name)
    refused = refused or _refusal(change_settings(store_id, RakutenSettings(), given))
    if refused is not None:
        return refused

    def update(connection: sa.Connection) -> Change | Refusal:
        before = _lock(connection, store_id, asked.now)
        if before is None:
            return StoreNotFound(store_id)
        settings = change_settings(store_id, before.settings, given)
        if isinstance(settings, Refusal):
            return settings
        values: dict[str, Any] = {"settings": dataclasses.asdict(settings)}
        if change.name is not None:
            values["name"] = change.name.strip()
        if change.status is StoreStatus.PAUSED and before.status is not StoreStatus.PAUSED:
            values |= _paused(PauseReason.BY_HAND, None, asked.now)
        elif change.status is StoreStatus.ACTIVE:
            values |= {"status": StoreStatus.ACTIVE, **_NOT_PAUSED}
        return _change(connection, before, values, asked.now)

    write = Write("UpdateStore", change)
    return write_once(database, asked, write, update)


def deactivate_store(database: Database, asked: Asked, store_id: str) -> Accepted | Refusal:
    """Give a store up; what it sold and its listings stay. The answer is the `StoreView`.

    An inactive store is no error. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    wanted = normalise_store(store_id)
    if not is_valid_store(wanted):
        return StoreNotFound(wanted)

    def deactivate(connection: sa.Connection) -> Change | Refusal:
        before = _lock(connection, wanted, asked.now)
        if before is None:
            return StoreNotFound(wanted)
        values = {"status": StoreStatus.INACTIVE, **_NOT_PAUSED}
        return _change(connection, before, values, asked.now)

    write = Write("DeactivateStore", wanted)
    return write_once(database, asked, write, deactivate)


def set_credentials(
    database: Database, asked: Asked, keys: NewKeys, *, vault: Vault
) -> Accepted | Refusal:
    """Store new keys, encrypted; a store paused because its keys had ended goes on.

    The answer is the `StoreView`; no form of the keys is in it or in the audit trail. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    store_id = normalise_store(keys.store)
    if not is_valid_store(store_id):
        return StoreNotFound(store_id)

    def replace(connection: sa.Connection) -> Change | Refusal:
        before = _lock(connection, store_id, asked.now)
        if before is None:
            return StoreNotFound(store_id)
        checked = check_credentials(store_id, before.platform, keys.values)
        if isinstance(checked, Refusal):
            return checked
        values: dict[str, Any] = {
            "credentials": vault.encrypt(msgspec.json.encode(checked).decode()),
            "key_expires_at": None,
            "key_checked_at": None,
        }
        if before.paused_reason == PauseReason.AUTH_EXPIRED:
            values |= {"status": StoreStatus.ACTIVE, **_NOT_PAUSED}
        done = _change(connection, before, values, asked.now)
        after = {"credentials": "changed", "store": done.after}
        return Change(done.subject, done.answer, before=done.before, after=after)

    # The request's hash is kept with the answer, so it is taken of a keyed fingerprint.
    given = vault.fingerprint(json.dumps(dict(keys.values), sort_keys=True))
    body = {"store": store_id, "keys": given}
    write = Write("SetStoreKeys", body)
    return write_once(database, asked, write, replace)


def pause_store(
    connection: sa.Connection, store_id: str, reason: PauseReason, detail: str, *, now: datetime
) -> bool:
    """Stop an active store's work inside the caller's transaction; whether it was active.

    `detail` is what the shop said, without any credential. It is written to the audit trail.
    """
    before = _lock(connection, store_id, now)
    if before is None or before.status is not StoreStatus.ACTIVE:
        return False
    values = _paused(reason, detail[:LONGEST_DETAIL], now)
    _record("PauseStore", _change(connection, before, values, now), connection, now)
    return True


def resume_store(connection: sa.Connection, store_id: str, *, now: datetime) -> bool:
    """Let a paused store's work go on, inside the caller's transaction; whether it was paused."""
    before = _lock(connection, store_id, now)
    if before is None or before.status is not StoreStatus.PAUSED:
        return False
    values = {"status": StoreStatus.ACTIVE, **_NOT_PAUSED}
    _record("ResumeStore", _change(connection, before, values, now), connection, now)
    return True


def note_key(
    connection: sa.Connection, store_id: str, expires_at: datetime | None, *, now: datetime
) -> None:
    """Remember when the keys end (None: the shop does not say) and that they work now."""
    connection.execute(
        sa.update(store)
        .where(store.c.store_id == store_id)
        .values(key_expires_at=expires_at, key_checked_at=now)
    )


def _refusal(checked: RakutenSettings | InvalidStoreField) -> InvalidStoreField | None:
    return checked if isinstance(checked, InvalidStoreField) else None


def _lock(connection: sa.Connection, store_id: str, now: datetime) -> StoreView | None:
    """The store, its row locked; None if there is none."""
    row = sa.select(store.c.store_id).where(store.c.store_id == store_id)
    connection.execute(row.with_for_update(key_share=True))
    return read_store(connection, store_id, now=now)


def _paused(reason: PauseReason, detail: str | None, now: datetime) -> dict[str, Any]:
    return {
        "status": StoreStatus.PAUSED,
        "paused_reason": reason,
        "paused_at": now,
        "paused_detail": detail,
    }


def _change(
    connection: sa.Connection, before: StoreView, values: dict[str, Any], now: datetime
) -> Change:
    connection.execute(
        sa.update(store).where(store.c.store_id == before.store).values(**values, updated_at=now)
    )
    after = read_store(connection, before.store, now=now)
    return Change(f"store:{before.store}", after, before=before, after=after)


def _record(action: str, change: Change, connection: sa.Connection, now: datetime) -> None:
    """Leave an audit entry for what nobody asked for but a person must see."""
    actor = Actor(SYSTEM, "system")
    before, after = (msgspec.json.encode(value).decode() for value in (change.before, change.after))
    record(
        connection,
        AuditEntry(
            request=identify(Asked(actor, now), Write(action, change.subject)),
            actor=actor,
            action=action,
            subject=change.subject,
            recorded_at=now,
            answer=after,
            before=before,
            after=after,
        ),
    )
