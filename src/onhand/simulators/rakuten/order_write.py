"""confirmOrder, cancelOrder and the shipping report (reference 2.5 to 2.7)."""

from datetime import datetime
from typing import Any

from onhand.simulators.rakuten.buying import OPEN, end_order, restock_order
from onhand.simulators.rakuten.call import Call
from onhand.simulators.rakuten.happenings import confirm
from onhand.simulators.rakuten.order_messages import (
    Kind,
    Name,
    message,
    order_body,
    order_numbers,
    refuse,
)
from onhand.simulators.rakuten.records import Order, Package, Shipping
from onhand.simulators.rakuten.wire import Response, ok

_CANCELLED = (800, 900)
_SHIPPED = (500, 600, 700, 800)
_MOST_PARCELS = 20
_NUMBER_CHARACTERS = 120
# Which stock comes back, by inventoryRestoreType: as each SKU says, all of it, none of it.
_RESTORE = {0: None, 1: True, 2: False}
_REASONS = frozenset({1, 2, 3, 4, 5, 6, 8, 10, 13, 14, 15})


def confirm_order(call: Call) -> Response:
    """Confirm each order that waits; one message for each."""
    name = Name.CONFIRM
    numbers = order_numbers(order_body(call, name), name)
    told = []
    for number in dict.fromkeys(numbers):
        code, text = _confirm(call, call.shop.record.orders.get(number))
        kind = Kind.INFO if code.startswith("INFO") else Kind.ERROR
        told.append(message(kind, name, code, text, number))
    has_failed = any(one["messageType"] is Kind.ERROR for one in told)
    status = call.shop.world.knobs.confirm_failure_status if has_failed else 200
    return ok({"MessageModelList": told}, status)


def _confirm(call: Call, order: Order | None) -> tuple[str, str]:
    if order is None:
        return "ERROR_0xx_UNKNOWN", "no such order"
    if order.progress in _CANCELLED:
        return "ERROR_102", "キャンセルされた注文です。"
    if order.progress != 100:
        return "ERROR_103", "注文確認待ちではありません。"
    if not order.amount_fixed:
        return "ERROR_105", "金額が確定していません。"
    confirm(call.shop, call.now, order)
    return "INFO_101", "注文確認に成功しました。"


def cancel_order(call: Call) -> Response:
    """Cancel an order that is not shipped yet."""
    return _cancel(call, Name.CANCEL, OPEN)


def cancel_order_after_shipping(call: Call) -> Response:
    """Cancel an order that is shipped already."""
    return _cancel(call, Name.CANCEL_SHIPPED, _SHIPPED)


def _cancel(call: Call, name: Name, allowed: tuple[int, ...]) -> Response:
    body = order_body(call, name)
    order = _order(call, name, body)
    restore = body.get("inventoryRestoreType")
    if restore is None:
        raise refuse(name, "009", "inventoryRestoreTypeの項目を指定して下さい。")
    if restore not in _RESTORE or body.get("changeReasonDetailApply") not in _REASONS:
        raise refuse(name, "011", "the restore type or the reason is none of the known ones")
    if order.progress not in allowed:
        raise refuse(name, "0xx_STATE", f"not possible in status {order.progress}")
    is_restocked_already = order.progress in _CANCELLED
    end_order(call.shop, call.now, order, by_customer=False)
    if not is_restocked_already:
        restock_order(call.shop, call.now, order, restock=_RESTORE[restore])
    text = "注文キャンセルに成功しました。"
    return ok({"MessageModelList": [message(Kind.INFO, name, "INFO_101", text, order.number)]})


def update_order_shipping(call: Call) -> Response:
    """Add, change or erase the parcels of an order; with a date for each package it is shipped."""
    name = Name.SHIP
    body = order_body(call, name)
    order = _order(call, name, body)
    if order.progress in _CANCELLED:
        raise refuse(name, "102", "キャンセルされた注文です。")
    if order.progress not in (300, 500, 600, 700):
        raise refuse(name, "0xx_STATE", f"not possible in status {order.progress}")
    told = []
    for package, given in _parcels(body, order):
        _check_parcel(given, name, call.shop.world.knobs.shipping_date_format)
        code, shipping = _report(call, package, given)
        one = message(Kind.INFO, name, code, "発送情報を更新しました。", order.number)
        told.append({**one, "shippingDetailId": shipping})
    packages = [package for package in order.packages if not package.deleted]
    if order.progress == 300 and all(any(s.date for s in p.shippings) for p in packages):
        order.progress = 500
        order.shipped_at = call.local_now
    call.shop.world.changes += 1
    return ok({"MessageModelList": told})


def _parcels(body: dict[str, Any], order: Order) -> list[tuple[Package, dict[str, Any]]]:
    name = Name.SHIP
    packages = {package.basket_id: package for package in order.packages}
    baskets = body.get("BasketidModelList")
    if not isinstance(baskets, list) or not baskets:
        raise refuse(name, "009", "BasketidModelListの項目を指定して下さい。")
    found = []
    for basket in baskets:
        basket_id = basket.get("basketId") if isinstance(basket, dict) else None
        if basket_id not in packages:
            raise refuse(name, "011", "basketIdの形式が不正です。")
        parcels = basket.get("ShippingModelList") or []
        if len(parcels) > _MOST_PARCELS:
            raise refuse(name, "0xx_MANY", f"at most {_MOST_PARCELS} parcels in a package")
        found += [(packages[basket_id], parcel) for parcel in parcels]
    return found


def _check_parcel(given: dict[str, Any], name: Name, date_format: str) -> None:
    date = given.get("shippingDate")
    number = given.get("shippingNumber")
    if number is not None and (
        not isinstance(number, str) or len(number) > _NUMBER_CHARACTERS or not number.isascii()
    ):
        raise refuse(name, "011", "shippingNumberの形式が不正です。")
    if date:
        try:
            read = datetime.strptime(date, date_format)  # noqa: DTZ007 — a day has no zone
            is_right = read.strftime(date_format) == date
        except (TypeError, ValueError):
            is_right = False
        if not is_right:
            raise refuse(name, "011", "shippingDateの形式が不正です。")


def _report(call: Call, package: Package, given: dict[str, Any]) -> tuple[str, int]:
    wanted = given.get("shippingDetailId")
    present = next((one for one in package.shippings if one.detail_id == wanted), None)
    if present is None:
        number = 66_000_000 + call.shop.count("shipping")
        company = str(given.get("deliveryCompany", "1000"))
        date = given.get("shippingDate")
        added = Shipping(number, company, given.get("shippingNumber"), date)
        package.shippings.append(added)
        return "INFO_101", number
    if given.get("shippingDeleteFlag") == 1:
        package.shippings.remove(present)
        return "INFO_103", present.detail_id
    present.company = str(given.get("deliveryCompany", present.company))
    present.number = given.get("shippingNumber", present.number)
    present.date = given.get("shippingDate", present.date)
    return "INFO_102", present.detail_id


def _order(call: Call, name: Name, body: dict[str, Any]) -> Order:
    number = body.get("orderNumber")
    if number is None:
        raise refuse(name, "009", "orderNumberの項目を指定して下さい。")
    order = call.shop.record.orders.get(number)
    if order is None:
        raise refuse(name, "0xx_UNKNOWN", "no such order")
    return order
