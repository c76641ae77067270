"""`/_sim/…`: what demonstrations and tests do to the simulation. No part of it is Rakuten's."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from onhand.simulators.rakuten.buying import (
    Wish,
    buy_basket,
    cancel,
    change_units,
    edit_stock_by_hand,
)
from onhand.simulators.rakuten.faults import Fault
from onhand.simulators.rakuten.habits import Habits
from onhand.simulators.rakuten.rakuten import Rakuten
from onhand.simulators.rakuten.shop import MOST_UNITS, Shop
from onhand.simulators.rakuten.wire import Answer, Request, Response, ok

PREFIX = "/_sim/"
T = TypeVar("T")


class _Wanted(msgspec.Struct, forbid_unknown_fields=True):
    lines: list[Wish]


class _Cancelling(msgspec.Struct, forbid_unknown_fields=True):
    restock: bool | None = None
    restock_delay_s: float | None = None


class _Units(msgspec.Struct, forbid_unknown_fields=True):
    units: int


class _Stock(msgspec.Struct, forbid_unknown_fields=True):
    item: str
    variant: str
    units: int


class _Spoiling(msgspec.Struct, forbid_unknown_fields=True):
    fault: Fault
    times: int = 1
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request, and what its path names."""

    rakuten: Rakuten
    request: Request
    path: Mapping[str, str]

    @property
    def shop(self) -> Shop:
        found = self.rakuten.shops.get(self.path["shop"])
        if found is None:
            raise Answer(_wrong(404, f"no shop {self.path['shop']}"))
        return found

    @property
    def order(self) -> str:
        number = self.path["order"]
        if number not in self.shop.record.orders:
            raise Answer(_wrong(404, f"no order {number}"))
        return number


def control(rakuten: Rakuten, request: Request) -> Response:
    """Answer a request of the control surface."""
    for method, pattern, act in _ROUTES:
        found = pattern.fullmatch(request.path)
        if method == request.method and found is not None:
            try:
                return act(_Asked(rakuten, request, found.groupdict()))
            except Answer as answer:
                return answer.response
    return _wrong(404, "nothing is here; see docs/reference/cli.md, `simulate rakuten`")


def describe(shop: Shop) -> dict[str, object]:
    """A shop with its keys, as one needs them to set up a store."""
    return {
        "shop": shop.code,
        "service_secret": shop.secret,
        "license_key": shop.license_key,
        "key_expires_at": shop.key_expires_at,
        "orders": len(shop.orders()),
    }


def _shops(asked: _Asked) -> Response:
    return ok([describe(shop) for shop in asked.rakuten.shops.values()])


def _read_knobs(asked: _Asked) -> Response:
    return ok(asked.rakuten.knobs)


def _write_knobs(asked: _Asked) -> Response:
    with asked.rakuten.world.lock:
        asked.rakuten.world.state.knobs = _changed(asked.request, asked.rakuten.knobs)
        asked.rakuten.world.changes += 1
    return ok(asked.rakuten.knobs)


def _read_habits(asked: _Asked) -> Response:
    return ok(asked.rakuten.world.state.habits)


def _write_habits(asked: _Asked) -> Response:
    asked.rakuten.start_buyers(
        _changed(asked.request, asked.rakuten.world.state.habits or Habits())
    )
    return ok(asked.rakuten.world.state.habits)


def _read_faults(asked: _Asked) -> Response:
    return ok(asked.rakuten.faults)


def _add_fault(asked: _Asked) -> Response:
    given = _body(asked.request, _Spoiling)
    with asked.rakuten.world.lock:
        if given.probability is None:
            asked.rakuten.faults.plan(given.fault, given.times)
        else:
            asked.rakuten.faults.by_chance(given.fault, given.probability)
        asked.rakuten.world.changes += 1
    return ok(asked.rakuten.faults, 201)


def _clear_faults(asked: _Asked) -> Response:
    with asked.rakuten.world.lock:
        asked.rakuten.faults.clear()
        asked.rakuten.world.changes += 1
    return ok(asked.rakuten.faults)


def _read_orders(asked: _Asked) -> Response:
    return ok(asked.shop.orders())


