"""Why a command is refused: a stable `code` and the facts; nothing is written."""

from dataclasses import dataclass
from typing import ClassVar

from onhand.access.model import IdempotencyConflict, Refusal

__all__ = ["IdempotencyConflict", "Refusal"]


@dataclass(frozen=True, slots=True)
class Shortage:
    """One SKU of which fewer units are left than were asked for."""

    sku: str
    asked: int
    left: int


@dataclass(frozen=True, slots=True)
class InsufficientStock(Refusal):
    """The command would drive available stock below zero."""

    code: ClassVar[str] = "insufficient_stock"
    shortages: tuple[Shortage, ...]


@dataclass(frozen=True, slots=True)
class UnknownSku(Refusal):
    """No registered SKU or alias has these codes."""

    code: ClassVar[str] = "unknown_sku"
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnknownLocation(Refusal):
    """No active location has this id."""

    code: ClassVar[str] = "unknown_location"
    location: str


@dataclass(frozen=True, slots=True)
class SameLocation(Refusal):
    """The units are to be moved to where they are already."""

    code: ClassVar[str] = "same_location"
    sku: str
    location: str


@dataclass(frozen=True, slots=True)
class StockMoved(Refusal):
    """Another number is on hand than the caller went by."""

    code: ClassVar[str] = "stock_moved"
    sku: str
    location: str
    expected_on_hand: int
    on_hand: int


@dataclass(frozen=True, slots=True)
class ReservationNotFound(Refusal):
    """No reservation has this id or belongs to this reference."""

    code: ClassVar[str] = "reservation_not_found"
    reservation: str


@dataclass(frozen=True, slots=True)
class ReservationEnded(Refusal):
    """The hold has ended: expired, released, shipped or reset."""

    code: ClassVar[str] = "reservation_ended"
    reservation: str
    state: str


@dataclass(frozen=True, slots=True)
class ReservationNotYours(Refusal):
    """The hold belongs to somebody else."""

    code: ClassVar[str] = "reservation_not_yours"
    reservation: str


@dataclass(frozen=True, slots=True)
class CartHoldMustEnd(Refusal):
    """Only an order's hold may be without an end."""

    code: ClassVar[str] = "cart_hold_must_end"
    reservation: str


@dataclass(frozen=True, slots=True)
class ExceedsHeld(Refusal):
    """More units are to be released than the reference holds."""

    code: ClassVar[str] = "exceeds_held"
    sku: str
    asked: int
    held: int


@dataclass(frozen=True, slots=True)
class ExceedsReserved(Refusal):
    """The reference would ship more than it reserved, or ship a second time."""

    code: ClassVar[str] = "exceeds_reserved"
    reference: str
    sku: str
    asked: int
    reserved: int
    shipped: int


@dataclass(frozen=True, slots=True)
class ExceedsShipped(Refusal):
    """More units would come back than the reference shipped."""

    code: ClassVar[str] = "exceeds_shipped"
    reference: str
    sku: str
    asked: int
    returnable: int


@dataclass(frozen=True, slots=True)
class HoldLimitReached(Refusal):
    """The owner would hold more units of one SKU than the setting allows."""

    code: ClassVar[str] = "hold_limit_reached"
    sku: str
    owner: str
    asked: int
    held: int
    limit: int


@dataclass(frozen=True, slots=True)
class InvalidMoment(Refusal):
    """A moment that cannot be: an end in the past, a happening in the future."""

    code: ClassVar[str] = "invalid_moment"
    field: str
    moment: str


@dataclass(frozen=True, slots=True)
class BalanceTooLarge(Refusal):
    """A balance would pass the largest number the ledger keeps."""

    code: ClassVar[str] = "balance_too_large"
    sku: str
    limit: int


@dataclass(frozen=True, slots=True)
class LocationExists(Refusal):
    """A location with this id exists already."""

    code: ClassVar[str] = "location_exists"
    location: str


@dataclass(frozen=True, slots=True)
class LocationNotEmpty(Refusal):
    """Units still lie or are held there; transfer or adjust them first."""

    code: ClassVar[str] = "location_not_empty"
    location: str
    skus: int


@dataclass(frozen=True, slots=True)
class MainLocation(Refusal):
    """`main` is where units go when no location is named; it cannot be deactivated."""

    code: ClassVar[str] = "main_location"
    location: str


@dataclass(frozen=True, slots=True)
class CountNotFound(Refusal):
    """No stocktake has this id."""

    code: ClassVar[str] = "count_not_found"
    count: str


@dataclass(frozen=True, slots=True)
class CountEnded(Refusal):
    """The stocktake is closed or cancelled."""

    code: ClassVar[str] = "count_ended"
    count: str
    state: str


@dataclass(frozen=True, slots=True)
class NotOnSheet(Refusal):
    """The SKU is known, but not one of those the stocktake is about."""

    code: ClassVar[str] = "not_on_sheet"
    count: str
    sku: str


@dataclass(frozen=True, slots=True)
class CountMoved(Refusal):
    """Units moved while this SKU was counted one by one; its count begins anew with `set`."""

    code: ClassVar[str] = "count_moved"
    count: str
    sku: str


@dataclass(frozen=True, slots=True)
class Broken:
    """One change of `units` that cannot be taken back.

    `why` is `units_gone` (sold, held or moved since, `shortfall_units` of them), `sku_gone` (reset
    since), `location_gone` or `balance_too_large`.
    """

    sku: str
    location: str
    units: int
    why: str
    shortfall_units: int


@dataclass(frozen=True, slots=True)
class UndoBreaks(Refusal):
    """Some of the group cannot be taken back; `breaks` shows the first of so many `broken`."""

    code: ClassVar[str] = "undo_breaks"
    undoes: str
    broken: int
    breaks: tuple[Broken, ...]


@dataclass(frozen=True, slots=True)
class UndoNotFound(Refusal):
    """No movement of stock belongs to this file, count or command."""

    code: ClassVar[str] = "undo_not_found"
    undoes: str


@dataclass(frozen=True, slots=True)
class NotUndoable(Refusal):
    """Only imports, receipts, adjustments, counts and transfers can be taken back as a group."""

    code: ClassVar[str] = "not_undoable"
    undoes: str
    what: str


@dataclass(frozen=True, slots=True)
class UndoIsFinal(Refusal):
    """What took something back cannot be taken back itself."""

    code: ClassVar[str] = "undo_is_final"
    undoes: str


@dataclass(frozen=True, slots=True)
class PartOfGroup(Refusal):
    """The command is one of several of a file or count, which is taken back as a whole."""

    code: ClassVar[str] = "part_of_group"
    undoes: str
    group: str


@dataclass(frozen=True, slots=True)
class TestOnly(Refusal):
    """Only test data can be reset."""

    code: ClassVar[str] = "test_only"
    environment: str
