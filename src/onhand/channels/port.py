"""The port every shop's connector offers: all that Onhand ever asks of a shop.

Moments are UTC with zone; quantities are whole units. Every method may raise any error of
`onhand.channels.errors` and nothing else.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True, order=True)
class ListingKey:
    """What a shop calls one sellable line: on Rakuten the pair (manageNumber, variantId)."""

    item: str
    variant: str


@dataclass(frozen=True, slots=True)
class ChannelListing:
    """A listing as the shop's catalogue shows it.

    `codes` are the shop's other names for it, the likeliest SKU code first; `is_sold` is False
    where the shop hides it from buyers.
    """

    key: ListingKey
    name: str
    codes: tuple[str, ...] = ()
    image_url: str | None = None
    is_sold: bool = True


class OrderState(StrEnum):
    """How far an order is, in the words of every shop."""

    PLACED = "placed"  # the shop waits for us to confirm it
    CONFIRMED = "confirmed"
    CHANGING = "changing"  # the buyer or the shop is changing it: wait
    CANCELLING = "cancelling"  # asked to be cancelled: wait
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    ODD = "odd"  # a status we do not know: for a person to look at


@dataclass(frozen=True, slots=True)
class ChannelLine:
    """One line of an order; lines the shop has deleted are left out by the connector.

    `units` is what the shop says, which may be nonsense (0, negative, absurd): the order's
    commands decide what becomes of it.
    """

    line_id: str
    key: ListingKey
    units: int
    name: str = ""
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChannelOrder:
    """An order as the shop showed it at one moment.

    `ordered_at` is by the shop's clock. `read_at` (ours, before the request was sent) tells which
    of two sights of the order is the newer. `raw` is the shop's message, as JSON text, kept as
    evidence without the buyer's name and address where the shop offers that.
    """

    order_id: str
    state: OrderState
    status: str  # the shop's own word or number
    ordered_at: datetime
    read_at: datetime
    lines: tuple[ChannelLine, ...]
    raw: str


class Confirmation(StrEnum):
    """What came of confirming one order."""

    CONFIRMED = "confirmed"
    ALREADY = "already"  # it had moved on: read it again
    CANCELLED = "cancelled"  # it seems to be cancelled: read it again
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ConfirmResult:
    """One order's confirmation, with the shop's reason where it failed."""

    outcome: Confirmation
    reason: str = ""


class PushMode(StrEnum):
    """How a stock change names its units."""

    RELATIVE = "relative"  # add `units` (may be negative) to what the shop holds
    ABSOLUTE = "absolute"  # set it


@dataclass(frozen=True, slots=True)
class StockChange:
    """One row of a stock push."""

    key: ListingKey
    mode: PushMode
    units: int


@dataclass(frozen=True, slots=True)
class StockReading:
    """What the shop held somewhere between two moments of our clock.

    A key that is absent from `units` has no number at the shop (or is unknown there).
    """

    units: Mapping[ListingKey, int]
    sent_at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class ChannelLimits:
    """What one call may carry, and whether the shop knows relative writes."""

    rows_per_read: int
    rows_per_push: int
    orders_per_read: int
    most_units: int
    knows_relative: bool


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """That the keys work, and until when (None: they do not end, or the shop does not say)."""

    expires_at: datetime | None


class Channel(Protocol):
    """One store's connection; safe to use from one thread at a time."""

    @property
    def limits(self) -> ChannelLimits:
        """What one call may carry."""
        ...

    def check(self) -> KeyStatus:
        """Try the keys."""
        ...

    def listings(self) -> Iterator[Sequence[ChannelListing]]:
        """Everything the shop's catalogue lists, page by page."""
        ...

    def placed_orders(self, since: datetime, until: datetime) -> Iterator[Sequence[ChannelOrder]]:
        """Every order placed from `since` until `until`, whatever became of it, page by page.

        An order may come twice.
        """
        ...

    def read_orders(self, order_ids: Sequence[str]) -> Sequence[ChannelOrder]:
        """At most `limits.orders_per_read` orders as they are now; those unknown are left out."""
        ...

    def confirm_orders(self, order_ids: Sequence[str]) -> Mapping[str, ConfirmResult]:
        """Confirm at most `limits.orders_per_read` orders; one result for every id."""
        ...

    def read_stock(self, keys: Sequence[ListingKey]) -> StockReading:
        """What the shop holds of at most `limits.rows_per_read` listings."""
        ...

    def push_stock(self, changes: Sequence[StockChange]) -> None:
        """Write at most `limits.rows_per_push` rows, no key twice, in one call."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


# Returns when a call of this function of the store's shop may be sent: the shop's limits are
# shared by every process that works for the store.
Pace = Callable[[str], None]
