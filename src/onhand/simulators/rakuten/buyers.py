"""Seeded buyers who order, change and cancel as time goes on."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import accumulate

from onhand.simulators.rakuten.buying import (
    OPEN,
    Wish,
    change_line,
    end_order,
    place,
    restock_order,
)
from onhand.simulators.rakuten.habits import Habits
from onhand.simulators.rakuten.shop import Shop
from onhand.simulators.rakuten.world import BuyerComes, BuyerReturns, World

_HOUR_S = 3_600.0


def start_buyers(world: World, shops: Sequence[Shop], habits: Habits) -> None:
    """Let buyers come to these shops from now on.

    Those who were on their way do not come: a simulation that was stopped for a night does not
    make up for it.
    """
    stop_buyers(world)
    now = world.now()
    world.state.habits = habits
    for shop in shops:
        _await_next(shop, now)


def stop_buyers(world: World) -> None:
    """Let no new buyers come; those who ordered may still come back."""
    kept = [entry for entry in world.state.due if not isinstance(entry[2], BuyerComes)]
    world.state.due[:] = sorted(kept, key=lambda entry: entry[:2])


def come(shop: Shop, now: datetime) -> None:
    """Somebody orders at this moment, and the next one is on the way."""
    habits = _habits(shop)
    dice = shop.world.dice(f"buyers of {shop.code}")
    catalogue = shop.catalogue()
    if catalogue:
        wishes = [_wish(shop, catalogue)]
        if dice.happens(habits.second_line):
            package = int(dice.happens(habits.second_package))
            other = _wish(shop, catalogue)
            wishes.append(Wish(other.item, other.variant, other.units, package))
        if dice.happens(habits.same_line_twice):
            wishes.append(wishes[0])
        number = place(shop, now, wishes)
        if number is not None:
            _plan_return(shop, now, number)
    _await_next(shop, now)


def come_back(shop: Shop, now: datetime, event: BuyerReturns) -> None:
    """A buyer cancels, or changes a line, if the order still allows it."""
    habits = _habits(shop)
    dice = shop.world.dice(f"buyers of {shop.code}")
    order = shop.record.orders[event.order]
    lines = order.lines()
    if order.progress not in OPEN or not lines:
        return
    if event.cancels:
        end_order(shop, now, order, by_customer=True)
        restock_order(
            shop,
            now,
            order,
            restock=dice.happens(habits.cancel_restocks),
            delay_s=habits.restock_delay_s,
        )
        return
    line = lines[dice.whole(0, len(lines) - 1)]
    least = 0 if len(lines) > 1 else 1
    change_line(shop, now, (order.number, line.line_id), dice.whole(least, habits.most_units))


def _habits(shop: Shop) -> Habits:
    return shop.world.state.habits or Habits()


def _await_next(shop: Shop, now: datetime) -> None:
    rate = _habits(shop).orders_per_hour
    if rate > 0:
        wait_s = shop.world.dice(f"arrivals at {shop.code}").wait_s(_HOUR_S / rate)
        shop.world.schedule(now + timedelta(seconds=wait_s), BuyerComes(shop.code))


def _plan_return(shop: Shop, now: datetime, number: str) -> None:
    habits = _habits(shop)
    dice = shop.world.dice(f"buyers of {shop.code}")
    drawn = dice.roll()
    if drawn < habits.changes + habits.cancels:
        wait_s = dice.wait_s(habits.returns_after_s)
        event = BuyerReturns(shop.code, number, cancels=drawn < habits.cancels)
        shop.world.schedule(now + timedelta(seconds=wait_s), event)


def _wish(shop: Shop, catalogue: list[tuple[str, str, str]]) -> Wish:
    habits = _habits(shop)
    dice = shop.world.dice(f"buyers of {shop.code}")
    unmapped = shop.catalogue(unmapped=True)
    if unmapped and dice.happens(habits.unmapped):
        chosen = unmapped[dice.whole(0, len(unmapped) - 1)]
    else:
        weights = _weights(len(catalogue), habits.popularity)
        rank = min(bisect_right(weights, dice.roll() * weights[-1]), len(catalogue) - 1)
        chosen = catalogue[rank]
    return Wish(chosen[0], chosen[1], dice.whole(1, habits.most_units))


@lru_cache(maxsize=64)
def _weights(size: int, popularity: float) -> list[float]:
    return list(accumulate(1.0 / (rank + 1) ** popularity for rank in range(size)))
