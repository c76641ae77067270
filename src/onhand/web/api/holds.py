"""Reserving, releasing, deducting and returning."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.responses import Response

from onhand.access.model import Right
from onhand.stock.commands.answers import StockAnswer
from onhand.stock.model.commands import (
    ChangeHold,
    Deduct,
    Line,
    Release,
    Reserve,
    Return,
)
from onhand.stock.model.events import Reference, ReferenceType
from onhand.stock.queries.holds import HoldFilter, list_holds
from onhand.web.answers import ReservationPage
from onhand.web.bodies import (
    Deduction,
    HoldChange,
    ReserveCart,
    ReserveOrder,
    ReturnBody,
    lines_of,
)
from onhand.web.fields import Location, Name, PageSize, QueryUnits, SkuCode
from onhand.web.guard import Visit
from onhand.web.operation import operation, operations
from onhand.web.paths import PathName
from onhand.web.visits import Visitor, Writer, check_count, shown

router = operations("/inventory", tag="stock")

RESERVE_REFUSALS = (
    "insufficient_stock",
    "unknown_sku",
    "unknown_location",
    "hold_limit_reached",
    "reservation_not_yours",
    "invalid_moment",
    "too_many_lines",
)
RELEASE_REFUSALS = (
    "reservation_not_found",
    "reservation_not_yours",
    "exceeds_held",
    "unknown_sku",
)
DEDUCT_REFUSALS = (
    "insufficient_stock",
    "exceeds_reserved",
    "reservation_not_found",
    "reservation_not_yours",
    "reservation_ended",
    "unknown_sku",
    "unknown_location",
    "too_many_lines",
)
RETURN_REFUSALS = (
    "exceeds_shipped",
    "reservation_not_found",
    "reservation_not_yours",
    "unknown_sku",
    "unknown_location",
    "balance_too_large",
    "too_many_lines",
)


def owner_of(visit: Visit, owner: str | None) -> str:
    """For whom a hold is: who is named, else the owner the token is bound to, else its name."""
    return owner or visit.principal.bound_owner or visit.principal.name


@router.post(
    "/reserve/cart", **operation(Right.RESERVE, StockAnswer, *RESERVE_REFUSALS, owner_token=True)
)
def reserve_cart(writer: Writer, body: ReserveCart) -> Response:
    """Hold units for a cart: every line or none."""
    check_count(body.lines, writer.visit)
    reference = Reference(ReferenceType.CART, body.cart_id)
    owner = owner_of(writer.visit, body.owner)
    return writer.decide(Reserve(reference, owner, lines_of(body.lines), body.expires_at))


@router.post(
    "/reserve/order", **operation(Right.RESERVE, StockAnswer, *RESERVE_REFUSALS, owner_token=True)
)
def reserve_order(writer: Writer, body: ReserveOrder) -> Response:
    """Hold units for an order: every line or none."""
    check_count(body.lines, writer.visit)
    never = body.expires_at is None and "expires_at" in body.model_fields_set
    return writer.decide(
        Reserve(
            Reference(ReferenceType.ORDER, body.order_id),
            owner_of(writer.visit, body.owner),
            lines_of(body.lines),
            body.expires_at,
            never,
        )
    )


class SomeUnits(BaseModel):
    """Units of one SKU; without them, everything."""

    model_config = ConfigDict(extra="forbid")
    sku: SkuCode | None = Field(None, description="Release this SKU only; goes with `quantity`.")
    quantity: QueryUnits | None = Field(None, description="How many units of it to release.")
    location: Location | None = None

    @model_validator(mode="after")
    def _check_pair(self) -> "SomeUnits":
        if (self.sku is None) != (self.quantity is None):
            raise ValueError("sku and quantity go together; leave out both for everything")
        if self.location is not None and self.sku is None:
            raise ValueError("location goes with sku and quantity")
        return self

    def lines(self) -> tuple[Line, ...]:
        """The ledger's lines; none for everything."""
        if self.sku is None or self.quantity is None:
            return ()
        return (Line(self.sku, self.quantity, self.location),)


class CartUnits(SomeUnits):
    """Which cart, and which of its units."""

    cart_id: Name


