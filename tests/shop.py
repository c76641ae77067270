"""A small shop for tests: a clock to move, SKUs to register, asks without ceremony."""

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from onhand.catalog.model import Status, normalise
from onhand.catalog.tables import sku, sku_alias
from onhand.db.database import Database
from onhand.stock.commands import Accepted, Ledger, Result
from onhand.stock.model.commands import (
    Ask,
    Caller,
    ChangeHold,
    Command,
    Deduct,
    Line,
    Receive,
    Release,
    Reserve,
    Return,
)
from onhand.stock.model.events import Reference, ReferenceType
from onhand.stock.model.refusals import Refusal
from onhand.stock.tables import ledger_head, location, stock_event

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TILL = Caller("till")


class FakeClock:
    """Gives the same moment until it is moved; safe to share between threads."""

    def __init__(self, now: datetime = START) -> None:
        """Start at `now`, UTC."""
        self._now = now
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """The current moment."""
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> datetime:
        """Move on and give the new moment."""
        with self._lock:
            self._now += timedelta(seconds=seconds)
            return self._now


class Units(NamedTuple):
    """What the ledger says of one SKU over all locations, in whole units."""

    on_hand: int
    reserved: int

    @property
    def available(self) -> int:
        """On hand − reserved."""
        return self.on_hand - self.reserved


class Shop:
    """One ledger with everything that is around it in a test."""

    def __init__(self, ledger: Ledger, clock: FakeClock) -> None:
        """Everything is asked in the name of TILL unless a caller is named."""
        self.ledger = ledger
        self.clock = clock

    @property
    def database(self) -> Database:
        """The ledger's database."""
        return self.ledger.database

    def register(self, *codes: str, **stock: int) -> None:
        """Make SKUs known; `register(a=10)` also receives 10 units of `a` at `main`."""
        now = self.clock()
        with self.database.begin() as connection:
            for code in (*codes, *stock):
                row = {
                    "sku_id": normalise(code),
                    "original_sku": code,
                    "status": Status.ACTIVE,
                    "attributes": {},
                    "created_at": now,
                    "updated_at": now,
                }
                connection.execute(sa.insert(sku), row)
        for code, units in stock.items():
            self.receive(code, units)

    def add_alias(self, alias: str, sku_id: str) -> None:
        """Make another code mean a SKU."""
        row = {"alias_id": normalise(alias), "original_alias": alias, "sku_id": sku_id}
        with self.database.begin() as connection:
            connection.execute(sa.insert(sku_alias), row)

    def add_location(self, location_id: str, *, priority: int = 100) -> None:
        """Open another location."""
        row = {"location_id": location_id, "name": location_id, "priority": priority}
        with self.database.begin() as connection:
            connection.execute(sa.insert(location), row)

    def ask(self, ask: Ask, *, caller: Caller = TILL, key: str | None = None) -> Result:
        """What becomes of one ask."""
        (result,) = self.ledger.execute([Command(caller, ask, idempotency_key=key)])
        return result

    def do(self, ask: Ask, *, caller: Caller = TILL, key: str | None = None) -> dict[str, Any]:
        """The answer to an ask that must be accepted."""
        result = self.ask(ask, caller=caller, key=key)
        assert isinstance(result, Accepted), result
        answer: dict[str, Any] = json.loads(result.answer)
        return answer

    def refuse(self, ask: Ask, *, caller: Caller = TILL, key: str | None = None) -> Refusal:
        """The refusal of an ask that must be refused."""
        result = self.ask(ask, caller=caller, key=key)
        assert isinstance(result, Refusal), result
        return result

    def batch(self, *asks: Ask) -> list[Result]:
        """What becomes of several asks in one transaction."""
        return self.ledger.execute([Command(TILL, ask) for ask in asks])

    def receive(self, code: str, units: int, *, at: str | None = None) -> None:
        """Take in goods."""
        self.do(Receive((Line(code, units, at),)))

    def units(self, sku_id: str) -> Units:
        """The stored totals of one SKU; zero before its first event."""
        head = sa.select(ledger_head.c.on_hand, ledger_head.c.reserved)
        with self.database.read() as connection:
            row = connection.execute(head.where(ledger_head.c.sku_id == sku_id)).one_or_none()
        return Units(0, 0) if row is None else Units(*row)

    def kinds(self, sku_id: str) -> list[str]:
        """The kinds of one SKU's events, oldest first."""
        kind = sa.select(stock_event.c.kind).where(stock_event.c.sku_id == sku_id)
        with self.database.read() as connection:
            return list(connection.execute(kind.order_by(stock_event.c.seq)).scalars())


def cart(number: int | str = 1) -> Reference:
    """A cart's reference."""
    return Reference(ReferenceType.CART, f"cart-{number}")


def order(number: int | str = 1) -> Reference:
    """An order's reference."""
    return Reference(ReferenceType.ORDER, f"order-{number}")


def lines(*places: str, **units: int) -> tuple[Line, ...]:
    """`lines(a=3, b=2)`; with places, each SKU's line once at every place."""
    return tuple(Line(code, n, place) for code, n in units.items() for place in places or (None,))


def reserve(reference: Reference, *, owner: str = "ann", **units: int) -> Reserve:
    """Hold units until the default end."""
    return Reserve(reference, owner, lines(**units))


def release(reference: Reference, **units: int) -> Release:
    """Let go of these units, or of everything."""
    return Release(reference, lines(**units))


def deduct(reference: Reference, **units: int) -> Deduct:
    """Ship these units, or everything held."""
    return Deduct(reference, lines(**units))


def give_back(reference: Reference, **units: int) -> Return:
    """Units of an order come back."""
    return Return(reference, lines(**units))


def resize(reservation_id: str, units: int) -> ChangeHold:
    """Let a hold have this many units."""
    return ChangeHold(reservation_id, units=units)
