"""Connections to the stores of one environment: keys opened, limits kept, connections reused."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from onhand.access.secrets import SecretsUnreadable, Vault
from onhand.catalog.model.stores import Platform
from onhand.catalog.queries.stores import StoreView, read_credentials, read_store
from onhand.channels.errors import ChannelAuthExpired
from onhand.channels.port import Channel, ChannelLimits
from onhand.db.database import Database
from onhand.sync.commands.pace import take_slot

# Connectors are imported where they are used: most commands and requests speak to no shop.
if TYPE_CHECKING:
    import httpx

    from onhand.channels.rakuten.settings import RakutenKeys

_SLACK = 1.1  # calls may arrive closer together than they were sent


@dataclass(frozen=True, slots=True)
class Wiring:
    """How shops are reached: Rakuten's address and order rate, and what stands for the network.

    `sleep` waits that many seconds; `transport` takes the network's place in a simulated world.
    """

    rakuten_url: str
    rakuten_orders_per_s: float = 1.0
    sleep: Callable[[float], None] = time.sleep
    transport: "Callable[[str], httpx.BaseTransport] | None" = None


def limits_of(platform: Platform) -> ChannelLimits:
    """What one call to a shop of this platform may carry, without speaking to it."""
    match platform:
        case Platform.RAKUTEN:
            from onhand.channels.rakuten.channel import LIMITS  # noqa: PLC0415

            return LIMITS


class UnknownStore(Exception):
    """There is no store of this id."""


@dataclass(slots=True)
class _Kept:
    """A connection that nobody uses now, and the store as it was when it was made."""

    store: StoreView
    channel: Channel


@dataclass(slots=True)
class Shops:
    """One environment's stores, to be spoken to."""

    database: Database
    vault: Vault
    clock: Callable[[], datetime]
    wiring: Wiring
    _idle: dict[str, list[_Kept]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def connected(self, store_id: str) -> Iterator[Channel]:
        """A connection of this store for one thread, with its keys as they are now.

        Raises:
            UnknownStore: there is none of this id.
            ChannelAuthExpired: it has no keys, or they cannot be read.
        """
        with self.database.read() as connection:
            store = read_store(connection, store_id, now=self.clock())
        if store is None:
            raise UnknownStore(store_id)
        channel = self._take(store)
        try:
            yield channel
        finally:
            with self._lock:
                self._idle.setdefault(store.store, []).append(_Kept(store, channel))

    def close(self) -> None:
        """Let go of every connection that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for kept in idle.values():
            for each in kept:
                each.channel.close()

    def _take(self, store: StoreView) -> Channel:
        with self._lock:
            idle = self._idle.get(store.store, [])
            kept = idle.pop() if idle else None
        if kept is not None:
            if kept.store.updated_at == store.updated_at:
                return kept.channel
            kept.channel.close()
        return self._open(store)

    def _open(self, store: StoreView) -> Channel:
        from onhand.channels.rakuten.channel import RakutenChannel  # noqa: PLC0415
        from onhand.channels.rakuten.settings import RakutenOptions  # noqa: PLC0415

        settings, wiring = store.settings, self.wiring
        options = RakutenOptions(
            base_url=wiring.rakuten_url,
            order_api_version=settings.order_api_version,
            use_purchase_item_api=settings.use_purchase_item_api,
            shop_code=settings.shop_code or None,
        )
        return RakutenChannel(
            self._keys(store.store),
            options,
            pace=self._pace(store.store),
            clock=self.clock,
            transport=None if wiring.transport is None else wiring.transport(store.store),
        )

    def _keys(self, store_id: str) -> "RakutenKeys":
        from onhand.channels.rakuten.settings import RakutenKeys  # noqa: PLC0415

        try:
            with self.database.read() as connection:
                keys = read_credentials(connection, store_id, self.vault)
        except SecretsUnreadable as error:
            raise ChannelAuthExpired("keys", str(error)) from error
        if keys is None:
            raise ChannelAuthExpired("keys", "the store has no keys yet")
        return RakutenKeys(keys["service_secret"], keys["license_key"])

    def _pace(self, store_id: str) -> Callable[[str], None]:
        from onhand.channels.rakuten.functions import rates  # noqa: PLC0415

        per_s = rates(order_per_s=self.wiring.rakuten_orders_per_s)

        def wait(function: str) -> None:
            interval_s = _SLACK / per_s[function]
            wait_s = take_slot(
                self.database, store_id, function, interval_s=interval_s, now=self.clock()
            )
            if wait_s > 0:
                self.wiring.sleep(wait_s)

        return wait
