"""Entries of the order desk open and close with their causes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from onhand.access.commands import new_command_id
from onhand.orders.commands.rows import Entry
from onhand.orders.model.decide import Moved, SkuKey
from onhand.orders.model.desk import FROM_SIGHT, Cause, EntryKind
from onhand.orders.model.sights import State

SETTLED = "settled"  # how an entry closes whose cause is gone


@dataclass(frozen=True, slots=True)
class Findings:
    """What an order looks like now, for its entries."""

    state: State
    stock: Mapping[SkuKey, Moved]
    causes: Sequence[Cause]  # all of the kinds FROM_SIGHT, and all refusals
    missing: Mapping[str, int]  # units newly missing, by SKU


def entry_changes(known: Sequence[Entry], found: Findings, *, now: datetime) -> list[Entry]:
    """The entries to be written: opened, closed, or with other facts."""
    causes = {(cause.kind.value, cause.subject): cause for cause in found.causes}
    still_open = {(e.kind, e.subject): e for e in known if e.closed_at is None}
    for sku_id, units in found.missing.items():
        before = still_open.get((EntryKind.SHORTFALL.value, sku_id))
        so_far = int(before.facts["units"]) if before else 0
        facts = {"sku": sku_id, "units": so_far + units}
        causes[EntryKind.SHORTFALL.value, sku_id] = Cause(EntryKind.SHORTFALL, sku_id, facts)
    changed = [
        replace(entry, closed_at=now, closed_how=SETTLED)
        for place, entry in still_open.items()
        if place not in causes and _is_gone(entry, found)
    ]
    for place, cause in causes.items():
        entry = still_open.get(place)
        if entry is None:
            if not _was_closed_by_hand(known, cause):
                changed.append(new_entry(cause, now=now))
        elif entry.facts != cause.facts:
            changed.append(replace(entry, facts=cause.facts))
    return changed


def new_entry(cause: Cause, *, now: datetime) -> Entry:
    """An entry opened now."""
    return Entry(new_command_id(), cause.kind.value, cause.subject, cause.facts, now)


def _is_gone(entry: Entry, found: Findings) -> bool:
    kind = EntryKind(entry.kind)
    if kind in FROM_SIGHT or kind is EntryKind.REFUSED:
        return True
    if kind is EntryKind.FAILED_CONFIRMATION:
        return found.state is not State.PLACED
    return not any(
        moved != Moved() for sku, moved in found.stock.items() if sku.sku_id == entry.subject
    )


def _was_closed_by_hand(known: Iterable[Entry], cause: Cause) -> bool:
    """Whether a person closed the latest such entry, of the very same facts."""
    same = [e for e in known if (e.kind, e.subject) == (cause.kind.value, cause.subject)]
    return bool(same) and same[-1].closed_by is not None and same[-1].facts == cause.facts
