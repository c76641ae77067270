"""What requests about stock consist of."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from onhand.stock.model.commands import AdjustLine, AdjustMode, Line
from onhand.stock.model.draft import LARGEST_BALANCE
from onhand.stock.model.events import Reference, ReferenceType
from onhand.web.fields import FreeText, Location, Moment, Name, SkuCode, Units, UnitsOrNone

CART_LINES = [{"sku": "ce1111", "quantity": 2}]


def example(**values: Any) -> ConfigDict:
    """Settings of a body: unknown members are refused, and the document shows these values."""
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [values]})


def some_of(**values: Any) -> ConfigDict:
    """The same for a body of which any member may be left out, but not all."""
    extra: dict[str, Any] = {"examples": [values], "minProperties": 1}
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra=extra)


class LineBody(BaseModel):
    """Some units of one SKU; without a location, wherever they are."""

    model_config = example(sku="ce1111", quantity=2)
    sku: SkuCode
    quantity: Units
    location: Location | None = None


Lines = Annotated[list[LineBody], Field(min_length=1)]


def lines_of(lines: list[LineBody] | None) -> tuple[Line, ...]:
    """The ledger's lines."""
    return tuple(Line(line.sku, line.quantity, line.location) for line in lines or ())


class ReserveCart(BaseModel):
    """Hold every line for a cart, or none."""

    model_config = example(cart_id="cart-7f3a", owner="customer-42", lines=CART_LINES)
    cart_id: Name
    owner: Name | None = Field(
        None, description="For whom: your customer's id. Without one, the token's name."
    )
    lines: Lines
    expires_at: Moment | None = Field(
        None, description="When the hold ends; without it, after INVENTORY_RESERVATION_TTL."
    )

    @model_validator(mode="after")
    def _check_end(self) -> "ReserveCart":
        if "expires_at" in self.model_fields_set and self.expires_at is None:
            raise ValueError("a cart's hold must end; only an order's expires_at may be null")
        return self


class ReserveOrder(BaseModel):
    """Hold every line for an order, or none."""

    model_config = example(order_id="order-1001", owner="customer-42", lines=CART_LINES)
    order_id: Name
    owner: Name | None = Field(
        None, description="For whom: your customer's id. Without one, the token's name."
    )
    lines: Lines
    expires_at: Moment | None = Field(
        None,
        description="When the hold ends; without it, after ORDER_RESERVATION_TTL; null: never.",
    )


class Deduction(BaseModel):
    """Ship what an order holds: these lines (the rest stays held), or without lines everything."""

    model_config = example(order_id="order-1001", reason="parcel 1 of 2", lines=CART_LINES)
    order_id: Name
    lines: Lines | None = None
    reason: FreeText | None = None


class ReturnBody(BaseModel):
    """Units of an order came back."""

    model_config = example(order_id="order-1001", lines=[{"sku": "ce1111", "quantity": 1}])
    order_id: Name
    lines: Lines
    reason: FreeText | None = None


class HoldChange(BaseModel):
    """Resize a hold, move its end, or turn a cart's hold into an order's."""

    model_config = some_of(quantity=1, order_id="order-1001")
    quantity: Units | None = None
    expires_at: Moment | None = Field(
        None, description="The new end; null (of an order's hold): it never ends by itself."
    )
    order_id: Name | None = Field(None, description="Turn the cart's hold into this order's.")

    @model_validator(mode="after")
    def _check_something(self) -> "HoldChange":
        moves_end = "expires_at" in self.model_fields_set  # null means never
        if self.quantity is None and self.order_id is None and not moves_end:
            raise ValueError("name at least one of quantity, expires_at and order_id")
        return self


Expected = Annotated[
    int | None,
    Field(
        strict=True,
        ge=-LARGEST_BALANCE,
        le=LARGEST_BALANCE,
        description="Refused when another number is on hand there by then.",
    ),
]


class AdjustBody(BaseModel):
    """Correct what is on hand of one SKU at one location (`main` if none is named)."""

    model_config = example(mode="set", quantity=40, reason="shelf recounted")
    mode: Literal["add", "subtract", "set"]
    quantity: UnitsOrNone = Field(description="Whole units; 0 only with `set`.")
    reason: FreeText
    location: Location | None = None
    expected_on_hand: Expected = None
    happened_at: Moment | None = Field(None, description="When it happened, if not just now.")

    @model_validator(mode="after")
    def _check_zero(self) -> "AdjustBody":
        _check_zero(self.mode, self.quantity)
        return self


