"""Folding a SKU's events back into balances, and noticing where they do not add up."""

from dataclasses import dataclass, field

from onhand.stock.model.book import Balance
from onhand.stock.model.events import Encode, Event, Kind, chain_hash, encode_fields


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
        self._check(event, "seq", event.seq, self.version + 1)
        self._check(event, "hash", event.hash, chain_hash(self.hash, self.encode(event[:-1])))
        if event.recorded_at < self.recorded_at:
            self._check(event, "recorded_at", event.recorded_at, self.recorded_at)
        self.move(event)
        balance = self.balances[event.location_id]
        self._check(event, "on_hand_after", event.on_hand_after, balance.on_hand)
        self._check(event, "reserved_after", event.reserved_after, balance.reserved)
        self._check(event, "shortfall_after", event.shortfall_after, balance.shortfall)

    def move(self, event: Event) -> None:
        """Apply the event's changes without looking at its stored balances."""
        if event.generation != self.generation:
            self.generation = event.generation
            self.balances = {}
            self.held = {}
            self.units_reserved = self.units_shipped = self.units_returned = 0
        balance = self.balances.setdefault(event.location_id, Balance())
        balance.on_hand += event.on_hand_change
        balance.reserved += event.reserved_change
        short = max(0, -balance.available)
        balance.shortfall = short if event.kind == Kind.OVERSOLD else min(balance.shortfall, short)
        balance.version = self.version = event.seq
        self.hash = event.hash
        self.recorded_at = event.recorded_at
        if event.reservation_id is not None:
            self._move_hold(event, event.reservation_id)

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

    def _check(self, event: Event, what: str, stored: object, derived: object) -> None:
        if stored != derived:
            self.mismatches.append(
                Mismatch(
                    self.sku_id,
                    f"event {what}",
                    str(stored),
                    str(derived),
                    seq=event.seq,
                    location=event.location_id,
                )
            )
