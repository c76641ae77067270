"""Z19: a backdated entry concurrent with a sale: both views are right."""

from datetime import timedelta

from onhand.stock.commands import Accepted
from onhand.stock.model.commands import Command, Receive
from onhand.stock.queries.levels import level_as_of
from tests.crew import Crew
from tests.shop import START, TILL, Shop, deduct, lines, order
from tests.stock.recount import assert_sound, table

RECORDED = START + timedelta(hours=2)
HAPPENED = START + timedelta(hours=1)


def on_hand(shop: Shop, hours: float, *, recorded: bool) -> int:
    """On hand of `a` as of so many hours after START."""
    with shop.database.read() as connection:
        level = level_as_of(connection, "a", START + timedelta(hours=hours), recorded=recorded)
    assert level is not None
    return level.on_hand


def test_z19_both_views_after_both_were_written(shop: Shop, crew: Crew) -> None:
    shop.register(a=10)
    late = Command(TILL, Receive(lines(a=5), happened_at=HAPPENED, reason="found the slip"))
    sales = [Command(TILL, deduct(order(number), a=1)) for number in range(6)]
    shares = crew.run(
        shop.database,
        [[late], sales[:2], sales[2:4], sales[4:]],
        moments=[RECORDED] * 4,
    )
    assert all(isinstance(result, Accepted) for share in shares for result in share)
    assert_sound(shop.database)
    assert [on_hand(shop, hours, recorded=False) for hours in (0, 0.9, 1, 1.9, 2, 3)] == [
        *(10, 10, 15, 15, 9, 9)
    ]
    assert [on_hand(shop, hours, recorded=True) for hours in (0, 0.9, 1, 1.9, 2, 3)] == [
        *(10, 10, 10, 10, 9, 9)
    ]


def test_z19_events_stay_in_the_order_they_were_recorded(shop: Shop) -> None:
    shop.register(a=10)
    shop.clock.advance(7200)
    shop.do(deduct(order(), a=1))
    shop.do(Receive(lines(a=5), happened_at=HAPPENED))
    events = table(shop.database, "stock_event", "seq")
    assert [event["on_hand_after"] for event in events] == [10, 9, 14]
    assert_sound(shop.database)


def test_z19_a_sale_cannot_use_units_before_they_are_entered(shop: Shop) -> None:
    shop.register("a")
    shop.clock.advance(7200)
    assert shop.refuse(deduct(order(), a=5)).code == "insufficient_stock"
    shop.do(Receive(lines(a=5), happened_at=HAPPENED))
    shop.do(deduct(order(), a=5))
    assert on_hand(shop, 1.5, recorded=False) == 5
    assert on_hand(shop, 1.5, recorded=True) == 0
    assert on_hand(shop, 2, recorded=False) == 0
