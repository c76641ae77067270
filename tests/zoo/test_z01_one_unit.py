"""Z1: a hundred parallel takers, one unit: exactly one wins."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

from onhand.db.grouping import Grouped
from onhand.stock.commands import Accepted, Result
from onhand.stock.model.commands import Command
from onhand.stock.model.refusals import InsufficientStock, Shortage
from tests.crew import Crew, dealt
from tests.shop import TILL, Shop, Units, cart, deduct, order, reserve
from tests.stock.recount import assert_sound

TAKERS = 100


def assert_one_winner(shop: Shop, results: list[Result], left: Units) -> None:
    """One was accepted, everybody else was told what was left."""
    accepted = [result for result in results if isinstance(result, Accepted)]
    refused = [result for result in results if not isinstance(result, Accepted)]
    assert len(accepted) == 1
    assert refused == [InsufficientStock((Shortage("a", 1, 0),))] * (TAKERS - 1)
    assert shop.units("a") == left
    assert_sound(shop.database)


def test_z01_a_hundred_threads_through_the_queue(shop: Shop) -> None:
    shop.register(a=1)
    queue: Grouped[Command, Result] = Grouped("writes", shop.ledger.execute_grouped)
    start = threading.Barrier(TAKERS)

    def take(number: int) -> Result:
        start.wait(30)
        future: Future[Result] = queue.submit(Command(TILL, reserve(cart(number), a=1)))
        return future.result(30)

    with ThreadPoolExecutor(TAKERS) as threads:
        results = list(threads.map(take, range(TAKERS)))
    queue.close()
    assert_one_winner(shop, results, Units(1, 1))


def test_z01_a_hundred_takers_each_in_a_transaction(shop: Shop, crew: Crew) -> None:
    shop.register(a=1)
    commands = [Command(TILL, reserve(cart(number), a=1), f"k{number}") for number in range(TAKERS)]
    shares = crew.run(shop.database, dealt(commands))
    assert_one_winner(shop, [result for share in shares for result in share], Units(1, 1))


def test_z01_a_hundred_shipments_of_one_unit(shop: Shop, crew: Crew) -> None:
    shop.register(a=1)
    commands = [Command(TILL, deduct(order(number), a=1)) for number in range(TAKERS)]
    shares = crew.run(shop.database, dealt(commands))
    assert_one_winner(shop, [result for share in shares for result in share], Units(0, 0))


def test_z01_as_many_win_as_there_are_units(shop: Shop, crew: Crew) -> None:
    shop.register(a=37)
    commands = [Command(TILL, reserve(cart(number), a=1)) for number in range(TAKERS)]
    shares = crew.run(shop.database, dealt(commands))
    accepted = [r for share in shares for r in share if isinstance(r, Accepted)]
    assert len(accepted) == 37
    assert shop.units("a") == Units(37, 37)
    assert_sound(shop.database)
