"""items.search, items.get and items.bulk.get (reference 3)."""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from bisect import bisect_right
from datetime import datetime, timedelta
from typing import Any

from onhand.simulators.rakuten.call import Call, errors, json_object
from onhand.simulators.rakuten.records import Item
from onhand.simulators.rakuten.wire import Answer, Response, item_time, ok

_MARK = "AoE/"  # as real marks begin; the slash and what base64 adds want URL encoding
_START = "*"
ENDLESS = f"{_MARK}endless-"  # of a fault: a mark that never stops leading on
_MOST_HITS = 100
_MOST_OFFSET = 10_000
_MOST_BULK = 50
_TEXTS = frozenset({"title", "manageNumber", "itemNumber", "variantId", "merchantDefinedSkuId"})
_PAGING = frozenset({"hits", "offset", "cursorMark", "sortKey", "sortOrder"})
_EXTRAS = frozenset({"isCategoryIncluded", "isReviewIncluded", "isInventoryIncluded"})
_NOT_SIMULATED = frozenset(
    {"tagline", "articleNumber", "genreId", "itemType", "standardPriceFrom", "standardPriceTo"}
    | {"createdFrom", "createdTo", "updatedFrom", "updatedTo", "purchasablePeriodFrom"}
    | {"purchasablePeriodTo", "isVariantStockout", "isItemStockout", "isHiddenVariant"}
    | {"isSearchable", "isYamiichi", "isBackOrder", "isPostageIncluded", "isSubscription"}
)
_KNOWN = _TEXTS | _PAGING | _EXTRAS | _NOT_SIMULATED | {"isHiddenItem"}
_SORT_KEYS = frozenset({"updated", "created", "manageNumber", "itemDisplaySequence"})
_FLAGS = {"true": True, "false": False}


def search_items(call: Call) -> Response:
    """A page of the shop's items as the search index knows them."""
    given = dict(call.request.parameters())
    _check_parameters(given)
    hits = _whole(given, "hits", default=10, allowed=range(1, _MOST_HITS + 1))
    found = _indexed(call)
    if (_TEXTS | {"isHiddenItem"}) & given.keys():
        found = [item for item in found if _fits(item, given)]
    if "cursorMark" in given:
        after = _after(given["cursorMark"])
        first = 0
        if after is not None:
            first = bisect_right(found, after, key=lambda item: item.manage_number)
        page = found[first : first + hits]
        mark = _mark(page[-1].manage_number) if page else given["cursorMark"]
        return _page(call, page, {"numFound": len(found), "offset": 0, "nextCursorMark": mark})
    offset = _whole(given, "offset", default=0, allowed=range(_MOST_OFFSET + 1))
    sort_key = given.get("sortKey", "updated")
    is_descending = given.get("sortOrder", "desc") == "desc"
    found = sorted(found, key=lambda item: _sort_value(item, sort_key), reverse=is_descending)
    page = found[offset : offset + hits]
    return _page(call, page, {"numFound": len(found), "offset": offset})


def get_item(call: Call) -> Response:
    """One item, itself the document."""
    manage_number = call.path["manageNumber"]
    item = call.shop.item(manage_number)
    if item is None:
        text = f"Not found for inputs; manageNumber={manage_number}"
        return errors(404, "GE0014", text)
    return ok(_item_model(call, item))


def bulk_get_items(call: Call) -> Response:
    """Up to 50 items; those that do not exist are left out (D)."""
    numbers = json_object(call).get("manageNumbers")
    if not isinstance(numbers, list) or not numbers:
        raise Answer(errors(400, "IE0001", "manageNumbers is mandatory.", "manageNumbers"))
    if len(numbers) > _MOST_BULK:
        text = f"manageNumbers exceeds the maximum of {_MOST_BULK}."
        raise Answer(errors(400, "IE1101", text, "manageNumbers"))
    folded = [str(number).lower() for number in numbers]
    if len(set(folded)) < len(folded):
        text = "manageNumbers has duplicates."
        raise Answer(errors(400, "IE1106", text, "manageNumbers"))
    items = [item for number in folded if (item := call.shop.item(number)) is not None]
    return ok({"results": [_item_model(call, item) for item in items]})