def _order(asked: _Asked) -> Response:
    number = buy_basket(asked.shop, _body(asked.request, _Wanted).lines)
    if number is None:
        return _wrong(409, "the shop does not offer that many")
    return ok({"order": number}, 201)


def _cancel(asked: _Asked) -> Response:
    given = _body(asked.request, _Cancelling)
    number = asked.order
    done = cancel(asked.shop, number, restock=given.restock, restock_delay_s=given.restock_delay_s)
    return ok(asked.shop.order(number)) if done else _wrong(409, "too late to cancel")


def _change(asked: _Asked) -> Response:
    number, line_id = asked.order, int(asked.path["line"])
    if all(line.line_id != line_id for line in asked.shop.order(number).lines()):
        return _wrong(404, f"no line {line_id}")
    done = change_units(asked.shop, number, line_id, _body(asked.request, _Units).units)
    return ok(asked.shop.order(number)) if done else _wrong(409, "the shop does not allow it")


def _read_stock(asked: _Asked) -> Response:
    rows = [
        {"item": item, "variant": variant, "sku": asked.shop.sku(item, variant), "units": units}
        for (item, variant), units in sorted(asked.shop.quantities().items())
    ]
    return ok(rows)


def _edit_stock(asked: _Asked) -> Response:
    given = _body(asked.request, _Stock)
    if not asked.shop.has_sku(given.item, given.variant):
        return _wrong(404, "no such SKU")
    if not 0 <= given.units <= MOST_UNITS:
        return _wrong(400, f"units: from 0 to {MOST_UNITS}")
    edit_stock_by_hand(asked.shop, given.item, given.variant, given.units)
    return ok({"units": given.units})


def _read_ledger(asked: _Asked) -> Response:
    return ok(asked.shop.ledger())


def _renew_key(asked: _Asked) -> Response:
    asked.shop.renew_key()
    return ok(describe(asked.shop), 201)


def _expire_key(asked: _Asked) -> Response:
    asked.shop.expire_key()
    return ok(describe(asked.shop))


def _changed(request: Request, present: T) -> T:
    given = _body(request, dict[str, Any])
    held = msgspec.to_builtins(present)
    unknown = given.keys() - held.keys()
    if unknown:
        raise Answer(_wrong(400, f"unknown: {', '.join(sorted(unknown))}"))
    try:
        return msgspec.convert({**held, **given}, type(present))
    except msgspec.ValidationError as error:
        raise Answer(_wrong(400, str(error))) from error


def _body(request: Request, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(request.body or b"{}", type=kind)
    except msgspec.DecodeError as error:
        raise Answer(_wrong(400, str(error))) from error


def _wrong(status: int, reason: str) -> Response:
    return ok({"error": reason}, status)


def _at(path: str) -> re.Pattern[str]:
    numbered = path.replace("{line}", r"(?P<line>\d{1,18})")
    return re.compile(re.sub(r"{([a-z]+)}", r"(?P<\1>[^/]+)", PREFIX + numbered))


_ROUTES: tuple[tuple[str, re.Pattern[str], Callable[[_Asked], Response]], ...] = (
    ("GET", _at("shops"), _shops),
    ("GET", _at("knobs"), _read_knobs),
    ("PUT", _at("knobs"), _write_knobs),
    ("GET", _at("habits"), _read_habits),
    ("PUT", _at("habits"), _write_habits),
    ("GET", _at("faults"), _read_faults),
    ("POST", _at("faults"), _add_fault),
    ("DELETE", _at("faults"), _clear_faults),
    ("GET", _at("{shop}/orders"), _read_orders),
    ("POST", _at("{shop}/orders"), _order),
    ("POST", _at("{shop}/orders/{order}/cancel"), _cancel),
    ("PUT", _at("{shop}/orders/{order}/lines/{line}"), _change),
    ("GET", _at("{shop}/stock"), _read_stock),
    ("PUT", _at("{shop}/stock"), _edit_stock),
    ("GET", _at("{shop}/ledger"), _read_ledger),
    ("POST", _at("{shop}/key"), _renew_key),
    ("DELETE", _at("{shop}/key"), _expire_key),
)
