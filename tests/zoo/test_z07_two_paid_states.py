"""Z7: an order passing two "paid" states moves stock once."""

from onhand.stock.commands import Accepted
from onhand.stock.model.commands import Command
from onhand.stock.model.refusals import ExceedsReserved, ReservationEnded
from tests.crew import SIZE, Crew
from tests.shop import TILL, Shop, Units, deduct, order, reserve
from tests.stock.recount import assert_sound


def test_z07_paid_and_then_settled(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(reserve(order(), a=2))
    shop.do(deduct(order(), a=2), key="paid")
    refusal = shop.refuse(deduct(order(), a=2), key="settled")
    assert refusal == ExceedsReserved("order-1", "a", 2, 2, 2)
    refusal = shop.refuse(deduct(order()), key="settled in full")
    assert refusal == ReservationEnded("order-1", "shipped")
    assert shop.units("a") == Units(3, 0)


def test_z07_paid_twice_without_ever_being_reserved(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(deduct(order(), a=2), key="paid")
    assert isinstance(shop.refuse(deduct(order(), a=2), key="settled"), ExceedsReserved)
    assert shop.units("a") == Units(3, 0)


def test_z07_both_states_at_the_same_instant(shop: Shop, crew: Crew) -> None:
    shop.register(a=9)
    shop.do(reserve(order(), a=2))
    shares = crew.run(
        shop.database,
        [[Command(TILL, deduct(order(), a=2), f"state-{worker}")] for worker in range(SIZE)],
    )
    results = [result for share in shares for result in share]
    assert sum(isinstance(result, Accepted) for result in results) == 1
    assert shop.units("a") == Units(7, 0)
    assert_sound(shop.database)


def test_z07_both_states_at_once_for_an_order_never_reserved(shop: Shop, crew: Crew) -> None:
    shop.register(a=9)
    shares = crew.run(
        shop.database,
        [[Command(TILL, deduct(order(), a=2), f"state-{worker}")] for worker in range(SIZE)],
    )
    results = [result for share in shares for result in share]
    assert sum(isinstance(result, Accepted) for result in results) == 1
    assert shop.units("a") == Units(7, 0)
    assert_sound(shop.database)
