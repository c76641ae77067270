"""Writing a decided batch: five tables, one round trip on PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from onhand.access.tables import audit_entry
from onhand.catalog.commands import unregister
from onhand.db.bulk import BulkWrite, Part
from onhand.db.types import to_text
from onhand.stock import tables
from onhand.stock.commands.answers import LevelAnswer, ReservationAnswer, StockAnswer, UndoPart
from onhand.stock.commands.pending import Pending
from onhand.stock.model.book import Book, Hold, SkuStock
from onhand.stock.model.commands import (
    ChangeHold,
    Command,
    ExpireHolds,
    Note,
    ResetSku,
    SetPolicy,
    Undo,
)
from onhand.stock.model.draft import Draft
from onhand.stock.model.events import Event

_LEVEL = ("sku_id", "location_id", "on_hand", "reserved", "shortfall", "version")
_HOLD = (
    "reservation_id",
    "reference_type",
    "reference_id",
    "units_reserved",
    "units_held",
    "units_shipped",
    "units_returned",
    "state",
    "expires_at",
)
_HEAD = ("sku_id", "version", "hash", "on_hand", "reserved", "recorded_at")
_TERMS = (
    "registered",
    "generation",
    "is_low",
    "allow_oversell",
    "safety_stock",
    "low_stock_threshold",
    "next_expiry_at",
    "counted_at",
)
_WRITE = BulkWrite(
    Part(tables.stock_event, Event._fields),
    Part(
        tables.reservation,
        (*_HOLD, "sku_id", "generation", "location_id", "holder", "owner", "created_at"),
    ),
    Part(tables.reservation, _HOLD, key=("reservation_id",), update_only=True),
    Part(tables.stock_level, _LEVEL),
    Part(tables.stock_level, _LEVEL, key=("sku_id", "location_id"), update_only=True),
    # Most events leave the terms as they were: apart, they cost their indexes nothing.
    Part(tables.ledger_head, _HEAD, key=("sku_id",), update_only=True),
    Part(tables.ledger_head, (*_HEAD, *_TERMS), key=("sku_id",), update_only=True),
    Part(
        audit_entry,
        (
            "command_id",
            "recorded_at",
            "actor",
            "origin",
            "source",
            "action",
            "subject",
            "idempotency_key",
            "request_hash",
            "answer",
            "before",
            "after",
        ),
    ),
)


class Entry(NamedTuple):
    """An accepted command for the audit trail."""

    pending: Pending
    answer: str
    draft: Draft


def write(connection: sa.Connection, book: Book, entries: Sequence[Entry]) -> None:
    """Write the book's events and touched rows and an audit entry per accepted command."""
    if not (book.events or entries or book.touched_stocks):
        return
    levels = [
        (book.stocks[sku_id], location_id) for sku_id, location_id in sorted(book.touched_levels)
    ]
    kept, changed = _by_terms(book)
    holds = book.touched_holds.values()
    _WRITE.run(
        connection,
        book.events,
        [(*_hold_row(hold), *_lasting(hold)) for hold in holds if not hold.stored],
        [_hold_row(hold) for hold in holds if hold.stored],
        [_level_row(stock, at) for stock, at in levels if not stock.balances[at].stored],
        [_level_row(stock, at) for stock, at in levels if stock.balances[at].stored],
        [_head_row(stock) for stock in kept],
        [(*_head_row(stock), *_terms_row(stock)) for stock in changed],
        [_entry_row(book, entry) for entry in entries],
    )
    for sku_id in book.reset_skus:
        connection.execute(
            sa.update(tables.reservation)
            .where(tables.reservation.c.sku_id == sku_id, tables.reservation.c.units_held > 0)
            .values(units_held=0, state="reset")
        )
        unregister(connection, sku_id, at=book.now)


_encode = msgspec.json.Encoder().encode
_OF_SKU = (SetPolicy, ResetSku)
_OF_SKUS = (ExpireHolds, Note)


