"""One simulated shop: its keys, its pages, its stock and its truthful book."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, time, timedelta

from onhand.simulators.rakuten.records import (
    Entry,
    EntryKind,
    Item,
    Key,
    Order,
    ShopRecord,
    Stock,
    pair_key,
)
from onhand.simulators.rakuten.wire import JST
from onhand.simulators.rakuten.world import World

MOST_UNITS = 99_999
ENDED = (500, 600, 700, 900)
_KEY_DAYS = 90


class Shop:
    """A shop as its owner sees it; all moments in the book are true ones, not the shop's clock."""

    def __init__(self, record: ShopRecord, world: World) -> None:
        """`record` is part of the world's state."""
        self.record = record
        self.world = world
        self._catalogue: list[tuple[str, str, str]] | None = None
        self._unmapped: list[tuple[str, str, str]] = []
        self._pages: list[Item] | None = None
        self._numbered: dict[str, set[str]] = {}
        for key in record.stock:
            self._number(*key.split("/", 1))

    @property
    def code(self) -> str:
        """The shop's code, as in its addresses."""
        return self.record.code

    @property
    def secret(self) -> str:
        """The service secret."""
        return self.record.secret

    @property
    def license_key(self) -> str:
        """The newest licence key."""
        return self.record.keys[-1].text

    @property
    def key_expires_at(self) -> datetime:
        """Until when the newest licence key works."""
        return self.record.keys[-1].expires_at

    @property
    def authorization(self) -> str:
        """The Authorization header that lets one in."""
        pair = f"{self.secret}:{self.license_key}"
        return "ESA " + b64encode(pair.encode()).decode()

    def local(self, moment: datetime) -> datetime:
        """The moment as the shop's clock shows it."""
        return moment + timedelta(seconds=self.record.skew_s)

    @contextmanager
    def open(self) -> Iterator[datetime]:
        """The present, with everything done that was due and nobody else at work."""
        with self.world.lock:
            yield self.world.now()

    def renew_key(self, *, days: int = _KEY_DAYS) -> str:
        """Issue a new licence key; the old one stops working. Days below 0: expired already."""
        with self.open() as now:
            for key in self.record.keys:
                key.expires_at = min(key.expires_at, now - timedelta(seconds=1))
            key = make_key(self.record, self.local(now), days=days)
            self.record.keys.append(key)
            self.world.changes += 1
            return key.text

    def expire_key(self) -> None:
        """Let the newest licence key have expired a second ago."""
        with self.open() as now:
            self.record.keys[-1].expires_at = self.local(now) - timedelta(seconds=1)
            self.world.changes += 1

    def deny(self, *functions: str) -> None:
        """Tick these functions off in RMS, such as `order.searchOrder`."""
        self.record.denied.update(functions)

    def allow(self, *functions: str) -> None:
        """Tick these functions on again."""
        self.record.denied.difference_update(functions)

    def add_item(self, item: Item, units: Mapping[str, int] | None = None) -> None:
        """Put an item up, with its opening stock by variantId; no number where none is given."""
        with self.open() as now:
            item.manage_number = item.manage_number.lower()
            item.item_id = item.item_id or 10_000_000 + self.count("item")
            item.created = item.created or now
            item.updated = item.updated or now
            item.deleted = None
            self.record.items[item.manage_number] = item
            self._catalogue = self._pages = None
            for variant_id, quantity in (units or {}).items():
                opening = Entry(
                    kind=EntryKind.OPENING,
                    at=now,
                    item=item.manage_number,
                    variant=variant_id,
                    change=quantity,
                    after=quantity,
                )
                self.record.stock[pair_key(item.manage_number, variant_id)] = Stock(
                    quantity, self.local(now), self.local(now)
                )
                self._number(item.manage_number, variant_id)
                self.enter(opening)

    def delete_item(self, manage_number: str) -> None:
        """Take an item down; the search index shows a stub of it for a while."""
        with self.open() as now:
            item = self.record.items[manage_number.lower()]
            item.deleted = now
            self._catalogue = self._pages = None
            for variant_id in item.variants:
                self.forget(now, item.manage_number, variant_id)
            self.world.changes += 1

    def item(self, manage_number: str) -> Item | None:
        """An item that is up."""
        found = self.record.items.get(manage_number.lower())
        return None if found is None or found.deleted else found

    def has_sku(self, manage_number: str, variant_id: str) -> bool:
        """Whether the pair is a SKU of an item that is up."""
        item = self.item(manage_number)
        return item is not None and variant_id in item.variants

    def sku(self, manage_number: str, variant_id: str) -> str:
        """The SKU code of a pair; empty where it has none or is none."""
        item = self.item(manage_number)
        variant = None if item is None else item.variants.get(variant_id)
        return "" if variant is None else variant.sku

    def catalogue(self, *, unmapped: bool = False) -> list[tuple[str, str, str]]:
        """manageNumber, variantId and SKU code of all that is for sale, in the order it was put up.

        With `unmapped` only what has no SKU code. What is hidden or shown later than it was put
        up is not noticed.
        """
        if self._catalogue is None:
            self._catalogue = [
                (item.manage_number, variant_id, variant.sku)
                for item in self.record.items.values()
                if item.deleted is None and not item.hidden
                for variant_id, variant in item.variants.items()
                if not variant.hidden
            ]
            self._unmapped = [found for found in self._catalogue if not found[2]]
        return self._unmapped if unmapped else self._catalogue

    def pages(self) -> list[Item]:
        """Every item that is up or was, by manageNumber."""
        if self._pages is None:
            found = self.record.items
            self._pages = [found[manage_number] for manage_number in sorted(found)]
        return self._pages

    def numbered(self, manage_number: str) -> set[str]:
        """The variantIds of an item that have an inventory record."""
        return self._numbered.get(manage_number.lower(), set())

    def _number(self, manage_number: str, variant_id: str) -> None:
        self._numbered.setdefault(manage_number, set()).add(variant_id)

    def order(self, number: str) -> Order:
        """An order, as it is kept: tests may bend it."""
        with self.open():
            return self.record.orders[number]

    def orders(self) -> list[Order]:
        """Every order, oldest first."""
        with self.open():
            return list(self.record.orders.values())

    def quantity(self, manage_number: str, variant_id: str) -> int | None:
        """Units the shop offers of a SKU now; None where it has no number."""
        with self.open() as now:
            found = self.stock(now, manage_number, variant_id)
            return None if found is None else found.quantity

    def quantities(self) -> dict[tuple[str, str], int]:
        """Units of every pair that has a number, orphans included."""
        with self.open() as now:
            pairs = [tuple(key.split("/", 1)) for key in self.record.stock]
            found = {(m, v): self.stock(now, m, v) for m, v in pairs}
            return {pair: stock.quantity for pair, stock in found.items() if stock is not None}

    def ledger(self) -> tuple[Entry, ...]:
        """Every change of a quantity so far, in the order in which they happened."""
        with self.open():
            return tuple(self.record.book)

    def stock(self, now: datetime, manage_number: str, variant_id: str) -> Stock | None:
        """The inventory record; an orphan is purged once its life is over."""
        found = self.record.stock.get(pair_key(manage_number, variant_id))
        if found is None or self.has_sku(manage_number, variant_id):
            return found
        life = timedelta(seconds=self.world.knobs.orphan_life_s)
        if found.updated + life <= self.local(now):
            self.forget(now, manage_number, variant_id)
            return None
        return found

    def put(self, entry: Entry) -> Stock:
        """Make `entry` true: its pair has `after` units from then on."""
        stamp = self.local(entry.at)
        key = pair_key(entry.item, entry.variant)
        found = self.record.stock.get(key)
        if found is None:
            found = self.record.stock[key] = Stock(entry.after, stamp, stamp)
            self._number(entry.item, entry.variant)
        found.quantity = entry.after
        found.updated = stamp
        self.enter(entry)
        return found

    def forget(self, now: datetime, manage_number: str, variant_id: str) -> None:
        """Drop the inventory record, if there is one."""
        found = self.record.stock.pop(pair_key(manage_number, variant_id), None)
        if found is not None:
            self._numbered[manage_number.lower()].discard(variant_id)
            purged = Entry(
                kind=EntryKind.PURGED,
                at=now,
                item=manage_number.lower(),
                variant=variant_id,
                change=-found.quantity,
                after=0,
            )
            self.enter(purged)

    def enter(self, entry: Entry) -> None:
        """Write a line into the book."""
        self.record.book.append(entry)
        self.world.changes += 1

    def forget_ended(self) -> None:
        """Forget the oldest ended orders beyond what is kept, with the oldest lines of the book."""
        most = self.world.knobs.kept_orders
        orders, book = self.record.orders, self.record.book
        # A tenth more before anything goes: to look through all of them for each order is slow.
        if most is None or len(orders) <= most + most // 10:
            return
        ended = [order.number for order in orders.values() if order.progress in ENDED]
        gone = set(ended[: len(orders) - most])
        for number in gone:
            del orders[number]
        self.world.drop(gone)
        del book[: max(0, len(book) - 2 * most)]

    def count(self, what: str) -> int:
        """The next number of a series, from 1."""
        number = self.record.counters.get(what, 0) + 1
        self.record.counters[what] = number
        return number


def make_key(record: ShopRecord, issued_at: datetime, *, days: int = _KEY_DAYS) -> Key:
    """A licence key, visibly fake; it ends at 23:59:59 in Japan, `days` after its issue."""
    last_day = issued_at.astimezone(JST).date() + timedelta(days=days)
    number = len(record.keys) + 1
    ends = datetime.combine(last_day, time(23, 59, 59), tzinfo=JST)
    return Key(f"SL-FAKE-{record.code.upper()[:24]}-{number}", ends)
