"""Stores with listings, and the orders they show."""

import json
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from onhand.catalog.tables import listing, store
from onhand.channels.port import ChannelLine, ChannelOrder, ListingKey, OrderState
from onhand.db.database import Database
from onhand.orders.commands import TakenIn, take_in
from onhand.stock.commands import Ledger
from onhand.sync.tables import listing_push
from tests.shop import START, FakeClock, Shop

STORE = "tokyo"
BELIEF = 100


class Market:
    """Stores of one ledger; a listing is called like its SKU, with the variant `v`."""

    def __init__(self, shop: Shop) -> None:
        """No store yet."""
        self.shop = shop

    @property
    def ledger(self) -> Ledger:
        """The ledger."""
        return self.shop.ledger

    @property
    def database(self) -> Database:
        """The ledger's database."""
        return self.shop.database

    @property
    def clock(self) -> FakeClock:
        """The test's clock."""
        return self.shop.clock

    def open(self, *store_ids: str) -> None:
        """Open stores."""
        with self.database.begin() as connection:
            for store_id in store_ids:
                row: dict[str, Any] = {
                    "store_id": store_id,
                    "platform": "rakuten",
                    "name": store_id,
                    "status": "active",
                    "settings": {},
                    "orders_from": START,
                    "created_at": START,
                    "updated_at": START,
                }
                connection.execute(sa.insert(store), row)

    def offer(self, item: str, sku_id: str | None, *, store_id: str = STORE) -> str:
        """List an item; its belief is BELIEF units, never read. Returns the listing's id."""
        listing_id = f"{store_id}/{item}"
        row: dict[str, Any] = {
            "listing_id": listing_id,
            "store_id": store_id,
            "item_key": item,
            "variant_key": "v",
            "sku_id": sku_id,
            "mapped_by": "person" if sku_id else None,
            "name": item,
            "codes": [],
            "is_sold": True,
            "seen_at": START,
            "created_at": START,
            "updated_at": START,
        }
        push: dict[str, Any] = {
            "listing_id": listing_id,
            "store_id": store_id,
            "belief": BELIEF,
            "waits_for_orders": False,
            "revision": 0,
            "mark": 0,
            "push_mark": 0,
            "push_units": 0,
            "tries": 0,
            "refusals": 0,
        }
        with self.database.begin() as connection:
            connection.execute(sa.insert(listing), row)
            connection.execute(sa.insert(listing_push), push)
        return listing_id

    def map(self, listing_id: str, sku_id: str | None) -> None:
        """Let a listing mean a SKU, or nothing."""
        values = {"sku_id": sku_id, "mapped_by": "person"}
        chosen = listing.c.listing_id == listing_id
        with self.database.begin() as connection:
            connection.execute(sa.update(listing).where(chosen).values(values))

    def take(self, order: ChannelOrder, *, store_id: str = STORE, confirm: bool = True) -> TakenIn:
        """Take an order in."""
        return take_in(self.ledger, store_id, order, now=self.clock(), confirm=confirm)

    def belief(self, item: str, *, store_id: str = STORE) -> tuple[int, str | None]:
        """What we believe the shop shows of an item, and why that is doubted."""
        chosen = listing_push.c.listing_id == f"{store_id}/{item}"
        statement = sa.select(listing_push.c.belief, listing_push.c.doubt).where(chosen)
        with self.database.read() as connection:
            belief, doubt = connection.execute(statement).one()
        return belief, doubt

    def table(self, table: sa.Table, *columns: str) -> list[tuple[Any, ...]]:
        """A table's rows, in order."""
        statement = sa.select(*(table.c[name] for name in columns) if columns else table.c)
        with self.database.read() as connection:
            return sorted((tuple(row) for row in connection.execute(statement)), key=repr)


def line(item: str, units: int, line_id: str = "1") -> ChannelLine:
    """A line of an order."""
    return ChannelLine(line_id, ListingKey(item, "v"), units, item)


def order(
    *lines: ChannelLine,
    state: OrderState = OrderState.PLACED,
    read_s: float = 60,
    order_id: str = "o1",
    ordered_at: datetime = START,
) -> ChannelOrder:
    """An order placed at START and read `read_s` seconds later."""
    read_at = START + timedelta(seconds=read_s)
    raw = json.dumps([state.value, [[entry.line_id, entry.units] for entry in lines]])
    return ChannelOrder(order_id, state, state.value, ordered_at, read_at, lines, raw)
