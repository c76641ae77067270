"""Events entered by hand."""

from typing import Literal

from pydantic import BaseModel, Field, model_validator
from starlette.responses import Response

from onhand.access.model import Right
from onhand.stock.commands.answers import StockAnswer
from onhand.stock.model.commands import (
    Adjust,
    AdjustLine,
    AdjustMode,
    Ask,
    Count,
    CountLine,
    Deduct,
    Line,
    Receive,
    Return,
)
from onhand.stock.model.events import Reference, ReferenceType, Source
from onhand.web.api.holds import DEDUCT_REFUSALS
from onhand.web.api.moves import MOVE_REFUSALS
from onhand.web.bodies import example
from onhand.web.fields import FreeText, Location, Moment, Name, SkuCode, UnitsOrNone
from onhand.web.operation import operation, operations
from onhand.web.visits import Writer

router = operations(tag="SKUs")

_BACKDATED = frozenset({"received", "adjusted"})
_OF_AN_ORDER = frozenset({"shipped", "returned"})


class ManualEvent(BaseModel):
    """Something that happened to one SKU, entered by a person."""

    model_config = example(
        kind="received",
        sku="ce1111",
        quantity=24,
        reason="delivery note 881",
        happened_at="2026-11-21T09:00:00+09:00",
    )
    kind: Literal["received", "adjusted", "counted", "shipped", "returned"]
    sku: SkuCode
    quantity: UnitsOrNone = Field(
        description="Whole units; 0 only for `counted` and for `adjusted` with mode `set`."
    )
    reason: FreeText
    location: Location | None = None
    mode: Literal["add", "subtract", "set"] | None = Field(
        None, description="How an adjustment names its quantity; `adjusted` only."
    )
    order_id: Name | None = Field(None, description="The order; `shipped` and `returned` only.")
    happened_at: Moment | None = Field(
        None, description="When it happened, if not just now; `received` and `adjusted` only."
    )

    @model_validator(mode="after")
    def _check_kind(self) -> "ManualEvent":
        if (self.mode is not None) != (self.kind == "adjusted"):
            raise ValueError("mode goes with `adjusted`, and must be given there")
        if (self.order_id is not None) != (self.kind in _OF_AN_ORDER):
            raise ValueError("order_id goes with `shipped` and `returned`, and must be given there")
        if self.happened_at is not None and self.kind not in _BACKDATED:
            raise ValueError("happened_at goes with `received` and `adjusted` only")
        if self.quantity == 0 and self.kind != "counted" and self.mode != "set":
            raise ValueError("a quantity of 0 makes sense for `counted` and mode `set` only")
        return self

    def ask(self) -> Ask:
        """What is asked of the ledger."""
        line = Line(self.sku, self.quantity, self.location)
        order = Reference(ReferenceType.ORDER, self.order_id or "")
        match self.kind:
            case "received":
                return Receive((line,), self.reason, self.happened_at)
            case "adjusted":
                mode = AdjustMode(self.mode or "")
                change = AdjustLine(self.sku, mode, self.quantity, self.location)
                return Adjust((change,), self.reason, self.happened_at)
            case "counted":
                counted = CountLine(self.sku, self.quantity, None, self.location)
                return Count((counted,), self.reason)
            case "shipped":
                return Deduct(order, (line,), self.reason)
            case "returned":
                return Return(order, (line,), self.reason)


@router.post(
    "/events/manual",
    **operation(Right.OPERATE, StockAnswer, *MOVE_REFUSALS, *DEDUCT_REFUSALS, "exceeds_shipped"),
)
def enter_event(writer: Writer, body: ManualEvent) -> Response:
    """Enter by hand what happened: goods received, a correction, a count, a parcel, a return."""
    return writer.decide(body.ask(), source=Source.MANUAL)
