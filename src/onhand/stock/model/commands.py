"""What can be asked of the ledger. Imperative names; quantities in whole units, always > 0.

SKU codes may be written in any way the catalog knows (any case, an alias): they are resolved
before a decision is made.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from onhand.stock.model.events import Kind, Reference, Source


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, from where, and whose holds they may touch."""

    actor: str
    source: Source = Source.API
    origin: str | None = None
    bound_owner: str | None = None  # an owner token: only this owner's holds
    touches_all: bool = False  # an admin


@dataclass(frozen=True, slots=True)
class Line:
    """Some units of one SKU; without a location, wherever they are (in order of priority)."""

    sku: str
    units: int
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Receive:
    """Goods came in; each line at its location, `main` if none is named."""

    lines: tuple[Line, ...]
    reason: str | None = None
    happened_at: datetime | None = None
    reference: Reference | None = None


@dataclass(frozen=True, slots=True)
class Reserve:
    """Hold every line or none for a cart or order, until `expires_at`.

    Without `expires_at` the hold ends after the default for carts or orders; `never_expires` keeps
    an order's until it is released or shipped. `is_fact` tells of an order that was already taken
    elsewhere: it is held whatever is left, and what lacks is recorded as oversold.
    """

    reference: Reference
    owner: str
    lines: tuple[Line, ...]
    expires_at: datetime | None = None
    never_expires: bool = False
    is_fact: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """Let go of what a reference holds: these lines, or everything."""

    reference: Reference
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Deduct:
    """Ship what a reference holds: these lines (the rest stays held), or everything.

    A line may exceed what is still held only by units whose hold has ended meanwhile; a reference
    that never reserved the SKU may ship once, straight from available stock.
    """

    reference: Reference
    lines: tuple[Line, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Return:
    """Units of an order came back.

    Never more than it shipped; an order that Onhand never saw is taken at its word unless
    `known_only` is set.
    """

    reference: Reference
    lines: tuple[Line, ...]
    reason: str | None = None
    known_only: bool = False


class AdjustMode(StrEnum):
    """How an adjustment names its quantity."""

    ADD = "add"
    SUBTRACT = "subtract"
    SET = "set"


@dataclass(frozen=True, slots=True)
class AdjustLine:
    """One correction; `units` may be 0 with `set`.

    With `expected_on_hand_units` it is refused when another number is on hand at its location by
    then: who looked at a number changes that one and no other.
    """

    sku: str
    mode: AdjustMode
    units: int
    location: str | None = None
    expected_on_hand_units: int | None = None


@dataclass(frozen=True, slots=True)
class Adjust:
    """Correct on hand, with a reason; every line or none."""

    lines: tuple[AdjustLine, ...]
    reason: str
    happened_at: datetime | None = None
    reference: Reference | None = None


@dataclass(frozen=True, slots=True)
class CountLine:
    """`counted_units` found where the ledger said `expected_units` at that moment (None: now)."""

    sku: str
    counted_units: int
    expected_units: int | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """Set on hand to what was found; movements since each line was counted are kept."""

    lines: tuple[CountLine, ...]
    reason: str | None = None
    reference: Reference | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """Move units between locations; every line or none."""

    lines: tuple[Line, ...]  # a line's location is where the units are now
    to_location: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeHold:
    """Resize a hold, move its end, or turn a cart's hold into an order's; None leaves as it is."""

    reservation_id: str
    units: int | None = None
    expires_at: datetime | None = None
    never_expires: bool = False
    order_id: str | None = None


@dataclass(frozen=True, slots=True)
class ExpireHolds:
    """End the holds of these SKUs whose time has come."""

    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetPolicy:
    """Change a SKU's stock policy; None leaves a value as it is."""

    sku: str
    allow_oversell: bool | None = None
    safety_stock: int | None = None
    low_stock_threshold: int | None = None


@dataclass(frozen=True, slots=True)
class ResetSku:
    """Make a SKU unregistered: its level, holds and aliases no longer count (C2)."""

    sku: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Keep a fact about these SKUs in their history that moves nothing; unknown SKUs are left out.

    `kind` is `push_failed` or `channel_error`.
    """

    kind: Kind
    skus: tuple[str, ...]
    reason: str
    reference: Reference


class UndoHow(StrEnum):
    """What becomes of a group when some of it cannot be taken back any more."""

    ALL_OR_NOTHING = "all_or_nothing"
    WHAT_IS_POSSIBLE = "what_is_possible"


@dataclass(frozen=True, slots=True)
class UndoLine:
    """On hand of one SKU at one location changes by `units`, other than 0, in this generation.

    `sku` is an id, never an alias.
    """

    sku: str
    generation: int
    location: str
    units: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Undo:
    """Take back what the group `undoes` changed; a large group goes in parts, from 0.

    Of a SKU everything is taken back, or nothing. A first part that can take back nothing at all
    is refused either way.
    """

    undoes: str
    how: UndoHow
    lines: tuple[UndoLine, ...]
    part: int
    is_last: bool
    reference: Reference


Ask = (
    Receive
    | Reserve
    | Release
    | Deduct
    | Return
    | Adjust
    | Count
    | Transfer
    | ChangeHold
    | ExpireHolds
    | SetPolicy
    | ResetSku
    | Note
    | Undo
)


@dataclass(frozen=True, slots=True)
class Command:
    """An ask with its caller; the same caller's same key happens once.

    With a `key_space`, the same key happens once there, whoever asks.
    """

    caller: Caller
    ask: Ask
    idempotency_key: str | None = None
    store_id: str | None = field(default=None)
    key_space: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings decisions depend on."""

    cart_hold_s: int = 1800
    order_hold_s: int = 900
    max_held_units_per_owner: int | None = None  # of one SKU
