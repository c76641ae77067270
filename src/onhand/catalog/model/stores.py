"""Stores, their settings and keys, and why a change is refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from onhand.access.model import Refusal, has_control_characters
from onhand.catalog.model.skus import LONGEST_NAME

LONGEST_STORE_ID = 40  # characters
LONGEST_CREDENTIAL = 50  # characters, by Rakuten's page on authentication
LONGEST_DETAIL = 500  # characters
OLDEST_ORDERS = timedelta(days=730)  # Rakuten's order API reaches no further back

_STORE_ID = re.compile(r"[a-z0-9-]{1,40}")
_SHOP_CODE = re.compile(r"[a-z0-9_-]{0,40}")


class Platform(StrEnum):
    """Where a store is."""

    RAKUTEN = "rakuten"


class StoreStatus(StrEnum):
    """Whether a store is worked for, waits for a person, or is given up."""

    ACTIVE = "active"
    PAUSED = "paused"
    INACTIVE = "inactive"


class PauseReason(StrEnum):
    """Why a store is paused."""

    AUTH_EXPIRED = "auth_expired"
    BY_HAND = "by_hand"


class KeyWarning(StrEnum):
    """How near the end of a store's keys is."""

    NONE = "none"
    DAYS_14 = "14_days"
    DAYS_3 = "3_days"
    EXPIRED = "expired"


class SkuCodeFrom(StrEnum):
    """Which of Rakuten's fields holds the merchant's own SKU code."""

    MERCHANT_DEFINED_SKU_ID = "merchant_defined_sku_id"
    VARIANT_ID = "variant_id"
    ITEM_NUMBER = "item_number"
    MANAGE_NUMBER = "manage_number"


@dataclass(frozen=True, slots=True)
class RakutenSettings:
    """What a Rakuten store needs beside its keys.

    `shop_code` is the last part of the shop's address at rakuten.co.jp (for image addresses);
    `order_api_version` is the getOrder version; `poll_interval_s` is in seconds.
    """

    shop_code: str = ""
    order_api_version: int = 7
    use_purchase_item_api: bool = False
    poll_interval_s: int = 900
    confirm_orders: bool = True
    sku_code_from: SkuCodeFrom = SkuCodeFrom.MERCHANT_DEFINED_SKU_ID


SETTING_RANGES = {"order_api_version": (7, 10), "poll_interval_s": (10, 86_400)}
CREDENTIALS = {Platform.RAKUTEN: ("service_secret", "license_key")}


@dataclass(frozen=True, slots=True)
class NewStore:
    """A store to be made known; orders placed since `orders_from` (None: now) are taken in."""

    store: str
    name: str
    platform: Platform = Platform.RAKUTEN
    settings: Mapping[str, object] = field(default_factory=dict)
    orders_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoreChange:
    """What is to become of a store; None and settings not named stay as they are.

    `status` paused or active is by hand; inactive is what `deactivate_store` does.
    """

    store: str
    name: str | None = None
    settings: Mapping[str, object] | None = None
    status: StoreStatus | None = None


@dataclass(frozen=True, slots=True)
class NewKeys:
    """A store's keys, as pasted; never written anywhere in the clear."""

    store: str
    values: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class InvalidStoreId(Refusal):
    """A store id has other characters than a–z, 0–9 and hyphen, too many or none."""

    code: ClassVar[str] = "invalid_store_id"
    store: str
    longest: int = LONGEST_STORE_ID


@dataclass(frozen=True, slots=True)
class StoreExists(Refusal):
    """A store has this id already, perhaps an inactive one."""

    code: ClassVar[str] = "store_exists"
    store: str


@dataclass(frozen=True, slots=True)
class StoreNotFound(Refusal):
    """No store has this id."""

    code: ClassVar[str] = "unknown_store"
    store: str


@dataclass(frozen=True, slots=True)
class InvalidStoreField(Refusal):
    """A name, setting or moment that cannot be kept; `why` says what it must be."""

    code: ClassVar[str] = "invalid_store_field"
    store: str
    field: str
    why: str


@dataclass(frozen=True, slots=True)
class InvalidCredentials(Refusal):
    """A key that cannot be one; the value is never repeated."""

    code: ClassVar[str] = "invalid_credentials"
    store: str
    field: str
    why: str


def normalise_store(store_id: str) -> str:
    """The one form of a store id: `strip` and `lower`."""
    return store_id.strip().lower()


