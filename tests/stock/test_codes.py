"""Codes: an alias means its SKU everywhere; what nobody knows is refused."""

import pytest

from onhand.stock.model.commands import (
    Adjust,
    AdjustLine,
    AdjustMode,
    Ask,
    Count,
    CountLine,
    Deduct,
    Line,
    Receive,
    Release,
    Reserve,
    ResetSku,
    Return,
    SetPolicy,
    Transfer,
)
from onhand.stock.model.refusals import InsufficientStock, Shortage, UnknownSku
from onhand.stock.queries.levels import read_levels
from tests.shop import Shop, Units, cart, lines, order, release, reserve
from tests.stock.recount import assert_sound, dump

UNKNOWN: list[Ask] = [
    Receive(lines(ghost=1)),
    Reserve(cart(), "ann", lines(ghost=1)),
    Deduct(order(), lines(ghost=1)),
    Return(order(), lines(ghost=1)),
    Adjust((AdjustLine("ghost", AdjustMode.SET, 1),), reason="found"),
    Count((CountLine("ghost", 1),)),
    Transfer(lines(ghost=1), "main"),
    SetPolicy("ghost", safety_stock=1),
    ResetSku("ghost"),
]


@pytest.mark.parametrize("ask", UNKNOWN, ids=lambda ask: type(ask).__name__)
def test_an_unknown_sku_is_refused_and_leaves_nothing(shop: Shop, ask: Ask) -> None:
    before = dump(shop.database)
    assert shop.refuse(ask) == UnknownSku(("ghost",))
    assert dump(shop.database) == before


def test_an_alias_means_its_sku_in_every_ask(shop: Shop) -> None:
    shop.add_location("east")
    shop.register("real")
    shop.add_alias("other", "real")
    shop.do(Receive(lines(other=10)))
    shop.do(reserve(cart(), other=4))
    shop.do(Release(cart(), lines(other=1)))
    shop.do(Deduct(cart(), lines(other=2)))
    shop.do(Return(cart(), lines(other=1)))
    shop.do(Adjust((AdjustLine("other", AdjustMode.ADD, 1),), reason="found"))
    shop.do(Count((CountLine("other", 12),)))
    shop.do(Transfer(lines(other=5), "east"))
    shop.do(SetPolicy("other", safety_stock=2))
    assert shop.units("real") == Units(12, 1)
    assert set(assert_sound(shop.database)) == {"real"}


def test_an_alias_and_its_sku_in_one_command_share_the_stock(shop: Shop) -> None:
    shop.register(real=5)
    shop.add_alias("other", "real")
    refusal = shop.refuse(reserve(cart(), real=3, other=3))
    assert refusal == InsufficientStock((Shortage("real", 6, 5),))
    shop.do(reserve(cart(), real=3, other=2))
    assert shop.units("real") == Units(5, 5)


def test_two_aliases_in_one_batch(shop: Shop) -> None:
    shop.register(real=5)
    shop.add_alias("one", "real")
    shop.add_alias("two", "real")
    shop.batch(reserve(cart(), one=2), reserve(cart(2), two=2), release(cart(), two=1))
    assert shop.units("real") == Units(5, 3)
    assert_sound(shop.database)


def test_a_code_wins_over_an_alias(shop: Shop) -> None:
    shop.register(a=1, b=5)
    shop.add_alias("a", "b")
    shop.do(reserve(cart(), a=1))
    assert (shop.units("a"), shop.units("b")) == (Units(1, 1), Units(5, 0))


def test_codes_of_every_script_and_length(shop: Shop) -> None:
    codes = ["大号-红", "ﾊﾝｶｸ", "ｆｕｌｌ", "é'\"\\;--", "x" * 128, "a b"]
    shop.register(*codes)
    shop.do(Receive(tuple(Line(code, 2) for code in codes)))
    shop.do(Reserve(cart(), "ann", tuple(Line(code, 1) for code in codes)))
    assert {shop.units(code) for code in codes} == {Units(2, 1)}
    assert_sound(shop.database)


def test_reads_resolve_aliases_and_leave_unknown_codes_out(shop: Shop) -> None:
    shop.register("Empty", real=5)
    shop.add_alias("other", "real")
    with shop.database.read() as connection:
        asked = ["other", "REAL ", "empty", "ghost"]
        levels = read_levels(connection, asked, now=shop.clock())
    assert set(levels) == {"other", "real", "empty"}
    assert levels["other"] == levels["real"]
    assert levels["real"].on_hand == 5
    assert (levels["empty"].on_hand, levels["empty"].available) == (0, 0)
    assert levels["empty"].original_sku == "Empty"
    assert levels["empty"].is_out
