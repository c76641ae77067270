"""A database that is locked, full, damaged or gone: said clearly, nothing lost, well again."""

import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from onhand.db.database import Database
from onhand.db.errors import DatabaseUnavailable
from onhand.db.grouping import Grouped
from onhand.db.migrate import upgrade
from onhand.stock.commands import Ledger, Result
from onhand.stock.model.commands import Command, Line, Policy, Receive
from tests.databases import PostgresServer, postgres_server
from tests.gate import GateClock
from tests.shop import TILL, FakeClock, Shop, Units, cart, reserve
from tests.stock.recount import assert_sound

HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""


@pytest.fixture
def on_file(sqlite_database: Database, clock: FakeClock) -> Shop:
    """Five units of `a` on SQLite."""
    shop = Shop(Ledger(sqlite_database, clock=clock, policy=Policy()), clock)
    shop.register(a=5)
    return shop


@pytest.fixture
def on_server(postgres_database: Database, clock: FakeClock) -> Shop:
    """Five units of `a` on PostgreSQL."""
    shop = Shop(Ledger(postgres_database, clock=clock, policy=Policy()), clock)
    shop.register(a=5)
    return shop


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server that may be stopped."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def on_own_server(own_server: PostgresServer, clock: FakeClock) -> Iterator[Shop]:
    """Five units of `a` on a server that may be stopped."""
    database = Database(own_server.url, schema=f"s{time.monotonic_ns()}")
    upgrade(database)
    shop = Shop(Ledger(database, clock=clock, policy=Policy()), clock)
    shop.register(a=5)
    yield shop
    database.dispose()


def file_of(shop: Shop) -> Path:
    """The shop's SQLite file."""
    return Path(str(shop.database.url.database))


