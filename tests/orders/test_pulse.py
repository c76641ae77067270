"""Orders by the hour in which they were placed, by store."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from onhand.catalog.tables import store
from onhand.orders.queries.pulse import orders_per_hour
from tests.orders.market import STORE, Market, line, order

HOUR = timedelta(hours=1)


def test_orders_are_counted_in_their_hours(market: Market) -> None:
    dice = random.Random(8)
    market.open("osaka", "closed", "quiet")
    now = datetime(2026, 3, 3, 10, 20, tzinfo=UTC)
    market.clock.advance((now - market.clock()).total_seconds())
    expected: Counter[tuple[str, datetime]] = Counter()
    for number in range(80):
        at = now - timedelta(hours=dice.uniform(-1, 60), microseconds=dice.randrange(10**6))
        if number < 4:  # on the hour, and right before
            at = now.replace(minute=0) - number * HOUR - timedelta(microseconds=number % 2)
        store_id = dice.choice([STORE, "osaka", "closed"])
        placed = order(line("mug", 1), order_id=f"o{number}", ordered_at=at)
        market.take(placed, store_id=store_id)
        if at <= now:
            expected[store_id, at.replace(minute=0, second=0, microsecond=0)] += 1
    with market.database.begin() as connection:
        gone = sa.update(store).where(store.c.store_id.in_(["closed", "quiet"]))
        connection.execute(gone.values(status="inactive"))

    for hours in (1, 24, 48):
        with market.database.read() as connection:
            pulse = orders_per_hour(connection, now=now, hours=hours)
        assert len(pulse.hours) == hours
        assert pulse.hours[-1] == now.replace(minute=0)
        found = {
            (one.store, at): orders
            for one in pulse.stores
            for at, orders in zip(pulse.hours, one.orders, strict=True)
        }
        seen = {key: orders for key, orders in expected.items() if key[1] in pulse.hours}
        assert {key: orders for key, orders in found.items() if orders} == seen
        assert pulse.total == sum(seen.values()) == sum(one.total for one in pulse.stores)
        assert {"osaka", STORE} <= {one.store for one in pulse.stores} <= {"closed", "osaka", STORE}


@pytest.mark.parametrize("hours", [0, 337])
def test_the_hours_are_limited(market: Market, hours: int) -> None:
    with market.database.read() as connection, pytest.raises(ValueError, match="the hours are"):
        orders_per_hour(connection, now=market.clock(), hours=hours)
