"""Stock events: the immutable facts, and the hash that chains them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

MAIN_LOCATION = "main"


class Kind(StrEnum):
    """What happened. The last four change no quantity."""

    RECEIVED = "received"
    SHIPPED = "shipped"
    RETURNED = "returned"
    RESERVED = "reserved"
    RELEASED = "released"
    EXPIRED = "expired"
    ADJUSTED = "adjusted"
    COUNTED = "counted"
    TRANSFERRED = "transferred"
    OVERSOLD = "oversold"
    PUSH_FAILED = "push_failed"
    CHANNEL_ERROR = "channel_error"
    SKU_RESET = "sku_reset"


class Source(StrEnum):
    """Which way a command came in."""

    API = "api"
    MANUAL = "manual"
    IMPORT = "import"
    SYSTEM = "system"


class ReferenceType(StrEnum):
    """What kind of thing outside the ledger an event belongs to."""

    ORDER = "order"
    CART = "cart"
    MANUAL = "manual"
    IMPORT = "import"
    CHANNEL = "channel"
    SYSTEM = "system"


class Reference(NamedTuple):
    """The order, cart, file … an event belongs to."""

    type: ReferenceType
    id: str


class Event(NamedTuple):
    """One fact in the ledger, as stored; moments are UTC text with microseconds.

    Balances are those of the SKU at the event's location, in whole units, after the event.
    """

    command_id: str
    sku_id: str
    generation: int
    seq: int
    location_id: str
    kind: str
    on_hand_change: int
    reserved_change: int
    on_hand_after: int
    reserved_after: int
    shortfall_after: int
    reservation_id: str | None
    reason: str | None
    reference_type: str | None
    reference_id: str | None
    store_id: str | None
    actor: str
    source: str
    idempotency_key: str | None
    happened_at: str
    recorded_at: str
    hash: str


_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

Encode = Callable[[tuple[object, ...]], bytes]


def encode_fields(fields: tuple[object, ...]) -> bytes:
    """An event's fields as hashed: a JSON array in UTF-8 without blanks or needless escapes."""
    return _compact.encode(fields).encode()


@lru_cache(maxsize=4096)
def utc_text(moment: datetime) -> str:
    """A moment as it is hashed and stored: ISO 8601, microseconds, `+00:00`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def chain_hash(previous_hash: str, fields: bytes) -> str:
    """SHA-256 (hex) over the previous event's hash and every other field of this one, encoded."""
    return sha256(previous_hash.encode() + fields).hexdigest()