def holder(shop: Shop) -> "subprocess.Popen[str]":
    """Another process that holds the file's write lock until it is told to let go."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(file_of(shop))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    return process


def until_well(shop: Shop) -> None:
    """Writing and reading succeed after a failure or two, without any help."""
    for _ in range(4):
        try:
            shop.do(reserve(cart("again"), a=1), key="again")
            shop.units("a")
        except DatabaseUnavailable:
            continue
        return
    raise AssertionError("it does not recover")


def test_a_file_locked_for_a_moment_is_waited_for(on_file: Shop) -> None:
    with holder(on_file) as process, ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(on_file.do, reserve(cart(), a=1))
        time.sleep(0.3)
        assert not waiting.done()
        assert on_file.units("a") == Units(5, 0)  # reading goes on
        process.communicate("\n", timeout=10)
        waiting.result(10)
    assert on_file.units("a") == Units(5, 1)


@pytest.mark.slow
def test_a_file_that_stays_locked(on_file: Shop) -> None:
    with holder(on_file) as process:
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable, match="locked"):
            on_file.do(reserve(cart(), a=1))
        assert time.monotonic() - began < 8
        process.communicate("\n", timeout=10)
    until_well(on_file)
    assert on_file.units("a") == Units(5, 1)
    assert_sound(on_file.database)


@pytest.mark.slow
def test_a_row_that_stays_locked(on_server: Shop) -> None:
    with psycopg.connect(on_server.database.url.render_as_string(hide_password=False)) as other:
        other.execute(f"SET search_path = {on_server.database.schema}".encode())
        other.execute("SELECT 1 FROM ledger_head WHERE sku_id = 'a' FOR UPDATE")
        with pytest.raises(DatabaseUnavailable, match="lock timeout"):
            on_server.do(reserve(cart(), a=1))
    until_well(on_server)
    assert on_server.units("a") == Units(5, 1)


def test_a_file_that_was_deleted_and_is_put_back(on_file: Shop, tmp_path: Path) -> None:
    path = file_of(on_file)
    on_file.database.dispose()  # so that everything is in the one file
    shutil.copyfile(path, tmp_path / "backup.db")
    on_file.do(reserve(cart(), a=1))
    path.unlink()
    for _ in range(3):
        with pytest.raises(DatabaseUnavailable):
            on_file.do(reserve(cart(2), a=1))
        with pytest.raises(DatabaseUnavailable):
            on_file.units("a")
    (tmp_path / "backup.db").replace(path)
    until_well(on_file)
    # The write-ahead log was left alone, so what was acknowledged after the backup is there too.
    assert on_file.units("a") == Units(5, 2)
    assert_sound(on_file.database)


def in_use(shop: Shop) -> None:
    """Every connection of both pools is open and was used before."""
    with ExitStack() as stack:
        for _ in range(8):
            for begin in (shop.database.read, shop.database.look_up):
                stack.enter_context(begin()).execute(sa.text("SELECT 1"))
                if shop.database.dialect == "sqlite":
                    break  # it has one pool


def all_at_once(shop: Shop) -> None:
    """Every connection of both pools answers, none of them for the second time."""
    in_use(shop)
    shop.do(reserve(cart(), a=1))


def test_a_file_that_was_put_back_is_used_at_the_first_call(on_file: Shop, tmp_path: Path) -> None:
    path = file_of(on_file)
    on_file.database.dispose()  # so that everything is in the one file
    for name in ("one.db", "two.db"):
        shutil.copyfile(path, tmp_path / name)
    in_use(on_file)
    path.unlink()
    with pytest.raises(DatabaseUnavailable):
        on_file.units("a")
    (tmp_path / "one.db").replace(path)
    in_use(on_file)
    (tmp_path / "two.db").replace(path)
    all_at_once(on_file)
    assert on_file.units("a") == Units(5, 1)


def test_a_deleted_file_is_not_silently_begun_anew(on_file: Shop) -> None:
    path = file_of(on_file)
    path.unlink()
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            on_file.do(Receive((Line("a", 1),)))
    assert not path.exists() or path.stat().st_size <= 4096


def test_a_file_replaced_by_rubbish(on_file: Shop) -> None:
    path = file_of(on_file)
    on_file.database.dispose()
    good = path.read_bytes()
    path.write_bytes(b"this is no database " * 500)
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            on_file.do(reserve(cart(), a=1))
    path.write_bytes(good)
    until_well(on_file)
    assert on_file.units("a") == Units(5, 1)


def test_a_folder_that_is_gone(on_file: Shop, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'nowhere' / 'onhand.db'}"
    database = Database(url)
    shop = Shop(Ledger(database, clock=on_file.clock, policy=Policy()), on_file.clock)
    with pytest.raises(DatabaseUnavailable):
        shop.do(reserve(cart(), a=1))
    database.dispose()


def test_a_full_disk(on_file: Shop) -> None:
    """SQLite stops at a number of pages as it does at the end of the disk."""
    engine = on_file.database.engine
    pages = 1_000_000

    def limit(connection: sqlite3.Connection, _entry: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    sa.event.listen(engine, "connect", limit)
    with on_file.database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one() + 12
    engine.dispose()
    done = 0

    def fill() -> None:
        nonlocal done
        for number in range(1000):
            on_file.do(Receive((Line("a", 1),), reason="x" * 500), key=f"k{number}")
            done += 1

    with pytest.raises(DatabaseUnavailable, match="full"):
        fill()
    assert 0 < done < 1000
    assert on_file.units("a") == Units(5 + done, 0)
    assert_sound(on_file.database)
    pages = 1_000_000
    engine.dispose()
    until_well(on_file)
    assert on_file.units("a") == Units(5 + done, 1)


def terminate_backends(shop: Shop) -> None:
    """Cut every connection the shop has."""
    with psycopg.connect(shop.database.url.render_as_string(hide_password=False)) as other:
        cut = other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE application_name = 'onhand'"
        ).fetchall()
    assert cut


def test_connections_that_were_cut(on_server: Shop) -> None:
    terminate_backends(on_server)
    until_well(on_server)
    assert on_server.units("a") == Units(5, 1)
    assert_sound(on_server.database)


def test_connections_that_were_cut_while_idle_are_replaced_unnoticed(on_server: Shop) -> None:
    in_use(on_server)
    terminate_backends(on_server)
    all_at_once(on_server)
    assert on_server.units("a") == Units(5, 1)


@pytest.mark.slow
def test_a_server_that_was_restarted_is_used_at_the_first_call(
    on_own_server: Shop, own_server: PostgresServer
) -> None:
    in_use(on_own_server)
    own_server.stop()
    own_server.start()
    all_at_once(on_own_server)
    in_use(on_own_server)
    own_server.stop()
    with pytest.raises(DatabaseUnavailable):
        on_own_server.units("a")
    own_server.start()
    all_at_once(on_own_server)
    assert on_own_server.units("a") == Units(5, 2)


def test_a_connection_cut_inside_a_transaction_leaves_nothing(on_server: Shop) -> None:
    gate = GateClock()
    slow = Shop(Ledger(on_server.database, clock=gate, policy=Policy()), on_server.clock)
    with ThreadPoolExecutor(1) as threads:
        cut = threads.submit(slow.ask, reserve(cart(), a=1), key="k")
        assert gate.reached.wait(10)
        terminate_backends(on_server)
        gate.open()
        with pytest.raises(DatabaseUnavailable):
            cut.result(20)
    until_well(on_server)
    assert on_server.units("a") == Units(5, 1)
    slow.do(reserve(cart(), a=1), key="k")
    assert on_server.units("a") == Units(5, 2)
    assert_sound(on_server.database)


def test_a_server_that_was_stopped_and_comes_back(
    on_own_server: Shop, own_server: PostgresServer
) -> None:
    own_server.stop()
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailable):
            on_own_server.do(reserve(cart(), a=1), key="k")
        with pytest.raises(DatabaseUnavailable):
            on_own_server.units("a")
        assert time.monotonic() - began < 10
    own_server.start()
    until_well(on_own_server)
    on_own_server.do(reserve(cart(), a=1), key="k")
    assert on_own_server.units("a") == Units(5, 2)
    assert_sound(on_own_server.database)


def test_the_queue_tells_every_caller_and_goes_on(
    on_own_server: Shop, own_server: PostgresServer
) -> None:
    queue: Grouped[Command, Result] = Grouped("writes", on_own_server.ledger.execute_grouped)
    commands = [Command(TILL, reserve(cart(n), a=1), f"k{n}") for n in range(5)]
    own_server.stop()
    for future in [queue.submit(command) for command in commands]:
        with pytest.raises(DatabaseUnavailable):
            future.result(20)
    own_server.start()
    until_well(on_own_server)
    results = [queue.submit(command).result(20) for command in commands[:3]]
    queue.close()
    assert [type(result).__name__ for result in results] == ["Accepted"] * 3
    assert on_own_server.units("a") == Units(5, 4)


def test_no_address_or_password_in_what_is_said() -> None:
    database = Database("postgresql://clerk:not-a-real-password@127.0.0.1:1/none")
    with pytest.raises(DatabaseUnavailable) as caught, database.read() as connection:
        connection.execute(sa.text("SELECT 1"))
    assert "not-a-real-password" not in caught.value.reason
    database.dispose()


def test_more_work_than_connections_waits_its_turn(on_server: Shop) -> None:
    """Twenty threads, each with a transaction of its own, on a pool of a few connections."""
    start = threading.Barrier(20)

    def one(number: int) -> str:
        start.wait(10)
        return type(on_server.ask(reserve(cart(number), a=1))).__name__

    with ThreadPoolExecutor(20) as threads:
        results = list(threads.map(one, range(20)))
    assert results.count("Accepted") == 5
    assert results.count("InsufficientStock") == 15
