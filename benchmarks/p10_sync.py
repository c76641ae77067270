"""P-10: how many stale listings a second are planned and settled, and how fresh shops are."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from benchmarks.figures import KINDS, Bench, Row, at_least, at_most
from benchmarks.shop import WrongResult, chunks, open_shop
from onhand.access.model import Actor, Asked
from onhand.bootstrap.clock import utc_now
from onhand.bootstrap.environment import Environment
from onhand.catalog.commands.listings import take_catalogue_page
from onhand.catalog.commands.stores import create_store
from onhand.catalog.model.stores import NewStore
from onhand.channels.port import ChannelListing, ListingKey, StockReading
from onhand.channels.rakuten.channel import LIMITS
from onhand.cli.worlds import silence
from onhand.sync.commands import reads
from onhand.sync.commands.beliefs import intake_passed
from onhand.sync.commands.claims import Terms, claim
from onhand.sync.commands.marks import mark_stale, mark_store
from onhand.sync.commands.rules import set_rule
from onhand.sync.commands.settle import settle
from onhand.sync.model.rules import Rule
from onhand.world.freshness import Burst, measure_burst
from onhand.world.setting import Setting

STORE = "bench"
PERSON = Actor("bench", "manual")
TERMS = Terms(rows=LIMITS.rows_per_push, most_units=LIMITS.most_units)
PLANNED = at_least(20_000)
RATIO = at_most(1.2)
LISTINGS = (1_000, 10_000, 50_000)
_PAGE = 1_000
_caps = count(10)


@dataclass(frozen=True, slots=True)
class Pushed:
    """Listings a second of each part of a push of a whole store, without a shop."""

    marked: float
    planned: float
    settled: float


def measure(bench: Bench) -> list[Row]:
    """Return planned listings a second on both databases, and freshness at Rakuten's limits."""
    rows = []
    for kind in KINDS:
        with open_shop(bench, kind, skus=bench.scaled(10_000, 2_000)) as shop:
            connect(shop.environment, shop.skus)
            push_all(shop.environment, len(shop.skus))  # compiles statements, where nobody has yet
            pushed = []
            for _ in range(bench.repeats):
                bench.say(f"{kind}: planning {len(shop.skus):,} stale listings")
                pushed.append(push_all(shop.environment, len(shop.skus)))
        name = f"{len(shop.skus):,} listings"
        marked, planned, settled = zip(
            *((p.marked, p.planned, p.settled) for p in pushed), strict=True
        )
        rows += [
            Row("P-10", f"{name} marked stale", kind, "listings/s", marked),
            Row("P-10", f"{name} planned and claimed", kind, "listings/s", planned, PLANNED),
            Row("P-10", f"{name} settled", kind, "listings/s", settled),
        ]
    for size in LISTINGS[: bench.scaled(len(LISTINGS), 2)]:
        bench.say(f"a burst over {size:,} listings in each of 3 simulated shops")
        rows += burst_rows(measure_alone(bench, size))
    return rows


def connect(environment: Environment, skus: Sequence[str]) -> None:
    """Make a store that lists every SKU once, each listing read a while ago."""
    now = utc_now()
    create_store(environment.database, Asked(PERSON, now), NewStore(STORE, "Bench"))
    for some in chunks(skus, _PAGE):
        page = [ChannelListing(ListingKey(f"item-{sku}", "v"), sku, (sku,)) for sku in some]
        with environment.database.begin() as connection:
            taken = take_catalogue_page(connection, STORE, page, now)
            mark_stale(connection, taken.ids, now=now)
    _read_all(environment, now)


def _read_all(environment: Environment, now: datetime) -> None:
    seen_at = now - timedelta(hours=1)
    while True:
        with environment.database.read() as connection:
            rows = reads.in_doubt(connection, STORE, now=now, limit=LIMITS.rows_per_read)
        if not rows:
            break
        reading = StockReading({row.key: 0 for row in rows}, seen_at, seen_at)
        reads.settle_reading(environment.database, STORE, rows, reading)
    with environment.database.begin() as connection:
        intake_passed(connection, STORE, now)


def push_all(environment: Environment, listings: int) -> Pushed:
    """Change the number of every listing and push them all; raises WrongResult."""
    database = environment.database
    set_rule(database, Asked(PERSON, utc_now()), STORE, Rule(cap_units=next(_caps)))
    began = time.perf_counter()
    with database.begin() as connection:
        mark_store(connection, STORE, now=utc_now())
    marking = time.perf_counter() - began
    claiming = settling = 0.0
    told = 0
    while True:
        began = time.perf_counter()
        due = claim(database, STORE, TERMS, now=utc_now())
        claiming += time.perf_counter() - began
        if not due.planned:
            break
        began = time.perf_counter()
        settle(environment.ledger, due, now=utc_now())
        settling += time.perf_counter() - began
        told += len(due.rows)
    if told != listings:
        raise WrongResult(f"{told} of {listings} listings were pushed")
    return Pushed(listings / marking, listings / claiming, listings / settling)


def measure_alone(bench: Bench, size: int) -> Burst:
    """Return a burst over so many listings in each of three shops, in a world of its own."""
    silence()
    home = bench.folder / f"world-{size}"
    home.mkdir()
    return measure_burst(Setting(home=home, skus=size))


def burst_rows(burst: Burst) -> list[Row]:
    """Return when half, 99 % and all listings were told, beside the ideal schedule."""
    name = f"every one of {burst.listings:,} listings a shop changes"
    parts = (
        ("half", burst.measured.p50_s, burst.ideal.p50_s, None),
        ("99 %", burst.measured.p99_s, burst.ideal.p99_s, RATIO),
    )
    rows = []
    for part, measured_s, ideal_s, target in parts:
        case = f"{name}: {part} told"
        note = f"{measured_s:.1f} s, ideal {ideal_s:.1f} s"
        rows.append(Row("P-10", case, "SQLite", "× ideal", (measured_s / ideal_s,), target, note))
    return rows
