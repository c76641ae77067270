"""Whatever the order in which the sights of an order arrive, the end is the same (Z8)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from hypothesis import given

from onhand.channels.port import ChannelOrder
from onhand.orders.commands.rows import sighting
from onhand.orders.model.decide import (
    Account,
    CountedLine,
    Moved,
    SkuKey,
    applied,
    decide,
    is_as_wanted,
    wanted_units,
)
from onhand.orders.model.desk import causes_of
from onhand.orders.model.sights import Sighting, State, Version
from tests.orders.lives import deliveries


@dataclass
class Kept:
    """One order as it is kept, without a database."""

    account: Account = field(default_factory=Account)
    version: Version | None = None
    sight: Sighting | None = None
    sold: Counter[str] = field(default_factory=Counter)
    doubted: set[str] = field(default_factory=set)

    def take(self, order: ChannelOrder) -> None:
        """What `take_in` does."""
        sight = sighting(order)
        if self.version is not None and not sight.version.is_newer_than(self.version):
            return
        plan = decide(self.account, sight.state, counted(sight))
        stock = applied(self.account.stock, plan.moves)
        self.account = Account(sight.state, stock, plan.told)
        self.version, self.sight = sight.version, sight
        self.sold.update(plan.sold)
        self.doubted |= plan.doubted

    @property
    def end(self) -> tuple[object, ...]:
        """What must not depend on the order of arrival."""
        assert self.sight is not None
        stock = {sku: moved for sku, moved in self.account.stock.items() if moved != Moved()}
        told = {listing: units for listing, units in self.account.told.items() if units}
        causes = causes_of(self.sight.state, self.sight.status, counted(self.sight), stock)
        return self.version, stock, told, causes


def counted(sight: Sighting) -> list[CountedLine]:
    """Every item is listed and means the SKU of its name."""
    return [CountedLine(line, line.item, SkuKey(line.item, 1)) for line in sight.lines]


def keep(orders: Iterable[ChannelOrder]) -> Kept:
    """Take them in, one after the other."""
    kept = Kept()
    for order in orders:
        kept.take(order)
    return kept


@given(deliveries())
def test_the_order_of_arrival_does_not_matter(both: tuple[list[ChannelOrder], ...]) -> None:
    life, arrival = both
    assert keep(arrival).end == keep(life).end


@given(deliveries())
def test_stock_is_as_the_newest_sight_wants_it(both: tuple[list[ChannelOrder], ...]) -> None:
    kept = keep(both[1])
    assert kept.sight is not None
    wanted = wanted_units(kept.sight.state, counted(kept.sight))
    for sku in {*wanted, *kept.account.stock}:
        moved = kept.account.stock.get(sku, Moved())
        assert min(moved) >= 0
        assert is_as_wanted(kept.sight.state, moved, wanted[sku])


@given(deliveries())
def test_beliefs_are_right_or_doubted(both: tuple[list[ChannelOrder], ...]) -> None:
    """What was told is what the order takes, or the listing is read again."""
    kept = keep(both[1])
    assert kept.sight is not None
    is_over = kept.sight.state is State.CANCELLED
    takes: Counter[str] = Counter()
    for line in kept.sight.lines:
        if line.has_good_units and not is_over:
            takes[line.item] += line.units
    for listing in {*takes, *kept.sold}:
        assert kept.sold[listing] == takes[listing] or listing in kept.doubted
    assert +Counter(kept.account.told) >= +takes
