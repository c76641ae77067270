"""What a file would do to stock: what a quantity means, and what becomes of one SKU."""

from dataclasses import dataclass
from enum import StrEnum

TENFOLD = 10


class Mode(StrEnum):
    """Whether a file may touch stock at all."""

    METADATA_ONLY = "metadata_only"
    RESET_STOCK = "reset_stock"


class StockMode(StrEnum):
    """What a file's quantity does to what is on hand."""

    REPLACE = "replace"
    ADD = "add"
    SKIP_ZERO = "skip_zero"


class ZeroMode(StrEnum):
    """What a quantity of zero or less means where stock is replaced."""

    IGNORE = "ignore"
    SET_ZERO = "set_zero"
    ZERO_NEGATIVE = "zero_negative"


class PlanFault(StrEnum):
    """What is wrong with a row that could be read."""

    NEGATIVE_QUANTITY = "negative_quantity"
    CONFLICTING_ROWS = "conflicting_rows"


class Action(StrEnum):
    """What becomes of one SKU's stock.

    `none`: the file says nothing of it. `unchanged`: it is what the file says. `blocked`: the file
    says less than is reserved. `conflict`: the file says two different numbers; nothing of the SKU
    is taken.
    """

    NONE = "none"
    UNCHANGED = "unchanged"
    SET = "set"
    RECEIVE = "receive"
    BLOCKED = "blocked"
    CONFLICT = "conflict"


class Flag(StrEnum):
    """What a person should look at before confirming.

    `to_zero`: nothing is left. `tenfold`: ten times as much or a tenth. `below_reserved`: less
    than is reserved, so it is not taken. `oversold`: the same of a SKU that may be oversold.
    `alias_taken`: another SKU has the alias. `listing_differs`: a listing means another SKU.
    """

    TO_ZERO = "to_zero"
    TENFOLD = "tenfold"
    BELOW_RESERVED = "below_reserved"
    OVERSOLD = "oversold"
    ALIAS_TAKEN = "alias_taken"
    LISTING_DIFFERS = "listing_differs"


@dataclass(frozen=True, slots=True)
class Terms:
    """How a file is taken: what its quantities do, where, and for which store's listings."""

    mode: Mode = Mode.RESET_STOCK
    stock: StockMode = StockMode.SKIP_ZERO
    zero: ZeroMode = ZeroMode.SET_ZERO
    location: str = "main"
    store: str | None = None

    @property
    def adds(self) -> bool:
        """Whether quantities are added to what is there."""
        return self.stock is StockMode.ADD


@dataclass(frozen=True, slots=True)
class Standing:
    """A SKU's stock as it is: at the import's location, and what is available in total."""

    on_hand_units: int = 0
    reserved_units: int = 0
    available_units: int = 0
    allow_oversell: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one SKU's stock, in whole units at the import's location."""

    action: Action
    before_units: int
    after_units: int
    flags: tuple[Flag, ...] = ()


def taken_units(terms: Terms, quantity_units: int | None) -> int | PlanFault | None:
    """The units a row sets or adds; None: its stock is left alone.

    The table is in docs/reference/files.md.
    """
    if terms.mode is Mode.METADATA_ONLY or quantity_units is None:
        return None
    if quantity_units > 0:
        return quantity_units
    if quantity_units < 0 and terms.zero is not ZeroMode.ZERO_NEGATIVE:
        return PlanFault.NEGATIVE_QUANTITY
    if terms.stock is StockMode.REPLACE and terms.zero is not ZeroMode.IGNORE:
        return 0
    return None


def together(terms: Terms, one: int | None, other: int | None) -> int | PlanFault | None:
    """What two rows of one SKU take together."""
    if one is None or other is None:
        return other if one is None else one
    if terms.adds:
        return one + other
    return one if one == other else PlanFault.CONFLICTING_ROWS


def judge(terms: Terms, units: int | None, standing: Standing) -> Verdict:
    """What `units`, as `taken_units` gives them, make of a SKU's stock.

    What is held stays covered, unless the SKU may be oversold: the ledger would refuse it.
    """
    before = standing.on_hand_units
    if units is None:
        return Verdict(Action.NONE, before, before)
    after = before + units if terms.adds else units
    change = after - before
    if change == 0:
        return Verdict(Action.UNCHANGED, before, after)
    flags = _suspicions(before, after)
    here = before - standing.reserved_units
    lacks = -change > min(here, standing.available_units)
    if change < 0 and lacks:
        if not standing.allow_oversell:
            return Verdict(Action.BLOCKED, before, before, (*flags, Flag.BELOW_RESERVED))
        flags = (*flags, Flag.OVERSOLD)
    return Verdict(Action.RECEIVE if terms.adds else Action.SET, before, after, flags)


def _suspicions(before: int, after: int) -> tuple[Flag, ...]:
    if before > 0 and after == 0:
        return (Flag.TO_ZERO,)
    larger, smaller = max(before, after), min(before, after)
    return (Flag.TENFOLD,) if 0 < smaller * TENFOLD <= larger else ()
