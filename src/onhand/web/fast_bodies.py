"""The bodies the fast lane reads, and what they ask of the ledger.

Twins of the models in `bodies`, with the same rules for every value (`fields`); a test feeds both
the same bodies.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from onhand.access.model import Principal
from onhand.stock.model.commands import Ask, Deduct, Line, Release, Reserve
from onhand.stock.model.events import Reference, ReferenceType
from onhand.web.fields import MOST_UNITS, read_code, read_moment, read_name, read_text

_Units = Annotated[int, Meta(ge=1, le=MOST_UNITS)]
_End = str | None | UnsetType
_AnyBody = TypeVar("_AnyBody")


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    """Exactly the expected members."""


class _Line(_Body):
    sku: str
    quantity: _Units
    location: str | None = None


_Lines = Annotated[list[_Line], Meta(min_length=1)]


class _Cart(_Body):
    cart_id: str
    lines: _Lines
    owner: str | None = None
    expires_at: str | UnsetType = UNSET


class _Order(_Body):
    order_id: str
    lines: _Lines
    owner: str | None = None
    expires_at: _End = UNSET


class _Deduction(_Body):
    order_id: str
    lines: _Lines | None = None
    reason: str | None = None


class _Business(_Body):
    business_type: Literal["ORDER", "CART"]
    business_id: str


class _GenericReserve(_Business):
    sku_code: str
    quantity: _Units
    owner: str | None = None
    expires_at: _End = UNSET


class _GenericUnits(_Business):
    sku_code: str | None = None
    quantity: _Units | None = None


def _owner(owner: str | None, principal: Principal) -> str:
    if owner is not None:
        return read_name(owner)
    return principal.bound_owner or principal.name


def _end(end: _End) -> datetime | None:
    return read_moment(end) if isinstance(end, str) else None


def _lines(lines: list[_Line], most: int) -> tuple[Line, ...]:
    if len(lines) > most:
        raise ValueError("too many lines")
    return tuple(
        Line(
            read_code(line.sku),
            line.quantity,
            None if line.location is None else read_name(line.location),
        )
        for line in lines
    )


def _reserve_cart(body: _Cart, principal: Principal, most: int) -> Ask:
    return Reserve(
        Reference(ReferenceType.CART, read_name(body.cart_id)),
        _owner(body.owner, principal),
        _lines(body.lines, most),
        _end(body.expires_at),
    )


def _reserve_order(body: _Order, principal: Principal, most: int) -> Ask:
    return Reserve(
        Reference(ReferenceType.ORDER, read_name(body.order_id)),
        _owner(body.owner, principal),
        _lines(body.lines, most),
        _end(body.expires_at),
        body.expires_at is None,
    )


def _deduct(body: _Deduction, _principal: Principal, most: int) -> Ask:
    return Deduct(
        Reference(ReferenceType.ORDER, read_name(body.order_id)),
        () if body.lines is None else _lines(body.lines, most),
        None if body.reason is None else read_text(body.reason),
    )


def _reference(body: _Business) -> Reference:
    return Reference(ReferenceType(body.business_type.lower()), read_name(body.business_id))


def _reserve(body: _GenericReserve, principal: Principal, _most: int) -> Ask:
    never = body.expires_at is None
    if never and body.business_type == "CART":
        raise ValueError("a cart's hold must end")
    return Reserve(
        _reference(body),
        _owner(body.owner, principal),
        (Line(read_code(body.sku_code), body.quantity),),
        _end(body.expires_at),
        never,
    )


def _units(body: _GenericUnits) -> tuple[Line, ...]:
    if body.sku_code is None and body.quantity is None:
        return ()
    if body.sku_code is None or body.quantity is None:
        raise ValueError("sku_code and quantity go together")
    return (Line(read_code(body.sku_code), body.quantity),)


def _release(body: _GenericUnits, _principal: Principal, _most: int) -> Ask:
    return Release(_reference(body), _units(body))


def _deduct_units(body: _GenericUnits, _principal: Principal, _most: int) -> Ask:
    return Deduct(_reference(body), _units(body))


class Reader(NamedTuple):
    """One operation: whether owner tokens may use it, and how its body is read.

    `read` takes the body, the principal and the most lines there may be. It raises ValueError for
    anything but a plain, acceptable body.
    """

    owner_token: bool
    read: Callable[[bytes, Principal, int], Ask]


def _reader(
    kind: type[_AnyBody], ask: Callable[[_AnyBody, Principal, int], Ask], *, owner_token: bool
) -> Reader:
    decode = msgspec.json.Decoder(kind).decode
    return Reader(owner_token, lambda raw, principal, most: ask(decode(raw), principal, most))


READERS = {
    "/api/v1/inventory/reserve/cart": _reader(_Cart, _reserve_cart, owner_token=True),
    "/api/v1/inventory/reserve/order": _reader(_Order, _reserve_order, owner_token=True),
    "/api/v1/inventory/deduct": _reader(_Deduction, _deduct, owner_token=False),
    "/api/v1/inventory-management/reserve": _reader(_GenericReserve, _reserve, owner_token=True),
    "/api/v1/inventory-management/release": _reader(_GenericUnits, _release, owner_token=True),
    "/api/v1/inventory-management/deduct": _reader(_GenericUnits, _deduct_units, owner_token=False),
}
