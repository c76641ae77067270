"""The inventory API 2.0 and 2.1: reads, and single writes (reference 4)."""

from typing import Any

from onhand.simulators.rakuten.call import Call, errors, json_object
from onhand.simulators.rakuten.inventory_rows import (
    Row,
    apply,
    check_pair,
    dump_stock,
    refusal_of,
    row_of,
)
from onhand.simulators.rakuten.records import Stock
from onhand.simulators.rakuten.shop import MOST_UNITS
from onhand.simulators.rakuten.wire import Answer, Response, empty, item_time, ok

_MOST_READ = 1_000
_MOST_WRITTEN = 400


def bulk_get(call: Call) -> Response:
    """Up to 1,000 pairs; those without a number are left out (D)."""
    asked = _pairs(json_object(call), most=_MOST_READ)
    found = []
    for index, one in enumerate(asked):
        refused = check_pair(one, f"inventories[{index}].")
        if refused is not None:
            raise Answer(refused)
        stock = call.shop.stock(call.now, one["manageNumber"], one["variantId"])
        if stock is not None:
            pair = (one["manageNumber"].lower(), one["variantId"])
            found.append(dump_stock(call, pair, stock))
    return ok({"inventories": found})


def bulk_get_range(call: Call) -> Response:
    """Every pair with so many units, newest update first; more than 1,000 are refused."""
    given = dict(call.request.parameters())
    low, high = _bound(given, "minQuantity"), _bound(given, "maxQuantity")
    if low is None and high is None:
        raise Answer(errors(400, "IE0105", "Either minQuantity or maxQuantity is mandatory."))
    low, high = 0 if low is None else low, MOST_UNITS if high is None else high
    if low > high:
        raise Answer(errors(400, "IE0113", "minQuantity must not exceed maxQuantity."))
    found = _within(call, low, high)
    if len(found) > _MOST_READ:
        raise Answer(errors(400, "IE0116", f"More than {_MOST_READ} hits."))
    found.sort(key=lambda one: one[1].updated, reverse=True)
    return ok({"inventories": [dump_stock(call, pair, stock) for pair, stock in found]})


def bulk_upsert(call: Call) -> Response:
    """Write up to 400 pairs; 204 without a body."""
    _check_shop(call)
    given = _pairs(json_object(call), most=_MOST_WRITTEN)
    rows: list[Row] = []
    failed: list[Response] = []
    seen: set[tuple[str, str]] = set()
    for index, one in enumerate(given):
        row = row_of(call, one, f"inventories[{index}].")
        if isinstance(row, Row):
            if row.pair in seen:
                text = "The pair of manageNumber and variantId is duplicated."
                raise Answer(errors(400, "IE1102", text, f"inventories[{index}]"))
            seen.add(row.pair)
            row = refusal_of(call, row, given_rows=rows) or row
        if isinstance(row, Row):
            rows.append(row)
        else:
            failed.append(row)
    if failed and call.shop.world.knobs.bulk_is_atomic:
        return _all(failed)
    for row in rows:
        apply(call, row)
    return _all(failed) if failed else empty()


def get_variant(call: Call) -> Response:
    """One pair's units."""
    stock = call.shop.stock(call.now, call.path["manageNumber"], call.path["variantId"])
    if stock is None:
        raise _unknown(call)
    pair = (call.path["manageNumber"].lower(), call.path["variantId"])
    return ok(dump_stock(call, pair, stock))


def put_variant(call: Call) -> Response:
    """Write one pair; 204 without a body, whether or not such a SKU exists."""
    _check_shop(call)
    row = row_of(call, {**json_object(call), **call.path}, "")
    if isinstance(row, Row):
        row = refusal_of(call, row, given_rows=[]) or row
    if not isinstance(row, Row):
        return row
    apply(call, row)
    return empty()


def delete_variant(call: Call) -> Response:
    """Drop one pair's number."""
    pair = (call.path["manageNumber"], call.path["variantId"])
    if call.shop.stock(call.now, *pair) is None:
        raise _unknown(call)
    call.shop.forget(call.now, *pair)
    return empty()


def list_variants(call: Call) -> Response:
    """The variants of an item that have a number (2.1 only)."""
    manage_number = call.path["manageNumber"].lower()
    names = sorted(call.shop.numbered(manage_number))
    found = {name: call.shop.stock(call.now, manage_number, name) for name in names}
    stocks = [stock for stock in found.values() if stock is not None]
    if not stocks:
        text = f"Not found for inputs; manageNumber={manage_number}"
        raise Answer(errors(404, "GE0014", text))
    document = {
        "manageNumber": manage_number,
        "variantList": [name for name, stock in found.items() if stock is not None],
        "created": item_time(min(stock.created for stock in stocks)),
        "updated": item_time(max(stock.updated for stock in stocks)),
    }
    return ok(document)


def _pairs(body: dict[str, Any], *, most: int) -> list[dict[str, Any]]:
    rows = body.get("inventories")
    if rows is None or rows == []:
        raise Answer(errors(400, "IE0001", "inventories is mandatory.", "inventories"))
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Answer(errors(400, "IE0002", "inventories has an invalid value.", "inventories"))
    if len(rows) > most:
        text = f"inventories exceeds the maximum of {most}."
        raise Answer(errors(400, "IE1101", text, "inventories"))
    return rows


def _bound(given: dict[str, str], name: str) -> int | None:
    if name not in given:
        return None
    text = given[name]
    if not text.isascii() or not text.isdigit():
        raise Answer(errors(400, "IE0002", f"{name} has an invalid value : {text}.", name))
    if int(text) > MOST_UNITS:
        told = f"{name} must be between 0 and {MOST_UNITS}."
        raise Answer(errors(400, "IE0003", told, name))
    return int(text)


def _within(call: Call, low: int, high: int) -> list[tuple[tuple[str, str], Stock]]:
    found = []
    for key in list(call.shop.record.stock):
        manage_number, variant_id = key.split("/", 1)
        stock = call.shop.stock(call.now, manage_number, variant_id)
        if stock is not None and low <= stock.quantity <= high:
            found.append(((manage_number, variant_id), stock))
    return found


def _check_shop(call: Call) -> None:
    if not call.shop.record.is_sku_migrated:
        raise Answer(errors(400, "IE1105", "The shop is not migrated to SKU."))


def _all(failed: list[Response]) -> Response:
    found: list[object] = []
    for one in failed:
        document = one.json()
        assert isinstance(document, dict)
        found += document["errors"]
    return ok({"errors": found}, 400)


def _unknown(call: Call) -> Answer:
    manage_number, variant_id = call.path["manageNumber"], call.path["variantId"]
    text = f"Not found for inputs; manageNumber={manage_number}, variantId={variant_id}"
    return Answer(errors(404, "GE0014", text))
