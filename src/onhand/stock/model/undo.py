"""Decisions about taking a group of movements back, by counter-events (S13)."""

from collections.abc import Collection, Iterable
from itertools import islice

from onhand.stock.model.book import Change, SkuStock
from onhand.stock.model.commands import Undo, UndoHow, UndoLine
from onhand.stock.model.draft import LARGEST_BALANCE, Draft
from onhand.stock.model.events import Kind, Reference, ReferenceType
from onhand.stock.model.refusals import Broken, Refusal, UndoBreaks

MOST_SHOWN = 100  # breaks that a refusal names
# Movements of on hand that no hold and no order takes part in.
UNDOABLE = frozenset({Kind.RECEIVED, Kind.ADJUSTED, Kind.COUNTED, Kind.TRANSFERRED})
_MARK = "undo:"


def group_name(reference: Reference) -> str:
    """How a file or count is named as a group: `import:…`, `manual:…`."""
    return f"{reference.type.value}:{reference.id}"


def command_name(command_id: str) -> str:
    """How a single command is named as a group."""
    return f"command:{command_id}"


def undo_reference(name: str) -> Reference:
    """What the counter-events of a group belong to."""
    return Reference(ReferenceType.SYSTEM, _MARK + name)


def undone_group(reference_type: str | None, reference_id: str | None) -> str | None:
    """The group that an event with this reference took back; None for every other event."""
    if reference_type != ReferenceType.SYSTEM or not (reference_id or "").startswith(_MARK):
        return None
    return (reference_id or "").removeprefix(_MARK)


def negate(movements: Iterable[tuple[str, int, str, str, int]]) -> list[UndoLine]:
    """What takes these changes of on hand back, by SKU and location.

    A movement is a SKU id, its generation, a location, a kind and the units on hand changed by.
    """
    units: dict[tuple[str, int, str], int] = {}
    kinds: dict[str, set[str]] = {}
    for sku_id, generation, location, kind, change in movements:
        place = (sku_id, generation, location)
        units[place] = units.get(place, 0) - change
        kinds.setdefault(sku_id, set()).add(kind)
    return [
        UndoLine(*place, change, _counter_kind(kinds[place[0]]))
        for place, change in sorted(units.items())
        if change
    ]


def _counter_kind(kinds: set[str]) -> Kind:
    return Kind.TRANSFERRED if kinds == {Kind.TRANSFERRED} else Kind.ADJUSTED


def by_sku(lines: Iterable[UndoLine]) -> list[tuple[str, list[UndoLine]]]:
    """The lines of each SKU together, in the order of the first of each."""
    found: dict[str, list[UndoLine]] = {}
    for line in lines:
        found.setdefault(line.sku, []).append(line)
    return list(found.items())


def missing_units(stock: SkuStock, lines: Collection[UndoLine]) -> dict[str, int]:
    """By location, how many of the units to be taken away are not available any more.

    A SKU that loses units altogether must also have them left over all locations, of which one may
    be below zero; what lacks there is counted where most units are to be taken.
    """
    missing = {
        line.location: min(-line.units, -(stock.available_at(line.location) + line.units))
        for line in lines
        if line.units < 0 and stock.available_at(line.location) + line.units < 0
    }
    net = sum(line.units for line in lines)
    if not missing and net < 0 and stock.available + net < 0:
        most = min(lines, key=lambda line: line.units)
        missing[most.location] = min(-net, -(stock.available + net))
    return missing


def find_breaks(
    stock: SkuStock | None, lines: Collection[UndoLine], locations: Collection[str]
) -> list[Broken]:
    """Why these lines of one SKU cannot be taken back as things stand; empty if they can.

    `locations` are the active ones.
    """
    if stock is None or not stock.registered:
        return [_broken(line, "sku_gone") for line in lines]
    missing = {} if stock.allow_oversell else missing_units(stock, lines)
    found = []
    for line in lines:
        balance = stock.balances.get(line.location)
        on_hand = balance.on_hand if balance is not None else 0
        if line.generation != stock.generation:
            found.append(_broken(line, "sku_gone"))
        elif line.location not in locations:
            found.append(_broken(line, "location_gone"))
        elif abs(on_hand + line.units) > LARGEST_BALANCE:
            found.append(_broken(line, "balance_too_large"))
        elif line.location in missing:
            found.append(_broken(line, "units_gone", missing[line.location]))
    return found


def _broken(line: UndoLine, why: str, missing: int = 0) -> Broken:
    return Broken(line.sku, line.location, line.units, why, missing)


def decide_undo(draft: Draft, ask: Undo) -> Refusal | None:
    """Negate what the group changed, SKU by SKU; holds and orders are left alone."""
    book = draft.book
    broken: list[Broken] = []
    for sku_id, lines in by_sku(ask.lines):
        stock = book.stocks.get(sku_id)
        breaks = find_breaks(stock, lines, book.locations)
        broken += breaks
        if stock is None or breaks:
            continue
        for line in lines:
            if stock.allow_oversell and line.units < 0:
                draft.give_leave(stock, line.location)
            draft.add(Change(line.kind, stock, line.location, line.units))
    is_in_vain = ask.part == 0 and not draft.changes
    if broken and (ask.how is UndoHow.ALL_OR_NOTHING or is_in_vain):
        return breaks_of(ask.undoes, broken, len(broken))
    draft.left_out = tuple(broken)
    return None


def breaks_of(name: str, broken: Iterable[Broken], count: int) -> UndoBreaks:
    """The refusal that names the first of `count` lines that broke."""
    return UndoBreaks(name, count, tuple(islice(broken, MOST_SHOWN)))
