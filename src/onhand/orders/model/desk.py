"""The order desk: what a person should look at, and what can be done about it (O5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from onhand.orders.model.decide import CountedLine, Moved, SkuKey, wanted_units
from onhand.orders.model.sights import State


class EntryKind(StrEnum):
    """Why an order is on the desk."""

    SHORTFALL = "shortfall"
    UNMAPPED = "unmapped"
    BAD_LINE = "bad_line"
    FAILED_CONFIRMATION = "failed_confirmation"
    ODD_STATUS = "odd_status"
    CANCELLED_AFTER_SHIPPING = "cancelled_after_shipping"
    REFUSED = "refused"


# What can be done, by code, the likeliest first; `close` is always possible.
ACTIONS: dict[EntryKind, tuple[str, ...]] = {
    EntryKind.SHORTFALL: ("receive_stock", "cancel_at_shop", "close"),
    EntryKind.UNMAPPED: ("map_listing", "close"),
    EntryKind.BAD_LINE: ("look_at_shop", "close"),
    EntryKind.FAILED_CONFIRMATION: ("retry_confirmation", "confirm_at_shop", "close"),
    EntryKind.ODD_STATUS: ("look_at_shop", "close"),
    EntryKind.CANCELLED_AFTER_SHIPPING: ("record_return", "close"),
    EntryKind.REFUSED: ("look_at_ledger", "close"),
}

# What can be done about a store whose keys have ended.
KEY_EXPIRED = ("set_keys",)


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for an entry; `subject` tells several of one kind and order apart."""

    kind: EntryKind
    subject: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


# Kinds whose causes can be told from the order's newest sight alone.
FROM_SIGHT = frozenset(
    {
        EntryKind.UNMAPPED,
        EntryKind.BAD_LINE,
        EntryKind.ODD_STATUS,
        EntryKind.CANCELLED_AFTER_SHIPPING,
    }
)


def causes_of(
    state: State,
    status: str,
    lines: Sequence[CountedLine],
    stock: Mapping[SkuKey, Moved],
) -> list[Cause]:
    """Every cause of the kinds FROM_SIGHT; `stock` is the account after what was decided."""
    causes = [Cause(EntryKind.ODD_STATUS, facts={"status": status})] if state is State.ODD else []
    if state is not State.CANCELLED:
        causes += _bad_lines(lines) + _unmapped(lines)
    if state in (State.SHIPPED, State.CANCELLED):
        wanted = wanted_units(state, lines)
        causes += [
            Cause(
                EntryKind.CANCELLED_AFTER_SHIPPING,
                sku.sku_id,
                {"sku": sku.sku_id, "units": moved.shipped - wanted[sku]},
            )
            for sku, moved in sorted(stock.items())
            if moved.shipped > wanted[sku]
        ]
    return causes


def _bad_lines(lines: Sequence[CountedLine]) -> list[Cause]:
    found: dict[str, Cause] = {}
    for counted in lines:
        line = counted.line
        if not line.has_good_units:
            # As text: the figure may be larger than any JSON reader keeps.
            facts = {**_facts(counted), "units": str(line.units)}
            found.setdefault(line.line_id, Cause(EntryKind.BAD_LINE, line.line_id, facts))
    return list(found.values())


def _unmapped(lines: Sequence[CountedLine]) -> list[Cause]:
    units: dict[str, int] = {}
    first: dict[str, CountedLine] = {}
    for counted in lines:
        if counted.sku is None and counted.line.has_good_units:
            subject = f"{counted.line.item} {counted.line.variant}"
            units[subject] = units.get(subject, 0) + counted.line.units
            first.setdefault(subject, counted)
    return [
        Cause(EntryKind.UNMAPPED, subject, {**_facts(counted), "units": units[subject]})
        for subject, counted in first.items()
    ]


def _facts(counted: CountedLine) -> dict[str, object]:
    line = counted.line
    return {
        "item": line.item,
        "variant": line.variant,
        "name": line.name,
        "codes": list(line.codes),
        "listing": counted.listing_id,
    }
