"""The fenced push of one listing: belief, doubt, and what may be sent (ADR 0013).

`belief` is what the shop holds as far as we know of orders. While nobody else edits the shop it
holds `belief` less what it sold that we have not taken in; a push adds the difference between
target and belief, so that those unknown sales are never put back for sale.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Doubt(StrEnum):
    """Why a listing must be read before anything is sent for it."""

    NEW = "new"  # never read
    FIRST_WRITE = "first_write"  # the shop had no number: did it keep the one we gave it?
    WRITE_UNKNOWN = "write_unknown"  # a push whose outcome we do not know
    CALL_REFUSED = "call_refused"  # a row of the same call was refused; the others may be done
    ORDER_CHANGED = "order_changed"  # the shop may or may not have restocked
    NEAR_READ = "near_read"  # an order was placed at about the moment of the last read
    BELOW_ZERO = "below_zero"  # more was sold than we believed to be there
    ASKED = "asked"  # a person wants it read


class Mode(StrEnum):
    """How a push names its units."""

    RELATIVE = "relative"
    ABSOLUTE = "absolute"


# In these doubts the belief is still a number to take away from: the push was done, the order was
# later than the read (see `unknown`, `sold`). The others know less, or are read at once.
LOWERED_IN_DOUBT = (Doubt.WRITE_UNKNOWN, Doubt.NEAR_READ)


@dataclass(frozen=True, slots=True)
class Waits:
    """How long the fence waits, in seconds.

    `margin_s`: by how much the shop's clock may differ from ours, and how late an order may show
    up in its search. `landing_s`: how late a write may still land after its call was lost.
    """

    margin_s: float = 60.0
    landing_s: float = 120.0

    @property
    def margin(self) -> timedelta:
        """`margin_s` as a span."""
        return timedelta(seconds=self.margin_s)


@dataclass(slots=True)
class Listing:
    """What is known of one listing at its shop; units are whole pieces.

    `belief` None without doubt: the shop has no number for it. The last read happened between
    `read_from` and `read_to` by our clock. `revision` rises with everything that a read or a push
    under way must know of; `mark` rises with every change of what should be shown. In doubt the
    belief is what we presume, and `waits_for_orders` says that nothing is left to take away.
    """

    listing_id: str
    belief: int | None = None
    read_from: datetime | None = None
    read_to: datetime | None = None
    doubt: str | None = Doubt.NEW
    read_after: datetime | None = None
    drift: int | None = None  # units by which a check differed, less what late orders explain
    waits_for_orders: bool = False
    revision: int = 0
    mark: int = 0
    stale_at: datetime | None = None
    due_at: datetime | None = None
    push_id: str | None = None
    push_mark: int = 0
    push_units: int = 0
    push_mode: str | None = None
    push_until: datetime | None = None
    target: int | None = None
    tries: int = 0  # failures of any kind since the last success
    refusals: int = 0  # of them, answers that say the request itself is wrong
    retry_at: datetime | None = None
    failure: str | None = None
    failed_at: datetime | None = None
    pushed_at: datetime | None = None
    checked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """A row to push."""

    mode: Mode
    units: int


class Hold(StrEnum):
    """Why nothing is sent."""

    RIGHT = "right"  # the shop shows what it should, as far as we know
    WAITS_FOR_ORDERS = "waits_for_orders"  # orders placed before the last read may be on their way
    WAITS_FOR_READ = "waits_for_read"  # in doubt, and nothing may be taken away
    NEEDS_PERSON = "needs_person"  # the shop's number was changed by more than may be repaired


def mark_stale(listing: Listing, now: datetime, due_at: datetime) -> None:
    """What should be shown may have changed: plan it anew, no later than `due_at` if possible."""
    listing.mark += 1
    listing.stale_at = listing.stale_at or now
    listing.due_at = min(listing.due_at or due_at, due_at)
    listing.waits_for_orders = False


def doubt(listing: Listing, reason: Doubt, read_after: datetime) -> None:
    """Something happened at the shop that we cannot predict: read before anything is sent."""
    listing.revision += 1
    if listing.doubt is not None and listing.read_after is not None:
        read_after = max(read_after, listing.read_after)
    listing.doubt, listing.read_after = reason, read_after


def sold(listing: Listing, units: int, ordered_at: datetime, *, waits: Waits) -> None:
    """An order of this shop was taken in: the shop has lowered its number already (rules 1, 3)."""
    listing.revision += 1
    if listing.belief is None:
        return
    if listing.read_to is not None and listing.read_from is not None:
        if ordered_at <= listing.read_from - waits.margin:  # the last read had it off already
            listing.drift = None if listing.drift is None else listing.drift + units
            return
        if ordered_at < listing.read_to + waits.margin:
            listing.belief -= units  # presumed: what is taken away in doubt must not count it twice
            doubt(listing, Doubt.NEAR_READ, ordered_at + 2 * waits.margin)
            return
    listing.belief -= units
    if listing.belief < 0:
        doubt(listing, Doubt.BELOW_ZERO, ordered_at + 2 * waits.margin)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a read of one listing gave: None where the shop has no number for it."""

    units: int | None
    sent_at: datetime
    received_at: datetime


def read(listing: Listing, sight: Sight) -> None:
    """The shop's number fixes the belief; raises wait until intake has passed the read (rule 3).

    Only a listing that nothing had happened to drifts any further: whoever is in doubt expects to
    see another number.
    """
    if sight.units is None:
        listing.drift = None
    elif listing.doubt is None and listing.belief is not None:
        listing.drift = (listing.drift or 0) + sight.units - listing.belief
    listing.belief = sight.units
    listing.read_from, listing.read_to = sight.sent_at, sight.received_at
    listing.doubt = listing.read_after = None
    listing.waits_for_orders = False
    listing.checked_at = sight.received_at
    listing.revision += 1
    listing.stale_at = listing.stale_at or sight.received_at
    listing.due_at = listing.due_at or sight.received_at


