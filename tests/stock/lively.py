"""A shop that has lived through some weeks: sales, returns, counts, late entries, removals."""

import json
import random
from datetime import timedelta

from onhand.access.model import Accepted, Actor, Asked
from onhand.catalog.commands import create_skus
from onhand.catalog.model import NewSku
from onhand.stock.commands.counts import (
    Counted,
    CountEntry,
    NewCount,
    close_count,
    enter_counts,
    open_count,
)
from onhand.stock.model.commands import (
    Adjust,
    AdjustLine,
    AdjustMode,
    Ask,
    Deduct,
    ExpireHolds,
    Line,
    Receive,
    Reserve,
    ResetSku,
    Return,
    SetPolicy,
    Transfer,
)
from tests.shop import FakeClock, Shop, cart, order

SKUS = tuple(f"s{number}" for number in range(12))
PLACES = ("main", "east")
MEI = Actor("mei")


def live(shop: Shop, clock: FakeClock, *, seed: int, asks: int) -> None:
    """Let so many things happen over about five weeks; what cannot be is refused."""
    dice = random.Random(seed)
    shop.add_location("east")
    _register(shop, clock, SKUS)
    for code in SKUS[:-1]:
        shop.do(Receive((Line(code, dice.randint(5, 60)),)))
    shop.do(SetPolicy(SKUS[0], allow_oversell=True, low_stock_threshold=5))
    shop.do(SetPolicy(SKUS[1], low_stock_threshold=40))
    for number in range(asks):
        clock.advance(dice.expovariate(asks / (35 * 86_400)))
        shop.ask(_ask(dice, clock, number))
        if number % (asks // 6) == asks // 7:
            _count(shop, clock, dice)
        if number % (asks // 3) == asks // 4:
            gone = dice.choice(SKUS[2:])
            shop.ask(ResetSku(gone))
            if dice.random() < 0.7:
                clock.advance(600)
                _register(shop, clock, [gone])
                shop.ask(Receive((Line(gone, 7),)))


def _register(shop: Shop, clock: FakeClock, codes: tuple[str, ...] | list[str]) -> None:
    new = [NewSku(code, name=f"Name of {code}") for code in codes]
    assert isinstance(create_skus(shop.database, Asked(MEI, clock()), new), Accepted)


def _ask(dice: random.Random, clock: FakeClock, number: int) -> Ask:
    code, units = dice.choice(SKUS), dice.randint(1, 4)
    place = dice.choice([None, *PLACES])
    kind = dice.random()
    if kind < 0.3:
        return Reserve(cart(number), "ann", (Line(code, units),))
    if kind < 0.5:
        return Deduct(order(number), (Line(code, units),))
    if kind < 0.6:
        return Return(order(dice.randrange(number + 1)), (Line(code, 1),))
    if kind < 0.7:
        return Receive((Line(code, 3 * units, place),))
    if kind < 0.8:
        late = clock() - timedelta(hours=dice.choice([0, 1, 30, 200]))
        line = AdjustLine(code, AdjustMode.ADD, units, place)
        return Adjust((line,), "found", happened_at=late)
    if kind < 0.9:
        return Transfer((Line(code, units, "main"),), "east")
    return ExpireHolds(SKUS)


def _count(shop: Shop, clock: FakeClock, dice: random.Random) -> None:
    codes = tuple(sorted(dice.sample(SKUS, 5)))
    now = clock()
    opened = open_count(shop.database, Asked(MEI, now), NewCount("shelf", "main", codes))
    if not isinstance(opened, Accepted):
        return
    count_id = json.loads(opened.answer)["id"]
    found = tuple(Counted(code, dice.randint(0, 30)) for code in codes[:4])
    enter_counts(shop.database, Asked(MEI, clock.advance(60)), CountEntry(count_id, found))
    close_count(shop.ledger, Asked(MEI, clock.advance(60)), count_id)
