"""How fresh numbers were, hour by hour, on both databases."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from onhand.db.database import Database
from onhand.sync.queries.freshness import freshness_per_hour
from onhand.sync.tables import push
from tests.marketplace import Marketplace


def tell(database: Database, listing_id: str, at: datetime, age_s: float, **other: object) -> None:
    """Note a push of this age."""
    values = {
        "push_id": f"p{at.timestamp()}{age_s}",
        "listing_id": listing_id,
        "store_id": "tokyo",
        "mode": "relative",
        "units": 1,
        "target": 1,
        "stale_at": at - timedelta(seconds=age_s),
        "settled_at": at,
        "outcome": "delivered",
        **other,
    }
    with database.begin() as connection:
        connection.execute(sa.insert(push).values(values))


def test_each_hour_has_its_own_ages(marketplace: Marketplace) -> None:
    marketplace.offer(stores=["tokyo"], tote=5)
    marketplace.do("catalog.pull", "tokyo")
    listing_id = marketplace.listing_id("tokyo", "tote")
    now = marketplace.clock().replace(minute=30, second=0, microsecond=0)
    database = marketplace.database
    for age_s in range(1, 101):
        tell(database, listing_id, now - timedelta(hours=2, seconds=age_s), float(age_s))
    tell(database, listing_id, now, 7.0)
    tell(database, listing_id, now - timedelta(seconds=1), 900.0, outcome="unknown")
    tell(database, listing_id, now - timedelta(seconds=2), 800.0, stale_at=None)
    tell(database, listing_id, now - timedelta(hours=30), 700.0)

    with database.read() as connection:
        found = freshness_per_hour(connection, now=now, hours=4)

    assert found.hours[-1] == now.replace(minute=0)
    (tokyo,) = found.stores
    assert tokyo.store == "tokyo"
    assert tokyo.p50_s == [None, pytest.approx(50, abs=0.01), None, pytest.approx(7, abs=0.01)]
    assert tokyo.p99_s == [None, pytest.approx(99, abs=0.01), None, pytest.approx(7, abs=0.01)]


@pytest.mark.parametrize("hours", [0, 337])
def test_the_hours_are_bounded(marketplace: Marketplace, hours: int) -> None:
    with marketplace.database.read() as connection, pytest.raises(ValueError, match="the hours"):
        freshness_per_hour(connection, now=marketplace.clock(), hours=hours)
