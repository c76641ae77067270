"""Playing order lines: the same commands as the API's, a few hundred in one transaction."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from enum import StrEnum

import msgspec

from onhand.cli.replay.lines import Invoice, OrderLine, Orders, total
from onhand.stock.commands import Accepted, Ledger, Result
from onhand.stock.model.commands import (
    Adjust,
    AdjustLine,
    AdjustMode,
    Ask,
    Caller,
    Command,
    Deduct,
    Line,
    Receive,
    Reserve,
    Return,
    SetPolicy,
)
from onhand.stock.model.events import Reference, ReferenceType
from onhand.stock.model.refusals import InsufficientStock, Refusal

_COMMANDS_AT_ONCE = 500
_LINES_AT_ONCE = 5_000
_DELIVERY_LINES = 500


class Bucket(StrEnum):
    """What became of a line; every line of the file ends in exactly one."""

    SHIPPED = "shipped"
    OVERSOLD = "oversold"
    REFUSED = "refused"
    RETURNED = "returned"
    WRITTEN_OFF = "written_off"
    WRITE_OFF_REFUSED = "write_off_refused"
    LEFT_OUT = "left_out"


class ReplayBroken(Exception):
    """The ledger refused what cannot be refused; the message names the invoice and the refusal."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How a file is played: opening units of each SKU (None: by demand), oversell policy."""

    opening_units: int | None = None
    allow_oversell: bool = False

    def opening(self, ordered_units: int) -> int:
        """Opening stock of a SKU: as given, or four fifths of what is ordered, rounded up."""
        if self.opening_units is not None:
            return self.opening_units
        return -(-ordered_units * 4 // 5)


@dataclass(slots=True)
class Tally:
    """What happened, in lines by bucket, orders by how they were served, and units by movement."""

    lines: Counter[Bucket] = field(default_factory=Counter)
    orders: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)


class _Level(msgspec.Struct):
    sku: str
    available: int


class _Answer(msgspec.Struct):
    levels: list[_Level]


@dataclass(frozen=True, slots=True)
class _Step:
    """A command, how many lines it carries, and what to make of its result."""

    command: Command
    lines: int
    settle: Callable[[Result], None]


@dataclass(slots=True)
class _Order:
    """An invoice on its way: the lines still asked for, those held, and those held below zero."""

    invoice: Invoice
    asked: list[OrderLine]
    held: list[OrderLine] = field(default_factory=list)
    oversold: list[OrderLine] = field(default_factory=list)
    rounds: int = 0

    def hold(self, answer: str) -> None:
        """All lines are held; a line is oversold where its SKU's available is now below 0."""
        levels = msgspec.json.decode(answer, type=_Answer).levels
        short = {level.sku for level in levels if level.available < 0}
        for line in self.asked:
            (self.oversold if line.sku in short else self.held).append(line)

    def drop(self, refusal: Refusal) -> list[OrderLine]:
        """Give up the lines whose SKUs the refusal names; all of them if it names none."""
        if not isinstance(refusal, InsufficientStock):
            dropped, self.asked = self.asked, []
            return dropped
        short = {shortage.sku for shortage in refusal.shortages}
        dropped = [line for line in self.asked if line.sku in short]
        self.asked = [line for line in self.asked if line.sku not in short]
        return dropped


