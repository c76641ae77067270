"""Z23: a hold expires at the very moment it is confirmed: exactly one outcome."""

from datetime import datetime, timedelta

import pytest

from onhand.stock.commands import Accepted
from onhand.stock.model.commands import ChangeHold, Command, ExpireHolds, Reserve
from tests.crew import SIZE, Crew
from tests.shop import START, TILL, Shop, Units, cart, deduct, lines, order, reserve
from tests.stock.recount import assert_sound

END = START + timedelta(seconds=60)
TICK = timedelta(microseconds=1)


def last_unit_held(shop: Shop) -> str:
    """The only unit is held by order-1 until END; gives the hold's id."""
    shop.register(a=1)
    answer = shop.do(Reserve(order(1), "ann", lines(a=1), expires_at=END))
    hold_id: str = answer["reservations"][0]["id"]
    return hold_id


@pytest.mark.parametrize("skew", [TICK, timedelta(0), -TICK], ids=["before", "at", "after"])
def test_z23_confirmed_by_one_or_sold_to_another(shop: Shop, crew: Crew, skew: timedelta) -> None:
    """The shipper's clock is before, at or after the end; the others' are at the end."""
    last_unit_held(shop)
    ship = Command(TILL, deduct(order(1)))
    sweep = Command(TILL, ExpireHolds(("a",)))
    moments = [END - skew, *[END] * (SIZE - 1)]
    shares = crew.run(
        shop.database,
        [
            [ship],
            [sweep, Command(TILL, reserve(cart(2), a=1))],
            [Command(TILL, reserve(cart(3), a=1))],
            [sweep],
        ],
        moments=moments,
    )
    shipped = isinstance(shares[0][0], Accepted)
    sold = [isinstance(result, Accepted) for result in (shares[1][1], shares[2][0])]
    assert shipped + sum(sold) == 1
    assert shop.units("a") == (Units(0, 0) if shipped else Units(1, 1))
    assert shop.kinds("a").count("expired") == (0 if shipped else 1)
    if skew <= timedelta(0):
        assert not shipped
    assert_sound(shop.database)


def outcome(shop: Shop, at: datetime) -> tuple[str, Units]:
    """What becomes of a confirmation at that moment, and what is left."""
    shop.clock.advance((at - shop.clock()).total_seconds())
    result = shop.ask(deduct(order(1)))
    return getattr(result, "code", "shipped"), shop.units("a")


def test_z23_a_tick_before_the_end_it_ships(shop: Shop) -> None:
    last_unit_held(shop)
    assert outcome(shop, END - TICK) == ("shipped", Units(0, 0))


def test_z23_at_the_end_it_has_expired(shop: Shop) -> None:
    last_unit_held(shop)
    assert outcome(shop, END) == ("reservation_ended", Units(1, 0))


def test_z23_converted_to_an_order_or_expired(shop: Shop, crew: Crew) -> None:
    hold = last_unit_held(shop)
    confirm = Command(TILL, ChangeHold(hold, order_id="order-9"))
    take = Command(TILL, reserve(cart(2), a=1))
    shares = crew.run(
        shop.database,
        [[confirm], [take], [take], [Command(TILL, ExpireHolds(("a",)))]],
        moments=[END - TICK, END, END, END],
    )
    confirmed = isinstance(shares[0][0], Accepted)
    taken = [isinstance(share[0], Accepted) for share in shares[1:3]]
    assert confirmed + sum(taken) == 1
    assert shop.units("a") == Units(1, 1)
    assert_sound(shop.database)
