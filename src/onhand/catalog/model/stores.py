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
RESERVED = frozenset({"all"})  # on the command line and in paths it means every store
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


class Why(StrEnum):
    """Why a value cannot be kept, told with what is allowed instead."""

    RESERVED = "reserved"
    TOO_LONG_AGO = "too_long_ago"  # or in the future; at most so many days
    NOT_A_NAME = "not_a_name"  # so many characters
    NOT_BY_HAND = "not_by_hand"
    NO_SETTING = "no_setting"  # these are
    NOT_TRUE_OR_FALSE = "not_true_or_false"
    NOT_ONE_OF = "not_one_of"
    OUT_OF_RANGE = "out_of_range"  # from, to
    NOT_A_SHOP_CODE = "not_a_shop_code"
    NO_KEY = "no_key"  # these are
    MISSING = "missing"
    TOO_LONG = "too_long"  # so many characters
    NOT_ONE_LINE = "not_one_line"
    HAS_SPACES = "has_spaces"
    NOT_PLAIN = "not_plain"


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
    `order_api_version` is the getOrder version; `poll_interval_s` is in seconds, as is
    `freshness_target_s`: how old a change may be when the shop has it.
    """

    shop_code: str = ""
    order_api_version: int = 7
    use_purchase_item_api: bool = False
    poll_interval_s: int = 900
    freshness_target_s: int = 300
    confirm_orders: bool = True
    sku_code_from: SkuCodeFrom = SkuCodeFrom.MERCHANT_DEFINED_SKU_ID


SETTING_RANGES = {
    "order_api_version": (7, 10),
    "poll_interval_s": (10, 86_400),
    "freshness_target_s": (1, 86_400),
}
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
    """A name, setting or moment that cannot be kept; `why` is a code, `allowed` what could be."""

    code: ClassVar[str] = "invalid_store_field"
    store: str
    field: str
    why: str
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InvalidCredentials(Refusal):
    """A key that cannot be one, told as above; the value is never repeated."""

    code: ClassVar[str] = "invalid_credentials"
    store: str
    field: str
    why: str
    allowed: tuple[str, ...] = ()


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
    if store_id in RESERVED:
        return InvalidStoreField(store_id, "store", Why.RESERVED)
    if new.orders_from is not None and not now - OLDEST_ORDERS <= new.orders_from <= now:
        most = (str(OLDEST_ORDERS.days),)
        return InvalidStoreField(store_id, "orders_from", Why.TOO_LONG_AGO, most)
    return check_store_name(store_id, new.name)


def check_store_name(store_id: str, name: str) -> Refusal | None:
    """Why a store cannot be called this."""
    if not name.strip() or len(name) > LONGEST_NAME or has_control_characters(name):
        return InvalidStoreField(store_id, "name", Why.NOT_A_NAME, (str(LONGEST_NAME),))
    return None


def change_settings(
    store_id: str, before: RakutenSettings, given: Mapping[str, object]
) -> RakutenSettings | InvalidStoreField:
    """The settings with those given in place of the old, or which one cannot be."""
    known = {known.name for known in fields(before)}
    values: dict[str, object] = {}
    for name, value in given.items():
        field = f"settings.{name[:64]}"
        if name not in known:
            return InvalidStoreField(store_id, field, Why.NO_SETTING, tuple(sorted(known)))
        wrong = _wrong(name, value, getattr(before, name))
        if wrong is not None:
            return InvalidStoreField(store_id, field, *wrong)
        values[name] = SkuCodeFrom(str(value)) if name == "sku_code_from" else value
    return replace(before, **values)  # type: ignore[arg-type]  # checked one by one above


def _wrong(name: str, value: object, like: object) -> tuple[Why, tuple[str, ...]] | None:
    """Why a setting cannot have this value, and what it could; `like` is one it can have."""
    if isinstance(like, bool):
        return None if isinstance(value, bool) else (Why.NOT_TRUE_OR_FALSE, ())
    if name == "sku_code_from":
        allowed = tuple(choice.value for choice in SkuCodeFrom)
        return None if value in allowed else (Why.NOT_ONE_OF, allowed)
    if isinstance(like, int):
        low, high = SETTING_RANGES[name]
        fits = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return None if fits else (Why.OUT_OF_RANGE, (str(low), str(high)))
    fits = isinstance(value, str) and _SHOP_CODE.fullmatch(value) is not None
    return None if fits else (Why.NOT_A_SHOP_CODE, ())


def check_credentials(
    store_id: str, platform: Platform, given: Mapping[str, str]
) -> dict[str, str] | InvalidCredentials:
    """The keys without what was pasted around them, or which one cannot be a key."""
    names = CREDENTIALS[platform]
    for name in given:
        if name not in names:
            return InvalidCredentials(store_id, name[:64], Why.NO_KEY, names)
    keys: dict[str, str] = {}
    for name in names:
        key = given.get(name, "").strip()
        why = _wrong_key(key)
        if why is not None:
            most = (str(LONGEST_CREDENTIAL),) if why is Why.TOO_LONG else ()
            return InvalidCredentials(store_id, name, why, most)
        keys[name] = key
    return keys


def _wrong_key(key: str) -> Why | None:
    if not key:
        return Why.MISSING
    if len(key) > LONGEST_CREDENTIAL:
        return Why.TOO_LONG
    if has_control_characters(key):
        return Why.NOT_ONE_LINE
    if any(character.isspace() for character in key):
        return Why.HAS_SPACES
    return None if key.isascii() and key.isprintable() else Why.NOT_PLAIN


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
