"""Stocktakes: open a sheet, enter what was found, close it into the ledger (S5)."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from onhand.access.commands import Change, Write, new_command_id, write_once
from onhand.access.model import Accepted, Asked, Refusal
from onhand.catalog.queries import find_registered
from onhand.db.bulk import BulkWrite, Part
from onhand.db.database import Database
from onhand.db.types import to_text
from onhand.stock.commands.ledger import Ledger, caller_for
from onhand.stock.model.commands import Command, Count, CountLine
from onhand.stock.model.events import Reference, ReferenceType
from onhand.stock.model.refusals import (
    CountEnded,
    CountNotFound,
    UnknownLocation,
    UnknownSku,
)
from onhand.stock.queries.counts import CountView, read_count
from onhand.stock.queries.locations import read_location
from onhand.stock.tables import count_line, count_sheet, ledger_head, stock_level

_KEY_SPACE = " stocktake"  # no caller's name begins with a space
_WRITE_LINES = BulkWrite(
    Part(
        count_line,
        ("count_id", "sku_id", "expected_units", "counted_units", "counted_by", "counted_at"),
        key=("count_id", "sku_id"),
        update_only=True,
    )
)


@dataclass(frozen=True, slots=True)
class NewCount:
    """A stocktake of these SKUs (normalised codes) at one location."""

    name: str
    location: str
    skus: tuple[str, ...]
    blind: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """Whole units found of one SKU; entering it again replaces the figure."""

    sku: str
    units: int


@dataclass(frozen=True, slots=True)
class CountEntry:
    """What was found, for one sheet."""

    count_id: str
    found: tuple[Counted, ...]


def open_count(database: Database, asked: Asked, new: NewCount) -> Accepted | Refusal:
    """Open a sheet; the answer is its `CountView`. Stock may move on meanwhile.

    Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """

    def run(connection: sa.Connection) -> Change | Refusal:
        place = read_location(connection, new.location)
        if place is None or not place.active:
            return UnknownLocation(new.location)
        known = find_registered(connection, new.skus)
        unknown = tuple(code for code in new.skus if code not in known)
        if unknown:
            return UnknownSku(unknown)
        count_id = new_command_id()
        connection.execute(
            sa.insert(count_sheet).values(
                count_id=count_id,
                location_id=new.location,
                name=new.name,
                blind=new.blind,
                state="open",
                created_by=asked.actor.name,
                created_at=asked.now,
            )
        )
        skus = sorted({known[code][0] for code in new.skus})
        connection.execute(
            sa.insert(count_line), [{"count_id": count_id, "sku_id": sku_id} for sku_id in skus]
        )
        view = read_count(connection, count_id)
        return Change(f"count:{count_id}", view, after=view)

    return write_once(database, asked, Write("OpenCount", new), run)


def enter_counts(database: Database, asked: Asked, entry: CountEntry) -> Accepted | Refusal:
    """Note what was found, beside what the ledger says at this very moment.

    The answer is the `CountView`. Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """

    def run(connection: sa.Connection) -> Change | Refusal:
        lock_sheet(connection, entry.count_id)
        sheet = read_count(connection, entry.count_id)
        if sheet is None:
            return CountNotFound(entry.count_id)
        if sheet.state != "open":
            return CountEnded(entry.count_id, sheet.state)
        known = find_registered(connection, [item.sku for item in entry.found])
        listed = {line.sku for line in sheet.lines}
        found: dict[str, int] = {}
        for item in sorted(entry.found, key=lambda item: item.sku):
            sku_id = known.get(item.sku, ("", 0))[0]
            if sku_id not in listed:
                return UnknownSku((item.sku,))
            found[sku_id] = item.units
        _enter(connection, sheet, found, (asked.actor.name, asked.now))
        view = read_count(connection, entry.count_id)
        return Change(f"count:{entry.count_id}", view, before=sheet, after=view)

    return write_once(database, asked, Write("EnterCounts", entry), run)


def lock_sheet(connection: sa.Connection, count_id: str) -> None:
    """Let nobody else enter figures or close the sheet before this transaction ends."""
    connection.execute(
        sa.select(count_sheet.c.count_id)
        .where(count_sheet.c.count_id == count_id)
        .with_for_update()
    )


def _enter(
    connection: sa.Connection, sheet: CountView, found: dict[str, int], by: tuple[str, datetime]
) -> None:
    """Note the units found of each SKU; `by` is who counted, and when."""
    on_hand = on_hand_now(connection, sheet.location, found)
    counted_by, counted_at = by
    _WRITE_LINES.run(
        connection,
        [
            (sheet.id, sku_id, on_hand[sku_id], units, counted_by, to_text(counted_at))
            for sku_id, units in found.items()
        ],
    )


def on_hand_now(
    connection: sa.Connection, location: str, sku_ids: Collection[str]
) -> dict[str, int]:
    """Units on hand there, which do not change before this transaction ends.

    So no movement falls between a figure and the moment it stands for.
    """
    connection.execute(
        sa.select(ledger_head.c.sku_id)
        .where(ledger_head.c.sku_id.in_(sku_ids))
        .order_by(ledger_head.c.sku_id)
        .with_for_update(key_share=True)
    )
    rows = connection.execute(
        sa.select(stock_level.c.sku_id, stock_level.c.on_hand).where(
            stock_level.c.sku_id.in_(sku_ids), stock_level.c.location_id == location
        )
    )
    return dict.fromkeys(sku_ids, 0) | {row.sku_id: row.on_hand for row in rows}


def close_count(ledger: Ledger, asked: Asked, count_id: str) -> Accepted | Refusal:
    """Bring the differences into the ledger and close the sheet; the answer is the ledger's.

    Lines not counted are left alone; movements since each line was counted are kept. The ledger's
    command carries the sheet's id as its key, so closing again, also by another person or after a
    crash in between, counts once. Raises:
        DatabaseUnavailable: repeat the call.
    """
    database = ledger.database
    with database.read() as connection:
        sheet = read_count(connection, count_id)
    if sheet is None:
        return CountNotFound(count_id)
    without_key = replace(asked, idempotency_key=None)
    closed = _move(database, asked, _CLOSE, count_id)
    if isinstance(closed, Accepted) and closed.replayed:
        # The ledger may have refused it then; in that case the sheet is open again.
        closed = _move(database, without_key, _CLOSE, count_id)
    if isinstance(closed, CountEnded) and closed.state == "closed":
        pass  # closed before, perhaps by one who went away before the next step
    elif isinstance(closed, Refusal):
        return closed
    # Nothing is entered any more.
    ask = Count(
        _counted_lines(database, sheet),
        reason=sheet.name,
        reference=Reference(ReferenceType.MANUAL, count_id),
    )
    command = Command(caller_for(asked.actor), ask, idempotency_key=count_id, key_space=_KEY_SPACE)
    (result,) = ledger.execute([command])
    if isinstance(result, Refusal):
        _move(database, without_key, _REOPEN, count_id)
    return result


def _counted_lines(database: Database, sheet: CountView) -> tuple[CountLine, ...]:
    line = count_line.c
    with database.read() as connection:
        rows = connection.execute(
            sa.select(line.sku_id, line.counted_units, line.expected_units)
            .where(line.count_id == sheet.id, line.counted_units.is_not(None))
            .order_by(line.sku_id)
        ).all()
    return tuple(CountLine(*row, sheet.location) for row in rows)


def cancel_count(database: Database, asked: Asked, count_id: str) -> Accepted | Refusal:
    """Close a sheet without any effect on stock.

    Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    return _move(database, asked, _CANCEL, count_id)


@dataclass(frozen=True, slots=True)
class _Step:
    """A sheet's way from one state to another."""

    action: str
    before: str
    after: str


_CLOSE = _Step("CloseCount", "open", "closed")
_REOPEN = _Step("ReopenCount", "closed", "open")
_CANCEL = _Step("CancelCount", "open", "cancelled")


def _move(database: Database, asked: Asked, step: _Step, count_id: str) -> Accepted | Refusal:
    def run(connection: sa.Connection) -> Change | Refusal:
        lock_sheet(connection, count_id)
        sheet = read_count(connection, count_id)
        if sheet is None:
            return CountNotFound(count_id)
        if sheet.state != step.before:
            return CountEnded(count_id, sheet.state)
        connection.execute(
            sa.update(count_sheet)
            .where(count_sheet.c.count_id == count_id)
            .values(state=step.after, closed_at=None if step.after == "open" else asked.now)
        )
        view = read_count(connection, count_id)
        return Change(f"count:{count_id}", view, before=sheet, after=view)

    return write_once(database, asked, Write(step.action, count_id), run)
