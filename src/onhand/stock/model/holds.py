"""Decisions about holds: reserve, release, deduct, return, change."""

from datetime import datetime, timedelta

from onhand.stock.model.allocate import ShortageList, allocate, check_location
from onhand.stock.model.book import Change, Hold, SkuStock
from onhand.stock.model.commands import ChangeHold, Deduct, Line, Release, Reserve, Return
from onhand.stock.model.draft import Draft, HoldTerms
from onhand.stock.model.events import MAIN_LOCATION, Kind, Reference, ReferenceType, utc_text
from onhand.stock.model.refusals import (
    ExceedsHeld,
    ExceedsReserved,
    ExceedsShipped,
    HoldLimitReached,
    InvalidMoment,
    Refusal,
    ReservationEnded,
    ReservationNotFound,
    ReservationNotYours,
    UnknownSku,
)


def decide_reserve(draft: Draft, ask: Reserve) -> Refusal | None:
    """Hold every line or none, split over locations where one has too few."""
    book = draft.book
    if draft.caller.bound_owner not in (None, ask.owner):
        return ReservationNotYours(ask.reference.id)
    if ask.expires_at is not None and ask.expires_at <= book.now:
        return InvalidMoment("expires_at", utc_text(ask.expires_at))
    expires_at = None if ask.never_expires else ask.expires_at or _default_end(draft, ask.reference)
    terms = HoldTerms(ask.owner, ask.reference, expires_at)
    shortages = ShortageList()
    for line in ask.lines:
        stock = book.find(line.sku)
        if stock is None:
            return UnknownSku((line.sku,))
        refusal = check_location(draft, line.location) or _check_limit(draft, stock, line, terms)
        if refusal is not None:
            return refusal
        shortages.ask(draft, stock, line.units, line.location)
        takes = allocate(draft, stock, line.units, line.location)
        if takes is None:
            shortages.fell_short(stock)
            continue
        for take in takes:
            hold = draft.new_hold(stock, take.location_id, terms)
            draft.add(
                Change(
                    Kind.RESERVED, stock.sku_id, take.location_id, reserved=take.units, hold=hold
                )
            )
    return shortages.refusal()


def _default_end(draft: Draft, reference: Reference) -> datetime:
    policy = draft.book.policy
    is_cart = reference.type is ReferenceType.CART
    return draft.book.now + timedelta(
        seconds=policy.cart_hold_s if is_cart else policy.order_hold_s
    )


def _check_limit(draft: Draft, stock: SkuStock, line: Line, terms: HoldTerms) -> Refusal | None:
    limit = draft.book.policy.max_held_units_per_owner
    if limit is None:
        return None
    held = sum(
        draft.held(hold)
        for hold in draft.book.holds.values()
        if hold.sku_id == stock.sku_id and hold.owner == terms.owner
    )
    held += sum(
        change.reserved
        for change in draft.changes
        if change.sku_id == stock.sku_id
        and change.hold is not None
        and change.hold.reservation_id not in draft.book.holds
    )
    if held + line.units > limit:
        return HoldLimitReached(stock.sku_id, terms.owner, line.units, held, limit)
    return None


def _own_holds(draft: Draft, reference: Reference) -> list[Hold] | Refusal:
    """The reference's holds this caller may touch, or why there are none."""
    holds = draft.book.holds_of(reference)
    own = [hold for hold in holds if hold.belongs_to(draft.caller)]
    if own:
        return own
    return ReservationNotYours(reference.id) if holds else ReservationNotFound(reference.id)


def decide_release(draft: Draft, ask: Release) -> Refusal | None:
    """Let go of the named lines, or of everything the reference still holds."""
    own = _own_holds(draft, ask.reference)
    if isinstance(own, Refusal):
        return own
    if not ask.lines:
        for hold in own:
            _take_from_hold(draft, hold, draft.held(hold), Kind.RELEASED)
        return None
    for line in ask.lines:
        stock = draft.book.find(line.sku)
        if stock is None:
            return UnknownSku((line.sku,))
        holds = _matching(own, stock, line)
        held = sum(draft.held(hold) for hold in holds)
        if line.units > held:
            return ExceedsHeld(stock.sku_id, line.units, held)
        _take_from_holds(draft, holds, line.units, Kind.RELEASED)
    return None


def _matching(holds: list[Hold], stock: SkuStock, line: Line) -> list[Hold]:
    return [
        hold
        for hold in holds
        if hold.sku_id == stock.sku_id and line.location in (None, hold.location_id)
    ]


def _take_from_holds(draft: Draft, holds: list[Hold], units: int, kind: Kind) -> int:
    """Take up to `units` from these holds in order; returns how many were taken."""
    left = units
    for hold in holds:
        units_here = min(left, draft.held(hold))
        _take_from_hold(draft, hold, units_here, kind)
        left -= units_here
    return units - left


def _take_from_hold(draft: Draft, hold: Hold, units: int, kind: Kind) -> None:
    if units > 0:
        on_hand = -units if kind is Kind.SHIPPED else 0
        draft.add(Change(kind, hold.sku_id, hold.location_id, on_hand, -units, hold))


def decide_deduct(draft: Draft, ask: Deduct) -> Refusal | None:
    """Ship the named lines, or everything the reference still holds."""
    own = _own_holds(draft, ask.reference)
    if not ask.lines:
        if isinstance(own, Refusal):
            return own
        if not any(draft.held(hold) for hold in own):
            return ReservationEnded(ask.reference.id, own[-1].state)
        for hold in own:
            _take_from_hold(draft, hold, draft.held(hold), Kind.SHIPPED)
        return None
    if isinstance(own, ReservationNotYours):
        return own
    holds = [] if isinstance(own, Refusal) else own
    shortages = ShortageList()
    for line in ask.lines:
        refusal = check_location(draft, line.location) or _ship_line(
            draft, ask, line, holds, shortages
        )
        if refusal is not None:
            return refusal
    return shortages.refusal()


