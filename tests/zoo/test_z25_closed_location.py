"""Z25: deactivating a location keeps its history."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import sqlalchemy as sa

from onhand.access.model import Accepted, Actor, Asked
from onhand.db.database import Database
from onhand.stock.commands.locations import LocationChange, update_location
from onhand.stock.model.commands import Receive, Transfer
from onhand.stock.model.refusals import UnknownLocation
from onhand.stock.queries.history import HistoryFilter, history
from onhand.stock.queries.levels import level_as_of, read_levels
from onhand.stock.queries.locations import list_locations
from onhand.stock.queries.verify import verify
from tests.gate import lock_queue, wait_for_lock_queue
from tests.shop import START, FakeClock, Shop, deduct, lines, order, reserve
from tests.stock.recount import assert_sound, table

ADMIN = Actor("boss")


def close(shop: Shop, location: str) -> object:
    """Deactivate a location."""
    change = LocationChange(location, active=False)
    return update_location(shop.database, Asked(ADMIN, shop.clock()), change)


def test_z25_history_levels_and_past_moments_stay(shop: Shop, clock: FakeClock) -> None:
    shop.add_location("east")
    shop.register(a=1)
    shop.receive("a", 5, at="east")
    shop.do(reserve(order(), a=4))
    shop.do(deduct(order()))
    clock.advance(60)
    shop.do(Transfer(lines("east", a=2), "main"))
    before = table(shop.database, "stock_event")
    assert isinstance(close(shop, "east"), Accepted)
    assert table(shop.database, "stock_event") == before
    with shop.database.read() as connection:
        events = history(connection, "a", HistoryFilter(location="east"))
        assert events is not None
        assert [event.kind for event in events] == [
            *("transferred", "shipped", "reserved", "received")
        ]
        then = level_as_of(connection, "a", START + timedelta(seconds=30))
        assert then is not None
        assert {p.location: p.on_hand for p in then.locations} == {"main": 0, "east": 2}
        assert read_levels(connection, ["a"], now=clock())["a"].on_hand == 2
        assert [(p.location, p.active) for p in list_locations(connection)] == [
            ("main", True),
            ("east", False),
        ]
    assert verify(shop.database).is_clean
    assert_sound(shop.database)


def test_z25_a_reopened_location_goes_on(shop: Shop) -> None:
    shop.add_location("east")
    shop.register("a")
    shop.receive("a", 5, at="east")
    shop.do(Transfer(lines("east", a=5), "main"))
    close(shop, "east")
    assert shop.refuse(Receive(lines("east", a=1))) == UnknownLocation("east")
    reopened = LocationChange("east", active=True)
    update_location(shop.database, Asked(ADMIN, shop.clock()), reopened)
    shop.receive("a", 3, at="east")
    assert assert_sound(shop.database)["a"].places["east"].on_hand == 3


def test_z25_nothing_comes_in_between_the_look_and_the_closing(
    postgres_database: Database, shop_on_postgres: Shop
) -> None:
    """A receipt that was decided while the location was open, and a closing that overtakes it."""
    shop = shop_on_postgres
    shop.add_location("east")
    shop.register("a")
    blocker = postgres_database.engine.connect()
    with ThreadPoolExecutor(2) as threads:
        blocker.execute(sa.text("LOCK TABLE stock_event IN SHARE MODE"))
        receipt = threads.submit(shop.ask, Receive(lines("east", a=1)))
        wait_for_lock_queue(postgres_database)  # decided, and about to be written
        closing = threads.submit(close, shop, "east")
        while not closing.done() and lock_queue(postgres_database) < 2:
            time.sleep(0.01)
        blocker.rollback()
        blocker.close()
        closed = isinstance(closing.result(20), Accepted)
        received = isinstance(receipt.result(20), Accepted)
    assert closed != received
    assert_sound(postgres_database)
