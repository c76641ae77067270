"""A ledger in this process, filled with SKUs, and the commands that load it."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

import sqlalchemy as sa

from benchmarks.figures import UNITS_ON_HAND
from onhand.catalog.model import Status
from onhand.catalog.tables import sku
from onhand.db.database import Database
from onhand.db.migrate import upgrade
from onhand.stock.commands import Accepted, Ledger
from onhand.stock.model.commands import Caller, Command, Line, Policy, Receive, Reserve
from onhand.stock.model.events import Reference, ReferenceType

SKUS = 10_000
BATCH = 256
CALLER = Caller("bench", origin="127.0.0.1")
_numbers = count(1)


class WrongResult(Exception):
    """A command of the benchmark was refused, so the figure would mean nothing."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A ledger whose SKUs all have plenty on hand."""

    ledger: Ledger
    skus: Sequence[str]


def sku_codes(count_of_skus: int = SKUS) -> list[str]:
    """Return the codes of the benchmark's SKUs."""
    return [f"bench-{number:06d}" for number in range(count_of_skus)]


@contextmanager
def open_shelf(url: str, *, skus: int = SKUS) -> Iterator[Shelf]:
    """Create the schema in an empty database and stock `skus` SKUs; closed when the block ends."""
    database = Database(url)
    try:
        upgrade(database)
        codes = sku_codes(skus)
        register(database, codes)
        ledger = Ledger(database, clock=lambda: datetime.now(UTC), policy=Policy())
        execute(ledger, [receive(chunk) for chunk in chunks(codes, 100)])
        yield Shelf(ledger, codes)
    finally:
        database.dispose()


def register(database: Database, codes: Sequence[str]) -> None:
    """Register SKU codes without any stock."""
    now = datetime.now(UTC)
    rows = [
        {
            "sku_id": code,
            "original_sku": code.upper(),
            "status": Status.ACTIVE,
            "attributes": {},
            "created_at": now,
            "updated_at": now,
        }
        for code in codes
    ]
    with database.begin() as connection:
        connection.execute(sa.insert(sku), rows)


def chunks(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Yield consecutive slices of at most `size` items."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def receive(codes: Sequence[str]) -> Command:
    """Return the command that receives plenty of every code."""
    return Command(CALLER, Receive(tuple(Line(code, UNITS_ON_HAND) for code in codes)))


def reserve(codes: Sequence[str], *, type_: ReferenceType = ReferenceType.CART) -> Command:
    """Return a command of its own that holds one unit of every code, with an idempotency key."""
    number = next(_numbers)
    ask = Reserve(
        Reference(type_, f"bench-{number}"),
        owner=f"customer-{number % 1000}",
        lines=tuple(Line(code, 1) for code in codes),
    )
    return Command(CALLER, ask, idempotency_key=f"key-{number}")


def picks(codes: Sequence[str], *, commands: int, lines: int = 1) -> list[list[str]]:
    """Return what each command asks: `lines` different codes, always the same random choice."""
    choice = random.Random(commands)
    if len(codes) < lines:
        raise ValueError("fewer codes than lines")
    return [choice.sample(codes, lines) for _ in range(commands)]


def execute(ledger: Ledger, commands: Sequence[Command]) -> None:
    """Execute commands in batches; raises WrongResult unless all are accepted."""
    for start in range(0, len(commands), BATCH):
        for result in ledger.execute(commands[start : start + BATCH]):
            if not isinstance(result, Accepted) or result.replayed:
                raise WrongResult(result)
