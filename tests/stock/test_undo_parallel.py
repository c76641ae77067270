"""Undoing while others undo the same, or take the units."""

import threading
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from onhand.access.model import Accepted, Actor, Asked, Refusal
from onhand.stock.commands import Ledger
from onhand.stock.commands.answers import UndoAnswer
from onhand.stock.commands.undo import SKUS_AT_ONCE, GroupUndo, undo
from onhand.stock.model.commands import Command, Line, Policy, Receive, Reserve, UndoHow
from onhand.stock.model.events import Reference, ReferenceType
from onhand.stock.model.refusals import IdempotencyConflict, InsufficientStock, UndoBreaks
from onhand.stock.queries.verify import verify
from tests.shop import TILL, Shop, order
from tests.stock.recount import assert_sound, table

FILE = Reference(ReferenceType.IMPORT, "file-1")
LIMIT_S = 60


def receive_file(shop: Shop, *codes: str, units: int) -> None:
    """Units of each SKU, as rows of the file."""
    shop.register(*codes)
    shop.do(Receive(tuple(Line(code, units) for code in codes), reference=FILE))


def ask(shop: Shop, how: UndoHow, name: str, key: str | None = None) -> Accepted | Refusal:
    """An undo on a ledger of its own, as another process would have."""
    ledger = Ledger(shop.database, clock=shop.clock, policy=Policy())
    wanted = GroupUndo(FILE, how)
    return undo(ledger, Asked(Actor(name), shop.clock(), key), wanted)


@pytest.mark.parametrize("size", [3, SKUS_AT_ONCE + 20])
def test_simultaneous_undos_are_one(shop: Shop, size: int) -> None:
    receive_file(shop, *(f"s{number:04d}" for number in range(size)), units=2)
    start = threading.Barrier(4)

    def run(number: int) -> Accepted | Refusal:
        start.wait(LIMIT_S)
        return ask(shop, [*UndoHow][number % 2], f"boss-{number}")

    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(run, range(4), timeout=LIMIT_S))
    answers = {result.answer for result in results if isinstance(result, Accepted)}
    assert len(answers) == 1, results
    assert all(isinstance(result, Accepted) for result in results)
    accounts = assert_sound(shop.database)
    assert all(account.on_hand == 0 for account in accounts.values())
    counter_events = [e for e in table(shop.database, "stock_event") if e["kind"] == "adjusted"]
    assert len(counter_events) == size


def test_one_key_for_two_groups_at_once_undoes_one(shop: Shop) -> None:
    receive_file(shop, "a", units=2)
    shop.register("b")
    other = shop.do(Receive((Line("b", 2),)))["command_id"]
    start = threading.Barrier(2)

    def run(named: Reference | str) -> Accepted | Refusal:
        start.wait(LIMIT_S)
        wanted = GroupUndo(named, UndoHow.ALL_OR_NOTHING)
        return undo(shop.ledger, Asked(Actor("till"), shop.clock(), "k"), wanted)

    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(run, [FILE, other], timeout=LIMIT_S))
    assert sum(isinstance(result, Accepted) for result in results) == 1
    assert IdempotencyConflict("k") in results
    assert shop.units("a").on_hand + shop.units("b").on_hand == 2


@pytest.mark.parametrize("how", UndoHow)
def test_units_are_held_or_taken_back_never_both(shop: Shop, how: UndoHow) -> None:
    codes = [f"s{number}" for number in range(6)]
    receive_file(shop, *codes, units=4)
    start = threading.Barrier(3)

    def buy(buyer: int) -> list[str]:
        ledger = Ledger(shop.database, clock=shop.clock, policy=Policy())
        bought = []
        start.wait(LIMIT_S)
        for turn, code in enumerate(codes * 2):
            hold = Reserve(order(f"{buyer}-{turn}"), "ann", (Line(code, 1),))
            (result,) = ledger.execute([Command(TILL, hold)])
            assert isinstance(result, Accepted | InsufficientStock), result
            bought += [code] if isinstance(result, Accepted) else []
        return bought

    def take_back() -> Accepted | Refusal:
        start.wait(LIMIT_S)
        return ask(shop, how, "boss")

    with ThreadPoolExecutor(3) as threads:
        buying = [threads.submit(buy, buyer) for buyer in range(2)]
        undoing = threads.submit(take_back)
        bought = [code for future in buying for code in future.result(LIMIT_S)]
        result = undoing.result(LIMIT_S)
    accounts = assert_sound(shop.database)
    assert verify(shop.database).is_clean
    assert {code: accounts[code].reserved for code in codes} == {
        code: bought.count(code) for code in codes
    }
    if isinstance(result, Accepted):
        left_out = {x.sku for x in msgspec.json.decode(result.answer, type=UndoAnswer).left_out}
    else:
        assert isinstance(result, UndoBreaks)
        left_out = set(codes)
    for code in codes:
        assert accounts[code].on_hand == (4 if code in left_out else 0), code
        assert code in left_out or code not in bought
