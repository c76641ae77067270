"""A command's changes while they are being decided: seen by its own later lines, by nobody else."""

from dataclasses import dataclass
from datetime import datetime

from onhand.stock.model.book import Balance, Book, Change, Hold, SkuStock
from onhand.stock.model.commands import Caller
from onhand.stock.model.events import Kind, Reference

_NOTHING = Balance()

Level = tuple[str, str]


@dataclass(frozen=True, slots=True)
class HoldTerms:
    """For whom, for what and until when a command makes holds."""

    owner: str
    reference: Reference
    expires_at: datetime | None = None


class Draft:
    """Decided changes over a book that is left untouched until they are adopted."""

    def __init__(self, book: Book, caller: Caller, command_id: str) -> None:
        """An empty draft."""
        self.book = book
        self.caller = caller
        self.command_id = command_id
        self.changes: list[Change] = []
        self.leave: set[Level] = set()
        # What a change of terms or policy was and became; balances are in the events themselves.
        self.before: dict[str, object] | None = None
        self.after: dict[str, object] | None = None
        self._available: dict[Level, int] = {}
        self._total: dict[str, int] = {}
        self._on_hand: dict[Level, int] = {}
        self._held: dict[str, int] = {}
        self._new_holds = 0

    def available(self, stock: SkuStock, location_id: str) -> int:
        """Available units at one location, this command's earlier lines counted."""
        key = (stock.sku_id, location_id)
        return stock.balances.get(location_id, _NOTHING).available + self._available.get(key, 0)

    def total_available(self, stock: SkuStock) -> int:
        """Available units over all locations, this command's earlier lines counted."""
        return stock.available + self._total.get(stock.sku_id, 0)

    def on_hand(self, stock: SkuStock, location_id: str) -> int:
        """Units on hand at one location, this command's earlier lines counted."""
        key = (stock.sku_id, location_id)
        return stock.balances.get(location_id, _NOTHING).on_hand + self._on_hand.get(key, 0)

    def held(self, hold: Hold) -> int:
        """Units the hold still has, this command's earlier lines counted."""
        return hold.units_held + self._held.get(hold.reservation_id, 0)

    def new_hold(self, stock: SkuStock, location_id: str, terms: HoldTerms) -> Hold:
        """A hold without units yet; its id follows from the command's."""
        self._new_holds += 1
        return Hold(
            reservation_id=f"{self.command_id}-{self._new_holds}",
            sku_id=stock.sku_id,
            generation=stock.generation,
            location_id=location_id,
            holder=self.caller.actor,
            owner=terms.owner,
            reference=terms.reference,
            expires_at=terms.expires_at,
            created_at=self.book.now,
            state="released",
        )

    def add(self, change: Change) -> None:
        """Decide one more event."""
        self.changes.append(change)
        key = (change.sku_id, change.location_id)
        moved = change.on_hand - change.reserved
        self._available[key] = self._available.get(key, 0) + moved
        self._total[change.sku_id] = self._total.get(change.sku_id, 0) + moved
        self._on_hand[key] = self._on_hand.get(key, 0) + change.on_hand
        if change.hold is not None and change.reserved:
            held_key = change.hold.reservation_id
            self._held[held_key] = self._held.get(held_key, 0) + change.reserved

    def give_leave(self, stock: SkuStock, location_id: str) -> None:
        """Available may go below zero here; what is missing becomes an `oversold` event."""
        self.leave.add((stock.sku_id, location_id))

    def oversold(self) -> list[Change]:
        """`oversold` facts for the levels this draft drives below what leave covered before."""
        facts = []
        for sku_id, location_id in sorted(self.leave):
            stock = self.book.stocks[sku_id]
            known = stock.balances.get(location_id, _NOTHING).shortfall
            if -self.available(stock, location_id) > known:
                facts.append(Change(Kind.OVERSOLD, sku_id, location_id))
        return facts
