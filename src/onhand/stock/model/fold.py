"""Folding a SKU's events back into balances, and noticing where they do not add up."""

from dataclasses import dataclass, field
from operator import attrgetter

from onhand.stock.model.book import Balance
from onhand.stock.model.events import Encode, Event, Kind, chain_hash, encode_fields

_NAMES = ("seq", "hash", "recorded_at", "on_hand_after", "reserved_after", "shortfall_after")
_CHECKED = attrgetter(*_NAMES)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A stored value that is not what the events say."""

    sku: str
    what: str
    stored: str
    derived: str
    seq: int | None = None
    location: str | None = None
    reservation: str | None = None


@dataclass(slots=True)
class Fold:
    """One SKU's balances and open holds as its events say, of the newest generation."""

    sku_id: str
    encode: Encode = encode_fields
    generation: int = 0
    version: int = 0
    hash: str = ""
    recorded_at: str = ""
    balances: dict[str, Balance] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    units_reserved: int = 0  # of all its reservations, ever; so are the next two
    units_shipped: int = 0
    units_returned: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)

    def add(self, event: Event) -> None:
        """Take in the next event by seq; what does not follow from the ones before is noted."""
        follows = (
            self.version + 1,
            chain_hash(self.hash, self.encode(event[:-1])),
            max(self.recorded_at, event.recorded_at),
        )
        balance = self.move(event)
        derived = (*follows, balance.on_hand, balance.reserved, balance.shortfall)
        if _CHECKED(event) != derived:
            self._note(event, derived)

    def move(self, event: Event) -> Balance:
        """Apply the event's changes, its stored balances unseen; returns the balance moved."""
        if event.generation != self.generation:
            self.generation = event.generation
            self.balances = {}
            self.held = {}
            self.units_reserved = self.units_shipped = self.units_returned = 0
        balance = self.balances.get(event.location_id)
        if balance is None:
            balance = self.balances[event.location_id] = Balance()
        balance.on_hand += event.on_hand_change
        balance.reserved += event.reserved_change
        if event.kind == Kind.OVERSOLD:
            balance.shortfall = max(0, -balance.available)
        elif balance.shortfall:
            balance.shortfall = min(balance.shortfall, max(0, -balance.available))
        balance.version = self.version = event.seq
        self.hash = event.hash
        self.recorded_at = event.recorded_at
        if event.reservation_id is not None:
            self._move_hold(event, event.reservation_id)
        return balance

    def _move_hold(self, event: Event, reservation_id: str) -> None:
        if event.reserved_change:
            held = self.held.get(reservation_id, 0) + event.reserved_change
            if held:
                self.held[reservation_id] = held
            else:
                self.held.pop(reservation_id, None)
        if event.kind in (Kind.RESERVED, Kind.RELEASED):
            self.units_reserved += event.reserved_change
        elif event.kind == Kind.SHIPPED:
            self.units_shipped -= event.on_hand_change
        elif event.kind == Kind.RETURNED:
            self.units_returned += event.on_hand_change

    def _note(self, event: Event, derived: tuple[object, ...]) -> None:
        for name, is_now, should_be in zip(_NAMES, _CHECKED(event), derived, strict=True):
            if is_now != should_be:
                self.mismatches.append(
                    Mismatch(
                        self.sku_id,
                        f"event {name}",
                        str(is_now),
                        str(should_be),
                        seq=event.seq,
                        location=event.location_id,
                    )
                )