def answer(draft: Draft, command: Command) -> str:
    """The answer as JSON text: kept with the command and given again on a replay."""
    book, ask = draft.book, command.ask
    stocks: dict[str, SkuStock] = {}
    holds: dict[str, Hold] = {}
    for change in draft.changes:
        stocks[change.stock.sku_id] = change.stock
        if change.hold is not None:
            holds[change.hold.reservation_id] = change.hold
    if isinstance(ask, ChangeHold):
        holds[ask.reservation_id] = book.holds[ask.reservation_id]
    elif isinstance(ask, _OF_SKU):
        stock = book.stocks[book.names.get(ask.sku, ask.sku)]
        stocks[stock.sku_id] = stock
    levels = [
        LevelAnswer(s.sku_id, s.on_hand, s.reserved, s.on_hand - s.reserved, s.version)
        for s in stocks.values()
    ]
    body: StockAnswer | UndoPart
    if isinstance(ask, Undo):
        left_out = list(draft.left_out)
        body = UndoPart(
            draft.command_id, book.now_text, ask.how, levels, left_out, is_last=ask.is_last
        )
    else:
        reservations = [_reservation_answer(hold) for hold in holds.values()]
        body = StockAnswer(draft.command_id, book.now_text, reservations, levels)
    return _encode(body).decode()


def _reservation_answer(hold: Hold) -> ReservationAnswer:
    return ReservationAnswer(
        hold.reservation_id,
        hold.sku_id,
        hold.location_id,
        hold.units_held,
        hold.units_shipped,
        hold.units_returned,
        hold.state,
        hold.owner,
        str(hold.reference.type),
        hold.reference.id,
        _text(hold.expires_at),
    )


def _hold_row(hold: Hold) -> tuple[object, ...]:
    return (
        hold.reservation_id,
        str(hold.reference.type),
        hold.reference.id,
        hold.units_reserved,
        hold.units_held,
        hold.units_shipped,
        hold.units_returned,
        hold.state,
        _text(hold.expires_at),
    )


def _lasting(hold: Hold) -> tuple[object, ...]:
    """What stays as it was made, written once."""
    return (
        hold.sku_id,
        hold.generation,
        hold.location_id,
        hold.holder,
        hold.owner,
        to_text(hold.created_at),
    )


def _level_row(stock: SkuStock, location_id: str) -> tuple[object, ...]:
    balance = stock.balances[location_id]
    return (
        stock.sku_id,
        location_id,
        balance.on_hand,
        balance.reserved,
        balance.shortfall,
        balance.version,
    )


def _by_terms(book: Book) -> tuple[list[SkuStock], list[SkuStock]]:
    """Touched SKUs whose terms are as the database has them, and those whose terms are not."""
    kept: list[SkuStock] = []
    changed: list[SkuStock] = []
    for sku_id in sorted(book.touched_stocks):
        stock = book.stocks[sku_id]
        (kept if stock.terms() == stock.stored_terms else changed).append(stock)
    return kept, changed


def _head_row(stock: SkuStock) -> tuple[object, ...]:
    return (
        stock.sku_id,
        stock.version,
        stock.hash,
        stock.on_hand,
        stock.reserved,
        stock.recorded_at or None,
    )


def _terms_row(stock: SkuStock) -> tuple[object, ...]:
    *terms, next_expiry_at, counted_at = stock.terms()
    return (*terms, _text(next_expiry_at), _text(counted_at))


def _entry_row(book: Book, entry: Entry) -> tuple[object, ...]:
    item = entry.pending
    caller = item.command.caller
    return (
        item.command_id,
        book.now_text,
        caller.actor,
        caller.origin,
        str(caller.source),
        type(item.command.ask).__name__,
        _subject(item.command),
        item.command.idempotency_key,
        item.request_hash,
        entry.answer,
        _json(entry.draft.before),
        _json(entry.draft.after),
    )


def _subject(command: Command) -> str:
    """What the audit trail is searched by: the reference, the SKU or the SKUs."""
    ask = command.ask
    if isinstance(ask, Undo):
        return ask.undoes
    reference = getattr(ask, "reference", None)
    if reference is not None:
        return f"{reference.type}:{reference.id}"
    if isinstance(ask, ChangeHold):
        return f"reservation:{ask.reservation_id}"
    if isinstance(ask, _OF_SKU):
        return f"sku:{ask.sku}"
    skus = ask.skus if isinstance(ask, _OF_SKUS) else tuple(line.sku for line in ask.lines)
    more = f" +{len(skus) - 1}" if len(skus) > 1 else ""
    return f"sku:{skus[0]}{more}" if skus else "nothing"


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else to_text(moment)


def _json(value: dict[str, object] | None) -> str | None:
    return None if value is None else _encode(value).decode()
