"""What is kept of an order's message: the keys named here and nothing else.

Names, addresses, telephones, mails, remarks, gift texts, answers to options (people have names
engraved) and every price are left out because they are not named, so a field that Rakuten adds
tomorrow is left out too.
"""

from collections.abc import Mapping

import msgspec

LONGEST_TEXT = 500

# Scalars of each model of getOrder; models inside models below.
ORDER_KEYS = frozenset(
    {"orderNumber", "orderProgress", "subStatusId", "orderDatetime", "shopOrderCfmDatetime"}
    | {"orderFixDatetime", "shippingInstDatetime", "shippingCmplRptDatetime", "cancelDueDate"}
    | {"orderType", "modifyFlag", "rakutenConfirmFlag", "cautionDisplayType"}
)
PACKAGE_KEYS = frozenset({"basketId", "packageDeleteFlag"})
ITEM_KEYS = frozenset(
    {"itemDetailId", "itemId", "itemName", "itemNumber", "manageNumber", "units"}
    | {"inventoryType", "restoreInventoryFlag", "deleteItemFlag"}
)
SKU_KEYS = frozenset({"variantId", "merchantDefinedSkuId", "skuInfo"})
CHANGE_KEYS = frozenset(
    {"changeId", "changeType", "changeTypeDetail", "changeReason", "changeReasonDetail"}
    | {"changeApplyDatetime", "changeFixDatetime", "changeCmplDatetime"}
)

_Model = tuple[frozenset[str], Mapping[str, "_Model"]]
_SKU: _Model = (SKU_KEYS, {})
_ITEM: _Model = (ITEM_KEYS, {"SkuModelList": _SKU})
_PACKAGE: _Model = (PACKAGE_KEYS, {"ItemModelList": _ITEM})
_CHANGE: _Model = (CHANGE_KEYS, {})
_ORDER: _Model = (ORDER_KEYS, {"PackageModelList": _PACKAGE, "ChangeReasonModelList": _CHANGE})


def keep_evidence(order: object) -> str:
    """The order's message as JSON text, reduced to what is named above.

    A value of a type that does not belong in its place is replaced by the type's name.
    """
    return msgspec.json.encode(_kept(order, _ORDER)).decode()


def _kept(value: object, model: _Model) -> object:
    if not isinstance(value, dict):
        return None if value is None else _kind(value)
    keys, inner = model
    kept: dict[str, object] = {}
    for key, entry in value.items():
        if key in keys:
            kept[key] = _scalar(entry)
        elif key in inner:
            kept[key] = (
                [_kept(part, inner[key]) for part in entry]
                if isinstance(entry, list)
                else _kept(entry, inner[key])
            )
    return kept


def _scalar(value: object) -> object:
    if isinstance(value, dict | list):
        return _kind(value)
    return value[:LONGEST_TEXT] if isinstance(value, str) else value


def _kind(value: object) -> str:
    return f"({type(value).__name__})"
