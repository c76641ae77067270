"""Reads of stores."""

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.access.secrets import Vault
from onhand.catalog.model.stores import (
    KeyWarning,
    Platform,
    RakutenSettings,
    StoreStatus,
    days_left,
    is_valid_store,
    key_warning,
    normalise_store,
)
from onhand.catalog.tables import store

# Asked again and again by jobs that find nothing: composed once.
_ALL = sa.select(store).order_by(store.c.store_id)
_WAITING = _ALL.where(
    (store.c.status == StoreStatus.PAUSED)
    | ((store.c.status == StoreStatus.ACTIVE) & store.c.credentials.is_(None))
)
_ONE = sa.select(store).where(store.c.store_id == sa.bindparam("wanted"))


class StoreView(msgspec.Struct, frozen=True):
    """One store; its keys are never shown, only whether there are any and when they end.

    `key_days_left` are whole days, below 0 once the keys have ended; `paused_reason` is a code.
    """

    store: str
    platform: Platform
    name: str
    status: StoreStatus
    paused_reason: str | None
    paused_at: datetime | None
    paused_detail: str | None
    settings: RakutenSettings
    has_credentials: bool
    key_expires_at: datetime | None
    key_checked_at: datetime | None
    key_days_left: int | None
    key_warning: KeyWarning
    orders_from: datetime
    catalogue_read_at: datetime | None
    created_at: datetime
    updated_at: datetime


def read_store(connection: sa.Connection, store_id: str, *, now: datetime) -> StoreView | None:
    """The store with this id, None if there is none."""
    wanted = normalise_store(store_id)
    if not is_valid_store(wanted):
        return None
    row = connection.execute(_ONE, {"wanted": wanted}).first()
    return None if row is None else _view(row, now)


def list_stores(
    connection: sa.Connection, *, now: datetime, status: StoreStatus | None = None
) -> list[StoreView]:
    """Every store, or those of one status, by id."""
    statement = _ALL
    if status is not None:
        statement = statement.where(store.c.status == status)
    return [_view(row, now) for row in connection.execute(statement)]


def list_waiting_stores(connection: sa.Connection, *, now: datetime) -> list[StoreView]:
    """Stores for which nothing is done until a person lets them go on or gives them keys, by id."""
    return [_view(row, now) for row in connection.execute(_WAITING)]


def read_credentials(
    connection: sa.Connection, store_id: str, vault: Vault
) -> dict[str, str] | None:
    """A store's keys in the clear, for its connector only; None where it has none.

    Raises:
        SecretsUnreadable: they were encrypted with another secret key.
    """
    chosen = store.c.store_id == store_id
    stored = connection.execute(sa.select(store.c.credentials).where(chosen)).scalar_one_or_none()
    if stored is None:
        return None
    return msgspec.json.decode(vault.decrypt(stored), type=dict[str, str])


def _view(row: sa.Row[Any], now: datetime) -> StoreView:
    return StoreView(
        store=row.store_id,
        platform=Platform(row.platform),
        name=row.name,
        status=StoreStatus(row.status),
        paused_reason=row.paused_reason,
        paused_at=row.paused_at,
        paused_detail=row.paused_detail,
        settings=msgspec.convert(row.settings, RakutenSettings),
        has_credentials=row.credentials is not None,
        key_expires_at=row.key_expires_at,
        key_checked_at=row.key_checked_at,
        key_days_left=days_left(row.key_expires_at, now),
        key_warning=key_warning(row.key_expires_at, now),
        orders_from=row.orders_from,
        catalogue_read_at=row.catalogue_read_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
