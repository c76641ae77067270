"""Z16: a SKU reset and registered again inherits no holds."""

from onhand.access.model import Actor, Asked
from onhand.catalog.commands import create_skus
from onhand.catalog.model import NewSku
from onhand.stock.commands import Accepted
from onhand.stock.model.commands import Command, ExpireHolds, ResetSku
from onhand.stock.model.refusals import InsufficientStock, Shortage
from onhand.stock.queries.history import HistoryFilter, history
from onhand.stock.queries.holds import HoldFilter, list_holds
from onhand.stock.queries.levels import read_levels
from onhand.stock.queries.verify import verify
from tests.crew import SIZE, Crew
from tests.shop import TILL, FakeClock, Shop, Units, cart, deduct, order, reserve
from tests.stock.recount import assert_sound


def register(shop: Shop, code: str) -> None:
    """Register a code through the catalog."""
    result = create_skus(shop.database, Asked(Actor("boss"), shop.clock()), [NewSku(code)])
    assert not hasattr(result, "skus"), result


def test_z16_no_inherited_holds_level_or_history(shop: Shop, clock: FakeClock) -> None:
    register(shop, "A")
    shop.receive("a", 10)
    shop.do(reserve(order(), a=4))
    shop.do(reserve(cart(), a=3))
    shop.do(ResetSku("a"))
    register(shop, "A")
    with shop.database.read() as connection:
        level = read_levels(connection, ["a"], now=clock())["a"]
        assert (level.on_hand, level.reserved, level.available) == (0, 0, 0)
        assert list_holds(connection, HoldFilter(include_ended=True), now=clock()) == []
        assert history(connection, "a", HistoryFilter()) == []
    assert shop.refuse(reserve(cart(2), a=1)) == InsufficientStock((Shortage("a", 1, 0),))
    shop.receive("a", 2)
    assert shop.refuse(deduct(order())).code == "reservation_not_found"
    clock.advance(10_000)
    shop.do(ExpireHolds(("a",)))
    assert shop.units("a") == Units(2, 0)
    assert verify(shop.database).is_clean
    assert_sound(shop.database)


def test_z16_many_lives(shop: Shop) -> None:
    for life in range(1, 6):
        register(shop, "A")
        shop.receive("a", life)
        shop.do(reserve(order(), a=life))
        assert shop.units("a") == Units(life, life)
        shop.do(ResetSku("a"))
    assert assert_sound(shop.database)["a"].generation == 6
    assert verify(shop.database).is_clean


def test_z16_a_reset_while_others_reserve(shop: Shop, crew: Crew) -> None:
    register(shop, "A")
    shop.receive("a", 50)
    takers = [[Command(TILL, reserve(cart(w), a=1)) for _ in range(6)] for w in range(SIZE - 1)]
    shares = crew.run(shop.database, [*takers, [Command(TILL, ResetSku("a"))]])
    assert isinstance(shares[-1][0], Accepted)
    refused = [r for share in shares[:-1] for r in share if not isinstance(r, Accepted)]
    assert {getattr(result, "code", "") for result in refused} <= {"unknown_sku"}
    assert shop.units("a") == Units(0, 0)
    register(shop, "A")
    shop.receive("a", 1)
    assert shop.units("a") == Units(1, 0)
    assert verify(shop.database).is_clean
    assert_sound(shop.database)
