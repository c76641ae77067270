"""The simulated Rakuten: shops, the API as one function, and time."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from onhand.simulators.rakuten import gateway, mishaps
from onhand.simulators.rakuten.buyers import come, come_back, start_buyers
from onhand.simulators.rakuten.call import Call
from onhand.simulators.rakuten.faults import Fault, FaultBook
from onhand.simulators.rakuten.habits import Habits
from onhand.simulators.rakuten.happenings import happen
from onhand.simulators.rakuten.knobs import Knobs
from onhand.simulators.rakuten.records import ShopRecord
from onhand.simulators.rakuten.shop import Shop, make_key
from onhand.simulators.rakuten.wire import Answer, Outcome, Request, Response
from onhand.simulators.rakuten.world import (
    BuyerComes,
    BuyerReturns,
    Event,
    RequestLands,
    State,
    World,
)

_FIRST_SHOP_ID = 400_123


class Rakuten:
    """A Rakuten with any number of shops in memory; deterministic, given seed and clock."""

    def __init__(
        self, clock: Callable[[], datetime], seed: int = 0, knobs: Knobs | None = None
    ) -> None:
        """`clock` gives aware moments; it may be simulated."""
        state = State(seed=seed, knobs=knobs or Knobs())
        self.world = World(state, clock, self._act)
        self.shops: dict[str, Shop] = {}

    @classmethod
    def restore(cls, snapshot: bytes, clock: Callable[[], datetime]) -> "Rakuten":
        """The Rakuten of which `snapshot` was taken.

        Raises:
            msgspec.MsgspecError: these bytes are no snapshot.
        """
        state = msgspec.json.decode(snapshot, type=State)
        made = cls(clock)
        made.world.state = state
        made.shops = {code: Shop(record, made.world) for code, record in state.shops.items()}
        return made

    def snapshot(self) -> bytes:
        """Everything, as JSON."""
        with self.world.lock:
            return msgspec.json.encode(self.world.state)

    @property
    def knobs(self) -> Knobs:
        """How this Rakuten behaves; may be changed."""
        return self.world.state.knobs

    @property
    def faults(self) -> FaultBook:
        """What goes wrong."""
        return self.world.state.faults

    def open_shop(self, code: str, *, skew_s: float = 0.0) -> Shop:
        """A new shop with keys of its own; its clock is `skew_s` seconds ahead of the true one."""
        with self.world.lock:
            shops = self.world.state.shops
            record = ShopRecord(
                code=code,
                shop_id=_FIRST_SHOP_ID + len(shops),
                secret=f"SP-FAKE-{code.upper()[:36]}",
                keys=[],
                skew_s=skew_s,
            )
            shop = Shop(record, self.world)
            record.keys.append(make_key(record, shop.local(self.world.now())))
            shops[code] = record
            self.shops[code] = shop
            return shop

    def start_buyers(self, habits: Habits) -> None:
        """Let people buy in every shop from now on, or otherwise than before."""
        with self.world.lock:
            start_buyers(self.world, list(self.shops.values()), habits)

    def advance(self, until: datetime) -> None:
        """Let happen whatever is due until then; `handle` does so by itself."""
        self.world.advance(until)

    def handle(self, request: Request) -> Outcome:
        """Answer one request, after everything that was due before it."""
        with self.world.lock:
            now = self.world.now()
            self.world.state.requests += 1
            outcome = self._outcome(request, now)
            if not isinstance(outcome, Response):
                return outcome
            return Response(outcome.status, {**self._headers(now), **outcome.headers}, outcome.body)

    def _outcome(self, request: Request, now: datetime) -> Outcome:
        try:
            route, path = gateway.find_route(request.method, request.path)
            secret, key = gateway.read_authorization(request.header("authorization"))
            shop = next((s for s in self.shops.values() if s.secret == secret), None)
            dice = self.world.dice("faults")
            fault = self.faults.draw("" if shop is None else shop.code, route.function, dice)
            instead = None if fault is None else mishaps.before(self.world, fault, request, now)
            if instead is not None:
                return instead
            gateway.check_maintenance(self.knobs, route, now)
            shop = gateway.check_key(shop, key, now, self.knobs.auth_envelope)
            gateway.check_permission(shop, route)
            gateway.check_limit(shop, route, now)
        except Answer as answer:
            return answer.response
        answered = _answer(route, Call(shop, route.function, request, now, path, now))
        return answered if fault is None else self._spoilt(fault, answered)

    def _spoilt(self, fault: Fault, answer: Response) -> Outcome:
        return mishaps.after(fault, answer, self.world.dice("spoiling"))

    def _headers(self, now: datetime) -> dict[str, str]:
        number = self.world.state.requests
        stamp = now.astimezone(UTC).replace(tzinfo=None)
        return {
            "requestid": str(UUID(int=(self.world.state.seed << 64) + number)),
            "timestamp": stamp.isoformat(timespec="milliseconds"),
            "cache-control": "no-cache,no-store",
            "pragma": "no-cache",
            "server": "openresty",
            "x-content-type-options": "nosniff",
        }

    def _act(self, now: datetime, event: Event) -> None:
        if isinstance(event, RequestLands):
            self._land(now, event)
            return
        shop = self.shops[event.shop]
        if isinstance(event, BuyerComes):
            come(shop, now)
        elif isinstance(event, BuyerReturns):
            come_back(shop, now, event)
        else:
            happen(shop, now, event)

    def _land(self, now: datetime, event: RequestLands) -> None:
        route, path = gateway.find_route(event.request.method, event.request.path)
        secret, key = gateway.read_authorization(event.request.header("authorization"))
        shop = next((s for s in self.shops.values() if s.secret == secret), None)
        if shop is not None and any(one.text == key for one in shop.record.keys):
            call = Call(shop, route.function, event.request, now, path, event.received_at)
            _answer(route, call)


def _answer(route: gateway.Route, call: Call) -> Response:
    try:
        return route.handler(call)
    except Answer as answer:
        return answer.response
