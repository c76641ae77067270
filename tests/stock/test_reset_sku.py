"""Reset a SKU: nothing of its past counts any more, and everything stays in the ledger."""

from datetime import timedelta

import sqlalchemy as sa

from onhand.catalog.tables import sku
from onhand.stock.model.commands import ChangeHold, ResetSku, SetPolicy
from onhand.stock.model.refusals import (
    InsufficientStock,
    ReservationNotFound,
    Shortage,
    UnknownSku,
)
from tests.shop import START, FakeClock, Shop, Units, cart, deduct, order, release, reserve, resize
from tests.stock.recount import assert_sound, dump, table


def register_again(shop: Shop, sku_id: str) -> None:
    """What registering an unregistered code does to its row."""
    with shop.database.begin() as connection:
        connection.execute(sa.update(sku).where(sku.c.sku_id == sku_id).values(status="active"))


def test_a_reset_sku_is_unknown(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(ResetSku("a", reason="discontinued"))
    assert shop.units("a") == Units(0, 0)
    for ask in (reserve(cart(), a=1), ResetSku("a"), SetPolicy("a", safety_stock=1)):
        assert shop.refuse(ask) == UnknownSku(("a",))
    assert shop.kinds("a") == ["received", "sku_reset"]
    assert_sound(shop.database)


def test_its_events_stay_in_the_ledger(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(reserve(cart(), a=2))
    before = table(shop.database, "stock_event")
    shop.do(ResetSku("a"))
    assert table(shop.database, "stock_event")[: len(before)] == before


def test_it_starts_from_zero_with_no_inherited_holds_or_policy(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(SetPolicy("a", allow_oversell=True, safety_stock=3, low_stock_threshold=2))
    hold = shop.do(reserve(order(), a=2))["reservations"][0]["id"]
    shop.do(ResetSku("a"))
    register_again(shop, "a")
    assert shop.refuse(reserve(order(2), a=1)) == InsufficientStock((Shortage("a", 1, 0),))
    assert shop.refuse(deduct(order())) == ReservationNotFound("order-1")
    assert shop.refuse(release(order())) == ReservationNotFound("order-1")
    assert shop.refuse(resize(hold, 1)) == ReservationNotFound(hold)
    shop.receive("a", 1)
    assert shop.units("a") == Units(1, 0)
    (head,) = table(shop.database, "ledger_head")
    assert (head["safety_stock"], head["low_stock_threshold"]) == (0, 0)
    assert_sound(shop.database)


def test_an_old_hold_does_not_expire_into_the_new_life(shop: Shop, clock: FakeClock) -> None:
    shop.register(a=5)
    shop.do(reserve(cart(), a=2))
    shop.do(ResetSku("a"))
    register_again(shop, "a")
    shop.receive("a", 3)
    shop.do(reserve(order(), a=3))
    clock.advance(10**6)
    shop.receive("a", 1)
    assert shop.kinds("a")[-2:] == ["expired", "received"]
    assert shop.units("a") == Units(4, 0)
    assert_sound(shop.database)


def test_the_same_order_may_ship_again_in_the_new_life(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(reserve(order(), a=2))
    shop.do(deduct(order()))
    shop.do(ResetSku("a"))
    register_again(shop, "a")
    shop.receive("a", 2)
    shop.do(reserve(order(), a=2))
    shop.do(deduct(order(), a=2))
    assert shop.units("a") == Units(0, 0)
    assert_sound(shop.database)


def test_all_locations_are_emptied(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=5)
    shop.receive("a", 3, at="east")
    shop.do(ResetSku("a"))
    assert {row["on_hand"] for row in table(shop.database, "stock_level")} == {0}
    assert_sound(shop.database)


def test_other_skus_of_the_same_order_keep_their_holds(shop: Shop) -> None:
    shop.register(a=5, b=5)
    shop.do(reserve(order(), a=1, b=2))
    shop.do(ResetSku("a"))
    answer = shop.do(deduct(order()))
    assert [hold["sku"] for hold in answer["reservations"]] == ["b"]
    assert (shop.units("a"), shop.units("b")) == (Units(0, 0), Units(3, 0))


def test_aliases_and_extra_data_go(shop: Shop) -> None:
    shop.register(a=5)
    shop.add_alias("aa", "a")
    shop.do(ResetSku("AA".lower()))
    tables = dump(shop.database)
    assert tables["sku_alias"] == []
    assert tables["sku"][0]["status"] == "unregistered"
    assert tables["sku"][0]["generation"] == 2
    assert shop.refuse(reserve(cart(), aa=1)) == UnknownSku(("aa",))


def test_in_one_batch_with_what_was_before_and_what_comes_after(shop: Shop) -> None:
    shop.register(a=5)
    held, _, late = shop.batch(reserve(cart(), a=2), ResetSku("a"), reserve(cart(), a=1))
    assert held.__class__.__name__ == "Accepted"
    assert late == UnknownSku(("a",))
    assert shop.units("a") == Units(0, 0)
    (hold,) = table(shop.database, "reservation")
    assert (hold["units_held"], hold["state"]) == (0, "reset")
    assert_sound(shop.database)


def test_a_reset_is_replayed_like_any_other(shop: Shop) -> None:
    shop.register(a=5)
    first = shop.do(ResetSku("a"), key="k")
    assert shop.do(ResetSku("a"), key="k") == first


def test_several_lives(shop: Shop) -> None:
    shop.register("a")
    for life in range(1, 5):
        shop.receive("a", life)
        shop.do(reserve(order(life), a=life))
        shop.do(ResetSku("a"))
        register_again(shop, "a")
    assert shop.units("a") == Units(0, 0)
    assert assert_sound(shop.database)["a"].generation == 5


def test_a_change_of_a_hold_after_its_sku_was_reset_in_the_same_batch(shop: Shop) -> None:
    shop.register(a=5)
    hold = shop.do(reserve(cart(), a=2))["reservations"][0]["id"]
    change = ChangeHold(hold, expires_at=START + timedelta(days=1))
    _, changed = shop.batch(ResetSku("a"), change)
    assert changed == ReservationNotFound(hold)
    assert_sound(shop.database)
