"""The network between Onhand and the simulated shops: it takes time, and it loses things."""

from collections import Counter
from dataclasses import dataclass, field

import httpx

from onhand.simulators.rakuten import Lost, Rakuten, Request
from onhand.simulators.rakuten.dice import Dice
from onhand.simulators.rakuten.gateway import find_route
from onhand.world.crashes import Crash, Crashes
from onhand.world.turns import Turns

# Seconds from our sending until the shop has it, and from there until we have its answer.
_THERE_S = (0.02, 0.06)
_BACK_S = (0.05, 0.5)
ONE_WAY_S = sum(_THERE_S) / 2  # on average
_CONNECT_TIMEOUT_S = 5.0
_READ_TIMEOUT_S = 30.0


@dataclass(slots=True)
class Network:
    """Reaches the shops of one Rakuten; `unreached` is how often a connection is not even made."""

    rakuten: Rakuten
    turns: Turns
    crashes: Crashes
    dice: Dice
    unreached: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)
    lost: int = 0

    def transport(self, store_id: str) -> httpx.BaseTransport:
        """A connection to a store's shop."""
        return _Line(self, store_id)

    def pass_time(self, span_s: tuple[float, float]) -> None:
        """Let a message be on its way, for something between these seconds."""
        self.turns.sleep(span_s[0] + (span_s[1] - span_s[0]) * self.dice.roll())


class _Line(httpx.BaseTransport):
    def __init__(self, network: Network, store_id: str) -> None:
        self._network = network
        self._store_id = store_id

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        network = self._network
        sent = Request(
            request.method,
            request.url.path,
            request.url.query.decode(),
            dict(request.headers),
            request.read(),
        )
        route, _ = find_route(sent.method, sent.path)
        network.calls[f"{self._store_id} {route.function}"] += 1
        network.crashes.pass_by("before a call")
        if network.dice.happens(network.unreached):
            network.lost += 1
            network.turns.sleep(_CONNECT_TIMEOUT_S)
            raise httpx.ConnectTimeout("simulated: not reached")
        try:
            network.pass_time(_THERE_S)
        except Crash:
            if network.crashes.landing():
                network.rakuten.handle(sent)
            raise
        outcome = network.rakuten.handle(sent)
        network.crashes.pass_by("after the effect of a call")
        if isinstance(outcome, Lost):
            network.lost += 1
            network.turns.sleep(outcome.hang_s or _READ_TIMEOUT_S)
            raise httpx.ReadTimeout("simulated: no answer")
        network.pass_time(_BACK_S)
        network.crashes.pass_by("after the answer of a call")
        return httpx.Response(outcome.status, headers=outcome.headers, content=outcome.body)
