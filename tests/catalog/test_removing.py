"""A removed SKU is unknown; registered again it starts from zero with nothing inherited (C2)."""

from concurrent.futures import ThreadPoolExecutor

from onhand.access.model import Accepted, Actor, Asked
from onhand.catalog.commands import add_alias, create_skus, update_sku
from onhand.catalog.model import NewAlias, NewSku, SkuChange, SkuNotFound, Status
from onhand.catalog.queries import SkuFilter, SkuView, list_skus, read_sku
from onhand.db.database import Database
from onhand.stock.model.commands import Line, Reserve, ResetSku, SetPolicy
from onhand.stock.queries.history import HistoryFilter, history
from onhand.stock.queries.holds import HoldFilter, list_holds
from onhand.stock.queries.levels import LevelView, read_levels
from tests.shop import START, Shop, cart, deduct, order, release, reserve

MEI = Actor("mei")


def register(shop: Shop, *skus: NewSku) -> None:
    """Register SKUs through the catalog."""
    result = create_skus(shop.database, Asked(MEI, shop.clock()), skus)
    assert isinstance(result, Accepted), result


def read(shop: Shop, code: str) -> tuple[SkuView | None, LevelView | None]:
    """What the catalog and the ledger show of a code."""
    with shop.database.read() as connection:
        level = read_levels(connection, [code], now=shop.clock()).get(code)
        return read_sku(connection, code), level


def listed(shop: Shop, status: Status | None = None) -> list[str]:
    """The codes a list shows."""
    with shop.database.read() as connection:
        return [view.sku for view in list_skus(connection, SkuFilter(status=status)).skus]


def removed_with_stock_and_holds(shop: Shop) -> None:
    """`a`, with everything a SKU can have, is removed again."""
    register(shop, NewSku("A", name="gone", attributes={"k": "v"}, aliases=("alias",)))
    shop.receive("a", 10)
    shop.do(SetPolicy("a", allow_oversell=True, safety_stock=2, low_stock_threshold=3))
    shop.do(reserve(cart(), a=4))
    shop.do(reserve(order(), a=3))
    shop.clock.advance(1)
    shop.do(ResetSku("alias", reason="wrong code"))


def test_a_removed_sku_is_unknown_everywhere(shop: Shop) -> None:
    removed_with_stock_and_holds(shop)

    for code in ("a", "alias"):
        assert read(shop, code) == (None, None)
        ask = Reserve(cart(2), "ann", (Line(code, 1),))
        assert shop.refuse(ask).code == "unknown_sku"
    assert listed(shop) == []
    assert listed(shop, Status.UNREGISTERED) == ["a"]
    changed = update_sku(shop.database, Asked(MEI, START), SkuChange("a", name="x"))
    assert changed == SkuNotFound(("a",))
    with shop.database.read() as connection:
        assert history(connection, "a", HistoryFilter()) is None
        assert list_holds(connection, HoldFilter(), now=START) == []


def test_registered_again_it_starts_from_zero(shop: Shop) -> None:
    removed_with_stock_and_holds(shop)
    again = shop.clock.advance(1)
    register(shop, NewSku("a", name="new"))

    sku, level = read(shop, "a")

    assert sku is not None
    assert (sku.name, sku.attributes, sku.aliases) == ("new", {}, [])
    assert (sku.original_sku, sku.status, sku.created_at) == ("a", "active", again)
    assert level is not None
    assert (level.on_hand, level.reserved, level.available) == (0, 0, 0)
    assert (level.allow_oversell, level.safety_stock, level.low_stock_threshold) == (False, 0, 0)
    assert read(shop, "alias") == (None, None)
    with shop.database.read() as connection:
        assert history(connection, "a", HistoryFilter()) == []
        assert list_holds(connection, HoldFilter(include_ended=True), now=again) == []


def test_no_hold_is_inherited_not_even_by_its_reference(shop: Shop) -> None:
    removed_with_stock_and_holds(shop)
    register(shop, NewSku("a"))
    shop.receive("a", 5)

    assert shop.refuse(release(cart())).code == "reservation_not_found"
    assert shop.refuse(deduct(order())).code == "reservation_not_found"
    shop.clock.advance(100_000)  # past every old hold's end
    shop.do(reserve(cart(9), a=5))
    _, level = read(shop, "a")
    assert level is not None
    assert (level.on_hand, level.reserved, level.available) == (5, 5, 0)


def test_it_can_be_removed_and_registered_many_times(shop: Shop) -> None:
    for round_number in range(4):
        register(shop, NewSku("a", aliases=("alias",)))
        shop.receive("a", 7 + round_number)
        shop.do(reserve(cart(), alias=7 + round_number))
        shop.do(ResetSku("a"))

    register(shop, NewSku("a"))

    _, level = read(shop, "a")
    assert level is not None
    assert (level.on_hand, level.reserved) == (0, 0)
    assert level.version > 0  # the chain goes on underneath


def test_a_sku_without_events_can_be_removed(shop: Shop) -> None:
    register(shop, NewSku("a"))
    shop.do(ResetSku("a"))
    assert read(shop, "a") == (None, None)

    register(shop, NewSku("a"))
    shop.receive("a", 1)
    _, level = read(shop, "a")
    assert level is not None
    assert level.on_hand == 1


def test_its_aliases_are_free_for_others(shop: Shop) -> None:
    removed_with_stock_and_holds(shop)

    register(shop, NewSku("alias"), NewSku("other", aliases=("a",)))

    sku, _ = read(shop, "a")
    assert sku is not None
    assert sku.sku == "other"
    shop.receive("a", 2)
    assert shop.units("other").on_hand == 2


def test_an_alias_added_while_the_sku_is_removed_does_not_stay(
    database: Database, shop: Shop
) -> None:
    for number in range(10):
        register(shop, NewSku("a"))
        new = NewAlias("a", f"x{number}")
        with ThreadPoolExecutor(1) as threads:
            added = threads.submit(add_alias, database, Asked(MEI, START), new)
            shop.do(ResetSku("a"))
            added.result(30)
        register(shop, NewSku("a"))

        assert read(shop, f"x{number}") == (None, None)
        shop.do(ResetSku("a"))
