"""The list of stock: every order, filter and page agrees with the levels (C1, S2)."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
import sqlalchemy as sa

from onhand.access.model import Accepted, Actor, Asked
from onhand.catalog.commands import create_skus, update_sku
from onhand.catalog.model import NewSku, SkuChange, Status
from onhand.catalog.tables import listing, store
from onhand.stock.model.commands import (
    Adjust,
    AdjustLine,
    AdjustMode,
    Count,
    CountLine,
    Line,
    Reserve,
    SetPolicy,
)
from onhand.stock.queries.levels import LevelView, read_levels
from onhand.stock.queries.stock_list import (
    StockFilter,
    StockLine,
    StockSort,
    StockState,
    list_stock,
)
from tests.shop import FakeClock, Shop, cart

MEI = Actor("mei")
CODES = tuple(f"k{number:02}" for number in range(40))


@pytest.fixture
def shelf(shop: Shop, clock: FakeClock) -> Shop:
    """Forty SKUs with stock of all kinds; some never had any, some are held, some oversold."""
    dice = random.Random(2)
    new = [NewSku(code, name=f"name {int(code[1:]) % 7}", aliases=(f"49{code}",)) for code in CODES]
    assert isinstance(create_skus(shop.database, Asked(MEI, clock()), new), Accepted)
    for code in CODES[:30]:
        clock.advance(dice.choice([0, 1]))
        shop.receive(code, dice.choice([1, 2, 2, 5, 9]))
        shop.do(SetPolicy(code, low_stock_threshold=dice.choice([0, 3])))
        if dice.random() < 0.5:
            shop.do(Reserve(cart(code), "ann", (Line(code, 1),)))
    for code in CODES[3:30:9]:
        shop.do(Count((CountLine(code, 0),)))
    for code in CODES[5:40:7]:
        update_sku(shop.database, Asked(MEI, clock()), SkuChange(code, status=Status.INACTIVE))
    return shop


def lines(shop: Shop, wanted: StockFilter) -> Iterator[StockLine]:
    """A whole list, page by page."""
    while True:
        with shop.database.snapshot() as connection:
            page = list_stock(connection, wanted, now=shop.clock())
        assert len(page.stock) <= wanted.limit
        yield from page.stock
        if page.cursor is None:
            return
        assert len(page.stock) == wanted.limit
        wanted = replace(wanted, after=page.cursor)


KEYS: dict[StockSort, Callable[[StockLine], tuple[object, ...]]] = {
    StockSort.CODE: lambda line: (line.sku,),
    StockSort.AVAILABLE: lambda line: (line.level.available, line.sku),
    StockSort.ON_HAND: lambda line: (line.level.on_hand, line.sku),
    StockSort.UPDATED: lambda line: (
        line.updated_at.timestamp() if line.updated_at else 0.0,
        line.sku,
    ),
}


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", list(StockSort))
def test_every_order_and_filter(shelf: Shop, sort: StockSort, *, descending: bool) -> None:
    with shelf.database.read() as connection:
        levels = read_levels(connection, CODES, now=shelf.clock())
    inside: dict[StockState | None, Callable[[LevelView], bool]] = {
        None: lambda level: True,
        StockState.LOW: lambda level: level.is_low,
        StockState.OUT: lambda level: level.is_out,
        StockState.OVERSOLD: lambda level: level.available < 0,
    }
    for state, search, status in product(inside, (None, "Name 3", "9K1"), (None, Status.INACTIVE)):
        wanted = StockFilter(
            search=search,
            status=status,
            state=state,
            sort=sort,
            descending=descending,
            limit=3,
        )
        found = list(lines(shelf, wanted))
        expected = {
            code
            for code in CODES
            if inside[state](levels[code])
            and (status is None or code in CODES[5:40:7])
            and (search != "Name 3" or int(code[1:]) % 7 == 3)
            and (search != "9K1" or code.startswith("k1"))
        }
        assert {line.sku for line in found} == expected
        keys = [KEYS[sort](line) for line in found]
        assert keys == sorted(keys, reverse=descending)
        assert all(line.level == levels[line.sku] for line in found)


def test_a_hold_that_ended_counts_for_nothing(shop: Shop, clock: FakeClock) -> None:
    shop.register(a=5, b=5, c=5)
    shop.do(SetPolicy("b", low_stock_threshold=2))
    for code in "abc":
        shop.do(Reserve(cart(code), "ann", (Line(code, 5),)))
    clock.advance(3600)
    shop.do(Adjust((AdjustLine("c", AdjustMode.SUBTRACT, 5),), "broken"))
    for state, expected in ((StockState.LOW, ["c"]), (StockState.OUT, ["c"]), (None, list("abc"))):
        assert [line.sku for line in lines(shop, StockFilter(state=state, limit=1))] == expected


def test_only_what_a_store_sells(shelf: Shop, clock: FakeClock) -> None:
    now = clock()
    with shelf.database.begin() as connection:
        for code in ("tokyo", "osaka"):
            row: dict[str, Any] = {
                "store_id": code,
                "platform": "rakuten",
                "name": code,
                "status": "active",
            }
            moments = {"orders_from": now, "created_at": now, "updated_at": now}
            connection.execute(sa.insert(store), {**row, "settings": {}, **moments})
        for number, sku_id in enumerate((*CODES[::4], None)):
            row = {
                "listing_id": f"l{number}",
                "store_id": "tokyo",
                "item_key": f"i{number}",
                "variant_key": "",
                "sku_id": sku_id,
                "mapped_by": "rule" if sku_id else None,
                "name": "",
                "codes": [],
                "is_sold": True,
                "seen_at": now,
                "created_at": now,
                "updated_at": now,
            }
            connection.execute(sa.insert(listing), row)

    def found(**more: object) -> list[str]:
        wanted = replace(StockFilter(limit=3), **more)  # type: ignore[arg-type]
        return [line.sku for line in lines(shelf, wanted)]

    assert found(store="Tokyo") == list(CODES[::4])
    assert found(store="tokyo", search="k2") == ["k20", "k24", "k28"]
    assert found(store="osaka") == found(store="no such") == []


@pytest.mark.parametrize("after", ["", "x", "bm90anNvbg==", "W10=", "é"])
def test_a_cursor_of_another_list_is_refused(shelf: Shop, after: str) -> None:
    with shelf.database.read() as connection:
        page = list_stock(connection, StockFilter(limit=1), now=shelf.clock())
        for wanted in (
            StockFilter(after=after),
            StockFilter(sort=StockSort.ON_HAND, after=page.cursor),
            StockFilter(descending=True, after=page.cursor),
            StockFilter(limit=0),
        ):
            with pytest.raises(ValueError, match=r"not a cursor|the limit"):
                list_stock(connection, wanted, now=shelf.clock())