def _ship_line(
    draft: Draft, ask: Deduct, line: Line, own: list[Hold], shortages: ShortageList
) -> Refusal | None:
    """Ship from the holds first; what expired or was never held comes from available stock."""
    stock = draft.book.find(line.sku)
    if stock is None:
        return UnknownSku((line.sku,))
    holds = [hold for hold in own if hold.sku_id == stock.sku_id]
    reserved = sum(hold.units_reserved for hold in holds)
    shipped = sum(hold.units_shipped for hold in holds) + _shipped_in_draft(draft, stock)
    if holds and shipped + line.units > reserved:
        return ExceedsReserved(ask.reference.id, stock.sku_id, line.units, reserved, shipped)
    rest = line.units - _take_from_holds(draft, holds, line.units, Kind.SHIPPED)
    if rest == 0:
        return None
    shortages.ask(draft, stock, rest, line.location)
    takes = allocate(draft, stock, rest, line.location)
    if takes is None:
        shortages.fell_short(stock)
        return None
    terms = HoldTerms(holds[0].owner if holds else draft.caller.actor, ask.reference)
    for take in takes:
        hold = draft.new_hold(stock, take.location_id, terms)
        draft.add(Change(Kind.SHIPPED, stock.sku_id, take.location_id, -take.units, 0, hold))
    return None


def _shipped_in_draft(draft: Draft, stock: SkuStock) -> int:
    return sum(
        -change.on_hand
        for change in draft.changes
        if change.kind is Kind.SHIPPED and change.sku_id == stock.sku_id
    )


def decide_return(draft: Draft, ask: Return) -> Refusal | None:
    """Put units of a shipped order back on hand."""
    own = _own_holds(draft, ask.reference)
    if isinstance(own, ReservationNotYours):
        return own
    if isinstance(own, Refusal) and ask.known_only:
        return own
    holds = [] if isinstance(own, Refusal) else own
    for line in ask.lines:
        stock = draft.book.find(line.sku)
        if stock is None:
            return UnknownSku((line.sku,))
        refusal = check_location(draft, line.location)
        if refusal is None:
            refusal = _return_line(draft, ask, stock, line, holds)
        if refusal is not None:
            return refusal
    return None


def _return_line(
    draft: Draft, ask: Return, stock: SkuStock, line: Line, holds: list[Hold]
) -> Refusal | None:
    shipped = [hold for hold in holds if hold.sku_id == stock.sku_id]
    if not shipped and not ask.known_only:
        place = line.location or MAIN_LOCATION
        draft.add(Change(Kind.RETURNED, stock.sku_id, place, on_hand=line.units))
        return None
    returnable = sum(_returnable(draft, hold) for hold in shipped)
    if line.units > returnable:
        return ExceedsShipped(ask.reference.id, stock.sku_id, line.units, returnable)
    left = line.units
    for hold in shipped:
        units = min(left, _returnable(draft, hold))
        if units > 0:
            place = line.location or hold.location_id
            draft.add(Change(Kind.RETURNED, stock.sku_id, place, on_hand=units, hold=hold))
            left -= units
    return None


def _returnable(draft: Draft, hold: Hold) -> int:
    returned_here = sum(
        change.on_hand
        for change in draft.changes
        if change.kind is Kind.RETURNED and change.hold is hold
    )
    return hold.units_shipped - hold.units_returned - returned_here


def decide_change_hold(draft: Draft, ask: ChangeHold) -> Refusal | None:
    """Resize, extend or convert one hold; the end and reference move when it is adopted."""
    book = draft.book
    hold = book.hold(ask.reservation_id)
    if hold is None:
        return ReservationNotFound(ask.reservation_id)
    if not hold.belongs_to(draft.caller):
        return ReservationNotYours(ask.reservation_id)
    if hold.units_held == 0:
        return ReservationEnded(ask.reservation_id, hold.state)
    if ask.expires_at is not None and ask.expires_at <= book.now:
        return InvalidMoment("expires_at", utc_text(ask.expires_at))
    if ask.units is not None and ask.units != hold.units_held:
        refusal = _resize(draft, hold, ask.units)
        if refusal is not None:
            return refusal
    reference = Reference(ReferenceType.ORDER, ask.order_id) if ask.order_id else hold.reference
    if reference != hold.reference:
        _convert(draft, hold, reference)
    return None


def _resize(draft: Draft, hold: Hold, units: int) -> Refusal | None:
    stock = draft.book.stocks[hold.sku_id]
    more = units - hold.units_held
    if more < 0:
        _take_from_hold(draft, hold, -more, Kind.RELEASED)
        return None
    line = Line(stock.sku_id, more, hold.location_id)
    refusal = _check_limit(draft, stock, line, HoldTerms(hold.owner, hold.reference))
    if refusal is not None:
        return refusal
    shortages = ShortageList()
    shortages.ask(draft, stock, more, hold.location_id)
    if allocate(draft, stock, more, hold.location_id) is None:
        shortages.fell_short(stock)
        return shortages.refusal()
    draft.add(Change(Kind.RESERVED, stock.sku_id, hold.location_id, reserved=more, hold=hold))
    return None


def _convert(draft: Draft, hold: Hold, reference: Reference) -> None:
    """The same units leave the cart and belong to the order, in one command."""
    units = draft.held(hold)
    place = hold.location_id
    draft.add(Change(Kind.RELEASED, hold.sku_id, place, 0, -units, hold, reference=hold.reference))
    draft.add(Change(Kind.RESERVED, hold.sku_id, place, 0, units, hold, reference=reference))
