"""Idempotency: the same caller's same key happens once and gets the first answer."""

import json
from dataclasses import replace

from onhand.stock.commands import Accepted, Ledger
from onhand.stock.model.commands import Caller, Command, Policy, Receive, SetPolicy
from onhand.stock.model.refusals import IdempotencyConflict, InsufficientStock
from tests.shop import TILL, FakeClock, Shop, Units, cart, deduct, lines, order, release, reserve
from tests.stock.recount import assert_sound, dump


def test_a_replay_gets_the_first_answer_and_changes_nothing(shop: Shop, clock: FakeClock) -> None:
    shop.register(a=5)
    first = shop.ask(reserve(cart(), a=2), key="k")
    assert isinstance(first, Accepted)
    assert not first.replayed
    clock.advance(60)
    shop.receive("a", 1)
    before = dump(shop.database)
    again = shop.ask(reserve(cart(), a=2), key="k")
    assert again == replace(first, replayed=True)
    assert dump(shop.database) == before


def test_the_first_answer_survives_the_end_of_what_it_did(shop: Shop) -> None:
    shop.register(a=5)
    first = shop.do(reserve(cart(), a=2), key="k")
    shop.do(release(cart()))
    assert shop.do(reserve(cart(), a=2), key="k") == first
    assert shop.units("a") == Units(5, 0)


def test_another_body_under_the_same_key_is_refused(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(reserve(cart(), a=2), key="k")
    before = dump(shop.database)
    for other in (reserve(cart(), a=3), reserve(cart(2), a=2), release(cart())):
        assert shop.refuse(other, key="k") == IdempotencyConflict("k")
    assert dump(shop.database) == before


def test_asks_of_the_same_shape_are_told_apart(shop: Shop) -> None:
    """Release and deduct of everything look the same but for their kind."""
    shop.register(a=5)
    shop.do(reserve(order(), a=2))
    shop.do(release(order()), key="k")
    assert shop.refuse(deduct(order()), key="k") == IdempotencyConflict("k")


def test_the_same_ask_for_another_store_is_another_request(shop: Shop) -> None:
    shop.register(a=5)
    ask = reserve(cart(), a=2)
    first, again, other = (
        shop.ledger.execute([Command(TILL, ask, "k", store_id)])[0]
        for store_id in ("ginza", "ginza", "umeda")
    )
    assert isinstance(first, Accepted)
    assert again == replace(first, replayed=True)
    assert other == IdempotencyConflict("k")
    assert shop.units("a") == Units(5, 2)


def test_keys_belong_to_their_caller(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(reserve(cart(1), a=1), key="k")
    shop.do(reserve(cart(2), a=1), key="k", caller=Caller("kiosk"))
    assert shop.units("a") == Units(5, 2)


def test_an_actor_and_key_cannot_be_mistaken_for_another_pair(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(reserve(cart(1), a=1), caller=Caller("a"), key="bc")
    shop.do(reserve(cart(2), a=1), caller=Caller("ab"), key="c")
    assert shop.units("a") == Units(5, 2)


def test_without_a_key_each_call_counts(shop: Shop) -> None:
    shop.register(a=5)
    shop.do(reserve(cart(), a=1))
    shop.do(reserve(cart(), a=1))
    assert shop.units("a") == Units(5, 2)


def test_a_key_twice_in_one_batch(shop: Shop) -> None:
    shop.register(a=5)
    ask = reserve(cart(), a=2)
    first, second, third = shop.ledger.execute(
        [Command(TILL, ask, "k"), Command(TILL, ask, "k"), Command(TILL, release(cart()), "k")]
    )
    assert isinstance(first, Accepted)
    assert second == replace(first, replayed=True)
    assert third == IdempotencyConflict("k")
    assert shop.units("a") == Units(5, 2)
    assert_sound(shop.database)


def test_a_refused_key_may_be_tried_again(shop: Shop) -> None:
    shop.register(a=1)
    assert isinstance(shop.refuse(reserve(cart(), a=2), key="k"), InsufficientStock)
    shop.receive("a", 1)
    shop.do(reserve(cart(), a=2), key="k")
    assert shop.units("a") == Units(2, 2)


def test_the_key_and_caller_are_on_the_event_and_in_the_audit_trail(shop: Shop) -> None:
    shop.register("a")
    caller = Caller("clerk", origin="192.0.2.7")
    answer = shop.do(Receive(lines(a=1), reason="delivery"), caller=caller, key="k-1")
    tables = dump(shop.database)
    (event,) = tables["stock_event"]
    assert (event["actor"], event["idempotency_key"]) == ("clerk", "k-1")
    assert event["command_id"] == answer["command_id"]
    (entry,) = tables["audit_entry"]
    assert (entry["actor"], entry["origin"], entry["source"]) == ("clerk", "192.0.2.7", "api")
    assert (entry["action"], entry["idempotency_key"]) == ("Receive", "k-1")
    assert json.loads(entry["answer"]) == answer


def test_a_change_without_events_is_replayed_too(shop: Shop) -> None:
    shop.register("a")
    first = shop.do(SetPolicy("a", safety_stock=1), key="k")
    shop.do(SetPolicy("a", safety_stock=2))
    assert shop.do(SetPolicy("a", safety_stock=1), key="k") == first
    assert dump(shop.database)["ledger_head"][0]["safety_stock"] == 2


def test_another_ledger_knows_the_key(shop: Shop, clock: FakeClock) -> None:
    shop.register(a=5)
    first = shop.do(reserve(cart(), a=2), key="k")
    other = Shop(Ledger(shop.database, clock=clock, policy=Policy()), clock)
    assert other.do(reserve(cart(), a=2), key="k") == first
    assert shop.units("a") == Units(5, 2)
