"""P-12: the console at 100,000 SKUs and a year of 1,000,000 events: server time and weight."""

import random
import re
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from benchmarks.asks import sale
from benchmarks.databases import POSTGRESQL
from benchmarks.figures import KINDS, Bench, Row, Target, at_most
from benchmarks.load import Plan, render, send, write_requests
from benchmarks.p10_sync import STORE, connect, push_all
from benchmarks.servers import Server
from benchmarks.shop import BATCH, CALLER, UNITS_ON_HAND, Shop, WrongResult, execute, open_shop
from onhand.access.commands.accounts import SetUpLink, begin_set_up, create_user
from onhand.access.commands.people import SignedIn, finish_set_up
from onhand.access.model import Actor, Asked, Language, NewUser, Role
from onhand.access.model.people import SetUp
from onhand.bootstrap.clock import utc_now
from onhand.bootstrap.environment import open_environments
from onhand.bootstrap.settings import load_settings
from onhand.channels.port import ChannelLine, ChannelOrder, ListingKey, OrderState
from onhand.orders.commands.intake import take_in
from onhand.stock.commands.counts import NewCount, open_count
from onhand.stock.model.commands import Command, SetPolicy
from onhand.web.console.security import SESSION_COOKIE

PAGE_MS = at_most(100)
LIST_MS = at_most(50)
FIRST_LOAD_KB = at_most(500)
ROOT = "/console/test"
BUSY = "bench-000000"  # in every sale
_LINES = 100
_ORDERS = 2_000
_ASKED = 20  # times each page, and one in ten before it counts
_ASKED_OF_ALL = 5  # times a page that goes through the whole catalogue
_STATES = (*(OrderState.SHIPPED,) * 6, OrderState.CONFIRMED, OrderState.CANCELLED)

# What is listed, searched and sorted; a name in braces is the first link of that kind there.
LISTS = {
    "stock": "/stock",
    "stock, found by a part of a code": "/stock?search=0999",
    "stock, nothing found": "/stock?search=nowhere",
    "stock, low": "/stock?state=low",
    "stock, most available first": "/stock?sort=available&down=1",
    "stock, last moved first": "/stock?sort=updated&down=1",
    "stock of a store": f"/stock?store={STORE}",
    "orders": "/orders",
    "orders of a SKU": f"/orders?sku={BUSY}",
    "order desk": "/desk",
    "listings": f"/stores/{STORE}/listings",
    "listings without a SKU": f"/stores/{STORE}/listings?mapped=unmapped",
    "pushes": "/sync/pushes",
    "failed pushes": "/sync/failed",
    "drift": "/sync/drift",
    "tasks": "/tasks",
    "imports": "/imports",
    "stocktakes": "/counts",
    "audit": "/audit",
    "people": "/people",
    "tokens": "/tokens",
}
PAGES = {
    "dashboard": "/",
    "a SKU": "/stock/bench-000777",
    "a SKU with 9,000 events, 90 days": f"/stock/{BUSY}?days=90",
    "why a SKU's numbers": f"/stock/{BUSY}/explain",
    "adjusting a SKU": f"/stock/{BUSY}/adjust",
    "an order": "{/orders}",
    "an entry of the desk": "{/desk}",
    "oversell report": "/oversold",
    "sync": "/sync",
    "stores": "/stores",
    "a store": f"/stores/{STORE}",
    "a listing": f"{{/stores/{STORE}/listings}}",
    "a store's rule": f"/stores/{STORE}/rule",
    "a store's rule, dry run": f"/stores/{STORE}/rule?try=1&share_percent=50",
    "a stocktake": "{/counts}",
    "exports": "/exports",
    "new import": "/imports/new",
    "account": "/account",
    "report: units": "/reports/units",
    "report: movements": "/reports/movements",
    "report: top movers": "/reports/top_movers",
}


def measure(bench: Bench) -> list[Row]:
    """Return the median wait of a lone reader for each page, and what it and a first load weigh."""
    rows: list[Row] = []
    for kind in KINDS:
        year = Year()
        with open_shop(bench, kind, skus=bench.scaled(100_000, 5_000), clock=year) as shop:
            fill(bench, kind, shop, year)
            cookie = {"Cookie": f"{SESSION_COOKIE}={sign_in(shop)}"}
            with shop.serving() as (server,):
                visitor = Visitor(server, cookie)
                for names, target in ((PAGES, PAGE_MS), (LISTS, LIST_MS)):
                    for name, path in names.items():
                        bench.say(f"{kind}: {name}")
                        rows.append(page_row(bench, kind, visitor, (name, path), target))
                rows.append(weight(kind, visitor))
    return rows


# What there is


class Year:
    """A clock that passes a year while a shop sells, and is right after that."""

    def __init__(self) -> None:
        """It is a year ago."""
        self.share: float | None = 0.0

    def __call__(self) -> datetime:
        """The moment it is, by the share of the year that has passed (None: all of it)."""
        now = utc_now()
        return now if self.share is None else now - timedelta(days=365 * (1 - self.share))


