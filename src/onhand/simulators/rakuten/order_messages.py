"""The messages of the order API, and how its bodies are read (reference 1.2, 2.6).

Codes that are not known from any source carry `0xx` and the word `simulated` in their message.
"""

from enum import StrEnum
from typing import Any

import msgspec

from onhand.simulators.rakuten.call import Call
from onhand.simulators.rakuten.wire import Answer, Response, ok

PREFIX = "ORDER_EXT_API_"
MOST_ORDERS = 100


class Name(StrEnum):
    """A function, as message codes name it."""

    SEARCH = "SEARCH_ORDER"
    GET = "GET_ORDER"
    CONFIRM = "CONFIRM_ORDER"
    CANCEL = "CANCEL_ORDER"
    CANCEL_SHIPPED = "CANCEL_ORDER_AFTER_SHIPPING"
    SHIP = "UPDATE_ORDERSHIPPING"
    GATEWAY = "GATEWAY"


class Kind(StrEnum):
    """A messageType."""

    INFO = "INFO"
    ERROR = "ERROR"


def message(
    kind: Kind, name: Name, code: str, text: str, number: str | None = None
) -> dict[str, object]:
    """One MessageModel; `code` is what follows the name, such as `INFO_101`."""
    told = f"[simulated] {text}" if "0xx" in code else text
    found: dict[str, object] = {
        "messageType": kind,
        "messageCode": f"{PREFIX}{name}_{code}",
        "message": told,
    }
    return found if number is None else {**found, "orderNumber": number}


def refuse(name: Name, code: str, text: str) -> Answer:
    """HTTP 400 with one error message and the function's lists as null."""
    return Answer(refused(name, code, text))


def refused(name: Name, code: str, text: str, status: int = 400) -> Response:
    """The answer of `refuse`."""
    document: dict[str, object] = {
        "MessageModelList": [message(Kind.ERROR, name, f"ERROR_{code}", text)]
    }
    if name is Name.SEARCH:
        document = {"orderNumberList": None, **document, "PaginationResponseModel": None}
    elif name is Name.GET:
        document["OrderModelList"] = None
    return ok(document, status)


def order_body(call: Call, name: Name) -> dict[str, Any]:
    """The body of an order call.

    Raises:
        Answer: the content type has no charset (415, C), or the body is no JSON object.
    """
    content_type = call.request.header("content-type").lower().replace(" ", "")
    if content_type != "application/json;charset=utf-8":
        results = {"Results": {"errorCode": "ES04-03", "message": "Unsupported Media Type"}}
        raise Answer(ok(results, 415))
    try:
        found = msgspec.json.decode(call.request.body)
    except msgspec.DecodeError as error:
        raise refuse(name, "0xx_BODY", "the body is no JSON") from error
    if not isinstance(found, dict):
        raise refuse(name, "0xx_BODY", "the body is no JSON object")
    return found


def order_numbers(body: dict[str, Any], name: Name) -> list[str]:
    """The `orderNumberList` of a body.

    Raises:
        Answer: it is missing, empty, too long or not of texts.
    """
    numbers = body.get("orderNumberList")
    if numbers is None:
        raise refuse(name, "009", "orderNumberListの項目を指定して下さい。")
    if not isinstance(numbers, list) or not all(isinstance(one, str) for one in numbers):
        raise refuse(name, "011", "orderNumberListの形式が不正です。")
    if not numbers:
        raise refuse(name, "010", "orderNumberListに値を指定して下さい。")
    if len(numbers) > MOST_ORDERS:
        raise refuse(name, "0xx_MANY", f"at most {MOST_ORDERS} orders")
    return numbers
