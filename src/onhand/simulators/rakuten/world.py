"""One simulated Rakuten's state, its clock, and what is due to happen later."""

import heapq
import threading
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

import msgspec

from onhand.simulators.rakuten.dice import Dice
from onhand.simulators.rakuten.faults import FaultBook
from onhand.simulators.rakuten.habits import Habits
from onhand.simulators.rakuten.knobs import Knobs
from onhand.simulators.rakuten.records import ShopRecord
from onhand.simulators.rakuten.wire import Request


class OrderFixed(msgspec.Struct, tag=True):
    """Rakuten has finished processing: 200 becomes 300."""

    shop: str
    order: str


class OrderConfirmedByItself(msgspec.Struct, tag=True):
    """RMS confirms an order that waits: 100 becomes 200."""

    shop: str
    order: str


class OrderShipped(msgspec.Struct, tag=True):
    """Somebody at the shop ships an order: 300 becomes 500."""

    shop: str
    order: str


class OrderLapsed(msgspec.Struct, tag=True):
    """An order nobody confirmed is cancelled."""

    shop: str
    order: str


class ChangeSettled(msgspec.Struct, tag=True):
    """A change or cancellation is final: 400 goes back, 800 becomes 900."""

    shop: str
    order: str


class Restocked(msgspec.Struct, tag=True):
    """Units of a cancelled order are for sale again."""

    shop: str
    order: str
    pair: tuple[str, str]
    units: int


class RequestLands(msgspec.Struct, tag=True):
    """A request the client gave up has its effect after all."""

    request: Request
    received_at: datetime


class BuyerComes(msgspec.Struct, tag=True):
    """Somebody orders in this shop."""

    shop: str


class BuyerReturns(msgspec.Struct, tag=True):
    """The buyer of this order changes or cancels it."""

    shop: str
    order: str
    cancels: bool


Event = (
    OrderFixed
    | OrderConfirmedByItself
    | OrderShipped
    | OrderLapsed
    | ChangeSettled
    | Restocked
    | RequestLands
    | BuyerComes
    | BuyerReturns
)


class State(msgspec.Struct, kw_only=True):
    """All that a restart must keep."""

    seed: int
    knobs: Knobs
    shops: dict[str, ShopRecord] = {}
    due: list[tuple[datetime, int, Event]] = []
    events: int = 0
    requests: int = 0
    dice: dict[str, Dice] = {}
    faults: FaultBook = msgspec.field(default_factory=FaultBook)
    habits: Habits | None = None


class World:
    """The state with its clock; everything that changes it holds `lock`."""

    def __init__(
        self, state: State, clock: Callable[[], datetime], act: Callable[[datetime, Event], None]
    ) -> None:
        """`clock` gives aware moments; `act` lets an event happen at its moment."""
        self.state = state
        self.lock = threading.RLock()
        self.changes = 0
        self._clock = clock
        self._act = act

    @property
    def knobs(self) -> Knobs:
        """How this Rakuten behaves now."""
        return self.state.knobs

    def dice(self, purpose: str) -> Dice:
        """The stream of chance for one purpose."""
        if purpose not in self.state.dice:
            self.state.dice[purpose] = Dice(f"{self.state.seed}:{purpose}")
        return self.state.dice[purpose]

    def schedule(self, at: datetime, event: Event) -> None:
        """Let `event` happen at `at`, after those of the same moment scheduled before."""
        self.state.events += 1
        heapq.heappush(self.state.due, (at, self.state.events, event))
        self.changes += 1

    def drop(self, orders: Collection[str]) -> None:
        """Let nothing happen to these orders any more; units on their way back still arrive."""
        kept = [
            entry
            for entry in self.state.due
            if isinstance(entry[2], Restocked) or getattr(entry[2], "order", None) not in orders
        ]
        heapq.heapify(kept)
        self.state.due[:] = kept

    def later(self, now: datetime, delay_s: float, event: Event) -> None:
        """Let `event` happen after so many seconds; without delay it happens at once."""
        if delay_s > 0:
            self.schedule(now + timedelta(seconds=delay_s), event)
        else:
            self._act(now, event)

    def now(self) -> datetime:
        """The true moment, with everything done that was due until then."""
        moment = self._clock()
        self.advance(moment)
        return moment

    def advance(self, until: datetime) -> None:
        """Let happen whatever is due until then, in the order of its moments."""
        with self.lock:
            due = self.state.due
            while due and due[0][0] <= until:
                at, _, event = heapq.heappop(due)
                self.changes += 1
                self._act(at, event)
