"""Decisions about units that lie in a location: receive, adjust, count, transfer."""

from onhand.stock.model.book import Change
from onhand.stock.model.commands import Adjust, AdjustLine, AdjustMode, Count, Receive, Transfer
from onhand.stock.model.draft import Draft, Want
from onhand.stock.model.events import MAIN_LOCATION, Kind
from onhand.stock.model.holds import resolve_lines
from onhand.stock.model.refusals import (
    InsufficientStock,
    Refusal,
    SameLocation,
    Shortage,
    StockMoved,
    UnknownLocation,
    UnknownSku,
)


def decide_receive(draft: Draft, ask: Receive) -> Refusal | None:
    """Put goods that came in on hand."""
    wants = resolve_lines(draft, ask.lines)
    if isinstance(wants, Refusal):
        return wants
    for want in wants:
        draft.add(Change(Kind.RECEIVED, want.stock, want.location or MAIN_LOCATION, want.units))
    return None


def decide_adjust(draft: Draft, ask: Adjust) -> Refusal | None:
    """Correct on hand; what is held stays covered unless the SKU may be oversold."""
    taken: list[Want] = []
    for line in ask.lines:
        stock = draft.book.find(line.sku)
        if stock is None:
            return UnknownSku((line.sku,))
        refusal = draft.check_location(line.location)
        if refusal is not None:
            return refusal
        place = line.location or MAIN_LOCATION
        on_hand = stock.balance(place).on_hand
        expected = line.expected_on_hand_units
        if expected is not None and expected != on_hand:
            return StockMoved(stock.sku_id, place, expected, on_hand)
        change = _adjustment(line, on_hand)
        if change < 0:
            want = Want(stock, -change, place)
            taken.append(want)
            if draft.allocate(want) is None:
                return draft.insufficient(taken)
        draft.add(Change(Kind.ADJUSTED, stock, place, change))
    return None


def _adjustment(line: AdjustLine, on_hand: int) -> int:
    if line.mode is AdjustMode.SET:
        return line.units - on_hand
    return line.units if line.mode is AdjustMode.ADD else -line.units


def decide_count(draft: Draft, ask: Count) -> Refusal | None:
    """Set on hand to what was found; a count is a fact, so units held beyond it become oversold."""
    for line in ask.lines:
        stock = draft.book.find(line.sku)
        if stock is None:
            return UnknownSku((line.sku,))
        refusal = draft.check_location(line.location)
        if refusal is not None:
            return refusal
        place = line.location or MAIN_LOCATION
        expected = line.expected_units
        if expected is None:
            expected = stock.balance(place).on_hand
        draft.give_leave(stock, place)
        draft.add(Change(Kind.COUNTED, stock, place, line.counted_units - expected))
    return None


def decide_transfer(draft: Draft, ask: Transfer) -> Refusal | None:
    """Move free units from each line's location; held units stay where they are held."""
    if draft.check_location(ask.to_location) is not None:
        return UnknownLocation(ask.to_location)
    wants = resolve_lines(draft, ask.lines)
    if isinstance(wants, Refusal):
        return wants
    for want in wants:
        source = want.location = want.location or MAIN_LOCATION
        if source == ask.to_location:
            return SameLocation(want.stock.sku_id, source)
    for want in wants:
        source = want.location or MAIN_LOCATION
        if want.units > want.stock.available_at(source):
            return _lacking(draft, wants)
        for place, change in ((source, -want.units), (ask.to_location, want.units)):
            draft.add(Change(Kind.TRANSFERRED, want.stock, place, change))
    return None


def _lacking(draft: Draft, wants: list[Want]) -> InsufficientStock:
    """What is left where each line's units are: a transfer does not care for the total."""
    draft.undo()
    asked: dict[tuple[str, str], int] = {}
    left: dict[tuple[str, str], int] = {}
    for want in wants:
        source = want.location or MAIN_LOCATION
        place = want.stock.sku_id, source
        asked[place] = asked.get(place, 0) + want.units
        left[place] = max(0, want.stock.available_at(source))
    return InsufficientStock(
        tuple(
            Shortage(sku_id, units, left[sku_id, source])
            for (sku_id, source), units in asked.items()
            if units > left[sku_id, source]
        )
    )
