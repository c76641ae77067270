"""The fence against a shop that sells by itself: no unknown sale is ever put back for sale.

The shop holds `shown` units and lowers them when it sells; we learn of a sale only when intake
passes its moment. Pushes may be lost before or after they took effect, or land late; reads and
orders cross each other. After quiet the shop shows exactly what it should.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from onhand.sync.model import fence
from onhand.sync.model.fence import Doubt, Hold, Listing, Mode, Send, Sight, Waits
from tests.shop import START

WAITS = Waits(margin_s=60, landing_s=120)
SPANS = st.integers(1, 90)


@dataclass
class Placed:
    """An order at the shop that we have not taken in."""

    units: int
    at: datetime


class FencedShop(RuleBasedStateMachine):
    """One listing, its shop, and our side of it."""

    def __init__(self) -> None:
        """A listing that was read a while ago."""
        super().__init__()
        self.now = START
        self.shown: int | None = 7
        self.ours = 20  # what the ledger says can be sold, with every order that was taken in
        self.unknown: list[Placed] = []
        self.taken_in_until = START
        self.listing = Listing("l", read_after=START)
        self.late: list[tuple[datetime, int]] = []
        fence.mark_stale(self.listing, START, START)
        self.read(0)
        self.wait(90)
        self.take_in()

    @rule(seconds=SPANS)
    def wait(self, seconds: int) -> None:
        """Time passes; a write that was lost on the way may land."""
        self.now += timedelta(seconds=seconds)
        for moment, units in [late for late in self.late if late[0] <= self.now]:
            self.late.remove((moment, units))
            assert self.shown is not None
            if self.shown + units >= 0:
                self.shown += units

    @rule(units=st.integers(1, 3))
    def sell(self, units: int) -> None:
        """A buyer takes units that the shop shows."""
        if self.shown is not None and units <= self.shown:
            self.shown -= units
            self.unknown.append(Placed(units, self.now))

    @rule()
    def take_in(self) -> None:
        """Intake reads every order placed up to now."""
        for placed in self.unknown:
            self.ours -= placed.units
            fence.sold(self.listing, placed.units, placed.at, waits=WAITS)
            fence.mark_stale(self.listing, self.now, self.now)
        self.unknown.clear()
        self.taken_in_until = self.now

    @rule(units=st.integers(-3, 10))
    def move_stock(self, units: int) -> None:
        """Goods come in, or another shop sells."""
        self.ours += units
        fence.mark_stale(self.listing, self.now, self.now)

    @rule(units=st.integers(-4, 4))
    def edit_at_the_shop(self, units: int) -> None:
        """Someone changes the number there, and we are told that something happened."""
        if self.shown is not None:
            self.shown = max(0, self.shown + units)
            if self.listing.push_id is None:
                fence.doubt(self.listing, Doubt.ORDER_CHANGED, self.now)

    @precondition(lambda self: self.listing.doubt is not None and self.listing.push_id is None)
    @rule(lasts=st.integers(0, 20))
    def read(self, lasts: int) -> None:
        """Read the shop's number, once it is time to."""
        assert self.listing.read_after is not None
        if self.listing.read_after > self.now:
            return
        sent, seen = self.now, self.shown
        self.now += timedelta(seconds=lasts)
        fence.read(self.listing, Sight(seen, sent, self.now))
        if self.listing.stale_at is None:
            fence.mark_stale(self.listing, self.now, self.now)

    @precondition(
        lambda self: (
            self.listing.doubt is None
            and self.listing.push_id is None
            and self.listing.stale_at is not None
        )
    )
    @rule(fate=st.sampled_from(["done", "lost before", "lost after", "late"]))
    def push(self, fate: str) -> None:
        """Plan, send, settle."""
        target = max(0, self.ours)
        planned = fence.plan(
            self.listing,
            target,
            taken_in_until=self.taken_in_until,
            waits=WAITS,
            repair_units=1000,
        )
        if isinstance(planned, Hold):
            fence.rest(self.listing, target, planned)
            return
        until = self.now + timedelta(seconds=60)
        fence.claim(self.listing, planned, target, push_id="p", until=until)
        if fate == "late" and planned.mode is Mode.RELATIVE:
            self.late.append((self.now + timedelta(seconds=100), planned.units))
            fence.unknown(self.listing, self.now, "timeout", waits=WAITS)
        elif fate == "lost before" or not self._apply(planned, target) or fate == "lost after":
            fence.unknown(self.listing, self.now, "timeout", waits=WAITS)
        else:
            fence.delivered(self.listing, self.now)

    @precondition(
        lambda self: (
            self.listing.doubt in fence.LOWERED_IN_DOUBT
            and self.listing.push_id is None
            and self.listing.stale_at is not None
            and self.listing.read_after > self.now
        )
    )
    @rule(fate=st.sampled_from(["done", "lost before", "lost after", "late"]))
    def push_in_doubt(self, fate: str) -> None:
        """What was sold elsewhere is taken away before anybody knows what the shop shows."""
        target, before = max(0, self.ours), self.shown
        planned = fence.plan_in_doubt(self.listing, target)
        if isinstance(planned, Hold):
            fence.rest(self.listing, target, planned)
            return
        assert planned.mode is Mode.RELATIVE
        assert planned.units < 0
        assert before is not None
        until = self.now + timedelta(seconds=60)
        fence.claim(self.listing, planned, target, push_id="p", until=until)
        if fate == "late":
            self.late.append((self.now + timedelta(seconds=100), planned.units))
        if fate in ("late", "lost before"):
            fence.unknown(self.listing, self.now, "timeout", waits=WAITS)
        elif not self._apply(planned, target):
            fence.refused(self.listing, self.now, "IE0117", at_fault=True, most=5)
        elif fate == "lost after":
            fence.unknown(self.listing, self.now, "timeout", waits=WAITS)
        else:
            fence.delivered(self.listing, self.now)
        assert self.shown is not None
        assert self.shown <= before
        assert self.listing.doubt is not None

    def _apply(self, planned: Send, target: int) -> bool:
        """The shop does as told; a number below zero is refused."""
        before = self.shown
        if planned.mode is Mode.ABSOLUTE:
            self.shown = planned.units
            return True
        assert before is not None
        if before + planned.units < 0:
            return False
        self.shown = before + planned.units
        unknown = sum(placed.units for placed in self.unknown)
        assert self.shown <= max(0, target - unknown) or planned.units < 0, "a sale came back"
        return True

    @invariant()
    def knows_when_to_read(self) -> None:
        """A listing in doubt always has a moment at which it is read."""
        assert self.listing.doubt is None or self.listing.read_after is not None

    def teardown(self) -> None:
        """After quiet the shop shows what it should."""
        for _ in range(12):
            self.wait(90)
            self.take_in()
            if self.listing.doubt is not None:
                self.read(0)
            self.wait(90)
            self.take_in()
            if self.listing.doubt is None and self.listing.stale_at is not None:
                self.push("done")
        assert self.listing.doubt is None
        assert self.shown == max(0, self.ours)


FencedShop.TestCase.settings = settings(max_examples=300, stateful_step_count=30, deadline=None)
TestFencedShop = FencedShop.TestCase