class Player:
    """Plays orders on a ledger in the order of the file, day by day."""

    def __init__(self, ledger: Ledger, caller: Caller, progress: Callable[[int], None]) -> None:
        """`progress` is told how many lines of the file are accounted for so far."""
        self._ledger = ledger
        self._caller = caller
        self._progress = progress
        self.tally = Tally()

    def play(self, orders: Orders, terms: Terms) -> Tally:
        """Open the stock, then play every invoice.

        Raises:
            DatabaseUnavailable: the database went away; what was committed stays.
            ReplayBroken: the ledger did what it must not do.
        """
        self._count(Bucket.LEFT_OUT, sum(orders.left_out.values()))
        self._execute(self._opening(orders, terms))
        for invoices in orders.days().values():
            self._play_day(invoices)
        return self.tally

    def _opening(self, orders: Orders, terms: Terms) -> Iterator[_Step]:
        if terms.allow_oversell:
            for sku_id in sorted(orders.skus):
                yield self._certain(SetPolicy(sku_id, allow_oversell=True), f"policy/{sku_id}")
        opening = {sku_id: terms.opening(sku.ordered_units) for sku_id, sku in orders.skus.items()}
        lines = [Line(sku_id, units) for sku_id, units in sorted(opening.items()) if units > 0]
        self.tally.units["opening"] = sum(line.units for line in lines)
        day = min((invoice.at.date() for invoice in orders.invoices.values()), default=None)
        at = datetime.combine(day, time(), UTC) if day else None
        for start in range(0, len(lines), _DELIVERY_LINES):
            ask = Receive(tuple(lines[start : start + _DELIVERY_LINES]), "opening stock", at)
            yield self._certain(ask, f"opening/{start}")

    def _play_day(self, invoices: list[Invoice]) -> None:
        """Every order whole or not at all; what is left of those refused waits for the evening."""
        waiting: list[_Order] = []

        def daytime() -> Iterator[_Step]:
            for invoice in invoices:
                if invoice.sold:
                    yield from self._serve(_Order(invoice, list(invoice.sold)), waiting)
                if invoice.cancelled:
                    yield self._give_back(invoice)
                for index in range(len(invoice.written_off)):
                    yield self._write_off(invoice, index)

        self._execute(daytime())
        while waiting:
            again, waiting = waiting, []
            self._execute(self._serve_again(again, waiting))

    def _serve_again(self, again: list[_Order], waiting: list[_Order]) -> Iterator[_Step]:
        for order in again:
            yield from self._serve(order, waiting)

    def _serve(self, order: _Order, waiting: list[_Order]) -> Iterator[_Step]:
        """Hold what the order still asks for and ship it; refused, it waits with what is left."""
        order.rounds += 1
        number = order.invoice.number
        reserve = Reserve(
            _order(number),
            owner=number,
            lines=tuple(Line(line.sku, line.units) for line in order.asked),
            never_expires=True,
        )

        def settle_reserve(result: Result) -> None:
            if isinstance(result, Accepted):
                order.hold(result.answer)
                return
            refused = order.drop(result)
            self._count(Bucket.REFUSED, len(refused))
            self.tally.units["refused"] += total(refused)
            if order.asked:
                waiting.append(order)
            else:
                self.tally.orders["refused"] += 1

        def settle_ship(result: Result) -> None:
            """Nothing is held, and so nothing shipped, when the reserve before it was refused."""
            shipped = [*order.held, *order.oversold]
            if bool(shipped) is not isinstance(result, Accepted):
                raise ReplayBroken(f"invoice {number}: {result}")
            if shipped:
                whole = len(shipped) == len(order.invoice.sold)
                self.tally.orders["served" if whole else "served in part"] += 1
            self._count(Bucket.SHIPPED, len(order.held))
            self._count(Bucket.OVERSOLD, len(order.oversold))
            self.tally.units["shipped"] += total(shipped)

        lines = len(order.asked)
        key = f"{number}/reserve/{order.rounds}"
        yield _Step(self._command(reserve, key), lines, settle_reserve)
        deduct = Deduct(_order(number), reason=_when(order.invoice))
        key = f"{number}/ship/{order.rounds}"
        yield _Step(self._command(deduct, key), lines, settle_ship)

    def _give_back(self, invoice: Invoice) -> _Step:
        lines = tuple(Line(line.sku, line.units) for line in invoice.cancelled)

        def settle(result: Result) -> None:
            if not isinstance(result, Accepted):
                raise ReplayBroken(f"invoice {invoice.number}: {result}")
            self._count(Bucket.RETURNED, len(lines))
            self.tally.units["returned"] += total(invoice.cancelled)

        ask = Return(_order(invoice.number), lines, reason=_when(invoice))
        return _Step(self._command(ask, f"{invoice.number}/return"), len(lines), settle)

    def _write_off(self, invoice: Invoice, index: int) -> _Step:
        line = invoice.written_off[index]

        def settle(result: Result) -> None:
            if isinstance(result, Accepted):
                self._count(Bucket.WRITTEN_OFF, 1)
                self.tally.units["written off"] += line.units
            else:
                self._count(Bucket.WRITE_OFF_REFUSED, 1)

        ask = Adjust(
            (AdjustLine(line.sku, AdjustMode.SUBTRACT, line.units),),
            reason="written off",
            happened_at=invoice.at,
            reference=Reference(ReferenceType.IMPORT, invoice.number),
        )
        return _Step(self._command(ask, f"{invoice.number}/write-off/{index}"), 1, settle)

    def _certain(self, ask: Ask, key: str) -> _Step:
        def settle(result: Result) -> None:
            if not isinstance(result, Accepted):
                raise ReplayBroken(f"{key}: {result}")

        lines = len(ask.lines) if isinstance(ask, Receive) else 1
        return _Step(self._command(ask, key), lines, settle)

    def _command(self, ask: Ask, key: str) -> Command:
        return Command(self._caller, ask, idempotency_key=key)

    def _execute(self, steps: Iterable[_Step]) -> None:
        """Run the steps in order; where a transaction ends changes no outcome."""
        batch: list[_Step] = []
        lines = 0
        for step in steps:
            batch.append(step)
            lines += step.lines
            if len(batch) >= _COMMANDS_AT_ONCE or lines >= _LINES_AT_ONCE:
                self._commit_batch(batch)
                batch, lines = [], 0
        if batch:
            self._commit_batch(batch)

    def _commit_batch(self, batch: list[_Step]) -> None:
        results = self._ledger.execute([step.command for step in batch])
        for step, result in zip(batch, results, strict=True):
            step.settle(result)

    def _count(self, bucket: Bucket, lines: int) -> None:
        if lines:
            self.tally.lines[bucket] += lines
            self._progress(self.tally.lines.total())


def _order(number: str) -> Reference:
    return Reference(ReferenceType.ORDER, number)


def _when(invoice: Invoice) -> str:
    return f"invoiced at {invoice.at:%Y-%m-%d %H:%M}"
