"""A small marketplace for tests: stores of one ledger at one simulated Rakuten, and one clock."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from onhand.access.model import Accepted, Actor, Asked
from onhand.bootstrap.environment import Environment, open_environments
from onhand.bootstrap.settings import Settings
from onhand.bootstrap.shops import Shops, Wiring
from onhand.catalog.commands.stores import create_store, set_credentials
from onhand.catalog.model.stores import NewKeys, NewStore
from onhand.catalog.queries.stores import StoreView, list_stores, read_store
from onhand.catalog.tables import listing, sku
from onhand.db.database import Database
from onhand.jobs.all import ALL_JOBS
from onhand.jobs.commands import tasks
from onhand.jobs.commands.leases import Lease, hold_many
from onhand.jobs.model import Key, Record, TaskState
from onhand.jobs.queries import TaskFilter, TaskView, list_tasks, read_task
from onhand.jobs.registry import JobContext, Outcome, StoreRef
from onhand.jobs.runner import Runner
from onhand.jobs.start import runner_of
from onhand.jobs.task_run import TaskRun
from onhand.orders.tables import channel_order, desk_entry
from onhand.simulators.rakuten import Item, Lost, Rakuten, Request, Response, Variant, buy
from onhand.simulators.rakuten import Shop as RakutenShop
from onhand.stock.commands import Ledger
from onhand.stock.model.commands import Policy
from onhand.stock.queries.feed import read_feed
from onhand.stock.queries.history import EventView
from onhand.stock.queries.verify import verify
from onhand.sync.tables import drift, listing_push, push
from tests.shop import FakeClock, Shop

URL = "http://rakuten.test"
VARIANT = "v"  # of every item
POLL_S = 60
Answer = Response | Lost | httpx.Response


class Line(httpx.BaseTransport):
    """The line from us to Rakuten, without a socket.

    `meddle`, if set, gets each request and the function that carries it on; what it returns is
    the answer. `calls` are the paths asked so far.
    """

    def __init__(self, rakuten: Rakuten) -> None:
        """A line that works."""
        self.rakuten = rakuten
        self.meddle: Callable[[Request, Callable[[], Answer]], Answer] | None = None
        self.calls: list[tuple[str, str]] = []  # the shop's code, the path's last part

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Carry one request."""
        asked = Request(
            request.method,
            request.url.path,
            request.url.query.decode(),
            {name.lower(): value for name, value in request.headers.items()},
            request.read(),
        )
        self.calls.append((self._caller(asked), asked.path.rstrip("/").rpartition("/")[2]))

        def carry() -> Answer:
            return self.rakuten.handle(asked)

        answer = carry() if self.meddle is None else self.meddle(asked, carry)
        if isinstance(answer, Lost):
            raise httpx.ReadTimeout("no answer")
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    def count(self, function: str, shop: str | None = None) -> int:
        """How often a function was asked so far."""
        return sum(name == function and shop in (None, code) for code, name in self.calls)

    def _caller(self, asked: Request) -> str:
        header = asked.header("authorization")
        shops = self.rakuten.shops.values()
        return next((shop.code for shop in shops if shop.authorization == header), "")


@dataclass(frozen=True, slots=True)
class Away:
    """A line that belongs to somebody else: closing it closes nothing."""

    line: Line

    def transport(self, store_id: str) -> httpx.BaseTransport:
        """The line, whichever store asks."""
        return self.line


