"""Z2: one request, the same SKU on two lines, more than there is in sum: refused whole."""

import pytest

from onhand.stock.model.commands import (
    Adjust,
    AdjustLine,
    AdjustMode,
    Ask,
    Deduct,
    Line,
    Reserve,
    Transfer,
)
from onhand.stock.model.refusals import InsufficientStock, Shortage
from tests.shop import Shop, Units, cart, lines, order
from tests.stock.recount import assert_sound, dump

TWICE_80 = lines(a=80) + lines(a=80)
SUBTRACT_80 = AdjustLine("a", AdjustMode.SUBTRACT, 80)


@pytest.mark.parametrize(
    "ask",
    [
        Reserve(cart(), "ann", TWICE_80),
        Deduct(order(), TWICE_80),
        Transfer(TWICE_80, "east"),
        Adjust((SUBTRACT_80, SUBTRACT_80), reason="damaged"),
    ],
    ids=lambda ask: type(ask).__name__,
)
def test_z02_two_lines_of_80_against_100(shop: Shop, ask: Ask) -> None:
    shop.add_location("east")
    shop.register(a=100)
    before = dump(shop.database)
    assert shop.refuse(ask) == InsufficientStock((Shortage("a", 160, 100),))
    assert dump(shop.database) == before


def test_z02_also_under_an_alias_and_with_a_location(shop: Shop) -> None:
    shop.register(a=100)
    shop.add_alias("aa", "a")
    asked = (Line("a", 50), Line("aa", 50), Line("a", 1, "main"))
    ask = Reserve(cart(), "ann", asked)
    assert shop.refuse(ask) == InsufficientStock((Shortage("a", 101, 100),))
    shop.do(Reserve(cart(), "ann", asked[:2]))
    assert shop.units("a") == Units(100, 100)
    assert_sound(shop.database)
