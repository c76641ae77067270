"""Rakuten's side of the port `Channel`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

import httpx
import msgspec

from onhand.channels.port import (
    ChannelLimits,
    ChannelListing,
    ChannelOrder,
    ConfirmResult,
    KeyStatus,
    ListingKey,
    Pace,
    StockChange,
    StockReading,
)
from onhand.channels.rakuten import catalogue, orders, stock
from onhand.channels.rakuten.api import RakutenApi
from onhand.channels.rakuten.functions import EXPIRY_DATE
from onhand.channels.rakuten.moments import from_rakuten
from onhand.channels.rakuten.settings import RakutenKeys, RakutenOptions

LIMITS = ChannelLimits(
    rows_per_read=stock.ROWS_PER_READ,
    rows_per_push=stock.ROWS_PER_PUSH,
    orders_per_read=orders.ORDERS_PER_READ,
    most_units=stock.MOST_UNITS,
    knows_relative=True,
)


class _Expiry(msgspec.Struct, rename="camel"):
    expiry_date: str


_decode_expiry = msgspec.json.Decoder(_Expiry).decode


class RakutenChannel:
    """One Rakuten shop; use it from one thread at a time.

    Every call first waits in `pace` under the function's name (see `functions.RATES`) and is sent
    once. `transport` takes the place of the network, for a simulator in the same process.
    """

    def __init__(
        self,
        keys: RakutenKeys,
        options: RakutenOptions,
        *,
        pace: Pace,
        clock: Callable[[], datetime],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Nothing is sent yet; ValueError when `options.base_url` is no http(s) address."""
        self._options = options
        self._api = RakutenApi(keys, options, pace=pace, clock=clock, transport=transport)

    @property
    def limits(self) -> ChannelLimits:
        """What one call may carry."""
        return LIMITS

    def check(self) -> KeyStatus:
        """Ask until when the licence key works (90 days from its issue, by Japanese time).

        LicenseManagementAPI, which has to be ticked in RMS (low confidence). Raises any
        ChannelError.
        """
        query = {"licenseKey": self._api.license_key}
        expiry, answer = self._api.ask(EXPIRY_DATE, _decode_expiry, query=query)
        try:
            return KeyStatus(from_rakuten(expiry.expiry_date))
        except ValueError:
            detail = "expiryDate is no moment"
        raise self._api.not_understood(answer, detail)

    def listings(self) -> Iterator[Sequence[ChannelListing]]:
        """Everything the shop lists, page by page; see `catalogue.listings`."""
        return catalogue.listings(self._api, self._options.shop_code)

    def placed_orders(self, since: datetime, until: datetime) -> Iterator[Sequence[ChannelOrder]]:
        """Every order placed from `since` until `until`; see `orders.placed_orders`."""
        return orders.placed_orders(self._api, self._options, since, until)

    def read_orders(self, order_ids: Sequence[str]) -> Sequence[ChannelOrder]:
        """At most 100 orders as they are now; see `orders.read_orders`."""
        return orders.read_orders(self._api, self._options, order_ids)

    def confirm_orders(self, order_ids: Sequence[str]) -> Mapping[str, ConfirmResult]:
        """Confirm at most 100 orders; see `orders.confirm_orders`."""
        return orders.confirm_orders(self._api, order_ids)

    def read_stock(self, keys: Sequence[ListingKey]) -> StockReading:
        """What the shop holds of at most 1000 listings; see `stock.read_stock`."""
        return stock.read_stock(self._api, keys)

    def push_stock(self, changes: Sequence[StockChange]) -> None:
        """Write at most 400 rows in one call; see `stock.push_stock`."""
        stock.push_stock(self._api, changes)

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()
