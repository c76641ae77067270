"""Health, and a database that is gone, locked or full: a clear 503, nothing lost, recovery."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from onhand.access.commands import IssuedToken, create_token
from onhand.access.model import Actor, Asked, EnvironmentName, NewToken, Scope
from onhand.bootstrap.environment import Environment, Onhand
from onhand.bootstrap.settings import Settings
from onhand.db.database import Database
from onhand.db.migrate import upgrade
from onhand.web.app import create_app
from tests.databases import postgres_server
from tests.shop import FakeClock, Shop
from tests.web.client import Api, cart, environment_over
from tests.web.conftest import NewApi

WRITES = (
    ("POST", "/inventory/reserve/cart", cart(9)),
    ("POST", "/inventory/receive", {"lines": cart()["lines"]}),
    ("POST", "/skus", {"sku": "new"}),
    ("POST", "/locations", {"location": "osaka", "name": "大阪倉庫"}),
)
READS = ("/inventory/ce1111", "/inventory/low-stock", "/skus", "/audit/logs", "/feed", "/tokens")


def test_health_is_open_to_everybody(api: Api) -> None:
    nobody = {"Authorization": None}

    assert api.get("/health", headers=nobody)["status"] == "ok"
    assert api.get("/health/database", headers=nobody) == {
        "status": "ok",
        "databases": {"live": "ok", "test": "ok"},
    }


def check_unavailable(api: Api, writes: tuple[tuple[str, str, object], ...]) -> None:
    """Every one of these writes is answered 503 and can be repeated."""
    for method, path, body in writes:
        problem = api.ask(method, path, expect=503, json=body, headers={"Idempotency-Key": path})
        assert problem["code"] == "database_unavailable", path


def check_recovered(api: Api, before: tuple[int, int]) -> None:
    """What was there is there; what was answered 503 happens now, once."""
    for path in ("/health/database", *READS):
        # Each pooled connection learns by itself that its file or server has gone.
        answers = (api.send("GET", path).status_code for _ in range(12))
        assert 200 in answers, path
    assert api.units() == before
    for _ in range(2):
        for method, path, body in WRITES:
            answer = api.send(method, path, json=body, headers={"Idempotency-Key": path})
            assert answer.status_code in {200, 201}, answer.text
    assert api.units() == (before[0] + 2, before[1] + 2)


@pytest.fixture
def sqlite_shop(
    sqlite_database: Database, live: Environment, settings: Settings, clock: FakeClock
) -> Iterator[tuple[Environment, Onhand]]:
    """`test` on SQLite."""
    test = environment_over(EnvironmentName.TEST, sqlite_database, clock)
    yield test, Onhand(settings, live=live, test=test)
    test.close()


@pytest.fixture
def onhand(sqlite_shop: tuple[Environment, Onhand]) -> Onhand:
    """Both environments, on SQLite."""
    return sqlite_shop[1]


def path_of(database: Database) -> Path:
    """The file of an SQLite database."""
    return Path(str(database.url.database))


def test_a_file_that_is_gone(shop: Api, sqlite_database: Database) -> None:
    file = path_of(sqlite_database)
    away = file.with_suffix(".away")

    file.rename(away)

    check_unavailable(shop, WRITES)
    for path in READS:
        shop.get(path, expect=503)
    problem = shop.get("/health/database", expect=503)
    assert problem["databases"]["live"] == "ok"
    assert problem["databases"]["test"] != "ok"
    assert shop.get("/health")["status"] == "ok"
    away.rename(file)
    check_recovered(shop, (10, 0))


def test_a_token_nobody_can_look_up(new_api: NewApi, sqlite_database: Database) -> None:
    fresh = new_api("viewer")
    file = path_of(sqlite_database)
    away = file.with_suffix(".away")
    file.rename(away)

    assert fresh.get("/me", expect=503)["code"] == "database_unavailable"
    away.rename(file)
    assert 200 in (fresh.send("GET", "/me").status_code for _ in range(12))


@pytest.mark.slow
def test_a_file_that_is_locked(shop: Api, sqlite_database: Database) -> None:
    other = sqlite3.connect(path_of(sqlite_database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    check_unavailable(shop, WRITES[:1])
    assert shop.units() == (10, 0)
    other.execute("ROLLBACK")
    other.close()
    check_recovered(shop, (10, 0))


def test_a_disk_that_is_full(shop: Api, sqlite_database: Database) -> None:
    engine = sqlite_database.engine

    def leave_no_room(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 1").close()  # at its present size

    sa.event.listen(engine, "connect", leave_no_room)
    engine.dispose()

    many = [{"sku": f"filler-{n}", "name": "x" * 255} for n in range(1000)]
    problem = shop.post("/skus/bulk", {"skus": many}, expect=503)
    assert problem["reason"] == "database or disk is full"
    assert shop.units() == (10, 0)
    sa.event.remove(engine, "connect", leave_no_room)
    engine.dispose()
    check_recovered(shop, (10, 0))


@pytest.mark.slow
def test_a_server_that_is_gone_and_comes_back(
    live: Environment, settings: Settings, clock: FakeClock
) -> None:
    with postgres_server() as server:
        database = Database(server.url, schema="onhand_test")
        upgrade(database)
        test = environment_over(EnvironmentName.TEST, database, clock)
        token = create_token(
            database,
            Asked(Actor("test"), clock()),
            NewToken("admin", Scope.ADMIN),
            environment=EnvironmentName.TEST,
        )
        assert isinstance(token, IssuedToken)
        app = create_app(Onhand(settings, live=live, test=test))
        with Api(app, token.secret) as api:
            Shop(test.ledger, clock).register(ce1111=10)
            assert api.units() == (10, 0)
            server.stop()
            check_unavailable(api, WRITES)
            for path in READS:
                api.get(path, expect=503)
            assert api.get("/health/database", expect=503)["databases"]["test"] == "unavailable"
            server.start()
            check_recovered(api, (10, 0))
        test.close()
