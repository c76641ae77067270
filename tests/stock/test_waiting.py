"""A batch that waits for another's lock decides on what that one left (PostgreSQL)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from onhand.db.database import Database
from onhand.stock.commands import Accepted, Ledger
from onhand.stock.model.commands import Command, Policy
from onhand.stock.model.refusals import InsufficientStock, Shortage
from tests.gate import GateClock, wait_for_lock_queue
from tests.shop import TILL, FakeClock, Shop, Units, order, reserve
from tests.stock.recount import assert_sound


def test_levels_and_first_answers_are_those_after_the_wait(
    postgres_database: Database, clock: FakeClock
) -> None:
    shop = Shop(Ledger(postgres_database, clock=clock, policy=Policy()), clock)
    shop.register(a=5)
    gate = GateClock()
    ahead = Shop(Ledger(postgres_database, clock=gate, policy=Policy()), clock)
    batch = [
        Command(TILL, reserve(order(1), a=4), "same"),
        Command(TILL, reserve(order(2), a=2), "too many"),
        Command(TILL, reserve(order(3), a=1), "last"),
    ]
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(ahead.ask, reserve(order(1), a=4), key="same")
        assert gate.reached.wait(10)
        waiting = threads.submit(shop.ledger.execute, batch)
        wait_for_lock_queue(postgres_database)
        gate.open()
        answer = first.result(10)
        again, refused, last = waiting.result(10)
    assert isinstance(answer, Accepted)
    assert again == replace(answer, replayed=True)
    assert refused == InsufficientStock((Shortage("a", 2, 1),))
    assert isinstance(last, Accepted)
    assert shop.units("a") == Units(5, 5)
    assert_sound(postgres_database)
