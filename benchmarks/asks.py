"""What the benchmarks ask: commands in process, and the same as HTTP requests."""

import random
from collections.abc import Iterator, Sequence
from itertools import count

import msgspec

from benchmarks.load import render
from benchmarks.shop import CALLER
from onhand.stock.model.commands import Command, Deduct, Line, Reserve
from onhand.stock.model.events import Reference, ReferenceType

API = "/api/v1/inventory"
OWNERS = 1000
_numbers = count(1)


def picks(codes: Sequence[str], *, commands: int, lines: int = 1, seed: int = 1) -> list[list[str]]:
    """Return what each command asks: `lines` different codes, the same ones for the same seed."""
    choice = random.Random(seed)
    return [choice.sample(codes, lines) for _ in range(commands)]


def reserve(codes: Sequence[str], *, kind: ReferenceType = ReferenceType.CART) -> Command:
    """Return a new command that holds one unit of every code, with an idempotency key."""
    number = next(_numbers)
    ask = Reserve(
        Reference(kind, f"bench-{number}"),
        owner=f"customer-{number % OWNERS}",
        lines=tuple(Line(code, 1) for code in codes),
    )
    return Command(CALLER, ask, idempotency_key=f"key-{number}")


def sale(codes: Sequence[str]) -> list[Command]:
    """Return the two commands of an order: hold one unit of every code, then ship them."""
    number = next(_numbers)
    reference = Reference(ReferenceType.ORDER, f"sale-{number}")
    lines = tuple(Line(code, 1) for code in codes)
    held = Reserve(reference, owner=f"customer-{number % OWNERS}", lines=lines)
    shipped = Deduct(reference, lines)
    return [
        Command(CALLER, held, idempotency_key=f"hold-{number}"),
        Command(CALLER, shipped, idempotency_key=f"ship-{number}"),
    ]


def post(path: str, token: str, body: object) -> bytes:
    """Return a write with an idempotency key of its own."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"http-{next(_numbers)}"}
    return render("POST", path, headers, msgspec.json.encode(body))


def get(path: str, token: str) -> bytes:
    """Return a read."""
    return render("GET", path, {"Authorization": f"Bearer {token}"})


def reserve_carts(token: str, picked: Sequence[Sequence[str]]) -> Iterator[bytes]:
    """Yield one request per pick that holds a unit of every code for a new cart."""
    for codes in picked:
        number = next(_numbers)
        body = {
            "cart_id": f"cart-{number}",
            "owner": f"customer-{number % OWNERS}",
            "lines": [{"sku": code, "quantity": 1} for code in codes],
        }
        yield post(f"{API}/reserve/cart", token, body)


def naive_carts(picked: Sequence[Sequence[str]]) -> Iterator[bytes]:
    """Yield the same requests for the naive endpoint."""
    for number, codes in enumerate(picked):
        body = {
            "cart_id": f"cart-{number}",
            "owner": f"customer-{number % OWNERS}",
            "lines": [{"sku": code, "quantity": 1} for code in codes],
        }
        yield render("POST", "/reserve", {}, msgspec.json.encode(body))


def reserve_orders(token: str, orders: Sequence[tuple[str, Sequence[str]]]) -> Iterator[bytes]:
    """Yield one request per order that holds a unit of every code."""
    for order_id, codes in orders:
        lines = [{"sku": code, "quantity": 1} for code in codes]
        body = {"order_id": order_id, "owner": "customer-1", "lines": lines}
        yield post(f"{API}/reserve/order", token, body)


def deduct_orders(token: str, order_ids: Sequence[str]) -> Iterator[bytes]:
    """Yield one request per order that ships everything it holds."""
    for order_id in order_ids:
        yield post(f"{API}/deduct", token, {"order_id": order_id})
