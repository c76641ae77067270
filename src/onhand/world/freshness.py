"""How fresh shops are when everything changes at once, at the limits that Rakuten documents."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from onhand.channels.rakuten.channel import LIMITS
from onhand.simulators.rakuten import EntryKind
from onhand.simulators.rakuten.knobs import RATES
from onhand.stock.model.commands import Caller, Line, Receive
from onhand.stock.model.events import Source
from onhand.world.network import ONE_WAY_S
from onhand.world.play import World
from onhand.world.setting import Setting
from onhand.world.shops import sku_codes
from onhand.world.verdict import Freshness, freshness

_LINES_AT_ONCE = 1_000
_CALLS_PER_S = RATES["inventories.bulk.upsert"]
_CLERK = Caller("clerk", Source.MANUAL)


@dataclass(frozen=True, slots=True)
class Burst:
    """Seconds from a change of every SKU until each shop showed it, beside the ideal schedule.

    The ideal sends a full call whenever the limit allows one, from the first moment on.
    """

    listings: int
    stores: int
    calls: int
    measured: Freshness
    ideal: Freshness
    reads: int

    @property
    def ratio(self) -> float:
        """How much longer than by the ideal schedule the slowest of a hundred listings took."""
        return self.measured.p99_s / self.ideal.p99_s

    @property
    def most_ratio(self) -> float:
        """The same for the last listing."""
        return self.measured.most_s / self.ideal.most_s


def measure_burst(setting: Setting) -> Burst:
    """Connect shops with `setting.skus` listings each, change every SKU, and watch the shops."""
    world = World(replace(setting, shares=False, orders_per_hour=0.0))
    try:
        return _measure(world)
    finally:
        world.close()


def ideal_waits(listings: int) -> Iterator[float]:
    """Seconds until each of so many changed listings is told by the ideal schedule."""
    for place in range(listings):
        yield place // LIMITS.rows_per_push / _CALLS_PER_S + ONE_WAY_S


def _measure(world: World) -> Burst:
    setting = world.setting
    calls_s = setting.skus / LIMITS.rows_per_push / _CALLS_PER_S
    world.pass_time(setting.opens_at - world.turns.now() + timedelta(seconds=4 * calls_s))
    before = dict(world.network.calls)
    began = world.turns.now()
    codes = [code.lower() for code in sku_codes(setting)]
    for start in range(0, len(codes), _LINES_AT_ONCE):
        lines = tuple(Line(code, 1) for code in codes[start : start + _LINES_AT_ONCE])
        world.turns.at(began, partial(world.trade.order, Receive(lines), caller=_CLERK))
    world.pass_time(timedelta(seconds=2 * calls_s + 120))
    waits = _waits(world, began)
    calls = {name: count - before.get(name, 0) for name, count in world.network.calls.items()}
    return Burst(
        listings=setting.skus,
        stores=setting.stores,
        calls=sum(n for name, n in calls.items() if name.endswith("bulk.upsert")),
        measured=freshness(waits),
        ideal=freshness([w for w in ideal_waits(setting.skus) for _ in range(setting.stores)]),
        reads=sum(n for name, n in calls.items() if name.endswith("bulk.get")),
    )


def _waits(world: World, began: datetime) -> Sequence[float]:
    """Of every listing, when its shop showed the new number; for ever where it never did."""
    waits = []
    for shop in world.rakuten.shops.values():
        told = {
            (entry.item, entry.variant): (entry.at - began).total_seconds()
            for entry in shop.ledger()
            if entry.kind is EntryKind.WRITTEN and entry.at >= began
        }
        for item, variant, code in shop.catalogue():
            if code:
                waits.append(told.get((item, variant), math.inf))
    return waits
