"""Z22: one idempotency key twice simultaneously: one effect, the same answer."""

from concurrent.futures import ThreadPoolExecutor

from onhand.db.database import Database
from onhand.stock.commands import Accepted, Ledger, Result
from onhand.stock.model.commands import Command, Policy
from onhand.stock.model.refusals import IdempotencyConflict
from tests.crew import SIZE, Crew
from tests.gate import GateClock, wait_for_lock_queue
from tests.shop import TILL, FakeClock, Shop, Units, cart, deduct, order, reserve
from tests.stock.recount import assert_sound


def assert_once(results: list[Result]) -> None:
    """One was done, the others got its answer."""
    assert all(isinstance(result, Accepted) for result in results), results
    answers = {result.answer for result in results if isinstance(result, Accepted)}
    assert len(answers) == 1
    replayed = [result.replayed for result in results if isinstance(result, Accepted)]
    assert replayed.count(False) == 1


def test_z22_every_worker_sends_the_same_keys(shop: Shop, crew: Crew) -> None:
    shop.register(a=40)
    commands = [Command(TILL, reserve(cart(number), a=1), f"k{number}") for number in range(20)]
    shares = crew.run(shop.database, [commands] * SIZE)
    for results in zip(*shares, strict=True):
        assert_once(list(results))
    assert shop.units("a") == Units(40, 20)
    assert_sound(shop.database)


def test_z22_the_last_units(shop: Shop, crew: Crew) -> None:
    """The one that comes second finds nothing left: it gets the first answer all the same."""
    shop.register(a=10)
    commands = [Command(TILL, deduct(order(number), a=1), f"k{number}") for number in range(10)]
    shares = crew.run(shop.database, [commands] * SIZE)
    for results in zip(*shares, strict=True):
        assert_once(list(results))
    assert shop.units("a") == Units(0, 0)


def test_z22_the_same_key_with_other_bodies(shop: Shop, crew: Crew) -> None:
    shop.register(a=40)
    shares = crew.run(
        shop.database,
        [[Command(TILL, reserve(cart(worker), a=1), "k")] for worker in range(SIZE)],
    )
    results = [share[0] for share in shares]
    assert sum(isinstance(result, Accepted) for result in results) == 1
    assert results.count(IdempotencyConflict("k")) == SIZE - 1
    assert shop.units("a") == Units(40, 1)


def test_z22_the_second_waits_for_the_lock_of_the_first(
    postgres_database: Database, clock: FakeClock
) -> None:
    gate = GateClock()
    first = Shop(Ledger(postgres_database, clock=gate, policy=Policy()), clock)
    second = Shop(Ledger(postgres_database, clock=clock, policy=Policy()), clock)
    second.register(a=1)
    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(first.ask, reserve(cart(), a=1), key="k")
        assert gate.reached.wait(10)
        two = threads.submit(second.ask, reserve(cart(), a=1), key="k")
        wait_for_lock_queue(postgres_database)
        gate.open()
        assert_once([one.result(20), two.result(20)])
    assert second.units("a") == Units(1, 1)