def is_as_believed(listing: Listing, sight: Sight) -> bool:
    """Whether a check found what it should: then only `checked_at` moves, and no fence rises."""
    return listing.doubt is None and listing.belief == sight.units


def plan(
    listing: Listing,
    target: int,
    *,
    taken_in_until: datetime | None,
    waits: Waits,
    repair_units: int,
) -> Send | Hold:
    """What to send so that the shop shows `target`.

    A number may be lowered at once: units that orders on their way will take are not put back by
    it. It may be raised only when every order placed before the last read has been taken in.
    `repair_units`: by how much a number that someone else changed may be corrected unasked.
    """
    assert listing.doubt is None
    assert listing.push_id is None
    if listing.belief is None:
        return Send(Mode.ABSOLUTE, target)
    difference = target - listing.belief
    if difference == 0:
        is_judged = listing.drift is None or has_passed(listing, taken_in_until, waits)
        return Hold.RIGHT if is_judged else Hold.WAITS_FOR_ORDERS
    if difference < 0:
        return Send(Mode.RELATIVE, difference)
    if not has_passed(listing, taken_in_until, waits):
        return Hold.WAITS_FOR_ORDERS
    if abs(listing.drift or 0) > repair_units:
        return Hold.NEEDS_PERSON
    return Send(Mode.RELATIVE, difference)


def plan_in_doubt(listing: Listing, target: int) -> Send | Hold:
    """What to take away before the listing is read: units that were sold elsewhere meanwhile.

    Taking away raises no number, whatever the shop shows; the read finds what it came to.
    """
    assert listing.doubt in LOWERED_IN_DOUBT
    assert listing.push_id is None
    if listing.belief is None or target >= listing.belief:
        return Hold.WAITS_FOR_READ
    return Send(Mode.RELATIVE, target - listing.belief)


def fence_of(listing: Listing, waits: Waits) -> datetime | None:
    """The moment intake must have passed before the number may be raised; None: at once."""
    return None if listing.read_to is None else listing.read_to + waits.margin


def has_passed(listing: Listing, taken_in_until: datetime | None, waits: Waits) -> bool:
    """Whether every order placed before the last read has been taken in."""
    fence = fence_of(listing, waits)
    return fence is None or (taken_in_until is not None and taken_in_until >= fence)


def claim(listing: Listing, send: Send, target: int, *, push_id: str, until: datetime) -> None:
    """A push of this listing is about to be sent: no other until it is settled (rule 6)."""
    listing.push_id, listing.push_until = push_id, until
    listing.push_mark, listing.target = listing.mark, target
    listing.push_mode, listing.push_units = send.mode, send.units
    listing.waits_for_orders = False


def rest(listing: Listing, target: int, hold: Hold) -> None:
    """Nothing is sent: the listing is clean, or it waits."""
    listing.target = target
    listing.waits_for_orders = hold in (Hold.WAITS_FOR_ORDERS, Hold.WAITS_FOR_READ)
    if hold is Hold.RIGHT:
        listing.stale_at = listing.due_at = listing.retry_at = listing.failure = None
        listing.tries = listing.refusals = 0
    elif hold is Hold.NEEDS_PERSON:
        listing.stale_at = listing.due_at = None
        listing.failure = "drift"


def delivered(listing: Listing, now: datetime) -> None:
    """The shop took the push: the belief moves by as much, whatever was sold meanwhile."""
    absolute = listing.push_mode == Mode.ABSOLUTE
    listing.belief = listing.push_units if absolute else (listing.belief or 0) + listing.push_units
    # What a check found is judged when intake has passed it, though the number be right by now.
    is_open = listing.mark != listing.push_mark or listing.drift is not None
    if listing.doubt is None:  # else what a push before it came to is still to be found out
        listing.stale_at = now if is_open else None
        listing.due_at = (listing.due_at or now) if is_open else None
    listing.tries = listing.refusals = 0
    listing.retry_at = listing.failure = listing.failed_at = None
    listing.pushed_at = now
    _land(listing)
    if absolute:  # a number given to a listing that does not exist is accepted, too
        doubt(listing, Doubt.FIRST_WRITE, now)


def unknown(listing: Listing, now: datetime, reason: str, *, waits: Waits) -> None:
    """Nobody knows whether the push took effect: wait until it cannot land any more, read.

    Until then we presume that it did.
    """
    if listing.belief is not None and listing.push_mode == Mode.RELATIVE:
        listing.belief += listing.push_units
    listing.failure = reason
    listing.tries += 1
    _land(listing)
    doubt(listing, Doubt.WRITE_UNKNOWN, now + timedelta(seconds=waits.landing_s))


def not_sent(listing: Listing, reason: str, retry_at: datetime) -> None:
    """The push had no effect: again at `retry_at`."""
    listing.failure, listing.retry_at = reason, retry_at
    listing.tries += 1
    _land(listing)


def refused(listing: Listing, now: datetime, reason: str, *, at_fault: bool, most: int) -> None:
    """The shop refused the call; a row at fault is given up after `most` refusals."""
    if at_fault:
        listing.tries += 1
        listing.refusals += 1
        listing.failure = reason
        if listing.refusals >= most:
            listing.failed_at = now
    _land(listing)
    doubt(listing, Doubt.CALL_REFUSED, now)


def _land(listing: Listing) -> None:
    listing.push_id = listing.push_until = listing.push_mode = None
    listing.push_units = 0
    listing.revision += 1
