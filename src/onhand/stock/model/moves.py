"""Decisions about units that lie in a location: receive, adjust, count, transfer."""

from onhand.stock.model.allocate import ShortageList, allocate, check_location
from onhand.stock.model.book import Change, SkuStock
from onhand.stock.model.commands import (
    Adjust,
    AdjustLine,
    AdjustMode,
    Count,
    CountLine,
    Receive,
    Transfer,
)
from onhand.stock.model.draft import Draft
from onhand.stock.model.events import MAIN_LOCATION, Kind
from onhand.stock.model.refusals import Refusal, UnknownLocation, UnknownSku


def decide_receive(draft: Draft, ask: Receive) -> Refusal | None:
    """Put goods that came in on hand."""
    for line in ask.lines:
        stock = draft.book.find(line.sku)
        if stock is None:
            return UnknownSku((line.sku,))
        refusal = check_location(draft, line.location)
        if refusal is not None:
            return refusal
        place = line.location or MAIN_LOCATION
        draft.add(Change(Kind.RECEIVED, stock.sku_id, place, on_hand=line.units))
    return None


def decide_adjust(draft: Draft, ask: Adjust) -> Refusal | None:
    """Correct on hand; what is held stays covered unless the SKU may be oversold."""
    shortages = ShortageList()
    for line in ask.lines:
        stock = draft.book.find(line.sku)
        if stock is None:
            return UnknownSku((line.sku,))
        refusal = check_location(draft, line.location)
        if refusal is not None:
            return refusal
        _adjust_line(draft, stock, line, shortages)
    return shortages.refusal()


def _adjust_line(draft: Draft, stock: SkuStock, line: AdjustLine, shortages: ShortageList) -> None:
    place = line.location or MAIN_LOCATION
    if line.mode is AdjustMode.ADD:
        change = line.units
    elif line.mode is AdjustMode.SUBTRACT:
        change = -line.units
    else:
        change = line.units - draft.on_hand(stock, place)
    if change < 0:
        shortages.ask(draft, stock, -change, place)
        if allocate(draft, stock, -change, place) is None:
            shortages.fell_short(stock)
            return
    draft.add(Change(Kind.ADJUSTED, stock.sku_id, place, on_hand=change))


def decide_count(draft: Draft, ask: Count) -> Refusal | None:
    """Set on hand to what was found; a count is a fact, so units held beyond it become oversold."""
    for line in ask.lines:
        stock = draft.book.find(line.sku)
        if stock is None:
            return UnknownSku((line.sku,))
        refusal = check_location(draft, line.location)
        if refusal is not None:
            return refusal
        _count_line(draft, stock, line)
    return None


def _count_line(draft: Draft, stock: SkuStock, line: CountLine) -> None:
    place = line.location or MAIN_LOCATION
    expected = line.expected_units
    if expected is None:
        expected = draft.on_hand(stock, place)
    draft.give_leave(stock, place)
    draft.add(Change(Kind.COUNTED, stock.sku_id, place, on_hand=line.counted_units - expected))


def decide_transfer(draft: Draft, ask: Transfer) -> Refusal | None:
    """Move free units from each line's location; held units stay where they are held."""
    if ask.to_location not in draft.book.locations:
        return UnknownLocation(ask.to_location)
    shortages = ShortageList()
    for line in ask.lines:
        stock = draft.book.find(line.sku)
        if stock is None:
            return UnknownSku((line.sku,))
        place = line.location or MAIN_LOCATION
        refusal = check_location(draft, place)
        if refusal is not None:
            return refusal
        shortages.ask_at(stock, line.units, draft.available(stock, place))
        if line.units > draft.available(stock, place):
            shortages.fell_short(stock)
            continue
        for where, change in ((place, -line.units), (ask.to_location, line.units)):
            draft.add(Change(Kind.TRANSFERRED, stock.sku_id, where, on_hand=change))
    return shortages.refusal()
