"""One row of an inventory write: what it asks, whether it may, what it does (reference 4.2)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from onhand.simulators.rakuten.call import Call, errors
from onhand.simulators.rakuten.records import Entry, EntryKind, Stock
from onhand.simulators.rakuten.shop import MOST_UNITS
from onhand.simulators.rakuten.wire import Response, item_time

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_NAME_BYTES = 32
_MOST_SKUS = 400
_LEAD_TIMES = ("normalDeliveryTimeId", "backOrderDeliveryTimeId")


@dataclass(frozen=True, slots=True)
class Row:
    """A well-formed row; `place` is where it stands in the body."""

    pair: tuple[str, str]
    mode: str
    quantity: int
    place: str
    lead_time: dict[str, int]
    ship_from: list[int]


def check_pair(given: dict[str, Any], place: str) -> Response | None:
    """What is wrong with the names of a row, if anything."""
    for field in ("manageNumber", "variantId"):
        value, path = given.get(field), f"{place}{field}"
        if value is None or value == "":
            return errors(400, "IE0001", f"{field} is mandatory.", path)
        if isinstance(value, str) and len(value.encode()) > _NAME_BYTES:
            text = f"Max length of {field} must be within {_NAME_BYTES} bytes."
            return errors(400, "IE0004", text, path)
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            return errors(400, "IE0002", f"{field} has an invalid value : {value}.", path)
    return None


def row_of(call: Call, given: dict[str, Any], place: str) -> Row | Response:
    """The row, or what is wrong with its form."""
    refused = check_pair(given, place)
    if refused is not None:
        return refused
    mode, quantity = given.get("mode"), given.get("quantity")
    for field, value in (("mode", mode), ("quantity", quantity)):
        if value is None:
            return errors(400, "IE0001", f"{field} is mandatory.", f"{place}{field}")
    if mode not in {"ABSOLUTE", "RELATIVE"}:
        return errors(400, "IE0002", f"mode has an invalid value : {mode}.", f"{place}mode")
    if type(quantity) is not int:
        text = f"quantity has an invalid value : {quantity}."
        return errors(400, "IE0002", text, f"{place}quantity")
    if mode == "ABSOLUTE" and not 0 <= quantity <= MOST_UNITS:
        text = f"quantity must be between 0 and {MOST_UNITS}."
        return errors(400, "IE0003", text, f"{place}quantity")
    lead_time, ship_from = given.get("operationLeadTime") or {}, given.get("shipFromIds") or []
    if call.version == "2.0" and (lead_time or ship_from):
        text = "operationLeadTime and shipFromIds belong to version 2.1."
        return errors(400, "IE0002", text, place.rstrip("."))
    pair = (given["manageNumber"].lower(), given["variantId"])
    return Row(pair, str(mode), quantity, place, lead_time, ship_from)


def refusal_of(call: Call, row: Row, *, given_rows: Sequence[Row]) -> Response | None:
    """Why a well-formed row is not accepted, if so; `given_rows` come before it."""
    place = row.place.rstrip(".") or None
    lead_ids = {row.lead_time[name] for name in _LEAD_TIMES if row.lead_time.get(name) is not None}
    record = call.shop.record
    if not lead_ids <= record.lead_times or not record.ship_froms.issuperset(row.ship_from):
        return errors(400, "IE0118", "An id is not defined in the shop.", place)
    held = call.shop.stock(call.now, *row.pair)
    if held is None and row.mode == "RELATIVE":
        text = "RELATIVE needs a number that is registered already."
        return errors(400, "IE0500", text, place)
    if held is None and _skus(call, row.pair[0], given_rows) >= _MOST_SKUS:
        return errors(400, "IE0121", f"More than {_MOST_SKUS} SKUs for one item.", place)
    if not 0 <= _after(row, held) <= MOST_UNITS:
        text = f"The resulting quantity must be between 0 and {MOST_UNITS}."
        return errors(400, "IE0117", text, place)
    return None


def apply(call: Call, row: Row) -> None:
    """Write the row."""
    held = call.shop.stock(call.now, *row.pair)
    after = _after(row, held)
    received_at = call.received_at
    entry = Entry(
        kind=EntryKind.WRITTEN,
        at=call.now,
        item=row.pair[0],
        variant=row.pair[1],
        change=after - (0 if held is None else held.quantity),
        after=after,
        mode=row.mode,
        units=row.quantity,
        received_at=received_at,
    )
    stock = call.shop.put(entry)
    if call.version == "2.1":  # not a partial update: what is left out is erased
        stock.lead_time, stock.ship_from = row.lead_time, row.ship_from


def dump_stock(call: Call, pair: tuple[str, str], stock: Stock) -> dict[str, object]:
    """An inventory record as it is read."""
    document: dict[str, object] = {
        "manageNumber": pair[0],
        "variantId": pair[1],
        "quantity": stock.quantity,
        "created": item_time(stock.created),
        "updated": item_time(stock.updated),
    }
    if call.version == "2.1":
        document["operationLeadTime"] = stock.lead_time or None
        document["shipFromIds"] = stock.ship_from
    return document


def _after(row: Row, held: Stock | None) -> int:
    base = 0 if held is None or row.mode == "ABSOLUTE" else held.quantity
    return base + row.quantity


def _skus(call: Call, manage_number: str, given_rows: Sequence[Row]) -> int:
    added = {row.pair[1] for row in given_rows if row.pair[0] == manage_number}
    return len(call.shop.numbered(manage_number) | added)
