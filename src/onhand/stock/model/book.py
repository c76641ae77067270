"""The part of the ledger a batch works on: SKUs, balances and holds, and the events it appends."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from onhand.stock.model.commands import Caller, Policy
from onhand.stock.model.events import (
    Encode,
    Event,
    Kind,
    Reference,
    chain_hash,
    encode_fields,
    utc_text,
)

HELD = "held"

Terms = tuple[bool, int, bool, bool, int, int, datetime | None, datetime | None]


@dataclass(slots=True)
class Balance:
    """Units of one SKU at one location; `shortfall` is how far below zero leave was given."""

    on_hand: int = 0
    reserved: int = 0
    shortfall: int = 0
    version: int = 0
    stored: bool = False  # whether the database has a row for it yet

    @property
    def available(self) -> int:
        """On hand − reserved; below zero only with leave."""
        return self.on_hand - self.reserved


@dataclass(slots=True)
class SkuStock:
    """One SKU: head of its chain, policy, and its balances by location."""

    sku_id: str
    generation: int = 1
    version: int = 0
    hash: str = ""
    allow_oversell: bool = False
    safety_stock: int = 0
    low_stock_threshold: int = 0
    next_expiry_at: datetime | None = None
    counted_at: datetime | None = None
    recorded_at: str = ""
    registered: bool = True
    on_hand: int = 0  # over all locations, like `reserved`
    reserved: int = 0
    balances: dict[str, Balance] = field(default_factory=dict)
    stored_terms: Terms | None = None  # as the database has them

    @property
    def available(self) -> int:
        """On hand − reserved over all locations."""
        return self.on_hand - self.reserved

    def terms(self) -> Terms:
        """All that most events leave as it was."""
        return (
            self.registered,
            self.generation,
            self.is_low,
            self.allow_oversell,
            self.safety_stock,
            self.low_stock_threshold,
            self.next_expiry_at,
            self.counted_at,
        )

    def balance(self, location_id: str) -> Balance:
        """The balance at a location, made when it is the first one there."""
        balance = self.balances.get(location_id)
        if balance is None:
            balance = self.balances[location_id] = Balance()
        return balance

    def available_at(self, location_id: str) -> int:
        """Available units at one location."""
        balance = self.balances.get(location_id)
        return balance.available if balance is not None else 0

    @property
    def is_low(self) -> bool:
        """At or below the low-stock threshold."""
        return self.available <= self.low_stock_threshold


@dataclass(slots=True)
class Hold:
    """A reservation of one SKU at one location; counts are whole units."""

    reservation_id: str
    sku_id: str
    generation: int
    location_id: str
    holder: str
    owner: str
    reference: Reference
    expires_at: datetime | None
    created_at: datetime
    units_reserved: int = 0
    units_held: int = 0
    units_shipped: int = 0
    units_returned: int = 0
    state: str = HELD
    stored: bool = False  # whether the database has a row for it yet

    def belongs_to(self, caller: Caller) -> bool:
        """Whether this caller may touch it (S3)."""
        if caller.touches_all:
            return True
        if self.holder != caller.actor:
            return False
        return caller.bound_owner is None or caller.bound_owner == self.owner


@dataclass(slots=True)
class Change:
    """One decided event. It moves balances and hold at once, and can be taken back."""

    kind: Kind
    stock: SkuStock
    location_id: str
    on_hand: int = 0
    reserved: int = 0
    hold: Hold | None = None
    reference: Reference | None = None
    happened_at: datetime | None = None
    on_hand_after: int = 0
    reserved_after: int = 0
    shortfall_after: int = 0
    shortfall_before: int = 0

    def apply(self) -> None:
        """Move the balance and the hold, and remember what they were after it."""
        balance = self._move(self.on_hand, self.reserved)
        shortfall = self.shortfall_before = balance.shortfall
        if self.kind is Kind.OVERSOLD:
            balance.shortfall = max(0, -balance.available)
        elif shortfall:
            balance.shortfall = min(shortfall, max(0, -balance.available))
        self.on_hand_after = balance.on_hand
        self.reserved_after = balance.reserved
        self.shortfall_after = balance.shortfall

    def revert(self) -> None:
        """Undo `apply`; changes are taken back in reverse order."""
        self._move(-self.on_hand, -self.reserved).shortfall = self.shortfall_before

    def _move(self, on_hand: int, reserved: int) -> Balance:
        stock = self.stock
        balance = stock.balance(self.location_id)
        balance.on_hand += on_hand
        balance.reserved += reserved
        stock.on_hand += on_hand
        stock.reserved += reserved
        hold = self.hold
        if hold is not None:
            hold.units_held += reserved
            kind = self.kind
            if kind is Kind.RESERVED or kind is Kind.RELEASED:
                hold.units_reserved += reserved
            elif kind is Kind.SHIPPED:
                hold.units_shipped -= on_hand
            elif kind is Kind.RETURNED:
                hold.units_returned += on_hand
        return balance


@dataclass(slots=True)
class Stamp:
    """What all events of one command share."""

    command_id: str
    actor: str
    source: str
    reference: Reference | None = None
    reason: str | None = None
    idempotency_key: str | None = None
    store_id: str | None = None
    happened_at: datetime | None = None


# How a hold ends, by the event that takes its last unit.
_END_STATE = {Kind.SHIPPED: "shipped", Kind.RELEASED: "released", Kind.EXPIRED: "expired"}


class Book:
    """Everything a batch decides on, locked and loaded beforehand; collects what is to be written.

    `names` maps codes as they were written to SKU ids; `locations` are the active ones in order of
    priority.
    """

    def __init__(
        self,
        stocks: Iterable[SkuStock],
        *,
        now: datetime,
        locations: tuple[str, ...],
        policy: Policy,
        batch_id: str,
    ) -> None:
        """An empty page over these SKUs; new holds get ids that start with `batch_id`."""
        self.now = now
        self.now_text = utc_text(now)
        self.cart_hold_ends_at = now + timedelta(seconds=policy.cart_hold_s)
        self.order_hold_ends_at = now + timedelta(seconds=policy.order_hold_s)
        self._batch_id = batch_id
        self._ids_given = 0
        self.locations = locations
        self.policy = policy
        self.names: dict[str, str] = {}
        self.encode: Encode = encode_fields  # a faster one that gives the same bytes may be set
        self.stocks = {stock.sku_id: stock for stock in stocks}
        self.holds: dict[str, Hold] = {}
        self.holds_by_reference: dict[Reference, list[Hold]] = {}
        self.events: list[Event] = []
        self.touched_levels: set[tuple[str, str]] = set()
        self.touched_stocks: set[str] = set()
        self.touched_holds: dict[str, Hold] = {}
        self.reset_skus: list[str] = []

    def new_reservation_id(self) -> str:
        """An id of its own that sorts after those given before."""
        self._ids_given += 1
        return f"{self._batch_id}{self._ids_given:05x}"

    def find(self, code: str) -> SkuStock | None:
        """The registered SKU a code means."""
        stock = self.stocks.get(self.names.get(code, code))
        return stock if stock is not None and stock.registered else None

    def add_hold(self, hold: Hold) -> None:
        """Make a loaded or new hold known, also by its reference."""
        if hold.reservation_id not in self.holds:
            self.holds[hold.reservation_id] = hold
            self.holds_by_reference.setdefault(hold.reference, []).append(hold)

    def move_hold(self, hold: Hold, reference: Reference) -> None:
        """Let a hold belong to another reference."""
        self.holds_by_reference[hold.reference].remove(hold)
        hold.reference = reference
        self.holds_by_reference.setdefault(reference, []).append(hold)

    def holds_of(self, reference: Reference) -> list[Hold]:
        """The reference's holds, past and present, of SKUs as they are registered now."""
        return [
            hold for hold in self.holds_by_reference.get(reference, ()) if self._is_current(hold)
        ]

    def hold(self, reservation_id: str) -> Hold | None:
        """The hold with this id, unless its SKU was reset since."""
        hold = self.holds.get(reservation_id)
        return hold if hold is not None and self._is_current(hold) else None

    def _is_current(self, hold: Hold) -> bool:
        stock = self.stocks.get(hold.sku_id)
        return stock is not None and stock.generation == hold.generation

    def record(self, change: Change, stamp: Stamp) -> None:
        """Keep an applied change as an event of the SKU's chain, to be written."""
        stock, hold = change.stock, change.hold
        sku_id, location_id = stock.sku_id, change.location_id
        stock.version += 1
        stock.recorded_at = max(stock.recorded_at, self.now_text)
        stock.balances[location_id].version = stock.version
        reference = change.reference or stamp.reference
        happened_at = change.happened_at or stamp.happened_at
        fields = (
            stamp.command_id,
            sku_id,
            stock.generation,
            stock.version,
            location_id,
            str(change.kind),
            change.on_hand,
            change.reserved,
            change.on_hand_after,
            change.reserved_after,
            change.shortfall_after,
            hold.reservation_id if hold else None,
            stamp.reason,
            str(reference.type) if reference else None,
            reference.id if reference else None,
            stamp.store_id,
            stamp.actor,
            stamp.source,
            stamp.idempotency_key,
            utc_text(happened_at) if happened_at else stock.recorded_at,
            stock.recorded_at,
        )
        stock.hash = chain_hash(stock.hash, self.encode(fields))
        self.events.append(Event._make((*fields, stock.hash)))
        self.touched_levels.add((sku_id, location_id))
        self.touched_stocks.add(sku_id)
        if hold is not None:
            self._keep_hold(hold, change.kind)

    def _keep_hold(self, hold: Hold, kind: Kind) -> None:
        if hold.units_held > 0:
            hold.state = HELD
        elif hold.state == HELD or kind is Kind.SHIPPED:  # shipped without ever being held
            hold.state = _END_STATE.get(kind, "released")
        self.touched_holds[hold.reservation_id] = hold
        self.add_hold(hold)

    def note_expiry(self, stock: SkuStock, expires_at: datetime | None) -> None:
        """Keep `next_expiry_at` a lower bound of all ends of the SKU's holds."""
        if expires_at is not None and (
            stock.next_expiry_at is None or expires_at < stock.next_expiry_at
        ):
            stock.next_expiry_at = expires_at
            self.touched_stocks.add(stock.sku_id)

    def expire_due(self, stamp: Stamp) -> None:
        """Record an `expired` event for every loaded hold whose end has come, at its end."""
        due = [
            hold
            for hold in self.holds.values()
            if hold.units_held > 0 and hold.expires_at is not None and hold.expires_at <= self.now
        ]
        for hold in sorted(due, key=lambda hold: hold.reservation_id):
            if self._is_current(hold):
                change = Change(
                    Kind.EXPIRED,
                    self.stocks[hold.sku_id],
                    hold.location_id,
                    reserved=-hold.units_held,
                    hold=hold,
                    reference=hold.reference,
                    happened_at=hold.expires_at,
                )
                change.apply()
                self.record(change, stamp)
