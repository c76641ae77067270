"""The independent count of sold, oversold and owed units."""

from datetime import timedelta

from onhand.simulators.rakuten import Item, Rakuten, Shop, Variant, buy, cancel
from onhand.world.recount import count_truth
from onhand.world.setting import START
from onhand.world.trade import Moved
from onhand.world.turns import Turns

SKU = "normal-inventory"


def open_shops(turns: Turns) -> tuple[Rakuten, Shop, Shop]:
    """Two shops that each offer 5 pieces of `mug`."""
    rakuten = Rakuten(turns.now)
    east, west = rakuten.open_shop("east"), rakuten.open_shop("west")
    for shop in (east, west):
        shop.add_item(Item(f"{shop.code}-mug", "Mug", {SKU: Variant("MUG")}), {SKU: 5})
    return rakuten, east, west


def goods(units: int, at_s: float = 0) -> Moved:
    """Units that came in."""
    return Moved(START + timedelta(seconds=at_s), "mug", units, False, "goods")


def wait(turns: Turns, seconds: float) -> None:
    """Let time pass."""
    turns.run(turns.now() + timedelta(seconds=seconds))


def test_units_that_do_not_exist_are_counted_once() -> None:
    turns = Turns(START)
    rakuten, east, west = open_shops(turns)
    wait(turns, 10)
    buy(east, "east-mug", SKU, 3)
    wait(turns, 10)
    buy(west, "west-mug", SKU, 3)  # of four pieces one is left
    wait(turns, 10)
    buy(west, "west-mug", SKU, 1)

    truth = count_truth(rakuten, [goods(4)], {})

    assert truth.sold == 7
    assert [sale.units for sale in truth.oversales] == [2, 1]
    assert truth.oversold == 3


def test_what_is_cancelled_or_comes_in_can_be_sold_again() -> None:
    turns = Turns(START)
    rakuten, east, west = open_shops(turns)
    wait(turns, 10)
    number = buy(east, "east-mug", SKU, 4)
    assert number is not None
    wait(turns, 10)
    cancel(east, number)
    wait(turns, 10)
    buy(west, "west-mug", SKU, 5)

    assert count_truth(rakuten, [goods(4)], {}).oversold == 1
    assert count_truth(rakuten, [goods(4), goods(1, at_s=15)], {}).oversold == 0


def test_what_orders_are_owed_follows_their_state() -> None:
    turns = Turns(START)
    rakuten, east, west = open_shops(turns)
    wait(turns, 10)
    held, shipped = buy(east, "east-mug", SKU, 1), buy(east, "east-mug", SKU, 2)
    gone = buy(west, "west-mug", SKU, 3)
    assert held is not None
    assert shipped is not None
    assert gone is not None
    cancel(west, gone)
    east.order(shipped).progress = 500

    truth = count_truth(rakuten, [goods(9)], {("web-1", "mug"): (1, 0)})

    assert truth.orders == {("east", held), ("east", shipped), ("west", gone)}
    assert truth.units == {
        ("web-1", "mug"): (1, 0),
        (f"east:{held}", "mug"): (1, 0),
        (f"east:{shipped}", "mug"): (0, 2),
    }
