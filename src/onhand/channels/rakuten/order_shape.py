"""One order of getOrder or getOrderItem, from Rakuten's JSON to `ChannelOrder`.

Of a deleted package or line nothing counts, prices (`-9999` while not fixed) are not read at all.
An order that is not understood becomes ODD and without lines, for a person to look at, so that it
does not hide the others.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from onhand.channels.port import ChannelLine, ChannelOrder, ListingKey, OrderState
from onhand.channels.rakuten.catalogue import ONLY_VARIANT, sku_codes
from onhand.channels.rakuten.evidence import keep_evidence
from onhand.channels.rakuten.moments import from_rakuten

# Order API, orderProgress.
STATES = {
    100: OrderState.PLACED,  # awaits the shop's confirmation
    200: OrderState.CONFIRMED,  # Rakuten checks credit and payment
    300: OrderState.CONFIRMED,  # awaits shipment
    400: OrderState.CHANGING,
    500: OrderState.SHIPPED,
    600: OrderState.SHIPPED,  # payment under way
    700: OrderState.SHIPPED,  # paid
    800: OrderState.CANCELLING,
    900: OrderState.CANCELLED,
}

_Name = Annotated[str, msgspec.Meta(min_length=1)]


class _Sku(msgspec.Struct, rename="camel"):
    variant_id: str | None = None
    merchant_defined_sku_id: str | None = None
    sku_info: str | None = None


class _Item(msgspec.Struct, rename="camel"):
    item_detail_id: int | _Name
    manage_number: _Name
    units: int
    item_name: str | None = None
    item_number: str | None = None
    # PurchaseItemAPI has no such flag.
    delete_item_flag: Literal[0, 1] | None = 0
    # "One entry"; absent from orders that version 7 has no SKU for.
    skus: Annotated[list[_Sku], msgspec.Meta(max_length=1)] | None = msgspec.field(
        name="SkuModelList", default=None
    )


class _Package(msgspec.Struct, rename="camel"):
    basket_id: int | _Name
    items: list[_Item] = msgspec.field(name="ItemModelList")
    package_delete_flag: Literal[0, 1] | None = 0


class _Order(msgspec.Struct, rename="camel"):
    order_number: _Name
    order_progress: int
    order_datetime: str
    packages: list[_Package] = msgspec.field(name="PackageModelList")


class _Numbered(msgspec.Struct, rename="camel"):
    order_number: _Name


_decode_number = msgspec.json.Decoder(_Numbered).decode


def order_number(message: msgspec.Raw) -> str | None:
    """The number of an order's message; None when it has none that can be read."""
    try:
        return _decode_number(message).order_number
    except (msgspec.DecodeError, RecursionError):
        return None


def read_order(message: msgspec.Raw, order_id: str, read_at: datetime) -> ChannelOrder:
    """The order as Rakuten showed it at `read_at`; ODD and without lines when not understood."""
    content = _content(message)
    raw = keep_evidence(content)
    try:
        order = msgspec.convert(content, _Order)
        ordered_at = from_rakuten(order.order_datetime)
    except (msgspec.ValidationError, ValueError):
        return _odd_order(content, order_id, read_at)
    state = STATES.get(order.order_progress, OrderState.ODD)
    # Nothing at all where something was sold would read as "give everything back".
    if not any(package.items for package in order.packages) and state != OrderState.CANCELLED:
        state = OrderState.ODD
    return ChannelOrder(
        order_id=order_id,
        state=state,
        status=str(order.order_progress),
        ordered_at=ordered_at,
        read_at=read_at,
        lines=tuple(_lines(order)),
        raw=raw,
    )


def _content(message: msgspec.Raw) -> object:
    try:
        content: object = msgspec.json.decode(message)
    except (msgspec.DecodeError, RecursionError):
        return None
    return content


def _odd_order(content: object, order_id: str, read_at: datetime) -> ChannelOrder:
    """What can be told of an order that is not understood; its moment is ours where it has none."""
    fields = content if isinstance(content, dict) else {}
    progress = fields.get("orderProgress")
    ordered_at = read_at
    text = fields.get("orderDatetime")
    if isinstance(text, str):
        try:
            ordered_at = from_rakuten(text)
        except ValueError:
            ordered_at = read_at
    return ChannelOrder(
        order_id=order_id,
        state=OrderState.ODD,
        status=str(progress) if type(progress) is int else "",
        ordered_at=ordered_at,
        read_at=read_at,
        lines=(),
        raw=keep_evidence(content),
    )


def _lines(order: _Order) -> Iterator[ChannelLine]:
    given: Counter[str] = Counter()
    for package in order.packages:
        for item in package.items:
            line_id = f"{package.basket_id}-{item.item_detail_id}"
            given[line_id] += 1
            if package.package_delete_flag == 1 or item.delete_item_flag == 1:
                continue
            # Two lines are two lines, even if the shop should give them one number.
            again = given[line_id]
            yield _line(item, line_id if again == 1 else f"{line_id}#{again}")


def _line(item: _Item, line_id: str) -> ChannelLine:
    sku = item.skus[0] if item.skus else _Sku()
    manage_number = item.manage_number.lower()
    # Orders from before the shop's move to SKUs have no variantId; their itemNumber carries it.
    variant = sku.variant_id or item.item_number or ""
    is_single = not sku.sku_info and variant in {ONLY_VARIANT, item.manage_number, manage_number}
    return ChannelLine(
        line_id=line_id,
        key=ListingKey(manage_number, variant),
        units=item.units,
        name=" ".join(part for part in (item.item_name, _choices(sku.sku_info)) if part),
        codes=sku_codes(
            sku.merchant_defined_sku_id,
            variant,
            item.manage_number if is_single or not variant else None,
        ),
    )


def _choices(sku_info: str | None) -> str:
    """`colour:black` lines of skuInfo as the catalogue names a variant: the choices alone."""
    pairs = (line.partition(":") for line in (sku_info or "").splitlines())
    return " ".join(choice or name for name, _, choice in pairs if choice or name)
