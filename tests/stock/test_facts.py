"""Orders taken elsewhere are facts: held whatever is left, and the shortfall is said (S6, Z24)."""

import pytest

from onhand.access.model import Accepted
from onhand.db.errors import TransactionConflict
from onhand.stock.commands import Ledger
from onhand.stock.model.commands import Caller, Command, Line, Reserve
from onhand.stock.model.events import Reference, ReferenceType, Source
from tests.shop import Shop

SHOP = Caller("store:tokyo", Source.SYSTEM, touches_all=True)


def order(number: str, *lines: Line) -> Command:
    reference = Reference(ReferenceType.ORDER, f"tokyo:{number}")
    ask = Reserve(reference, reference.id, lines, never_expires=True, is_fact=True)
    return Command(SHOP, ask, store_id="tokyo")


def test_a_fact_is_held_though_nothing_is_left(shop: Shop) -> None:
    shop.register(tote=3)
    (result,) = shop.ledger.execute([order("1", Line("tote", 2), Line("tote", 3))])
    assert isinstance(result, Accepted)
    assert shop.units("tote") == (3, 5)
    assert shop.kinds("tote") == ["received", "reserved", "reserved", "oversold"]


def test_commands_join_a_transaction(shop: Shop) -> None:
    shop.register(tote=3)
    shop.add_alias("bag", "tote")
    with shop.database.begin_ledger() as connection:
        (result,) = shop.ledger.execute_within(connection, [order("1", Line("bag", 2))])
        assert isinstance(result, Accepted)
    assert shop.units("tote").reserved == 2


def test_a_transaction_that_fails_takes_its_commands_along(shop: Shop, ledger: Ledger) -> None:
    shop.register(tote=3)

    def take_in() -> None:
        with shop.database.begin_ledger() as connection:
            ledger.execute_within(connection, [order("1", Line("tote", 2))])
            raise TransactionConflict("by hand")

    with pytest.raises(TransactionConflict):
        take_in()
    assert shop.units("tote").reserved == 0