def is_valid_store(store_id: str) -> bool:
    """Whether a normalised id can name a store: 1–40 of a–z, 0–9 and hyphen."""
    return _STORE_ID.fullmatch(store_id) is not None


def check_new_store(new: NewStore, now: datetime) -> Refusal | None:
    """Why this store cannot be made, whatever exists already; settings apart."""
    store_id = normalise_store(new.store)
    if not is_valid_store(store_id):
        return InvalidStoreId(store_id)
    if new.orders_from is not None and not now - OLDEST_ORDERS <= new.orders_from <= now:
        why = f"must be at most {OLDEST_ORDERS.days} days ago and not in the future"
        return InvalidStoreField(store_id, "orders_from", why)
    return check_store_name(store_id, new.name)


def check_store_name(store_id: str, name: str) -> Refusal | None:
    """Why a store cannot be called this."""
    if not name.strip() or len(name) > LONGEST_NAME or has_control_characters(name):
        why = f"must be 1 to {LONGEST_NAME} characters without control characters"
        return InvalidStoreField(store_id, "name", why)
    return None


def change_settings(
    store_id: str, before: RakutenSettings, given: Mapping[str, object]
) -> RakutenSettings | InvalidStoreField:
    """The settings with those given in place of the old, or which one cannot be."""
    known = {known.name for known in fields(before)}
    values: dict[str, object] = {}
    for name, value in given.items():
        if name not in known:
            there_are = f"is no setting; there are {', '.join(sorted(known))}"
            return InvalidStoreField(store_id, f"settings.{name[:64]}", there_are)
        why = _wrong(name, value, getattr(before, name))
        if why is not None:
            return InvalidStoreField(store_id, f"settings.{name}", why)
        values[name] = SkuCodeFrom(str(value)) if name == "sku_code_from" else value
    return replace(before, **values)  # type: ignore[arg-type]  # checked one by one above


def _wrong(name: str, value: object, like: object) -> str | None:
    """Why a setting cannot have this value; `like` is one it can have."""
    if isinstance(like, bool):
        return None if isinstance(value, bool) else "must be true or false"
    if name == "sku_code_from":
        allowed = [choice.value for choice in SkuCodeFrom]
        return None if value in allowed else f"must be one of {', '.join(allowed)}"
    if isinstance(like, int):
        low, high = SETTING_RANGES[name]
        fits = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return None if fits else f"must be a whole number from {low} to {high}"
    fits = isinstance(value, str) and _SHOP_CODE.fullmatch(value) is not None
    return None if fits else "must be at most 40 characters: a-z, 0-9, hyphen and underscore"


def check_credentials(
    store_id: str, platform: Platform, given: Mapping[str, str]
) -> dict[str, str] | InvalidCredentials:
    """The keys without what was pasted around them, or which one cannot be a key."""
    names = CREDENTIALS[platform]
    for name in given:
        if name not in names:
            there_are = f"is no key of this platform; it has {' and '.join(names)}"
            return InvalidCredentials(store_id, name[:64], there_are)
    keys: dict[str, str] = {}
    for name in names:
        key = given.get(name, "").strip()
        why = _wrong_key(key)
        if why is not None:
            return InvalidCredentials(store_id, name, why)
        keys[name] = key
    return keys


def _wrong_key(key: str) -> str | None:
    if not key:
        return "is missing"
    if len(key) > LONGEST_CREDENTIAL:
        return f"must be at most {LONGEST_CREDENTIAL} characters"
    if has_control_characters(key):
        return "must be one line without control characters"
    if any(character.isspace() for character in key):
        return "must not have spaces inside"
    if not key.isascii() or not key.isprintable():
        return "must be plain letters, digits and signs: full-width or hidden characters are in it"
    return None


def days_left(expires_at: datetime | None, now: datetime) -> int | None:
    """Whole days until keys end, below 0 once they have; None where no end is known."""
    return None if expires_at is None else (expires_at - now) // timedelta(days=1)


def key_warning(expires_at: datetime | None, now: datetime) -> KeyWarning:
    """How urgent new keys are: from 14 and from 3 days before the end, and after it."""
    if expires_at is None:
        return KeyWarning.NONE
    left = expires_at - now
    if left <= timedelta(0):
        return KeyWarning.EXPIRED
    if left <= timedelta(days=3):
        return KeyWarning.DAYS_3
    return KeyWarning.DAYS_14 if left <= timedelta(days=14) else KeyWarning.NONE
