"""Z5: two identical lines both count."""

import pytest

from onhand.stock.model.commands import (
    Adjust,
    AdjustLine,
    AdjustMode,
    Ask,
    Deduct,
    Receive,
    Release,
    Reserve,
    Return,
    Transfer,
)
from tests.shop import Shop, Units, cart, deduct, lines, order, reserve
from tests.stock.recount import assert_sound

TWICE = lines(a=2) + lines(a=2)
ADD = AdjustLine("a", AdjustMode.ADD, 2)


@pytest.mark.parametrize(
    ("ask", "after"),
    [
        (Receive(TWICE), Units(24, 8)),
        (Reserve(cart(2), "ann", TWICE), Units(20, 12)),
        (Release(cart(1), TWICE), Units(20, 4)),
        (Deduct(cart(1), TWICE), Units(16, 4)),
        (Deduct(order(9), TWICE), Units(16, 8)),
        (Return(order(1), TWICE), Units(24, 8)),
        (Return(order(9), TWICE), Units(24, 8)),
        (Adjust((ADD, ADD), reason="found"), Units(24, 8)),
        (Transfer(TWICE, "east"), Units(20, 8)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_z05_both_lines_count(shop: Shop, ask: Ask, after: Units) -> None:
    shop.add_location("east")
    shop.register(a=25)
    shop.do(reserve(order(1), a=5))
    shop.do(deduct(order(1)))
    shop.do(reserve(cart(1), a=8))
    shop.do(ask)
    assert shop.units("a") == after
    account = assert_sound(shop.database)["a"]
    assert account.places["main"].on_hand == (16 if isinstance(ask, Transfer) else after.on_hand)
