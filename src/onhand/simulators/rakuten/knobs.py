"""The knobs: where the reference is silent or Rakuten may choose, the simulation can be turned.

Defaults are what is best supported; the comments give the reference's confidence marks.
"""

from datetime import datetime
from enum import StrEnum

import msgspec


class Envelope(StrEnum):
    """The three forms of error bodies, any of which an expired key may be told in (U)."""

    ERRORS = "errors"
    RESULTS = "results"
    MESSAGES = "messages"


class LimitAnswer(StrEnum):
    """What a call beyond the limit is answered with (U)."""

    TOO_MANY = "429"
    UNAVAILABLE = "503"
    OFF = "off"


class Window(msgspec.Struct, frozen=True):
    """A maintenance window.

    `services` are `order`, `purchaseItem`, `items`, `inventories`, `license`; none named: all.
    """

    start: datetime
    end: datetime
    services: tuple[str, ...] = ()


# Calls per second and shop (C); the order API's are unknown (U), so it is not limited.
RATES: dict[str, float] = {
    "items.get": 5.0,
    "items.search": 5.0,
    "items.bulk.get": 1.0,
    "inventories.bulk.get": 5.0,
    "inventories.bulk.get.range": 5.0,
    "inventories.variants.get": 1.0,
    "inventories.variants.upsert": 1.0,
    "inventories.variants.delete": 1.0,
    "inventories.bulk.upsert": 1.0,
    "inventories.variant-lists.get": 1.0,
}


class Knobs(msgspec.Struct, kw_only=True):
    """How this Rakuten behaves; may be changed while it runs."""

    auth_envelope: Envelope = Envelope.ERRORS
    limit_answer: LimitAnswer = LimitAnswer.TOO_MANY
    limit_retry_after_s: int | None = None
    rates: dict[str, float] = msgspec.field(default_factory=lambda: dict(RATES))
    bulk_is_atomic: bool = True  # D: does one bad row refuse all
    read_only: bool = False  # GE0017 on writes
    maintenance: list[Window] = []
    item_index_lag_s: float = 0.0  # A: up to 86,400
    order_index_lag_s: float = 0.0  # U: until searchOrder finds an order
    orphan_life_s: float = 86_400.0  # A: purged not before 24 h
    processing_s: float = 60.0  # B: 200 to 300, minutes to days
    auto_confirm_s: float | None = None  # B: RMS can confirm by itself
    auto_cancel_days: int | None = 14  # C
    change_settles_s: float = 0.0  # U: how long a change stays in 400
    cancel_settles_s: float = 0.0  # U: how long a cancellation stays in 800
    restock_delay_s: float = 0.0  # U: until a cancelled unit is back
    confirm_failure_status: int = 200  # U
    search_total_is_capped: bool = False  # U: does totalRecordsAmount stop at 15,000
    shipping_date_format: str = "%Y-%m-%d"  # A, against one report of %Y%m%d
    oldest_order_version: int = 3  # C: 1 and 2 are refused
    newest_order_version: int = 10  # A: announced
    kept_orders: int | None = None  # of a shop; ended ones beyond that are forgotten, None: never
