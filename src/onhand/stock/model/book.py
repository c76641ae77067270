"""The part of the ledger a batch works on: SKUs, balances and holds, and the events it appends."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from onhand.stock.model.commands import Caller, Policy
from onhand.stock.model.events import Event, Kind, Reference, chain_hash, utc_text

HELD = "held"


@dataclass(slots=True)
class Balance:
    """Units of one SKU at one location; `shortfall` is how far below zero leave was given."""

    on_hand: int = 0
    reserved: int = 0
    shortfall: int = 0
    version: int = 0

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
    balances: dict[str, Balance] = field(default_factory=dict)

    @property
    def on_hand(self) -> int:
        """Units over all locations."""
        return sum(balance.on_hand for balance in self.balances.values())

    @property
    def reserved(self) -> int:
        """Held units over all locations."""
        return sum(balance.reserved for balance in self.balances.values())

    @property
    def available(self) -> int:
        """On hand − reserved over all locations."""
        return self.on_hand - self.reserved

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

    def belongs_to(self, caller: Caller) -> bool:
        """Whether this caller may touch it (S3)."""
        if caller.touches_all:
            return True
        if self.holder != caller.actor:
            return False
        return caller.bound_owner is None or caller.bound_owner == self.owner


@dataclass(frozen=True, slots=True)
class Change:
    """One decided event, before it is stamped with balances, position and hash."""

    kind: Kind
    sku_id: str
    location_id: str
    on_hand: int = 0
    reserved: int = 0
    hold: Hold | None = None
    reference: Reference | None = None
    happened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
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
        names: dict[str, str] | None = None,
    ) -> None:
        """An empty page over these SKUs."""
        self.now = now
        self.now_text = utc_text(now)
        self.locations = locations
        self.policy = policy
        self.names = names or {}
        self.stocks = {stock.sku_id: stock for stock in stocks}
        self.holds: dict[str, Hold] = {}
        self.holds_by_reference: dict[Reference, list[Hold]] = {}
        self.events: list[Event] = []
        self.touched_levels: set[tuple[str, str]] = set()
        self.touched_stocks: set[str] = set()
        self.touched_holds: dict[str, Hold] = {}
        self.reset_skus: list[str] = []

    def find(self, code: str) -> SkuStock | None:
        """The registered SKU a code means."""
        stock = self.stocks.get(self.names.get(code, code))
        return stock if stock is not None and stock.registered else None

    def add_hold(self, hold: Hold) -> None:
        """Make a loaded or new hold known, also by its reference."""
        if hold.reservation_id not in self.holds:
            self.holds[hold.reservation_id] = hold
            self.holds_by_reference.setdefault(hold.reference, []).append(hold)

    def holds_of(self, reference: Reference) -> list[Hold]:
        """The reference's holds, past and present, of SKUs as they are registered now."""
        return [
            hold
            for hold in self.holds_by_reference.get(reference, ())
            if self._is_current(hold) and hold.reference == reference
        ]

    def hold(self, reservation_id: str) -> Hold | None:
        """The hold with this id, unless its SKU was reset since."""
        hold = self.holds.get(reservation_id)
        return hold if hold is not None and self._is_current(hold) else None

    def _is_current(self, hold: Hold) -> bool:
        stock = self.stocks.get(hold.sku_id)
        return stock is not None and stock.generation == hold.generation

    def append(self, change: Change, stamp: Stamp) -> None:
        """Stamp a change: move the balances, extend the SKU's chain, keep the event for writing."""
        stock = self.stocks[change.sku_id]
        balance = stock.balances.setdefault(change.location_id, Balance())
        balance.on_hand += change.on_hand
        balance.reserved += change.reserved
        if change.kind is Kind.OVERSOLD:
            balance.shortfall = max(0, -balance.available)
        elif balance.shortfall:
            balance.shortfall = min(balance.shortfall, max(0, -balance.available))
        stock.version += 1
        balance.version = stock.version
        stock.recorded_at = max(stock.recorded_at, self.now_text)
        if change.hold is not None:
            self._move_hold(change.hold, change)
        self.events.append(self._stamped(change, stamp, stock, balance))
        self.touched_levels.add((change.sku_id, change.location_id))
        self.touched_stocks.add(change.sku_id)

    def _stamped(self, change: Change, stamp: Stamp, stock: SkuStock, balance: Balance) -> Event:
        reference = change.reference or stamp.reference
        happened_at = change.happened_at or stamp.happened_at
        fields = (
            stamp.command_id,
            stock.sku_id,
            stock.generation,
            stock.version,
            change.location_id,
            change.kind.value,
            change.on_hand,
            change.reserved,
            balance.on_hand,
            balance.reserved,
            balance.shortfall,
            change.hold.reservation_id if change.hold else None,
            stamp.reason,
            reference.type.value if reference else None,
            reference.id if reference else None,
            stamp.store_id,
            stamp.actor,
            stamp.source,
            stamp.idempotency_key,
            utc_text(happened_at) if happened_at else stock.recorded_at,
            stock.recorded_at,
        )
        stock.hash = chain_hash(stock.hash, fields)
        return Event(*fields, stock.hash)

    def _move_hold(self, hold: Hold, change: Change) -> None:
        """A hold's counts follow from its events alone; see also `fold`."""
        hold.units_held += change.reserved
        if change.kind in (Kind.RESERVED, Kind.RELEASED):
            hold.units_reserved += change.reserved
        elif change.kind is Kind.SHIPPED:
            hold.units_shipped -= change.on_hand
        elif change.kind is Kind.RETURNED:
            hold.units_returned += change.on_hand
        if hold.units_held > 0:
            hold.state = HELD
        elif hold.state == HELD:
            hold.state = _END_STATE.get(change.kind, "released")
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
        """Append an `expired` event for every loaded hold whose end has come, at its end."""
        for hold in sorted(self.holds.values(), key=lambda hold: hold.reservation_id):
            if hold.units_held > 0 and hold.expires_at and hold.expires_at <= self.now:
                if not self._is_current(hold):
                    continue
                change = Change(
                    Kind.EXPIRED,
                    hold.sku_id,
                    hold.location_id,
                    reserved=-hold.units_held,
                    hold=hold,
                    reference=hold.reference,
                    happened_at=hold.expires_at,
                )
                self.append(change, stamp)
