"""Test data can be emptied, live data cannot, and the guards are up again afterwards."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from onhand.access.model import Accepted, Actor, Asked, EnvironmentName
from onhand.stock.commands.reset import reset_test_data
from onhand.stock.model import refusals
from onhand.stock.model.commands import Caller
from onhand.stock.queries.feed import read_feed
from onhand.stock.queries.verify import verify
from tests.shop import Shop, Units, cart, deduct, order, reserve
from tests.stock.recount import assert_sound, dump, table

BOSS = Actor("boss")


def busy(shop: Shop) -> Shop:
    """A shop with a bit of everything."""
    shop.add_location("east")
    shop.register(a=5)
    shop.receive("a", 1, at="east")
    shop.add_alias("aa", "a")
    shop.do(reserve(cart(), a=2), key="k")
    shop.do(deduct(order(), a=1))
    return shop


def test_live_data_stays(shop: Shop) -> None:
    before = dump(busy(shop).database)
    refusal = reset_test_data(shop.database, Asked(BOSS, shop.clock()), EnvironmentName.LIVE)
    assert refusal == refusals.TestOnly("live")
    assert dump(shop.database) == before


def test_test_data_goes(shop: Shop) -> None:
    busy(shop)
    done = reset_test_data(shop.database, Asked(BOSS, shop.clock()), EnvironmentName.TEST)
    assert isinstance(done, Accepted)
    tables = dump(shop.database)
    assert [row["location_id"] for row in tables.pop("location")] == ["main"]
    assert [row["action"] for row in tables.pop("audit_entry")] == ["ResetTestData"]
    assert not any(tables.values())
    assert shop.refuse(reserve(cart(), a=1)) == refusals.UnknownSku(("a",))
    assert verify(shop.database).is_clean


def test_everything_works_anew(shop: Shop) -> None:
    busy(shop)
    reset_test_data(shop.database, Asked(BOSS, shop.clock()), EnvironmentName.TEST)
    shop.register(a=5)
    shop.do(reserve(cart(), a=2), key="k")  # the key was forgotten with the rest
    assert shop.units("a") == Units(5, 2)
    assert_sound(shop.database)


def test_under_one_key_it_happens_once(shop: Shop) -> None:
    busy(shop)

    def reset() -> object:
        return reset_test_data(shop.database, Asked(BOSS, shop.clock(), "k"), EnvironmentName.TEST)

    done = reset()
    assert isinstance(done, Accepted)
    shop.register(a=5)
    assert reset() == replace(done, replayed=True)
    assert shop.units("a") == Units(5, 0)
    assert shop.refuse(reserve(cart(), a=1), caller=Caller("boss"), key="k") == (
        refusals.IdempotencyConflict("k")
    )


def test_two_at_the_same_instant_under_one_key_reset_once(shop: Shop) -> None:
    busy(shop)
    start = threading.Barrier(2)

    def reset() -> bool:
        start.wait(10)
        done = reset_test_data(shop.database, Asked(BOSS, shop.clock(), "k"), EnvironmentName.TEST)
        assert isinstance(done, Accepted)
        return done.replayed

    with ThreadPoolExecutor(2) as threads:
        replayed = [future.result(30) for future in [threads.submit(reset) for _ in range(2)]]
    assert sorted(replayed) == [False, True]


def test_events_are_append_only_again(shop: Shop) -> None:
    busy(shop)
    reset_test_data(shop.database, Asked(BOSS, shop.clock()), EnvironmentName.TEST)
    shop.register(a=5)
    for statement in ("DELETE FROM stock_event", "UPDATE stock_event SET reason = 'x'"):
        refused = pytest.raises(sa.exc.SQLAlchemyError, match="append-only")
        with refused, shop.database.engine.begin() as connection:
            connection.execute(sa.text(statement))
    assert len(table(shop.database, "stock_event")) == 1


def test_a_follower_of_the_feed_goes_on(shop: Shop) -> None:
    """Positions go on rising, so that a cursor from before the reset misses nothing after it."""
    busy(shop)
    with shop.database.read() as connection:
        cursor = read_feed(connection, after=None, limit=100).cursor
    reset_test_data(shop.database, Asked(BOSS, shop.clock()), EnvironmentName.TEST)
    shop.register(b=5)
    with shop.database.read() as connection:
        page = read_feed(connection, after=cursor, limit=100)
    assert [event.sku for event in page.events] == ["b"]
