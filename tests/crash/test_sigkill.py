"""Servers killed twenty times under load: what was acknowledged is there once, nothing is half."""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg import sql

from onhand.db.database import Database
from onhand.stock.queries.verify import verify
from tests.crash.load import OPENING_UNITS, SKUS, Client, Effects, Sent
from tests.crash.servers import MortalServer
from tests.stock.recount import assert_sound, table

KILLS = 20
CLIENTS = 4
SEED = 20_261_122
OPENING = "crash-opening"

pytestmark = pytest.mark.slow


@pytest.fixture
def empty_postgres_database(postgres_url: str) -> Iterator[str]:
    """The URL of a PostgreSQL database of the test's own."""
    name = f"crash_{time.monotonic_ns()}"
    quoted = sql.Identifier(name)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(quoted))
        yield f"{postgres_url.rpartition('/')[0]}/{name}"
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(quoted))


def test_one_server_on_sqlite(tmp_path: Path) -> None:
    server = MortalServer(tmp_path, {"ONHAND_HOME": str(tmp_path)})
    journal = killed_under_load([server])
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    assert_nothing_lost_or_doubled(database, journal)
    database.dispose()


def test_two_servers_on_postgresql(tmp_path: Path, empty_postgres_database: str) -> None:
    settings = {"ONHAND_HOME": str(tmp_path), "DATABASE_URL": empty_postgres_database}
    journal = killed_under_load([MortalServer(tmp_path, settings) for _ in range(2)])
    database = Database(empty_postgres_database, schema="onhand_test")
    assert_nothing_lost_or_doubled(database, journal)
    database.dispose()


def killed_under_load(servers: Sequence[MortalServer]) -> list[Sent]:
    """Everything that was sent while the servers were killed KILLS times in all."""
    stop = threading.Event()
    with ThreadPoolExecutor(CLIENTS + len(servers)) as threads:
        try:
            list(threads.map(MortalServer.start, servers))
            token = Path(servers[0].told["tokens"]["test"]).read_text().strip()
            opening = open_shop(servers[0], token)
            urls = [server.url for server in servers]
            clients = [Client(f"client{n}", urls, token) for n in range(CLIENTS)]
            working = [threads.submit(client.work, stop) for client in clients]
            killing = [
                threads.submit(kill, server, KILLS // len(servers), seed=SEED + number)
                for number, server in enumerate(servers)
            ]
            for future in killing:
                future.result()
            time.sleep(0.5)  # some more orders on servers that live
            stop.set()
            for working_client in working:
                working_client.result()
        finally:
            stop.set()
            for server in servers:
                server.kill()
    return [opening, *(sent for client in clients for sent in client.journal)]


def kill(server: MortalServer, times: int, *, seed: int) -> None:
    """Let it live for a random moment, kill it, start it again; so many times."""
    moments = random.Random(seed)
    for _ in range(times):
        time.sleep(moments.uniform(0.05, 0.9))
        server.kill()
        server.start()


def open_shop(server: MortalServer, token: str) -> Sent:
    """Register the SKUs and take in the opening stock."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": OPENING}
    url = f"{server.url}/api/v1"
    for code in SKUS:
        made = httpx.post(
            f"{url}/skus", json={"sku": code}, headers={"Authorization": f"Bearer {token}"}
        )
        assert made.is_success, made.text
    lines = [{"sku": code, "quantity": OPENING_UNITS} for code in SKUS]
    answer = httpx.post(f"{url}/inventory/receive", json={"lines": lines}, headers=headers)
    assert answer.is_success, answer.text
    effects = dict.fromkeys(SKUS, (OPENING_UNITS, 0))
    return Sent(OPENING, effects, "acknowledged", answer.text)


def assert_nothing_lost_or_doubled(database: Database, journal: list[Sent]) -> None:
    """The ledger holds what was acknowledged, once, and nothing that was not sent."""
    sent = {entry.key: entry for entry in journal}
    assert len(sent) == len(journal)
    outcomes = [entry.outcome for entry in journal]
    assert outcomes.count("acknowledged") > 100, "too little load to prove anything"
    assert any(entry.interrupted for entry in journal), "no request was ever interrupted"

    entries = [
        row
        for row in table(database, "audit_entry")
        if str(row["idempotency_key"]).startswith("crash-")
    ]
    done = {row["idempotency_key"]: row for row in entries}
    assert len(done) == len(entries), "a key was done twice"
    assert done.keys() <= sent.keys()
    for entry in journal:
        if entry.outcome == "acknowledged":
            assert entry.key in done, f"lost: {entry}"
            assert done[entry.key]["answer"] == entry.answer
        elif entry.outcome == "refused":
            assert entry.key not in done, f"refused and done: {entry}"

    by_command = effects_by_command(database)
    for key, row in done.items():
        assert by_command[row["command_id"]] == sent[key].effects, f"not as asked: {sent[key]}"
    accounts = assert_sound(database)
    for code in SKUS:
        expected = sum(sent[key].effects.get(code, (0, 0))[0] for key in done)
        assert accounts[code].on_hand == expected
    report = verify(database)
    assert report.is_clean, report.mismatches


def effects_by_command(database: Database) -> dict[str, Effects]:
    """What each command did, by its events."""
    effects: dict[str, Effects] = {}
    for event in table(database, "stock_event"):
        of_command = effects.setdefault(event["command_id"], {})
        on_hand, reserved = of_command.get(event["sku_id"], (0, 0))
        of_command[event["sku_id"]] = (
            on_hand + event["on_hand_change"],
            reserved + event["reserved_change"],
        )
    return effects
