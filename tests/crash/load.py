"""Clients that write down what they asked, what it must have done, and what they were told."""

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

Effects = dict[str, tuple[int, int]]  # change of on hand and of reserved by SKU

SKUS = tuple(f"crash-{number}" for number in range(6))
OPENING_UNITS = 60
RETRY_LIMIT_S = 60.0


@dataclass
class Sent:
    """A command that was sent, perhaps more than once, under one key."""

    key: str
    effects: Effects
    outcome: str = "unknown"  # or acknowledged, or refused
    answer: str = ""
    interrupted: bool = False


@dataclass(frozen=True)
class Request:
    """What is sent."""

    method: str
    path: str
    body: dict[str, Any] | None
    effects: Effects


class Client:
    """One customer after another, each with an order that goes its way."""

    def __init__(self, name: str, urls: Sequence[str], token: str) -> None:
        """A client of all these servers; its choices follow from its name."""
        self.journal: list[Sent] = []
        self._name = name
        self._urls = urls
        self._choice = random.Random(name)
        self._orders = 0
        self._http = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=60)

    def work(self, stop: threading.Event) -> None:
        """Work until told to stop, and then not for longer than one answer takes."""
        with self._http:
            while not stop.is_set():
                self._orders += 1
                self._choice.choice([self._order, self._order, self._cart, self._receipt])(stop)

    def _order(self, stop: threading.Event) -> None:
        """Reserve; then ship in parcels, cancel the rest, and have something come back."""
        order = f"{self._name}-{self._orders}"
        held = {sku: self._choice.randint(1, 4) for sku in self._choice.sample(SKUS, 3)}
        if not self._send(reserve(order, held), stop):
            return
        parcel = dict.fromkeys(held, 1)
        path = self._choice.choice(["all", "parcels", "cancel"])
        if path == "cancel":
            self._send(release(order, held), stop)
        elif path == "all":
            if self._send(deduct(order, held, named=False), stop):
                self._send(give_back(order, parcel), stop)
        elif self._send(deduct(order, parcel, named=True), stop):
            rest = {sku: units - 1 for sku, units in held.items() if units > 1}
            if rest:
                self._send(release(order, rest), stop)

    def _cart(self, stop: threading.Event) -> None:
        """A hold that ends by itself."""
        held = dict.fromkeys(self._choice.sample(SKUS, 2), 1)
        self._send(reserve_cart(f"{self._name}-{self._orders}", held), stop)

    def _receipt(self, stop: threading.Event) -> None:
        """Goods come in."""
        came = {sku: self._choice.randint(1, 5) for sku in self._choice.sample(SKUS, 3)}
        self._send(receive(came), stop)

    def _send(self, request: Request, stop: threading.Event) -> bool:
        """Send it until it is answered, or give up in the dark; whether it was acknowledged."""
        sent = Sent(f"crash-{self._name}-{len(self.journal)}", request.effects)
        self.journal.append(sent)
        gives_up = self._choice.random() < 0.3
        deadline = time.monotonic() + RETRY_LIMIT_S
        while time.monotonic() < deadline:
            if self._try(sent, request):
                return sent.outcome == "acknowledged"
            if gives_up or stop.is_set():
                return False
            time.sleep(0.05)
        raise AssertionError(f"no answer to {sent.key} for {RETRY_LIMIT_S} s")

    def _try(self, sent: Sent, request: Request) -> bool:
        """Send it once to any server; whether there was an answer that settles it."""
        url = self._choice.choice(self._urls)
        try:
            answer = self._http.request(
                request.method,
                f"{url}/api/v1{request.path}",
                json=request.body,
                headers={"Idempotency-Key": sent.key},
            )
        except httpx.ConnectError:
            return False  # nobody was there: it cannot have been done
        except httpx.TransportError:
            sent.interrupted = True
            return False
        if answer.status_code == 503:
            return False
        assert answer.status_code in {200, 404, 409, 422}, (answer.status_code, answer.text)
        sent.outcome = "acknowledged" if answer.status_code == 200 else "refused"
        sent.answer = answer.text
        return True


def _lines(units: dict[str, int]) -> list[dict[str, Any]]:
    return [{"sku": sku, "quantity": n} for sku, n in units.items()]


def reserve(order: str, units: dict[str, int]) -> Request:
    """Hold units for an order, without end."""
    body = {"order_id": order, "lines": _lines(units), "expires_at": None}
    effects = {sku: (0, n) for sku, n in units.items()}
    return Request("POST", "/inventory/reserve/order", body, effects)


def reserve_cart(cart: str, units: dict[str, int]) -> Request:
    """Hold units for a cart for two seconds."""
    end = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    body = {"cart_id": cart, "lines": _lines(units), "expires_at": end}
    effects = {sku: (0, n) for sku, n in units.items()}
    return Request("POST", "/inventory/reserve/cart", body, effects)


def release(order: str, units: dict[str, int]) -> Request:
    """Let go of everything an order holds, which is these units."""
    effects = {sku: (0, -n) for sku, n in units.items()}
    return Request("DELETE", f"/inventory/reserve/order/{order}", None, effects)


def deduct(order: str, units: dict[str, int], *, named: bool) -> Request:
    """Ship these units, named line by line or as everything the order holds."""
    body = {"order_id": order, **({"lines": _lines(units)} if named else {})}
    effects = {sku: (-n, -n) for sku, n in units.items()}
    return Request("POST", "/inventory/deduct", body, effects)


def give_back(order: str, units: dict[str, int]) -> Request:
    """Units of an order come back."""
    body = {"order_id": order, "lines": _lines(units)}
    effects = {sku: (n, 0) for sku, n in units.items()}
    return Request("POST", "/inventory/return", body, effects)


def receive(units: dict[str, int]) -> Request:
    """Goods come in."""
    effects = {sku: (n, 0) for sku, n in units.items()}
    return Request("POST", "/inventory/receive", {"lines": _lines(units)}, effects)