class AdjustLineBody(BaseModel):
    """One correction of a bulk adjustment."""

    model_config = example(sku="ce1111", mode="subtract", quantity=3)
    sku: SkuCode
    mode: Literal["add", "subtract", "set"]
    quantity: UnitsOrNone = Field(description="Whole units; 0 only with `set`.")
    location: Location | None = None
    expected_on_hand: Expected = None

    @model_validator(mode="after")
    def _check_zero(self) -> "AdjustLineBody":
        _check_zero(self.mode, self.quantity)
        return self

    def line(self) -> AdjustLine:
        """The ledger's line."""
        mode = AdjustMode(self.mode)
        return AdjustLine(self.sku, mode, self.quantity, self.location, self.expected_on_hand)


def _check_zero(mode: str, quantity: int) -> None:
    if quantity == 0 and mode != "set":
        raise ValueError("a quantity of 0 makes sense with mode `set` only")


class BulkAdjust(BaseModel):
    """Correct many SKUs, all or none."""

    model_config = example(
        reason="water damage", lines=[{"sku": "ce1111", "mode": "subtract", "quantity": 3}]
    )
    lines: Annotated[list[AdjustLineBody], Field(min_length=1)]
    reason: FreeText
    happened_at: Moment | None = Field(None, description="When it happened, if not just now.")


class ReceiveBody(BaseModel):
    """Goods came in, each line at its location (`main` if none is named)."""

    model_config = example(lines=[{"sku": "ce1111", "quantity": 24}], reason="delivery note 881")
    lines: Lines
    reason: FreeText | None = None
    happened_at: Moment | None = Field(None, description="When they came, if not just now.")


class TransferBody(BaseModel):
    """Move free units; a line's location is where they are now (`main` if none is named)."""

    model_config = example(lines=[{"sku": "ce1111", "quantity": 5}], to_location="osaka")
    lines: Lines
    to_location: Location
    reason: FreeText | None = None


class ThresholdBody(BaseModel):
    """The stock policy of a SKU; what is not named stays as it is."""

    model_config = some_of(low_stock_threshold=5, safety_stock=1, allow_oversell=False)
    low_stock_threshold: UnitsOrNone | None = None
    safety_stock: UnitsOrNone | None = None
    allow_oversell: bool | None = Field(None, strict=True)

    @model_validator(mode="after")
    def _check_something(self) -> "ThresholdBody":
        if all(value is None for value in self.model_dump().values()):
            raise ValueError(
                "name at least one of low_stock_threshold, safety_stock and allow_oversell"
            )
        return self


class BatchBody(BaseModel):
    """The codes whose levels are wanted."""

    model_config = example(skus=["ce1111", "no-such-code"])
    skus: Annotated[list[SkuCode], Field(min_length=1)]


class BatchQuery(BaseModel):
    """The codes whose levels are wanted."""

    model_config = example(sku_codes=["ce1111", "no-such-code"])
    sku_codes: Annotated[list[SkuCode], Field(min_length=1)]


class BusinessReference(BaseModel):
    """The order or cart of your business."""

    business_type: Literal["ORDER", "CART"]
    business_id: Name

    def reference(self) -> Reference:
        """The ledger's reference."""
        return Reference(ReferenceType(self.business_type.lower()), self.business_id)


_BUSINESS = {"business_type": "ORDER", "business_id": "order-1001"}


class GenericReserve(BusinessReference):
    """Hold units of one SKU for an order or cart."""

    model_config = example(sku_code="ce1111", quantity=2, **_BUSINESS)
    sku_code: SkuCode
    quantity: Units
    owner: Name | None = Field(
        None, description="For whom: your customer's id. Without one, the token's name."
    )
    expires_at: Moment | None = Field(
        None, description="When the hold ends; without it, the default; null (orders only): never."
    )

    @model_validator(mode="after")
    def _check_end(self) -> "GenericReserve":
        never = "expires_at" in self.model_fields_set and self.expires_at is None
        if never and self.business_type == "CART":
            raise ValueError("a cart's hold must end; only an order's expires_at may be null")
        return self


class GenericUnits(BusinessReference):
    """Units of one SKU, or without them everything the order or cart holds."""

    model_config = example(sku_code="ce1111", quantity=2, **_BUSINESS)
    sku_code: SkuCode | None = None
    quantity: Units | None = None

    @model_validator(mode="after")
    def _check_pair(self) -> "GenericUnits":
        if (self.sku_code is None) != (self.quantity is None):
            raise ValueError("sku_code and quantity go together; leave out both for everything")
        return self

    def lines(self) -> tuple[Line, ...]:
        """The ledger's lines; none for everything."""
        if self.sku_code is None or self.quantity is None:
            return ()
        return (Line(self.sku_code, self.quantity),)


class GenericRollback(BusinessReference):
    """Take back units that were deducted."""

    model_config = example(sku_code="ce1111", quantity=2, **_BUSINESS)
    sku_code: SkuCode
    quantity: Units
