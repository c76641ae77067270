"""What the simulated Rakuten keeps; all of it can be written to a file."""

from datetime import datetime
from enum import StrEnum

import msgspec

INVENTORY_ID = "normal-inventory"  # the usual variantId of an item without variants


class Variant(msgspec.Struct):
    """A SKU of an item. `sku` is merchantDefinedSkuId, which may be empty."""

    sku: str = ""
    selectors: dict[str, str] = {}
    restock_on_cancel: bool = True
    hidden: bool = False


class Item(msgspec.Struct):
    """An item page; `variants` by variantId, which is case-sensitive."""

    manage_number: str
    title: str
    variants: dict[str, Variant]
    item_number: str = ""
    image: str = ""
    hidden: bool = False
    unlimited: bool = False
    item_id: int = 0
    created: datetime | None = None
    updated: datetime | None = None
    deleted: datetime | None = None


class Stock(msgspec.Struct):
    """An inventory record, of a known SKU or an orphan."""

    quantity: int
    created: datetime
    updated: datetime
    lead_time: dict[str, int] = {}
    ship_from: list[int] = []


class Line(msgspec.Struct):
    """An item line of a package."""

    line_id: int
    manage_number: str
    variant_id: str
    units: int
    deleted: bool = False


class Shipping(msgspec.Struct):
    """A parcel reported for a package."""

    detail_id: int
    company: str
    number: str | None
    date: str | None


class Package(msgspec.Struct):
    """One destination of an order."""

    basket_id: int
    lines: list[Line]
    shippings: list[Shipping] = []
    deleted: bool = False


class Change(msgspec.Struct):
    """An entry of ChangeReasonModelList: 0 cancel asked, 1 cancel fixed, 4 change asked."""

    change_id: int
    kind: int
    by_customer: bool
    at: datetime


class Order(msgspec.Struct):
    """An order. `placed_at` is the true moment; the other moments are by the shop's clock."""

    number: str
    progress: int
    placed_at: datetime
    ordered_at: datetime
    packages: list[Package]
    confirmed_at: datetime | None = None
    fixed_at: datetime | None = None
    shipped_at: datetime | None = None
    amount_fixed: bool = True
    modified: bool = False
    before_change: int = 0
    changes: list[Change] = []

    def lines(self) -> list[Line]:
        """Every line that is still part of the order."""
        return [
            line
            for package in self.packages
            if not package.deleted
            for line in package.lines
            if not line.deleted
        ]


class EntryKind(StrEnum):
    """Why the shop's quantity changed."""

    SOLD = "sold"
    RESTOCKED = "restocked"
    WRITTEN = "written"
    BY_HAND = "by_hand"
    OPENING = "opening"
    PURGED = "purged"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the shop's truthful book, by the true clock.

    `change` is what was added to the quantity, `after` what it was then. A write was received at
    `received_at` and had its effect at `at`; `mode` and `units` are what was asked for.
    """

    kind: EntryKind
    at: datetime
    item: str
    variant: str
    change: int
    after: int
    order: str = ""
    mode: str = ""
    units: int = 0
    received_at: datetime | None = None


class Key(msgspec.Struct):
    """A licence key; it works until `expires_at`, included."""

    text: str
    expires_at: datetime


class ShopRecord(msgspec.Struct, kw_only=True):
    """Everything one shop is."""

    code: str
    shop_id: int
    secret: str
    keys: list[Key]
    skew_s: float = 0.0
    is_sku_migrated: bool = True
    denied: set[str] = set()
    items: dict[str, Item] = {}
    stock: dict[str, Stock] = {}
    orders: dict[str, Order] = {}
    book: list[Entry] = []
    counters: dict[str, int] = {}
    calls: dict[str, list[datetime]] = {}
    lead_times: set[int] = set()
    ship_froms: set[int] = set()


def pair_key(manage_number: str, variant_id: str) -> str:
    """The pair as one text; manageNumber is folded, variantId is not."""
    return f"{manage_number.lower()}/{variant_id}"
