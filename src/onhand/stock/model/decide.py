"""One command decided against the book: its events appended, or a refusal and nothing changed."""

from collections.abc import Callable
from typing import Any

from onhand.stock.model.book import Book, Change, Hold, SkuStock, Stamp
from onhand.stock.model.commands import (
    Adjust,
    ChangeHold,
    Command,
    Count,
    Deduct,
    ExpireHolds,
    Note,
    Receive,
    Release,
    Reserve,
    ResetSku,
    Return,
    SetPolicy,
    Transfer,
    Undo,
)
from onhand.stock.model.draft import LARGEST_BALANCE, Draft
from onhand.stock.model.events import MAIN_LOCATION, Kind, Reference, ReferenceType, utc_text
from onhand.stock.model.holds import (
    decide_change_hold,
    decide_deduct,
    decide_release,
    decide_reserve,
    decide_return,
    hold_terms,
)
from onhand.stock.model.moves import (
    decide_adjust,
    decide_count,
    decide_receive,
    decide_transfer,
)
from onhand.stock.model.refusals import (
    BalanceTooLarge,
    InvalidMoment,
    Refusal,
    UnknownSku,
)
from onhand.stock.model.undo import decide_undo


def decide(book: Book, command: Command, command_id: str) -> Draft | Refusal:
    """Decide one command and adopt it into the book, or refuse it and leave the book as it was."""
    draft = Draft(book, command.caller, command_id)
    refusal = _check_moment(book, command) or _DECISIONS[type(command.ask)](draft, command.ask)
    if refusal is None and (stock := draft.is_too_large) is not None:
        refusal = BalanceTooLarge(stock.sku_id, LARGEST_BALANCE)
    if refusal is not None:
        draft.undo()
        return refusal
    draft.add_oversold()
    _record(draft, command)
    return draft


def _note(draft: Draft, ask: Note) -> None:
    for code in ask.skus:
        stock = draft.book.find(code)
        if stock is not None:
            draft.add(Change(ask.kind, stock, MAIN_LOCATION))


_DECISIONS: dict[type, Callable[[Draft, Any], Refusal | None]] = {
    Reserve: decide_reserve,
    Deduct: decide_deduct,
    Release: decide_release,
    Return: decide_return,
    Receive: decide_receive,
    Adjust: decide_adjust,
    Count: decide_count,
    Transfer: decide_transfer,
    ChangeHold: decide_change_hold,
    SetPolicy: lambda draft, ask: _check_registered(draft, ask.sku),
    ResetSku: lambda draft, ask: _check_registered(draft, ask.sku),
    # Due holds have ended before the first command of a batch is decided.
    ExpireHolds: lambda _draft, _ask: None,
    Note: _note,
    Undo: decide_undo,
}


def _check_registered(draft: Draft, code: str) -> Refusal | None:
    return None if draft.book.find(code) else UnknownSku((code,))


def _check_moment(book: Book, command: Command) -> Refusal | None:
    happened_at = getattr(command.ask, "happened_at", None)
    if happened_at is not None and happened_at > book.now:
        return InvalidMoment("happened_at", utc_text(happened_at))
    return None


_CHANGES_TERMS = (ChangeHold, SetPolicy, ResetSku)


def _record(draft: Draft, command: Command) -> None:
    book, ask, caller = draft.book, command.ask, command.caller
    if isinstance(ask, _CHANGES_TERMS):
        _change_terms(draft, ask)
    stamp = Stamp(  # asks that have no such field leave it out of their events
        draft.command_id,
        caller.actor,
        str(caller.source),
        getattr(ask, "reference", None),
        getattr(ask, "reason", None),
        command.idempotency_key,
        command.store_id,
        getattr(ask, "happened_at", None),
    )
    for change in draft.changes:
        book.record(change, stamp)
        if change.kind is Kind.RESERVED and change.hold is not None:
            book.note_expiry(change.stock, change.hold.expires_at)
    if isinstance(ask, Count):
        for change in draft.changes:
            change.stock.counted_at = book.now


def _change_terms(draft: Draft, ask: ChangeHold | SetPolicy | ResetSku) -> None:
    """Changes beside the quantities, with what they were and became for the audit trail."""
    book = draft.book
    if isinstance(ask, ChangeHold):
        hold = book.holds[ask.reservation_id]
        _move_terms(book, hold, ask)
        draft.after = hold_terms(hold)
        return
    stock = _found(book, ask.sku)
    draft.before = _policy(stock)
    if isinstance(ask, SetPolicy):
        _set_policy(stock, ask)
        book.touched_stocks.add(stock.sku_id)
    else:
        draft.before |= {"on_hand": stock.on_hand, "reserved": stock.reserved}
        _reset(draft, stock)
    draft.after = _policy(stock)


def _move_terms(book: Book, hold: Hold, ask: ChangeHold) -> None:
    if ask.order_id is not None:
        book.move_hold(hold, Reference(ReferenceType.ORDER, ask.order_id))
    if ask.never_expires:
        hold.expires_at = None
    elif ask.expires_at is not None:
        hold.expires_at = ask.expires_at
    elif ask.order_id is not None and hold.expires_at is not None:
        hold.expires_at = book.order_hold_ends_at
    book.note_expiry(book.stocks[hold.sku_id], hold.expires_at)
    book.touched_holds[hold.reservation_id] = hold


def _set_policy(stock: SkuStock, ask: SetPolicy) -> None:
    if ask.allow_oversell is not None:
        stock.allow_oversell = ask.allow_oversell
    if ask.safety_stock is not None:
        stock.safety_stock = ask.safety_stock
    if ask.low_stock_threshold is not None:
        stock.low_stock_threshold = ask.low_stock_threshold


def _reset(draft: Draft, stock: SkuStock) -> None:
    """Start a new generation at zero; the chain of events goes on underneath."""
    book = draft.book
    stock.generation += 1
    stock.allow_oversell = False
    stock.safety_stock = stock.low_stock_threshold = 0
    stock.next_expiry_at = stock.counted_at = None
    stock.registered = False
    stock.on_hand = stock.reserved = 0
    for location_id, balance in stock.balances.items():
        balance.on_hand = balance.reserved = balance.shortfall = 0
        book.touched_levels.add((stock.sku_id, location_id))
    draft.add(Change(Kind.SKU_RESET, stock, MAIN_LOCATION))
    book.reset_skus.append(stock.sku_id)


def _policy(stock: SkuStock) -> dict[str, object]:
    return {
        "allow_oversell": stock.allow_oversell,
        "safety_stock": stock.safety_stock,
        "low_stock_threshold": stock.low_stock_threshold,
    }


def _found(book: Book, code: str) -> SkuStock:
    stock = book.find(code)
    assert stock is not None
    return stock
