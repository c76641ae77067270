"""Z30: three parcels: after each, the rest stays held."""

from onhand.stock.commands import Accepted
from onhand.stock.model.commands import Command
from tests.crew import Crew
from tests.shop import TILL, Shop, Units, cart, deduct, give_back, order, release, reserve
from tests.stock.recount import assert_sound


def test_z30_after_each_parcel_the_rest_stays_held(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=6, b=2)
    shop.receive("a", 4, at="east")
    shop.do(reserve(order(), a=9, b=2))
    for parcel, left in (({"a": 4}, Units(6, 5)), ({"a": 3, "b": 2}, Units(3, 2))):
        shop.do(deduct(order(), **parcel))
        assert shop.units("a") == left
        assert shop.refuse(reserve(cart(), a=2)).code == "insufficient_stock"
    shop.do(deduct(order()))
    assert (shop.units("a"), shop.units("b")) == (Units(1, 0), Units(0, 0))
    assert_sound(shop.database)


def test_z30_a_parcel_comes_back_and_the_rest_is_cancelled(shop: Shop) -> None:
    shop.register(a=9)
    shop.do(reserve(order(), a=9))
    shop.do(deduct(order(), a=3))
    shop.do(deduct(order(), a=3))
    shop.do(give_back(order(), a=3))
    assert shop.units("a") == Units(6, 3)
    shop.do(release(order()))
    assert shop.units("a") == Units(6, 0)
    assert shop.refuse(deduct(order(), a=1)).code == "exceeds_reserved"
    assert_sound(shop.database)


def test_z30_parcels_packed_at_the_same_time(shop: Shop, crew: Crew) -> None:
    shop.register(a=9)
    shop.do(reserve(order(), a=7))
    parcel = Command(TILL, deduct(order(), a=2))
    shares = crew.run(shop.database, [[parcel]] * 4)
    assert sum(isinstance(share[0], Accepted) for share in shares) == 3
    assert shop.units("a") == Units(3, 1)
    assert_sound(shop.database)
