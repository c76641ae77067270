"""A command while it is being decided: later lines see earlier ones, and all can be undone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from onhand.stock.model.book import Book, Change, Hold, SkuStock
from onhand.stock.model.commands import Caller
from onhand.stock.model.events import Kind, Reference
from onhand.stock.model.refusals import Broken, InsufficientStock, Shortage, UnknownLocation

LARGEST_BALANCE = 10**12  # units; far above any warehouse, far below what 64 bits hold


class HoldTerms(NamedTuple):
    """For whom, for what and until when a command makes holds."""

    owner: str
    reference: Reference
    expires_at: datetime | None = None


@dataclass(slots=True)
class Want:
    """Units one line wants to take; without a location, wherever they are.

    A fact takes them whether they are there or not.
    """

    stock: SkuStock
    units: int
    location: str | None = None
    is_fact: bool = False


class Draft:
    """The changes of one command, applied to the book as they are decided."""

    def __init__(self, book: Book, caller: Caller, command_id: str) -> None:
        """An empty draft."""
        self.book = book
        self.caller = caller
        self.command_id = command_id
        self.changes: list[Change] = []
        # What a change of terms or policy was and became; balances are in the events themselves.
        self.before: dict[str, object] | None = None
        self.after: dict[str, object] | None = None
        self.left_out: tuple[Broken, ...] = ()  # of an undo: what it could not take back
        self._leave: list[tuple[SkuStock, str]] = []

    def add(self, change: Change) -> None:
        """Decide one more event."""
        change.apply()
        self.changes.append(change)

    def undo(self) -> None:
        """Take every change back: the book is as it was."""
        while self.changes:
            self.changes.pop().revert()

    def new_hold(self, stock: SkuStock, location_id: str, terms: HoldTerms) -> Hold:
        """A hold without units yet, known to the book once the draft is recorded."""
        return Hold(
            self.book.new_reservation_id(),
            stock.sku_id,
            stock.generation,
            location_id,
            self.caller.actor,
            terms.owner,
            terms.reference,
            terms.expires_at,
            self.book.now,
        )

    def places(self, location: str | None) -> tuple[str, ...]:
        """Where units may be taken: the named location, or all active ones by priority."""
        return self.book.locations if location is None else (location,)

    def takeable(self, want: Want) -> int:
        """Units that can be taken without anything falling below zero, there or in total."""
        stock = want.stock
        here = sum(max(0, stock.available_at(place)) for place in self.places(want.location))
        return max(0, min(here, stock.available))

    def allocate(self, want: Want) -> list[tuple[str, int]] | None:
        """Split the units over locations in order of priority; None when too few are left.

        The scope that is checked is the scope that is taken. A fact, and a SKU that may be
        oversold, is always served: what is missing is taken at the first location, with leave.
        """
        stock, places = want.stock, self.places(want.location)
        left = want.units
        free = min(left, stock.available)
        takes: list[tuple[str, int]] = []
        for place in places:
            units = min(free, stock.available_at(place))
            if units > 0:
                takes.append((place, units))
                free -= units
                left -= units
        if not left:
            return takes
        if not (want.is_fact or stock.allow_oversell):
            return None
        self.give_leave(stock, places[0])
        if takes and takes[0][0] == places[0]:
            left += takes.pop(0)[1]
        return [(places[0], left), *takes]

    def give_leave(self, stock: SkuStock, location_id: str) -> None:
        """Available may go below zero here; what is missing becomes an `oversold` event."""
        self._leave.append((stock, location_id))

    def add_oversold(self) -> None:
        """Record `oversold` where this command went below what leave covered before."""
        for stock, location_id in self._leave:
            if -stock.available_at(location_id) > stock.balance(location_id).shortfall:
                self.add(Change(Kind.OVERSOLD, stock, location_id))

    def insufficient(self, wants: Iterable[Want]) -> InsufficientStock:
        """The refusal that names every SKU of the command that falls short; undoes the draft."""
        self.undo()
        asked: dict[str, int] = {}
        left: dict[str, int] = {}
        for want in wants:
            if want.stock.allow_oversell:
                continue
            sku_id = want.stock.sku_id
            units = min(want.units, self.takeable(want))
            asked[sku_id] = asked.get(sku_id, 0) + want.units
            left[sku_id] = left.get(sku_id, 0) + units
            for place in self.places(want.location):
                taken = min(units, max(0, want.stock.available_at(place)))
                self.add(Change(Kind.RESERVED, want.stock, place, reserved=taken))
                units -= taken
        self.undo()
        return InsufficientStock(
            tuple(Shortage(sku, asked[sku], left[sku]) for sku in asked if left[sku] < asked[sku])
        )

    def check_location(self, location: str | None) -> UnknownLocation | None:
        """Refuse a location that does not exist or is not active."""
        if location is None or location in self.book.locations:
            return None
        return UnknownLocation(location)

    @property
    def is_too_large(self) -> SkuStock | None:
        """The first SKU with a balance beyond what the ledger keeps."""
        for change in self.changes:
            on_hand, reserved = change.on_hand_after, change.reserved_after
            if not (-LARGEST_BALANCE <= on_hand <= LARGEST_BALANCE >= reserved):
                return change.stock
        return None
