"""Z8: "paid" before "created", "cancelled" before both: the same end state."""

from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings

from onhand.channels.port import ChannelOrder, OrderState
from onhand.orders.queries.reconcile import ReconcileFilter, reconcile
from onhand.orders.tables import channel_order, order_line, order_stock
from tests.orders.lives import ITEMS, deliveries
from tests.orders.market import STORE, Market, line, order
from tests.shop import Shop, Units
from tests.stock.recount import assert_sound

LIFE = (OrderState.PLACED, OrderState.CONFIRMED, OrderState.SHIPPED)
CANCELLED = (OrderState.PLACED, OrderState.CONFIRMED, OrderState.CANCELLED)


def sights(states: tuple[OrderState, ...], order_id: str) -> list[ChannelOrder]:
    """An order of two totes in these states, each a second later."""
    return [
        order(line("tote", 2), state=state, read_s=60 + number, order_id=order_id)
        for number, state in enumerate(states)
    ]


@pytest.mark.parametrize(
    ("states", "after"),
    [(LIFE, Units(48, 0)), (CANCELLED, Units(60, 0)), (LIFE[:2], Units(60, 12))],
    ids=["shipped", "cancelled", "open"],
)
def test_z08_every_order_of_arrival(
    shop: Shop, states: tuple[OrderState, ...], after: Units
) -> None:
    market = Market(shop)
    market.open(STORE)
    shop.register(tote=60)
    market.offer("tote", "tote")
    for number, arrival in enumerate([*permutations(range(3))]):
        one = sights(states, f"o{number}")
        for at in (*arrival, *arrival):  # and everything twice
            if at < len(one):
                market.take(one[at])
    assert shop.units("tote") == after
    assert {state for (state,) in market.table(channel_order, "state")} == {states[-1].value}
    assert_sound(shop.database)


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(both=deliveries())
def test_z08_any_life_in_any_order(
    shop: Shop, both: tuple[list[ChannelOrder], list[ChannelOrder]]
) -> None:
    """Two stores see the same life, one as it happened, the other as it came."""
    market = Market(shop)
    round_number = len(market.table(channel_order))
    stores = (f"a{round_number}", f"b{round_number}")
    market.open(*stores)
    skus = {(store, item): f"{store}-{item}" for store in stores for item in ITEMS}
    shop.register(**dict.fromkeys(skus.values(), 9))
    for (store, item), sku_id in skus.items():
        market.offer(item, sku_id, store_id=store)
    for store, sightings in zip(stores, both, strict=True):
        for sight in sightings:
            market.take(sight, store_id=store)
    ends = [
        [
            [row[1:] for row in market.table(table, "store_id", *columns) if row[0] == store]
            for table, columns in (
                (channel_order, ("state", "status", "read_at", "fingerprint", "next_read_at")),
                (order_line, ("line_no", "line_id", "item_key", "units")),
            )
        ]
        + [shop.units(skus[store, item]) for item in ITEMS]
        for store in stores
    ]
    assert ends[0] == ends[1]
    with shop.database.read() as connection:
        assert reconcile(connection, ReconcileFilter(limit=10_000)).mismatches == []
    held = sum(units for (units,) in market.table(order_stock, "held_units"))
    assert held == sum(account.reserved for account in assert_sound(shop.database).values())
