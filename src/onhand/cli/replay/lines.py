"""Reading a shop's order lines: what each line of the file asks of the ledger."""

import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO

from onhand.catalog.model import is_valid_code, normalise

COLUMNS = ("invoice", "sku", "description", "quantity", "invoiced_at")
MOST_UNITS = 1_000_000  # of one line; more is a slip of the keyboard
_GZIP_MAGIC = b"\x1f\x8b"


class UnreadableFile(Exception):
    """The file is not a table of order lines; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of an invoice; `units` is above 0 and its sign is told by the list it is in."""

    sku: str
    units: int


@dataclass(slots=True)
class Invoice:
    """The lines of one invoice, by what they ask."""

    number: str
    at: datetime
    sold: list[OrderLine] = field(default_factory=list)
    cancelled: list[OrderLine] = field(default_factory=list)
    written_off: list[OrderLine] = field(default_factory=list)


@dataclass(slots=True)
class Sku:
    """A code as it was first written, its first description, and the units ordered in the file."""

    original: str
    name: str
    ordered_units: int = 0


@dataclass(slots=True)
class Orders:
    """Everything a file asks; `left_out` counts the lines that ask nothing, by reason."""

    lines: int = 0
    skus: dict[str, Sku] = field(default_factory=dict)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    def days(self) -> dict[date, list[Invoice]]:
        """The invoices by day, in order of their first line's time and then of the file."""
        days: dict[date, list[Invoice]] = {}
        for invoice in sorted(self.invoices.values(), key=lambda invoice: invoice.at):
            days.setdefault(invoice.at.date(), []).append(invoice)
        return days

    def take(self, row: dict[str, str | None]) -> None:
        """Count one line of the file: to an invoice, or as left out with its reason."""
        self.lines += 1
        number, code = _cell(row, "invoice"), _cell(row, "sku")
        at, units = _moment(_cell(row, "invoiced_at")), _units(_cell(row, "quantity"))
        reason = _why_left_out(number, code=code, at=at, units=units)
        if reason is not None or at is None or units is None:
            self.left_out[reason or ""] += 1
            return
        sku_id = normalise(code)
        sku = self.skus.setdefault(sku_id, Sku(code, ""))
        sku.name = sku.name or _cell(row, "description")
        invoice = self.invoices.setdefault(number, Invoice(number, at))
        line = OrderLine(sku_id, abs(units))
        if _is_cancellation(number):
            invoice.cancelled.append(line)
        elif units < 0:
            invoice.written_off.append(line)
        else:
            invoice.sold.append(line)
            sku.ordered_units += units


def read_orders(path: Path) -> Orders:
    """Read a CSV file of order lines, gzip-compressed or not.

    Raises:
        UnreadableFile: no such file, not CSV in UTF-8, or without the columns of `COLUMNS`.
    """
    orders = Orders()
    try:
        with _open(path) as text:
            rows = csv.DictReader(text)
            missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise UnreadableFile(f"{path}: no column {', '.join(missing)} in its first line")
            for row in rows:
                orders.take(row)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadableFile(f"{path}: {reason}") from error
    return orders


def total(lines: Iterable[OrderLine]) -> int:
    """Units of these lines."""
    return sum(line.units for line in lines)


def _open(path: Path) -> IO[str]:
    with path.open("rb") as file:
        is_packed = file.read(2) == _GZIP_MAGIC
    if is_packed:
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _cell(row: dict[str, str | None], name: str) -> str:
    return (row[name] or "").strip()


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _units(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _is_cancellation(number: str) -> bool:
    return number.upper().startswith("C")


def _why_left_out(number: str, *, code: str, at: datetime | None, units: int | None) -> str | None:
    if not number:
        return "no invoice number"
    if not is_valid_code(normalise(code)):
        return "no usable SKU code"
    if at is None:
        return "no readable time"
    if units is None:
        return "quantity is not a whole number"
    if units == 0:
        return "quantity is 0"
    if abs(units) > MOST_UNITS:
        return f"quantity is above {MOST_UNITS:,} units"
    if _is_cancellation(number) and units > 0:
        return "cancellation with a positive quantity"
    return None
