"""An independent count of what was sold and could not be: from the shops' books and our own.

Nothing of Onhand is asked. Of each SKU there is a number of free units: what came in, less what
somebody has bought and not given back. Whoever buys more than is free at that moment is sold
units that do not exist.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from onhand.simulators.rakuten import Entry, EntryKind, Order, Rakuten, Shop
from onhand.world.trade import Moved

_CANCELLED = (800, 900)
_SHIPPED = (500, 600, 700)


@dataclass(frozen=True, slots=True)
class Oversale:
    """A sale of more units than were free."""

    at: datetime
    sku: str
    who: str
    units: int


@dataclass(slots=True)
class Truth:
    """What should be so: by order and SKU the units held and shipped; and what was oversold.

    `moves` is everything that came, went or was taken, in the order of its moments.
    """

    units: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    orders: set[tuple[str, str]] = field(default_factory=set)
    sold: int = 0
    oversales: list[Oversale] = field(default_factory=list)
    moves: list[Moved] = field(default_factory=list)

    @property
    def oversold(self) -> int:
        """Units that were sold and did not exist."""
        return sum(sale.units for sale in self.oversales)


def count_truth(
    rakuten: Rakuten,
    book: Iterable[Moved],
    web_orders: Mapping[tuple[str, str], tuple[int, int]],
) -> Truth:
    """The truth of a world that has come to rest."""
    truth = Truth(units=dict(web_orders))
    moves = list(book)
    for shop in rakuten.shops.values():
        moves += _moves(shop)
        for order in shop.orders():
            truth.orders.add((shop.code, order.number))
            _add_units(truth, shop, order)
    free: Counter[str] = Counter()
    truth.moves = sorted(moves, key=lambda move: (move.at, move.is_sale))
    for move in truth.moves:
        if move.is_sale:
            truth.sold -= move.change
            missing = min(-move.change, -move.change - max(0, free[move.sku]))
            if missing > 0:
                truth.oversales.append(Oversale(move.at, move.sku, move.who, missing))
        free[move.sku] += move.change
    return truth


def _add_units(truth: Truth, shop: Shop, order: Order) -> None:
    if order.progress in _CANCELLED:
        return
    for line in order.lines():
        sku = shop.sku(line.manage_number, line.variant_id).lower()
        if sku:
            key = (f"{shop.code}:{order.number}", sku)
            held, shipped = truth.units.get(key, (0, 0))
            if order.progress in _SHIPPED:
                truth.units[key] = (held, shipped + line.units)
            else:
                truth.units[key] = (held + line.units, shipped)


def _moves(shop: Shop) -> list[Moved]:
    """What buyers took, by the shop's book; what they gave back, by their orders.

    Units of a cancelled or smaller order are free from the moment of the change, whether or not
    the shop offers them again.
    """
    found = [
        Moved(entry.at, sku, entry.change, True, f"{shop.code} {entry.order}")
        for entry in shop.ledger()
        if entry.kind is EntryKind.SOLD and (sku := _sku(shop, entry))
    ]
    taken: Counter[tuple[str, str]] = Counter()
    for move in found:
        taken[move.who.partition(" ")[2], move.sku] -= move.change
    for order in shop.orders():
        kept: Counter[str] = Counter()
        if order.progress not in _CANCELLED:
            for line in order.lines():
                kept[shop.sku(line.manage_number, line.variant_id).lower()] += line.units
        for (number, sku), units in taken.items():
            if number == order.number and units > kept[sku]:
                at = order.changes[-1].at if order.changes else order.placed_at
                who = f"{shop.code} {number}"
                found.append(Moved(at, sku, units - kept[sku], False, who))
    return found


def _sku(shop: Shop, entry: Entry) -> str:
    return shop.sku(entry.item, entry.variant).lower()
