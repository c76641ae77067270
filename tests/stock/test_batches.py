"""Batches: many commands in one transaction, each as if it were alone."""

import json

from onhand.stock.commands import Accepted
from onhand.stock.model.commands import Caller, Command, Line, Receive, Reserve, SetPolicy
from onhand.stock.model.refusals import (
    BalanceTooLarge,
    InsufficientStock,
    Shortage,
    UnknownSku,
)
from tests.shop import TILL, Shop, Units, cart, deduct, give_back, lines, order, release, reserve
from tests.stock.recount import assert_sound, table

SURROGATE = "\ud800"  # half a character: JSON can carry it, UTF-8 cannot


def test_a_command_sees_what_those_before_it_did(shop: Shop) -> None:
    shop.register("a")
    results = shop.batch(
        Receive(lines(a=5)),
        reserve(order(), a=5),
        reserve(cart(), a=1),
        release(order(), a=2),
        reserve(cart(), a=2),
        deduct(order()),
        give_back(order(), a=1),
        deduct(order()),
    )
    codes = [getattr(result, "code", "accepted") for result in results]
    assert codes == [
        *("accepted", "accepted", "insufficient_stock", "accepted", "accepted"),
        *("accepted", "accepted", "reservation_ended"),
    ]
    assert shop.units("a") == Units(3, 2)
    assert_sound(shop.database)


def test_answers_show_the_state_after_their_own_command(shop: Shop) -> None:
    shop.register(a=5)
    first, second = shop.batch(reserve(cart(1), a=1), reserve(cart(2), a=3))
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    reserved = [json.loads(result.answer)["levels"][0]["reserved"] for result in (first, second)]
    assert reserved == [1, 4]


def test_a_refused_command_harms_no_other(shop: Shop) -> None:
    shop.register(a=2, b=2)
    results = shop.batch(
        reserve(cart(1), a=1, b=3),
        reserve(cart(2), a=2, b=2),
        reserve(cart(3), ghost=1, a=1),
    )
    assert results[0] == InsufficientStock((Shortage("b", 3, 2),))
    assert isinstance(results[1], Accepted)
    assert results[2] == UnknownSku(("ghost",))
    assert (shop.units("a"), shop.units("b")) == (Units(2, 2), Units(2, 2))


def test_a_batch_is_what_its_commands_are_one_by_one(shop: Shop) -> None:
    shop.register(a=10, b=10)
    asks = [reserve(cart(number), a=number % 4 + 1, b=number % 3 + 1) for number in range(1, 9)] + [
        release(cart(number)) for number in (2, 4, 9)
    ]
    batch = [getattr(result, "code", "accepted") for result in shop.batch(*asks)]
    shop.register(c=10, d=10)
    renamed = [
        reserve(order(number), c=number % 4 + 1, d=number % 3 + 1) for number in range(1, 9)
    ] + [release(order(number)) for number in (2, 4, 9)]
    alone = [getattr(shop.ask(ask), "code", "accepted") for ask in renamed]
    assert batch == alone
    assert (shop.units("a"), shop.units("b")) == (shop.units("c"), shop.units("d"))


def test_a_thousand_commands_on_one_sku(shop: Shop) -> None:
    shop.register(a=700)
    results = shop.batch(*(reserve(cart(number), a=1) for number in range(1000)))
    assert sum(isinstance(result, Accepted) for result in results) == 700
    assert shop.units("a") == Units(700, 700)
    assert_sound(shop.database)


def test_a_thousand_lines_in_one_command(shop: Shop) -> None:
    codes = [f"sku-{number:04d}" for number in range(1000)]
    shop.register(*codes)
    shop.do(Receive(tuple(Line(code, 2) for code in codes)))
    asked = tuple(Line(code, 1) for code in reversed(codes))
    answer = shop.do(Reserve(order(), "ann", asked))
    assert len(answer["reservations"]) == 1000
    last = (Line("sku-0000", 1), *(Line(code, 2) for code in codes))
    refusal = shop.refuse(Reserve(order(2), "ann", last))
    assert isinstance(refusal, InsufficientStock)
    assert len(refusal.shortages) == 1000
    assert {row["reserved"] for row in table(shop.database, "ledger_head")} == {1}
    shop.do(deduct(order()))
    assert {row["on_hand"] for row in table(shop.database, "ledger_head")} == {1}
    assert_sound(shop.database)


def test_an_empty_batch(shop: Shop) -> None:
    assert shop.batch() == []


def test_the_callers_of_a_batch_are_kept_apart(shop: Shop) -> None:
    shop.register(a=9)
    thief = Caller("other")
    results = shop.ledger.execute(
        [
            Command(TILL, reserve(order(), a=2)),
            Command(thief, deduct(order(), a=2)),
            Command(thief, reserve(order(), a=1)),
            Command(thief, deduct(order())),
        ]
    )
    codes = [getattr(result, "code", "accepted") for result in results]
    assert codes == ["accepted", "reservation_not_yours", "accepted", "accepted"]
    assert shop.units("a") == Units(8, 2)


def test_an_absurd_quantity_is_refused_alone(shop: Shop) -> None:
    """More than 64 bits, where an oversell policy would let anything through."""
    shop.register(a=9)
    shop.do(SetPolicy("a", allow_oversell=True))
    absurd = Command(TILL, reserve(order(1), a=10**30))
    fine = Command(TILL, reserve(order(2), a=1))
    results = shop.ledger.execute_grouped([absurd, fine])
    assert results[0] == BalanceTooLarge("a", 10**12)
    assert isinstance(results[1], Accepted)
    assert shop.units("a") == Units(9, 1)


def test_text_that_cannot_be_stored_spoils_no_other_command(shop: Shop) -> None:
    shop.register(a=9)
    spoilt = Command(TILL, reserve(order(1), owner=SURROGATE, a=1))
    fine = Command(TILL, reserve(order(2), a=1))
    results = shop.ledger.execute_grouped([spoilt, fine])
    assert not isinstance(results[0], Accepted)
    assert isinstance(results[1], Accepted)
    assert shop.units("a") == Units(9, 1)


def test_a_nul_character_spoils_no_other_command(shop: Shop) -> None:
    """PostgreSQL cannot store it, SQLite can."""
    shop.register(a=9)
    nul = Command(TILL, reserve(order(1), owner="a\0b", a=1))
    fine = Command(TILL, reserve(order(2), a=1))
    results = shop.ledger.execute_grouped([nul, fine])
    assert isinstance(results[1], Accepted)
    assert shop.units("a").reserved == 1 + isinstance(results[0], Accepted)
    assert_sound(shop.database)
