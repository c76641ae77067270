"""One call that was let in: whose it is, when, and what it asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from onhand.simulators.rakuten.shop import Shop
from onhand.simulators.rakuten.wire import Answer, Request, Response, ok


@dataclass(frozen=True, slots=True)
class Call:
    """A request of a shop's key for one function.

    `now` is the true moment; `received_at` is earlier when the request lands late.
    """

    shop: Shop
    function: str
    request: Request
    now: datetime
    path: Mapping[str, str]
    received_at: datetime

    @property
    def local_now(self) -> datetime:
        """The moment as the shop's clock shows it."""
        return self.shop.local(self.now)

    @property
    def version(self) -> str:
        """`2.0` or `2.1`."""
        return self.request.path.split("/")[2]


def errors(status: int, code: str, message: str, path: str | None = None) -> Response:
    """An error of the item and inventory APIs (reference 1.2, A)."""
    error: dict[str, object] = {"code": code, "message": message}
    if path is not None:
        error["metadata"] = {"propertyPath": path}
    return ok({"errors": [error]}, status)


def json_object(call: Call) -> dict[str, Any]:
    """The body of an item or inventory call.

    Raises:
        Answer: it is of another type (GE0012), missing or empty (GE0011), or no JSON object.
    """
    if "application/json" not in call.request.header("content-type").lower():
        raise Answer(errors(415, "GE0012", "The media type is not supported."))
    try:
        found = msgspec.json.decode(call.request.body) if call.request.body else {}
    except msgspec.DecodeError as error:
        raise Answer(errors(400, "IE0002", "body has an invalid value.")) from error
    if found == {}:
        message = "Request body is missing or is empty without any attributes."
        raise Answer(errors(400, "GE0011", message))
    if not isinstance(found, dict):
        raise Answer(errors(400, "IE0002", "body has an invalid value."))
    return found