def fill(bench: Bench, kind: str, shop: Shop, year: Year) -> None:
    """Sell until there are so many events; list everything in a store; take orders in."""
    choice = random.Random(12)
    sales = bench.scaled(900_000, 20_000) // (2 * _LINES)
    for done in range(0, sales, BATCH):
        bench.say(f"{kind}: {done:,} of {sales:,} sales")
        year.share = done / sales
        some = range(min(BATCH, sales - done))
        sold = [[BUSY, *choice.sample(shop.skus[1:], _LINES - 1)] for _ in some]
        execute(shop.ledger, [command for codes in sold for command in sale(codes)])
    year.share = None
    bench.say(f"{kind}: listing and pushing {len(shop.skus):,} SKUs")
    connect(shop.environment, shop.skus)
    push_all(shop.environment, len(shop.skus))
    for number, order in enumerate(orders(choice, shop.skus)):
        bench.say(f"{kind}: {number:,} of {_ORDERS:,} orders")
        take_in(shop.ledger, STORE, order, now=utc_now())
    low = [SetPolicy(sku, low_stock_threshold=2 * UNITS_ON_HAND) for sku in shop.skus[::50]]
    execute(shop.ledger, [Command(CALLER, ask) for ask in low])
    new = NewCount("Bench", "main", tuple(shop.skus[:500]))
    open_count(shop.environment.database, Asked(Actor("bench"), utc_now()), new)
    if kind == POSTGRESQL:
        # What it does by itself within minutes of such a filling.
        with shop.environment.database.begin() as connection:
            connection.exec_driver_sql("ANALYZE")


def orders(choice: random.Random, skus: Sequence[str]) -> Iterator[ChannelOrder]:
    """Yield orders of the last day; one line in a hundred is of a listing that nobody knows."""
    now = utc_now()
    for number in range(_ORDERS):
        sku = "nobody-knows" if number % 100 == 0 else choice.choice((BUSY, choice.choice(skus)))
        ordered_at = now - timedelta(seconds=86_400 * (1 - number / _ORDERS))
        line = ChannelLine("1", ListingKey(f"item-{sku}", "v"), 1, name=sku)
        state = choice.choice(_STATES)
        yield ChannelOrder(f"P12-{number:06d}", state, "500", ordered_at, now, (line,), "{}")


def sign_in(shop: Shop) -> str:
    """Return the secret of a new administrator's session; raises WrongResult."""
    onhand = open_environments(load_settings(shop.variables()))
    try:
        live, actor, now = onhand.live.database, Actor("bench"), utc_now()
        user = NewUser("bench", Role.ADMIN, Language.JA, "Asia/Tokyo")
        create_user(live, Asked(actor, now), user)
        link = begin_set_up(live, Asked(actor, now), "bench")
        if not isinstance(link, SetUpLink):
            raise WrongResult(link)
        session = finish_set_up(live, SetUp(link.secret, "for figures only"), now=now)
        if not isinstance(session, SignedIn):
            raise WrongResult(session)
        return session.secret
    finally:
        onhand.close()


# How long it takes


class Visitor:
    """A lone reader of a server's pages."""

    def __init__(self, server: Server, headers: dict[str, str]) -> None:
        """`headers` carry the session."""
        self._server = server
        self._headers = headers

    def find(self, path: str) -> str:
        """Return the path itself, or where the first link leads of a list named in braces."""
        return self._first_link(path.strip("{}")) if path.startswith("{") else path

    def get(self, path: str, **headers: str) -> bytes:
        """Return what is sent for an address, compressed if it is asked for so."""
        url = f"http://127.0.0.1:{self._server.port}{path}"
        asked = urllib.request.Request(url, headers={**self._headers, **headers})
        with urllib.request.urlopen(asked) as answer:
            sent: bytes = answer.read()
        return sent

    def wait_ms(self, bench: Bench, path: str) -> float:
        """Return the median wait for a page, in ms."""
        file = bench.folder / "p12.requests"
        asked = _ASKED_OF_ALL if "try=1" in path else _ASKED
        count = write_requests(file, [render("GET", ROOT + path, self._headers)] * asked)
        plan = Plan((self._server.port,), str(file), 1, count, warm_up=count // 10)
        return send(plan).only(200).p50_ms

    def _first_link(self, path: str) -> str:
        page = self.get(ROOT + path).decode()
        found = re.search(rf'<td class="head[^>]*>.*?href="{ROOT}(/[^"]+)"', page, re.DOTALL)
        if found is None:
            raise WrongResult(f"nothing is listed at {path}")
        return found[1]


def page_row(
    bench: Bench, kind: str, visitor: Visitor, page: tuple[str, str], target: Target
) -> Row:
    """Return what a lone reader waits for a page, and beside it what its HTML weighs."""
    name, wanted = page
    path = visitor.find(wanted)
    waits = tuple(visitor.wait_ms(bench, path) for _ in range(bench.repeats))
    kilobytes = len(visitor.get(ROOT + path)) / 1000
    return Row("P-12", name, kind, "ms", waits, target, f"{kilobytes:.0f} kB")


def weight(kind: str, visitor: Visitor) -> Row:
    """Return what a browser loads for the dashboard the first time, chart and all, in kB."""
    page = visitor.get(f"{ROOT}/")
    assets = set(re.findall(r'(?:src|href)="(/console/static/[^"#]+)', page.decode()))
    loaded = [page, *(visitor.get(path, **{"Accept-Encoding": "gzip"}) for path in assets)]
    kilobytes = sum(len(sent) for sent in loaded) / 1000
    return Row("P-12", "first load of the dashboard", kind, "kB", (kilobytes,), FIRST_LOAD_KB)
