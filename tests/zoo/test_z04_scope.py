"""Z4: the scope that is checked is the scope that is taken, over locations."""

from onhand.access.model import Actor, Asked
from onhand.stock.commands.locations import LocationChange, update_location
from onhand.stock.model.commands import Deduct, Reserve, SetPolicy, Transfer
from onhand.stock.model.refusals import (
    InsufficientStock,
    LocationNotEmpty,
    MainLocation,
    Shortage,
    UnknownLocation,
)
from tests.shop import Shop, Units, cart, lines, order, reserve
from tests.stock.recount import assert_sound

ADMIN = Actor("boss")


def test_z04_stock_elsewhere_does_not_serve_a_line_with_a_location(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=10)
    for ask in (Reserve(cart(), "ann", lines("east", a=1)), Deduct(order(), lines("east", a=1))):
        assert shop.refuse(ask) == InsufficientStock((Shortage("a", 1, 0),))
    assert shop.units("a") == Units(10, 0)


def test_z04_what_is_taken_anywhere_is_there(shop: Shop) -> None:
    shop.add_location("east")
    shop.register(a=4)
    shop.receive("a", 6, at="east")
    shop.do(Reserve(cart(1), "ann", lines("east", a=5)))
    assert shop.refuse(reserve(cart(2), a=6)) == InsufficientStock((Shortage("a", 6, 5),))
    shop.do(reserve(cart(2), a=5))
    for place in assert_sound(shop.database)["a"].places.values():
        assert place.on_hand == place.reserved


def test_z04_an_oversold_location_is_counted_against_the_others(shop: Shop) -> None:
    shop.add_location("east")
    shop.register("a")
    shop.do(SetPolicy("a", allow_oversell=True))
    shop.do(Reserve(order(1), "ann", lines("main", a=4)))
    shop.do(SetPolicy("a", allow_oversell=False))
    shop.receive("a", 4, at="east")
    assert shop.refuse(reserve(order(2), a=1)) == InsufficientStock((Shortage("a", 1, 0),))


def test_z04_units_never_lie_where_they_cannot_be_taken(shop: Shop) -> None:
    shop.add_location("east")
    shop.register("a")
    shop.receive("a", 5, at="east")
    closing = LocationChange("east", active=False)
    refusal = update_location(shop.database, Asked(ADMIN, shop.clock()), closing)
    assert refusal == LocationNotEmpty("east", 1)
    shop.do(Transfer(lines("east", a=5), "main"))
    update_location(shop.database, Asked(ADMIN, shop.clock()), closing)
    assert shop.refuse(Transfer(lines(a=1), "east")) == UnknownLocation("east")
    shop.do(reserve(cart(), a=5))
    assert shop.units("a") == Units(5, 5)


def test_z04_main_cannot_be_closed(shop: Shop) -> None:
    closing = LocationChange("main", active=False)
    refusal = update_location(shop.database, Asked(ADMIN, shop.clock()), closing)
    assert refusal == MainLocation("main")
