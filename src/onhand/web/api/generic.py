"""The same operations by business reference."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from onhand.access.model import Right
from onhand.stock.commands.answers import StockAnswer
from onhand.stock.model.commands import Deduct, Line, Release, Reserve, Return
from onhand.stock.queries.levels import LevelView
from onhand.web.answers import LevelBatch
from onhand.web.api.holds import (
    DEDUCT_REFUSALS,
    RELEASE_REFUSALS,
    RESERVE_REFUSALS,
    RETURN_REFUSALS,
    owner_of,
)
from onhand.web.api.levels import AsOf, show_batch, show_level
from onhand.web.bodies import BatchQuery, GenericReserve, GenericRollback, GenericUnits
from onhand.web.operation import operation, operations
from onhand.web.paths import PathSku
from onhand.web.visits import Visitor, Writer

router = operations("/inventory-management", tag="stock, generic form")


@router.get("/{sku}", **operation(Right.READ, LevelView, "unknown_sku", owner_token=True))
def query(visit: Visitor, sku: PathSku, wanted: Annotated[AsOf, Query()]) -> Response:
    """One SKU's stock, now or at a moment in the past."""
    return show_level(visit, sku, wanted)


@router.post(
    "/batch-query", **operation(Right.READ, LevelBatch, "too_many_lines", owner_token=True)
)
def batch_query(visit: Visitor, body: BatchQuery) -> Response:
    """The stock of many SKUs at once; codes nobody knows are listed, not refused."""
    return show_batch(visit, body.sku_codes)


@router.post(
    "/reserve", **operation(Right.RESERVE, StockAnswer, *RESERVE_REFUSALS, owner_token=True)
)
def reserve(writer: Writer, body: GenericReserve) -> Response:
    """Hold units of one SKU for an order or cart."""
    never = body.expires_at is None and "expires_at" in body.model_fields_set
    owner = owner_of(writer.visit, body.owner)
    lines = (Line(body.sku_code, body.quantity),)
    return writer.decide(Reserve(body.reference(), owner, lines, body.expires_at, never))


@router.post(
    "/release", **operation(Right.RESERVE, StockAnswer, *RELEASE_REFUSALS, owner_token=True)
)
def release(writer: Writer, body: GenericUnits) -> Response:
    """Let go of what an order or cart holds, all of it or some units of one SKU."""
    return writer.decide(Release(body.reference(), body.lines()))


@router.post("/deduct", **operation(Right.RESERVE, StockAnswer, *DEDUCT_REFUSALS))
def deduct_units(writer: Writer, body: GenericUnits) -> Response:
    """Ship what an order or cart holds, all of it or some units of one SKU."""
    return writer.decide(Deduct(body.reference(), body.lines()))


@router.post("/rollback", **operation(Right.RESERVE, StockAnswer, *RETURN_REFUSALS))
def rollback(writer: Writer, body: GenericRollback) -> Response:
    """Take back units this order or cart shipped; never more, and only of one known here."""
    lines = (Line(body.sku_code, body.quantity),)
    return writer.decide(Return(body.reference(), lines, "rollback", known_only=True))
