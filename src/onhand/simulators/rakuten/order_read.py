"""getOrder and its privacy-reduced twin getOrderItem (reference 2.3)."""

from datetime import timedelta

from onhand.simulators.rakuten.call import Call
from onhand.simulators.rakuten.order_messages import (
    Kind,
    Name,
    message,
    order_body,
    order_numbers,
    refuse,
)
from onhand.simulators.rakuten.records import (
    INVENTORY_ID,
    Change,
    Item,
    Line,
    Order,
    Package,
    Shipping,
)
from onhand.simulators.rakuten.wire import Response, ok, order_time

_NAME = Name.GET
_DAYS_BACK = 730
_PRICE = 1_000  # yen; every simulated thing costs the same
_SKU_VERSION = 7
_ECHO_VERSION = 6
_NOT_FIXED = -9_999


def get_order(call: Call) -> Response:
    """Up to 100 orders in the tree of the version that is asked for."""
    body = order_body(call, _NAME)
    numbers = order_numbers(body, _NAME)
    version = body.get("version")
    if version is None:
        raise refuse(_NAME, "009", "versionの項目を指定して下さい。")
    number = int(version) if isinstance(version, str) and version.isdigit() else version
    knobs = call.shop.world.knobs
    allowed = range(knobs.oldest_order_version, knobs.newest_order_version + 1)
    if type(number) is not int or number not in allowed:
        raise refuse(_NAME, "0xx_VERSION", f"version {version} is not offered")
    document = _read(call, numbers, version=number)
    if number >= _ECHO_VERSION:
        document["version"] = number
    return ok(document)


def get_order_item(call: Call) -> Response:
    """Up to 100 orders without their buyers."""
    numbers = order_numbers(order_body(call, _NAME), _NAME)
    return ok(_read(call, numbers, version=None))


def _read(call: Call, numbers: list[str], *, version: int | None) -> dict[str, object]:
    oldest = call.local_now - timedelta(days=_DAYS_BACK)
    known = call.shop.record.orders
    found = [
        known[one]
        for one in dict.fromkeys(numbers)
        if one in known and known[one].ordered_at >= oldest
    ]
    read = {order.number for order in found}
    text = f"受注情報取得に成功しました。(取得件数{len(found)}件)"
    messages = [message(Kind.INFO, _NAME, "INFO_101", text)]
    messages += [
        message(Kind.ERROR, _NAME, "ERROR_0xx_UNKNOWN", "no such order", one)
        for one in dict.fromkeys(numbers)
        if one not in read
    ]
    models = [_order_model(call, order, version=version) for order in found]
    return {"MessageModelList": messages, "OrderModelList": models}


def _order_model(call: Call, order: Order, *, version: int | None) -> dict[str, object]:
    goods = sum(line.units for line in order.lines()) * _PRICE
    fixed = goods if order.amount_fixed else _NOT_FIXED
    model: dict[str, object] = {
        "orderNumber": order.number,
        "orderProgress": order.progress,
        "subStatusId": None,
        "subStatusName": None,
        "orderDatetime": order_time(order.ordered_at),
        "shopOrderCfmDatetime": order_time(order.confirmed_at),
        "orderFixDatetime": order_time(order.fixed_at),
        "shippingInstDatetime": None,
        "shippingCmplRptDatetime": order_time(order.shipped_at),
        "orderType": 1,
        "modifyFlag": int(order.modified),
        "goodsPrice": goods,
        "postagePrice": 0 if order.amount_fixed else _NOT_FIXED,
        "totalPrice": fixed,
        "requestPrice": fixed,
        "PackageModelList": [
            _package_model(call, package, version=version)
            for package in order.packages
            if version is not None or not package.deleted
        ],
    }
    if version is None:
        model["OrdererModel"] = {"prefecture": "東京都"}
        return model
    model["remarks"] = ""
    model["OrdererModel"] = {
        "prefecture": "東京都",
        "city": "架空市",
        "familyName": "見本",
        "firstName": "太郎",
        "emailAddress": "0000fake@example.invalid",
    }
    reasons = [_change_model(change) for change in order.changes]
    model["ChangeReasonModelList"] = reasons or None
    return model


def _package_model(call: Call, package: Package, *, version: int | None) -> dict[str, object]:
    model: dict[str, object] = {
        "basketId": package.basket_id,
        "postagePrice": 0,
        "goodsPrice": sum(line.units for line in package.lines) * _PRICE,
        "ItemModelList": [
            _item_model(call.shop.record.items.get(line.manage_number), line, version=version)
            for line in package.lines
            if version is not None or not line.deleted
        ],
    }
    if version is None:
        model["SenderModel"] = {"prefecture": "東京都"}
        return model
    model["packageDeleteFlag"] = int(package.deleted)
    model["SenderModel"] = {"prefecture": "東京都", "city": "架空市", "familyName": "見本"}
    model["ShippingModelList"] = [_shipping_model(one) for one in package.shippings]
    return model


def _item_model(item: Item | None, line: Line, *, version: int | None) -> dict[str, object]:
    variant = None if item is None else item.variants.get(line.variant_id)
    kind = 1 if line.variant_id in {INVENTORY_ID, line.manage_number} else 2
    selectors = {} if variant is None else variant.selectors
    model: dict[str, object] = {
        "itemDetailId": line.line_id,
        "itemId": 0 if item is None else item.item_id,
        "itemName": "" if item is None else item.title,
        "itemNumber": (item.item_number or None) if item is not None else None,
        "manageNumber": line.manage_number,
        "price": _PRICE,
        "priceTaxIncl": _PRICE,
        "taxRate": 0.1,
        "units": line.units,
        "selectedChoice": None,
        "inventoryType": 0 if item is not None and item.unlimited else kind,
        "delvdateInfo": None,
    }
    if version is not None:
        model["restoreInventoryFlag"] = 0
        model["deleteItemFlag"] = int(line.deleted)
    if version is None or version >= _SKU_VERSION:
        sku = {
            "variantId": line.variant_id,
            "merchantDefinedSkuId": (variant.sku or None) if variant is not None else None,
            "skuInfo": "\n".join(f"{name}:{choice}" for name, choice in selectors.items()) or None,
        }
        model["SkuModelList"] = [sku]
    return model


def _shipping_model(shipping: Shipping) -> dict[str, object]:
    return {
        "shippingDetailId": shipping.detail_id,
        "shippingNumber": shipping.number,
        "deliveryCompany": shipping.company,
        "deliveryCompanyName": None,
        "shippingDate": shipping.date,
    }


def _change_model(change: Change) -> dict[str, object]:
    return {
        "changeId": change.change_id,
        "changeType": change.kind,
        "changeTypeDetail": None,
        "changeReason": int(change.by_customer),
        "changeReasonDetail": None,
        "changeApplyDatetime": order_time(change.at),
        "changeFixDatetime": None,
        "changeCmplDatetime": None,
    }
