"""The stores' jobs over a real socket, with one process and with two."""

import multiprocessing
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
import uvicorn

from onhand.bootstrap.shops import Wiring
from onhand.channels.errors import ChannelUnavailable
from onhand.db.database import Database
from onhand.jobs.start import runner_of
from onhand.simulators.rakuten import Fault, FaultKind
from onhand.simulators.rakuten.server import asgi
from tests.databases import free_port
from tests.marketplace import Marketplace
from tests.shop import FakeClock

# Simulated seconds in a real one. A push whose process was killed takes some minutes: its claim
# ends, it may still land, it is read, orders are polled.
PACE = 12
LIMIT_S = 120.0


@contextmanager
def served(marketplace: Marketplace) -> Iterator[str]:
    """The simulated Rakuten behind a real port; its address."""
    config = uvicorn.Config(
        asgi(marketplace.rakuten), log_level="critical", access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


@pytest.fixture
def connected(marketplace: Marketplace) -> Iterator[Marketplace]:
    """A marketplace whose stores speak to their shops over a real connection."""
    with served(marketplace) as url:
        wiring = Wiring(url, sleep=marketplace.wait)
        marketplace.environment = marketplace.enter(marketplace.database, wiring=wiring)
        marketplace.runner = runner_of(marketplace.environment)
        yield marketplace
        marketplace.environment.shops.close()


def test_everything_over_a_socket(connected: Marketplace) -> None:
    connected.offer(tote=10, mug=5)
    connected.set_up()
    assert connected.shown("tote") == {"tokyo": 10, "osaka": 10}
    connected.buy("tokyo", "tote", 3)
    connected.tick()
    assert connected.shown("tote") == {"tokyo": 7, "osaka": 7}
    connected.run_for(130, step=30)
    assert set(connected.orders().values()) == {"confirmed"}
    assert connected.line.calls == []
    connected.check_whole()


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True])
def test_a_connection_that_is_dropped(connected: Marketplace, after: bool) -> None:
    connected.offer(tote=10)
    connected.set_up()
    for function in ("inventories.bulk.upsert", "order.searchOrder", "inventories.bulk.get"):
        fault = Fault(kind=FaultKind.LOST, function=function, shop="tokyo", after=after)
        connected.rakuten.faults.plan(fault)
    connected.goods.receive("tote", 5)
    connected.buy("tokyo", "tote", 1)
    connected.run_for(500, step=40)
    assert connected.shown("tote") == {"tokyo": 14, "osaka": 14}
    connected.check_whole()


def test_nobody_is_there(marketplace: Marketplace) -> None:
    """A shop that cannot be reached has taken nothing: sent again once it is back."""
    marketplace.offer(tote=10)
    marketplace.set_up()
    nowhere = Wiring(f"http://127.0.0.1:{free_port()}", sleep=marketplace.wait)
    at_home = marketplace.environment
    marketplace.environment = marketplace.enter(marketplace.database, wiring=nowhere)
    marketplace.goods.receive("tote", 5)
    marketplace.do("sync.follow")
    with pytest.raises(ChannelUnavailable):
        marketplace.do("sync.push", "tokyo")
    state = marketplace.state("tokyo", "tote")
    assert (state.doubt, state.tries) == (None, 1)
    assert marketplace.pushes("tokyo", "tote")[-1].outcome == "not_sent"
    marketplace.environment = at_home
    marketplace.clock.advance(5)
    marketplace.do("sync.push", "tokyo")
    assert marketplace.shown("tote")["tokyo"] == 15


def now() -> datetime:
    """The real time."""
    return datetime.now(UTC)


class QuickClock(FakeClock):
    """Runs from `began` on, faster than the real time, and the same in every process.

    Until `arrive` it stands an hour before, for what must have happened a while ago.
    """

    def __init__(self, began: datetime) -> None:
        """An hour before."""
        super().__init__(began - timedelta(hours=1))
        self.began = began
        self._is_past = True

    def __call__(self) -> datetime:
        """The moment."""
        return super().__call__() if self._is_past else self.began + PACE * (now() - self.began)

    def arrive(self) -> "QuickClock":
        """Let it run from now on."""
        self._is_past = False
        return self


@dataclass(frozen=True)
class Place:
    """Where a worker process works."""

    url: str
    schema: str | None
    home: Path
    shops: str
    began: datetime


def work(place: Place, stop: Event) -> None:
    """One worker process: run what is due, until told to stop."""
    database = Database(place.url, schema=place.schema)
    clock = QuickClock(place.began).arrive()
    market = Marketplace(database, clock, place.home, stores=())
    wiring = Wiring(place.shops, sleep=lambda seconds: time.sleep(seconds / PACE))
    environment = market.enter(database, wiring=wiring)
    runner = runner_of(environment)
    while not stop.is_set():
        runner.run_due(clock())
        time.sleep(0.02)
    runner.close()
    market.close()
    database.dispose()


@pytest.mark.slow
def test_two_worker_processes(postgres_database: Database, tmp_path: Path) -> None:
    """Time that runs, real sockets: they share the stores, and one is killed half-way."""
    clock = QuickClock(now())
    market = Marketplace(postgres_database, clock, tmp_path, poll_s=10)
    market.offer(tote=500, mug=500)
    market.set_up()
    clock.arrive()
    spawn = multiprocessing.get_context("spawn")
    stop = spawn.Event()
    with served(market) as shops:
        url = postgres_database.url.render_as_string(hide_password=False)
        place = Place(url, postgres_database.schema, tmp_path, shops, clock.began)
        workers = [spawn.Process(target=work, args=(place, stop)) for _ in range(2)]
        try:
            for worker in workers:
                worker.start()
            for sale in range(20):
                for name in ("tote", "mug"):
                    market.buy("tokyo" if sale % 2 else "osaka", name, 1)
                time.sleep(0.1)
                if sale == 10:
                    workers[0].kill()
            want = {"tokyo": 480, "osaka": 480}
            wait_until(lambda: market.shown("tote") == want == market.shown("mug"))
            stop.set()
            for worker in workers:
                worker.join(30)
        finally:
            for worker in workers:  # left alive, it would write into the tests that follow
                worker.kill()
                worker.join(30)
    assert workers[1].exitcode == 0
    assert len(market.orders()) == 40
    market.check_whole()
    market.close()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Return once it is so."""
    deadline = time.monotonic() + LIMIT_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.1)
