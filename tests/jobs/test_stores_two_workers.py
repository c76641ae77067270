"""Two workers at the same stores at the same time: nothing is told, taken in or shipped twice."""

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import msgspec
import pytest

from onhand.bootstrap.environment import Environment
from onhand.channels.errors import ChannelError
from onhand.db.database import Database
from onhand.db.errors import DatabaseUnavailable, TransactionConflict
from onhand.jobs.start import runner_of
from onhand.simulators.rakuten import Fault, FaultKind, Request, cancel
from onhand.stock.model.commands import Line, Reserve
from tests.marketplace import Answer, Marketplace
from tests.shop import cart

LIMIT_S = 120.0
JOBS = ("orders.poll", "orders.reread", "orders.confirm", "sync.read", "sync.push", "sync.check")
pytestmark = pytest.mark.slow


class Watch:
    """A line on which no listing may be pushed twice at once."""

    def __init__(self) -> None:
        """Nothing is under way."""
        self._lock = threading.Lock()
        self._pushed: Counter[tuple[str, str]] = Counter()
        self.twice: list[str] = []
        self.pushes = 0

    def __call__(self, request: Request, carry: Callable[[], Answer]) -> Answer:
        """Carry a request, slowly enough for others to cross it."""
        keys = []
        if request.path.endswith("bulk-upsert"):
            shop = request.header("authorization")
            rows = msgspec.json.decode(request.body)["inventories"]
            keys = [(shop, row["manageNumber"]) for row in rows]
        with self._lock:
            self.pushes += bool(keys)
            self._pushed.update(keys)
            self.twice += [item for shop, item in keys if self._pushed[shop, item] > 1]
        time.sleep(0.003)
        try:
            return carry()
        finally:
            time.sleep(0.003)
            with self._lock:
                self._pushed.subtract(keys)


@contextmanager
def beside(marketplace: Marketplace) -> Iterator[Environment]:
    """What another process has: connections of its own to the same database."""
    url = marketplace.database.url.render_as_string(hide_password=False)
    database = Database(url, schema=marketplace.database.schema)
    yield marketplace.enter(database)
    database.dispose()


def trade(
    marketplace: Marketplace, chance: random.Random, is_enough: Callable[[], bool] = lambda: True
) -> None:
    """Buyers come, change their minds, and goods arrive: 120 times, and on until it is enough."""
    numbers = []
    end = time.monotonic() + LIMIT_S
    for count in itertools.count():
        if count >= 120 and (is_enough() or time.monotonic() > end):
            return
        marketplace.clock.advance(chance.uniform(1, 5))
        store_id, name = chance.choice(["tokyo", "osaka"]), chance.choice(["tote", "mug", "cup"])
        event = chance.random()
        if event < 0.3:
            numbers.append((store_id, marketplace.buy(store_id, name, chance.randint(1, 3))))
        elif event < 0.6:
            hold = Reserve(cart(count), "ann", (Line(name, 1),), never_expires=True)
            marketplace.goods.ask(hold)
        elif event < 0.9:
            marketplace.goods.receive(name, 1)
        elif numbers:
            shop, number = numbers.pop()
            if number is not None:
                cancel(marketplace.shop(shop), number)
        time.sleep(0.03)


def quiet(marketplace: Marketplace) -> None:
    """Everything comes to rest, after the longest wait of anything under way."""
    for _ in range(4):
        marketplace.clock.advance(130)
        marketplace.catch_up()


@pytest.mark.parametrize("seed", [1, 2])
def test_two_workers_without_leases(marketplace_on_postgres: Marketplace, seed: int) -> None:
    """Even where both do the same job of the same store, as after a lease ended too early."""
    marketplace = marketplace_on_postgres
    marketplace.offer(tote=40, mug=25, cup=10)
    marketplace.set_up()
    watch = Watch()
    marketplace.line.meddle = watch
    stop = threading.Event()

    def work(environment: Environment, own: random.Random) -> int:
        done = 0
        while not stop.is_set():
            name = own.choice(["sync.follow", "sync.follow", "sync.push", *JOBS])
            store_id = None if name == "sync.follow" else own.choice(["tokyo", "osaka"])
            try:
                marketplace.do(name, store_id, environment=environment)
                done += 1
            except (TransactionConflict, ChannelError, DatabaseUnavailable):
                continue
        return done

    with beside(marketplace) as other, ThreadPoolExecutor(2) as threads:
        workers: list[Future[int]] = [
            threads.submit(work, environment, random.Random(seed + number))
            for number, environment in enumerate((marketplace.environment, other))
        ]
        try:
            trade(marketplace, random.Random(seed), lambda: watch.pushes > 10)
        finally:
            stop.set()
        assert all(worker.result(LIMIT_S) > 20 for worker in workers)
    marketplace.line.meddle = None
    quiet(marketplace)
    assert watch.pushes > 10
    assert watch.twice == []
    marketplace.check_whole()


@pytest.mark.parametrize("with_faults", [False, True])
def test_two_runners_share_the_stores(
    marketplace_on_postgres: Marketplace, with_faults: bool
) -> None:
    """Each job of each store runs in one of them at a time; both get some of the work."""
    marketplace = marketplace_on_postgres
    marketplace.offer(tote=40, mug=25, cup=10)
    marketplace.set_up()
    watch = Watch()
    marketplace.line.meddle = watch
    if with_faults:
        for kind in (FaultKind.LOST, FaultKind.LATE, FaultKind.ERROR, FaultKind.CONFLICT):
            marketplace.rakuten.faults.by_chance(Fault(kind=kind, after=True), 0.02)
    stop = threading.Event()

    def work(environment: Environment) -> int:
        runner, runs = runner_of(environment), 0
        while not stop.is_set():
            runs += runner.run_due(marketplace.clock()).runs
            time.sleep(0.002)
        runner.close()
        return runs

    with beside(marketplace) as other, ThreadPoolExecutor(2) as threads:
        workers = [threads.submit(work, each) for each in (marketplace.environment, other)]
        try:
            trade(marketplace, random.Random(7))
        finally:
            stop.set()
        assert sum(worker.result(LIMIT_S) for worker in workers) > 50
    marketplace.rakuten.faults.clear()
    marketplace.line.meddle = None
    quiet(marketplace)
    assert watch.twice == []
    marketplace.check_whole()
