"""Decisions about holds: reserve, release, deduct, return, change."""

from collections.abc import Iterable
from datetime import datetime

from onhand.stock.model.book import Change, Hold, SkuStock
from onhand.stock.model.commands import ChangeHold, Deduct, Line, Release, Reserve, Return
from onhand.stock.model.draft import Draft, HoldTerms, Want
from onhand.stock.model.events import MAIN_LOCATION, Kind, Reference, ReferenceType, utc_text
from onhand.stock.model.refusals import (
    CartHoldMustEnd,
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


def resolve_lines(draft: Draft, lines: Iterable[Line]) -> list[Want] | Refusal:
    """What the lines want, or why they name something unknown."""
    wants = []
    for line in lines:
        stock = draft.book.find(line.sku)
        if stock is None:
            return UnknownSku((line.sku,))
        location = line.location
        if location is not None and (refusal := draft.check_location(location)) is not None:
            return refusal
        wants.append(Want(stock, line.units, location))
    return wants


def decide_reserve(draft: Draft, ask: Reserve) -> Refusal | None:
    """Hold every line or none, split over locations where one has too few."""
    if draft.caller.bound_owner not in (None, ask.owner):
        return ReservationNotYours(ask.reference.id)
    if ask.expires_at is not None and ask.expires_at <= draft.book.now:
        return InvalidMoment("expires_at", utc_text(ask.expires_at))
    if ask.never_expires and ask.reference.type is ReferenceType.CART:
        return CartHoldMustEnd(ask.reference.id)
    expires_at = None if ask.never_expires else ask.expires_at or _default_end(draft, ask.reference)
    terms = HoldTerms(ask.owner, ask.reference, expires_at)
    wants = resolve_lines(draft, ask.lines)
    if isinstance(wants, Refusal):
        return wants
    is_limited = draft.book.policy.max_held_units_per_owner is not None and not ask.is_fact
    for want in wants:
        want.is_fact = ask.is_fact
        if is_limited and (refusal := _check_limit(draft, want, terms.owner)) is not None:
            return refusal
        takes = draft.allocate(want)
        if takes is None:
            return draft.insufficient(wants)
        for place, units in takes:
            hold = draft.new_hold(want.stock, place, terms)
            draft.add(Change(Kind.RESERVED, want.stock, place, 0, units, hold))
    return None


def _default_end(draft: Draft, reference: Reference) -> datetime:
    if reference.type is ReferenceType.CART:
        return draft.book.cart_hold_ends_at
    return draft.book.order_hold_ends_at


def _check_limit(draft: Draft, want: Want, owner: str) -> Refusal | None:
    limit = draft.book.policy.max_held_units_per_owner
    if limit is None:
        return None
    known = {hold.reservation_id: hold for hold in draft.book.holds.values()}
    known.update({c.hold.reservation_id: c.hold for c in draft.changes if c.hold is not None})
    sku_id = want.stock.sku_id
    held = sum(
        hold.units_held
        for hold in known.values()
        if hold.sku_id == sku_id
        and hold.owner == owner
        and hold.generation == want.stock.generation
    )
    if held + want.units > limit:
        return HoldLimitReached(sku_id, owner, want.units, held, limit)
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
    wants = resolve_lines(draft, ask.lines)
    if isinstance(wants, Refusal):
        return wants
    if not ask.lines:
        _take_all(draft, own, Kind.RELEASED)
    for want in wants:
        holds = [
            hold
            for hold in own
            if hold.sku_id == want.stock.sku_id and want.location in (None, hold.location_id)
        ]
        held = sum(hold.units_held for hold in holds)
        if want.units > held:
            return ExceedsHeld(want.stock.sku_id, want.units, held)
        _take(draft, holds, want.units, Kind.RELEASED)
    return None


def _take_all(draft: Draft, holds: list[Hold], kind: Kind) -> None:
    for hold in holds:
        _take(draft, [hold], hold.units_held, kind)


def _take(draft: Draft, holds: list[Hold], units: int, kind: Kind) -> int:
    """Take up to `units` from these holds in order; returns how many could not be taken."""
    for hold in holds:
        here = min(units, hold.units_held)
        if here > 0:
            stock = draft.book.stocks[hold.sku_id]
            on_hand = -here if kind is Kind.SHIPPED else 0
            draft.add(Change(kind, stock, hold.location_id, on_hand, -here, hold))
            units -= here
    return units


def decide_deduct(draft: Draft, ask: Deduct) -> Refusal | None:
    """Ship the named lines, or everything the reference still holds."""
    own = _own_holds(draft, ask.reference)
    if not ask.lines:
        if isinstance(own, Refusal):
            return own
        if not any(hold.units_held for hold in own):
            return ReservationEnded(ask.reference.id, own[-1].state)
        _take_all(draft, own, Kind.SHIPPED)
        return None
    if isinstance(own, ReservationNotYours):
        return own
    holds = [] if isinstance(own, Refusal) else own
    wants = resolve_lines(draft, ask.lines)
    if isinstance(wants, Refusal):
        return wants
    return _check_reserved(ask.reference, wants, holds) or _ship(draft, ask.reference, wants, holds)


def _check_reserved(reference: Reference, wants: list[Want], own: list[Hold]) -> Refusal | None:
    """A reference that reserved a SKU ships at most what it reserved; any other ships once."""
    asked: dict[str, int] = {}
    for want in wants:
        asked[want.stock.sku_id] = asked.get(want.stock.sku_id, 0) + want.units
    for sku_id, units in asked.items():
        holds = [hold for hold in own if hold.sku_id == sku_id]
        reserved = sum(hold.units_reserved for hold in holds)
        shipped = sum(hold.units_shipped for hold in holds)
        if holds and shipped + units > reserved:
            return ExceedsReserved(reference.id, sku_id, units, reserved, shipped)
    return None


def _ship(draft: Draft, reference: Reference, wants: list[Want], own: list[Hold]) -> Refusal | None:
    """Ship from the holds first; what expired or was never held comes from available stock."""
    owner = own[0].owner if own else draft.caller.actor
    free = []
    for want in wants:
        holds = [hold for hold in own if hold.sku_id == want.stock.sku_id]
        if want.location is not None:
            refusal = _bring(draft, want, holds)
            if refusal is not None:
                return refusal
            holds = [hold for hold in holds if hold.location_id == want.location]
        rest = _take(draft, holds, want.units, Kind.SHIPPED)
        if rest:
            free.append(Want(want.stock, rest, want.location))
    for want in free:
        takes = draft.allocate(want)
        if takes is None:
            return draft.insufficient(free)
        for place, units in takes:
            hold = draft.new_hold(want.stock, place, HoldTerms(owner, reference))
            draft.add(Change(Kind.SHIPPED, want.stock, place, -units, 0, hold))
    return None


def _bring(draft: Draft, want: Want, holds: list[Hold]) -> Refusal | None:
    """Move holds from other locations to the one that ships, as far as it lacks held units."""
    assert want.location is not None
    here = sum(hold.units_held for hold in holds if hold.location_id == want.location)
    lacking = want.units - here
    for hold in [hold for hold in holds if hold.location_id != want.location]:
        units = min(lacking, hold.units_held)
        if units <= 0:
            continue
        if units > want.stock.available_at(want.location):
            return draft.insufficient([want])
        terms = HoldTerms(hold.owner, hold.reference, hold.expires_at)
        moved = draft.new_hold(want.stock, want.location, terms)
        draft.add(Change(Kind.RELEASED, want.stock, hold.location_id, 0, -units, hold))
        draft.add(Change(Kind.RESERVED, want.stock, want.location, 0, units, moved))
        holds.append(moved)
        lacking -= units
    return None


def decide_return(draft: Draft, ask: Return) -> Refusal | None:
    """Put units of a shipped order back on hand."""
    own = _own_holds(draft, ask.reference)
    if isinstance(own, ReservationNotYours) or (isinstance(own, Refusal) and ask.known_only):
        return own
    wants = resolve_lines(draft, ask.lines)
    if isinstance(wants, Refusal):
        return wants
    for want in wants:
        shipped = [] if isinstance(own, Refusal) else own
        shipped = [hold for hold in shipped if hold.sku_id == want.stock.sku_id]
        if shipped or ask.known_only:
            refusal = _return_shipped(draft, ask.reference, want, shipped)
            if refusal is not None:
                return refusal
        else:
            place = want.location or MAIN_LOCATION
            draft.add(Change(Kind.RETURNED, want.stock, place, want.units))
    return None


def _return_shipped(
    draft: Draft, reference: Reference, want: Want, holds: list[Hold]
) -> Refusal | None:
    returnable = sum(hold.units_shipped - hold.units_returned for hold in holds)
    if want.units > returnable:
        return ExceedsShipped(reference.id, want.stock.sku_id, want.units, returnable)
    left = want.units
    for hold in holds:
        units = min(left, hold.units_shipped - hold.units_returned)
        if units > 0:
            place = want.location or hold.location_id
            draft.add(Change(Kind.RETURNED, want.stock, place, units, 0, hold))
            left -= units
    return None


def decide_change_hold(draft: Draft, ask: ChangeHold) -> Refusal | None:
    """Resize, extend or convert one hold; its end and reference move when it is recorded."""
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
    stays_a_cart = hold.reference.type is ReferenceType.CART and ask.order_id is None
    if ask.never_expires and stays_a_cart:
        return CartHoldMustEnd(ask.reservation_id)
    draft.before = hold_terms(hold)
    stock = book.stocks[hold.sku_id]
    refusal = _resize(draft, stock, hold, (ask.units or hold.units_held) - hold.units_held)
    if refusal is None and ask.order_id is not None:
        _convert(draft, stock, hold, Reference(ReferenceType.ORDER, ask.order_id))
    return refusal


def hold_terms(hold: Hold) -> dict[str, object]:
    """What a change of a hold may change, for the audit trail."""
    return {
        "quantity": hold.units_held,
        "reference": f"{hold.reference.type.value}:{hold.reference.id}",
        "expires_at": utc_text(hold.expires_at) if hold.expires_at else None,
    }


def _resize(draft: Draft, stock: SkuStock, hold: Hold, more: int) -> Refusal | None:
    if more <= 0:
        _take(draft, [hold], -more, Kind.RELEASED)
        return None
    want = Want(stock, more, hold.location_id)
    refusal = _check_limit(draft, want, hold.owner)
    if refusal is not None:
        return refusal
    if draft.allocate(want) is None:
        return draft.insufficient([want])
    draft.add(Change(Kind.RESERVED, stock, hold.location_id, 0, more, hold))
    return None


def _convert(draft: Draft, stock: SkuStock, hold: Hold, reference: Reference) -> None:
    """The same units leave the cart and belong to the order, in one command."""
    if reference == hold.reference:
        return
    units, place = hold.units_held, hold.location_id
    draft.add(Change(Kind.RELEASED, stock, place, 0, -units, hold, hold.reference))
    draft.add(Change(Kind.RESERVED, stock, place, 0, units, hold, reference))
