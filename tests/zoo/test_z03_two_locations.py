"""Z3: thirteen units over ten and fifteen: ten and three, never twenty-three."""

from onhand.stock.model.refusals import InsufficientStock, Shortage
from tests.shop import Shop, Units, deduct, give_back, order, release, reserve
from tests.stock.recount import assert_sound


def places(shop: Shop) -> dict[str, tuple[int, int]]:
    """On hand and reserved by location."""
    account = assert_sound(shop.database)["a"]
    return {name: (place.on_hand, place.reserved) for name, place in account.places.items()}


def stocked(shop: Shop) -> Shop:
    """Ten at main, fifteen in the east."""
    shop.add_location("east")
    shop.register(a=10)
    shop.receive("a", 15, at="east")
    return shop


def test_z03_thirteen_are_held_as_ten_and_three(shop: Shop) -> None:
    stocked(shop).do(reserve(order(), a=13))
    assert places(shop) == {"main": (10, 10), "east": (15, 3)}
    shop.do(deduct(order(), a=13))
    assert places(shop) == {"main": (0, 0), "east": (12, 0)}
    shop.do(give_back(order(), a=13))
    assert places(shop) == {"main": (10, 0), "east": (15, 0)}


def test_z03_thirteen_ship_at_once_as_ten_and_three(shop: Shop) -> None:
    stocked(shop).do(deduct(order(), a=13))
    assert places(shop) == {"main": (0, 0), "east": (12, 0)}


def test_z03_letting_go_frees_thirteen(shop: Shop) -> None:
    stocked(shop).do(reserve(order(), a=13))
    shop.do(release(order(), a=13))
    assert places(shop) == {"main": (10, 0), "east": (15, 0)}


def test_z03_all_twenty_five_and_not_one_more(shop: Shop) -> None:
    stocked(shop).do(reserve(order(1), a=25))
    assert shop.refuse(reserve(order(2), a=1)) == InsufficientStock((Shortage("a", 1, 0),))
    assert shop.units("a") == Units(25, 25)