def _check_parameters(given: dict[str, str]) -> None:
    for name in given:
        if name not in _KNOWN:
            raise Answer(errors(400, "IE1005", f"{name} is not supported."))
        if name in _NOT_SIMULATED:
            text = f"[simulated] the filter {name} is not simulated"
            raise Answer(errors(400, "IE1005", text))
    if "cursorMark" in given:
        if "offset" in given:
            text = "offset and cursorMark cannot be used together."
            raise Answer(errors(400, "IE1003", text))
        if "sortKey" in given or "sortOrder" in given:
            text = "cursorMark and sorting cannot be used together."
            raise Answer(errors(400, "IE1004", text))
    enums = {"sortKey": _SORT_KEYS, "sortOrder": {"asc", "desc"}, "isHiddenItem": _FLAGS}
    for name, allowed in enums.items():
        if name in given and given[name] not in allowed:
            raise Answer(errors(400, "IE0007", f"{name} has an invalid value.", name))


def _whole(given: dict[str, str], name: str, *, default: int, allowed: range) -> int:
    text = given.get(name, str(default))
    if not text.isascii() or not text.isdigit():
        raise Answer(errors(400, "IE0002", f"{name} has an invalid value : {text}.", name))
    if int(text) not in allowed:
        told = f"{name} must be between {allowed.start} and {allowed.stop - 1}."
        raise Answer(errors(400, "IE0003", told, name))
    return int(text)


def _indexed(call: Call) -> list[Item]:
    """What the index shows, by manageNumber.

    New items come not before the lag, deleted ones are there until after it.
    """
    lag = timedelta(seconds=call.shop.world.knobs.item_index_lag_s)
    return [
        item
        for item in call.shop.pages()
        if (item.created is None or item.created + lag <= call.now)
        and (item.deleted is None or call.now < item.deleted + lag)
    ]


def _fits(item: Item, given: dict[str, str]) -> bool:
    hidden = given.get("isHiddenItem")
    if hidden is not None and item.hidden != _FLAGS[hidden]:
        return False
    texts = {
        "title": [item.title],
        "manageNumber": [item.manage_number],
        "itemNumber": [item.item_number],
        "variantId": list(item.variants),
        "merchantDefinedSkuId": [variant.sku for variant in item.variants.values()],
    }
    return all(
        any(given[name].lower() in text.lower() for text in texts[name])
        for name in _TEXTS & given.keys()
    )


def _sort_value(item: Item, key: str) -> tuple[datetime, str] | tuple[str, str]:
    if key == "updated" and item.updated is not None:
        return item.updated, item.manage_number
    if key == "created" and item.created is not None:
        return item.created, item.manage_number
    return item.manage_number, item.manage_number


def _page(call: Call, items: list[Item], document: dict[str, Any]) -> Response:
    document["results"] = [{"item": _result(call, item)} for item in items]
    return ok(document)


def _result(call: Call, item: Item) -> dict[str, object]:
    if item.deleted is not None:
        return {"manageNumber": item.manage_number}
    return _item_model(call, item)


def _item_model(call: Call, item: Item) -> dict[str, object]:
    names = list(dict.fromkeys(n for v in item.variants.values() for n in v.selectors))
    model: dict[str, object] = {
        "manageNumber": item.manage_number,
        "itemNumber": item.item_number or None,
        "title": item.title,
        "itemType": "NORMAL",
        "genreId": "110933",
        "hideItem": item.hidden,
        "unlimitedInventoryFlag": item.unlimited,
        "images": [{"type": "CABINET", "location": item.image}] if item.image else [],
        "variants": {
            variant_id: {
                "merchantDefinedSkuId": variant.sku or None,
                "selectorValues": variant.selectors,
                "standardPrice": "1000",
                "hidden": variant.hidden,
                "restockOnCancel": variant.restock_on_cancel,
                "backOrderFlag": False,
                "orderQuantityLimit": None,
            }
            for variant_id, variant in item.variants.items()
        },
    }
    if names:
        model["variantSelectors"] = [
            {"key": name, "displayName": name, "values": _choices(item, name)} for name in names
        ]
    for name, moment in (("created", item.created), ("updated", item.updated)):
        if moment is not None:
            model[name] = item_time(call.shop.local(moment))
    return model


def _choices(item: Item, name: str) -> list[dict[str, str]]:
    found = (variant.selectors.get(name) for variant in item.variants.values())
    return [{"displayValue": one} for one in dict.fromkeys(found) if one is not None]


def _mark(manage_number: str) -> str:
    return _MARK + b64encode(manage_number.encode()).decode()


def _after(mark: str) -> str | None:
    if mark == _START or mark.startswith(ENDLESS):
        return None
    try:
        return b64decode(mark.removeprefix(_MARK), validate=True).decode()
    except (Base64Error, UnicodeDecodeError) as error:
        text = "cursorMark has an invalid value."
        raise Answer(errors(400, "IE0002", text, "cursorMark")) from error
