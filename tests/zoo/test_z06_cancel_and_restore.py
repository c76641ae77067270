"""Z6: cancel, restore, cancel, many times: reserved stays exact and never below zero."""

from onhand.stock.commands import Accepted
from onhand.stock.model.commands import Command
from tests.crew import SIZE, Crew, dealt
from tests.shop import TILL, Shop, Units, deduct, order, release, reserve
from tests.stock.recount import assert_sound


def test_z06_one_order_back_and_forth(shop: Shop) -> None:
    shop.register(a=10)
    for _ in range(12):
        shop.do(reserve(order(), a=4))
        assert shop.units("a") == Units(10, 4)
        shop.do(release(order(), a=1))
        shop.do(release(order()))
        shop.do(release(order()))
        assert shop.units("a") == Units(10, 0)
    assert_sound(shop.database)


def test_z06_a_restored_order_ships_what_it_holds_now(shop: Shop) -> None:
    shop.register(a=10)
    for _ in range(3):
        shop.do(reserve(order(), a=4))
        shop.do(release(order()))
    shop.do(reserve(order(), a=4))
    assert shop.refuse(deduct(order(), a=5)).code == "exceeds_reserved"
    shop.do(deduct(order(), a=4))
    assert shop.units("a") == Units(6, 0)


def test_z06_many_cancel_the_same_order_at_once(shop: Shop, crew: Crew) -> None:
    shop.register(a=10)
    shop.do(reserve(order(1), a=4))
    shop.do(reserve(order(2), a=3))
    cancel = Command(TILL, release(order(1), a=4))
    shares = crew.run(shop.database, [[cancel] * 3] * SIZE)
    assert sum(isinstance(r, Accepted) for share in shares for r in share) == 1
    assert shop.units("a") == Units(10, 3)
    assert_sound(shop.database)


def test_z06_cancelling_and_restoring_at_once(shop: Shop, crew: Crew) -> None:
    shop.register(a=10)
    both = [Command(TILL, reserve(order(), a=2)), Command(TILL, release(order(), a=2))]
    results = crew.run(shop.database, dealt(both * 20))
    accepted = {True: 0, False: 0}
    for worker, share in enumerate(results):  # even workers restore, odd ones cancel
        accepted[worker % 2 == 0] += sum(isinstance(result, Accepted) for result in share)
    assert shop.units("a") == Units(10, 2 * (accepted[True] - accepted[False]))
    assert_sound(shop.database)