class Marketplace:
    """Stores connected to shops of the same code; an item is called like its SKU."""

    def __init__(
        self,
        database: Database,
        clock: FakeClock,
        home: Path,
        *,
        stores: Sequence[str] = ("tokyo", "osaka"),
        poll_s: int = POLL_S,
    ) -> None:
        """Open the shops at Rakuten and the stores here, with their keys; nothing is listed."""
        self._poll_s = poll_s
        self.clock = clock
        self.home = home
        self.database = database
        self.rakuten = Rakuten(clock, seed=1)
        self.line = Line(self.rakuten)
        self._open: list[Environment] = []
        self._leases: list[Lease] = []
        self.environment = self.enter(database)
        self.goods = Shop(self.environment.ledger, clock)
        for code in stores:
            self.open_store(code)
        self.runner = runner_of(self.environment)

    def enter(self, database: Database, *, wiring: Wiring | None = None) -> Environment:
        """The environment `test` as another process has it, on this database."""
        onhand = open_environments(Settings(onhand_home=self.home), clock=self.clock)
        wiring = wiring or Wiring(URL, sleep=self.wait, transport=Away(self.line).transport)
        test = onhand.test
        onhand.live.close()
        environment = replace(
            test,
            database=database,
            ledger=Ledger(database, clock=self.clock, policy=Policy()),
            shops=Shops(database, test.vault, self.clock, wiring),
        )
        self._open.append(environment)
        return environment

    def close(self) -> None:
        """End the threads of every environment."""
        for environment in self._open:
            environment.writes.close()
            environment.reads.close()
            environment.shops.close()

    # Shops and goods

    def shop(self, store_id: str) -> RakutenShop:
        """The shop at Rakuten."""
        return self.rakuten.shops[store_id]

    def open_store(self, code: str, *, skew_s: float = 0.0, **settings: Any) -> None:
        """Open a shop at Rakuten and the store of the same name here, with its keys."""
        self.rakuten.open_shop(code, skew_s=skew_s)
        self.take_on(code, **settings)

    def take_on(self, code: str, **settings: Any) -> None:
        """Open the store of a shop that is there already, with its keys."""
        settings = {"shop_code": code, "poll_interval_s": self._poll_s, **settings}
        made = create_store(self.database, self.asked(), NewStore(code, code, settings=settings))
        assert isinstance(made, Accepted), made
        self.give_keys(code)

    def give_keys(self, code: str) -> None:
        """Store the keys that the shop at Rakuten accepts now."""
        shop = self.shop(code)
        keys = {"service_secret": shop.secret, "license_key": shop.license_key}
        vault = self.environment.vault
        done = set_credentials(self.database, self.asked(), NewKeys(code, keys), vault=vault)
        assert isinstance(done, Accepted), done

    def asked(self) -> Asked:
        """A request of Mei's, now."""
        return Asked(Actor("mei", "manual", "192.0.2.7"), self.clock())

    def offer(self, *, stores: Collection[str] = (), at_shop: int | None = 0, **stock: int) -> None:
        """Register SKUs with their stock and list them in these stores (none named: in all).

        The shops show `at_shop` of each, or have no number yet.
        """
        self.goods.register(**stock)
        for code in stores or self.rakuten.shops:
            for name in stock:
                self.list_item(code, name, at_shop=at_shop)

    def list_item(self, store_id: str, name: str, *, at_shop: int | None = 0) -> None:
        """Put an item up in one shop."""
        opening = {} if at_shop is None else {VARIANT: at_shop}
        item = Item(name, name, {VARIANT: Variant(name)})
        self.shop(store_id).add_item(item, opening)

    def buy(self, store_id: str, name: str, units: int = 1) -> str | None:
        """Somebody buys in a shop; the order number, None where it does not offer so many."""
        return buy(self.shop(store_id), name, VARIANT, units)

    def shown(self, name: str) -> dict[str, int | None]:
        """What each shop offers of an item, by the truth."""
        return {code: shop.quantity(name, VARIANT) for code, shop in self.rakuten.shops.items()}

    # Time

    def tick(self, seconds: float = 1.0) -> int:
        """Let time pass, then run what is due; returns how many runs there were."""
        return self.runner.run_due(self.clock.advance(seconds)).runs

    def run_for(self, seconds: float, *, step: float = 5.0) -> None:
        """Let time pass in steps, running what is due after each."""
        end = self.clock() + timedelta(seconds=seconds)
        while self.clock() < end:
            self.tick(step)

    def settle(self) -> None:
        """Let everything come to rest: pull, read, poll, push, with buyers at home."""
        self.run_for(4 * POLL_S, step=15.0)

    def run(self, job: str, store_id: str | None = None) -> TaskView:
        """Run one job alone, now, as if a person had asked for it."""
        with self.alone(job) as runner:
            return self.ask(runner, job, store_id)

    @contextmanager
    def alone(self, *names: str, environment: Environment | None = None) -> Iterator[Runner]:
        """A process that does these jobs only, and only when asked."""
        place = environment or self.environment
        chosen = [replace(job, every=None) for job in ALL_JOBS if job.name in names]
        assert len(chosen) == len(names)
        runner = Runner(place, chosen, stores=self._refs, clock=self.clock)
        try:
            yield runner
        finally:
            runner.close()

    def ask(self, runner: Runner, job: str, store_id: str | None = None) -> TaskView:
        """Ask for one run, and let this process do it."""
        with self.database.begin() as connection:
            task_id = tasks.ask(connection, job, store_id, asked_by="mei", now=self.clock())
        runner.run_due(self.clock())
        with self.database.read() as connection:
            view = read_task(connection, task_id)
        assert view is not None
        return view

    def set_up(self) -> None:
        """Pull every catalogue, then what `catch_up` does."""
        for code in self.rakuten.shops:
            self.do("catalog.pull", code)
        self.catch_up()

    def catch_up(self) -> None:
        """What a while of quiet does: every shop is read where in doubt, polled and told."""
        for _ in range(2):
            self.do("sync.follow")
            for code in self.rakuten.shops:
                self.do("sync.read", code)
            self.clock.advance(130)
            for code in self.rakuten.shops:
                self.do("orders.poll", code)
                self.do("orders.reread", code)
            self.do("sync.follow")
            for code in self.rakuten.shops:
                self.do("sync.read", code)
                self.do("sync.push", code)

    def do(
        self, job: str, store_id: str | None = None, *, environment: Environment | None = None
    ) -> Outcome:
        """Call a job's function, without runner, record and lease of its own.

        What goes wrong is raised.
        """
        function = next(each.run for each in ALL_JOBS if each.name == job)
        now = self.clock()
        record = Record("by-hand", Key(job, store_id), TaskState.RUNNING, None, now)
        (lease,) = self._leases or hold_many(
            self.database, ["by-hand"], "test", seconds=1e8, clock=self.clock
        )
        self._leases = [lease]
        task = TaskRun(record, lease, lambda: False)
        task.has_row = True
        return function(JobContext(environment or self.environment, store_id, task, self.clock))

    def _refs(self) -> list[StoreRef]:
        with self.database.read() as connection:
            found = list_stores(connection, now=self.clock())
        return [
            StoreRef(each.store, each.status, {"poll_interval_s": self._poll_s}) for each in found
        ]

    def wait(self, seconds: float) -> None:
        """Let time pass, as a call that keeps a limit does."""
        self.clock.advance(seconds)

    # What is known here

    def store(self, store_id: str) -> StoreView:
        """The store as it is read."""
        with self.database.read() as connection:
            view = read_store(connection, store_id, now=self.clock())
        assert view is not None
        return view

    def tasks(self, job: str | None = None, store_id: str | None = None) -> list[TaskView]:
        """Task records, newest first."""
        with self.database.read() as connection:
            return list_tasks(connection, TaskFilter(job=job, store_id=store_id, limit=1000))

    def events(self, kind: str | None = None) -> list[EventView]:
        """Every event in the feed, oldest first, or those of one kind."""
        found: list[EventView] = []
        cursor = None
        with self.database.read() as connection:
            while True:
                page = read_feed(connection, after=cursor, limit=500)
                found += page.events
                cursor = page.cursor
                if not page.more:
                    return [event for event in found if kind in (None, event.kind)]

    def listing_id(self, store_id: str, name: str) -> str:
        """The id of a listing."""
        chosen = (listing.c.store_id == store_id) & (listing.c.item_key == name)
        with self.database.read() as connection:
            return str(connection.execute(sa.select(listing.c.listing_id).where(chosen)).scalar())

    def state(self, store_id: str, name: str) -> sa.Row[Any]:
        """What the fence knows of a listing."""
        chosen = listing_push.c.listing_id == self.listing_id(store_id, name)
        with self.database.read() as connection:
            return connection.execute(sa.select(listing_push).where(chosen)).one()

    def pushes(self, store_id: str, name: str) -> list[sa.Row[Any]]:
        """Settled pushes of a listing, oldest first."""
        chosen = push.c.listing_id == self.listing_id(store_id, name)
        order = sa.select(push).where(chosen).order_by(push.c.settled_at, push.c.push_id)
        with self.database.read() as connection:
            return list(connection.execute(order))

    def orders(self, store_id: str | None = None) -> dict[str, str]:
        """The orders taken in, and their states."""
        statement = sa.select(channel_order)
        if store_id is not None:
            statement = statement.where(channel_order.c.store_id == store_id)
        with self.database.read() as connection:
            return {row.order_id: row.state for row in connection.execute(statement)}

    def desk(self) -> list[tuple[str, str]]:
        """The open entries of the order desk: kind and subject."""
        statement = sa.select(desk_entry.c.kind, desk_entry.c.subject)
        with self.database.read() as connection:
            rows = connection.execute(statement.where(desk_entry.c.closed_at.is_(None)))
            return sorted((row.kind, row.subject) for row in rows)

    def drifts(self) -> list[sa.Row[Any]]:
        """Every drift noted, oldest first."""
        with self.database.read() as connection:
            return list(connection.execute(sa.select(drift).order_by(drift.c.found_at)))

    def check_whole(self) -> None:
        """The ledger verifies, no order is lost or counted twice, and every shop shows its due.

        For the end of a test, after quiet, where every listing shows all that can be sold.
        """
        report = verify(self.database)
        assert report.is_clean, report.mismatches
        for code, shop in self.rakuten.shops.items():
            assert set(self.orders(code)) == {order.number for order in shop.orders()}
        with self.database.read() as connection:
            names = list(connection.execute(sa.select(sku.c.sku_id)).scalars())
        for name in names:
            due = max(0, self.goods.units(name).available)
            for code, units in self.shown(name).items():
                assert units in (None, due), (code, name, units, due)