@router.delete(
    "/reserve/cart", **operation(Right.RESERVE, StockAnswer, *RELEASE_REFUSALS, owner_token=True)
)
def release_cart(writer: Writer, wanted: Annotated[CartUnits, Query()]) -> Response:
    """Let go of what a cart holds, all of it or some units of one SKU."""
    return writer.decide(Release(Reference(ReferenceType.CART, wanted.cart_id), wanted.lines()))


@router.delete(
    "/reserve/order/{order_id}",
    **operation(Right.RESERVE, StockAnswer, *RELEASE_REFUSALS, owner_token=True),
)
def release_order(
    writer: Writer, order_id: PathName, wanted: Annotated[SomeUnits, Query()]
) -> Response:
    """Let go of what an order holds, all of it or some units of one SKU."""
    return writer.decide(Release(Reference(ReferenceType.ORDER, order_id), wanted.lines()))


class HoldSearch(BaseModel):
    """Which reservations to list."""

    model_config = ConfigDict(extra="forbid")
    sku: SkuCode | None = None
    owner: Name | None = None
    reference_type: Literal["order", "cart"] | None = None
    reference_id: Name | None = None
    include_ended: bool = Field(False, description="Also those that ended.")
    limit: PageSize = 100
    after: Name | None = Field(None, description="The `cursor` of the page before.")


@router.get("/reservations", **operation(Right.READ, ReservationPage, owner_token=True))
def read_reservations(visit: Visitor, wanted: Annotated[HoldSearch, Query()]) -> Response:
    """Who holds what, for whom, until when.

    Operators and admins see every hold, others those made with a token of their own name.
    """
    principal = visit.principal
    owner = wanted.owner
    if principal.bound_owner is not None:
        if owner not in {None, principal.bound_owner}:
            return shown(ReservationPage([], None))
        owner = principal.bound_owner
    chosen = HoldFilter(
        sku=wanted.sku,
        owner=owner,
        holder=None if principal.may(Right.OPERATE) else principal.name,
        reference_type=wanted.reference_type,
        reference_id=wanted.reference_id,
        include_ended=wanted.include_ended,
        after=wanted.after,
        limit=wanted.limit + 1,
    )
    with visit.environment.database.read() as connection:
        holds = list_holds(connection, chosen, now=visit.environment.clock())
    page = holds[: wanted.limit]
    return shown(ReservationPage(page, page[-1].id if len(holds) > len(page) else None))


@router.patch(
    "/reservations/{reservation_id}",
    **operation(
        Right.RESERVE,
        StockAnswer,
        "insufficient_stock",
        "reservation_not_found",
        "reservation_not_yours",
        "reservation_ended",
        "hold_limit_reached",
        "invalid_moment",
        "cart_hold_must_end",
        owner_token=True,
    ),
)
def change_reservation(writer: Writer, reservation_id: PathName, body: HoldChange) -> Response:
    """Resize a hold, move its end, or turn a cart's hold into an order's."""
    never = body.expires_at is None and "expires_at" in body.model_fields_set
    return writer.decide(
        ChangeHold(reservation_id, body.quantity, body.expires_at, never, body.order_id)
    )


@router.post("/deduct", **operation(Right.RESERVE, StockAnswer, *DEDUCT_REFUSALS))
def deduct(writer: Writer, body: Deduction) -> Response:
    """Ship what an order holds: these lines (the rest stays held), or everything."""
    check_count(body.lines or (), writer.visit)
    return writer.decide(
        Deduct(Reference(ReferenceType.ORDER, body.order_id), lines_of(body.lines), body.reason)
    )


@router.post("/return", **operation(Right.RESERVE, StockAnswer, *RETURN_REFUSALS))
def return_units(writer: Writer, body: ReturnBody) -> Response:
    """Put units of an order back on hand.

    Never more than it shipped. Operators and admins may also return units of an order that
    shipped before Onhand knew of it.
    """
    check_count(body.lines, writer.visit)
    return writer.decide(
        Return(
            Reference(ReferenceType.ORDER, body.order_id),
            lines_of(body.lines),
            body.reason,
            known_only=not writer.visit.principal.may(Right.OPERATE),
        )
    )
