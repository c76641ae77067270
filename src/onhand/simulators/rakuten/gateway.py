"""The way in: routes, keys, permissions, limits, maintenance, and the faults that befall a call."""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from onhand.simulators.rakuten import (
    inventory,
    items,
    licence,
    order_read,
    order_search,
    order_write,
)
from onhand.simulators.rakuten.call import Call, errors
from onhand.simulators.rakuten.knobs import Envelope, Knobs, LimitAnswer
from onhand.simulators.rakuten.order_messages import Kind, Name, message
from onhand.simulators.rakuten.shop import Shop
from onhand.simulators.rakuten.wire import Answer, Response, html, ok


@dataclass(frozen=True, slots=True)
class Route:
    """A function of the API; `service` is what a maintenance window may name."""

    function: str
    method: str
    pattern: re.Pattern[str]
    handler: Callable[[Call], Response]

    @property
    def service(self) -> str:
        """`order`, `purchaseItem`, `items`, `inventories` or `license`."""
        return self.function.split(".")[0]

    @property
    def is_order(self) -> bool:
        """Whether it speaks the order API's dialect."""
        return self.service in {"order", "purchaseItem"}

    @property
    def is_inventory_write(self) -> bool:
        """Whether read-only mode refuses it."""
        return self.function.startswith("inventories.") and self.function.endswith(
            ("upsert", "delete")
        )


def _route(function: str, target: str, handler: Callable[[Call], Response]) -> Route:
    method, _, pattern = target.partition(" ")
    return Route(function, method, re.compile(pattern), handler)


_PAIR = (
    r"/es/2\.[01]/inventories/manage-numbers/(?P<manageNumber>[^/]+)/variants/(?P<variantId>[^/]+)"
)
_INVENTORIES = r"/es/2\.[01]/inventories"
_ORDER = "/es/2.0/order"
ROUTES = (
    _route("order.searchOrder", f"POST {_ORDER}/searchOrder/?", order_search.search_order),
    _route("order.getOrder", f"POST {_ORDER}/getOrder/?", order_read.get_order),
    _route("order.confirmOrder", f"POST {_ORDER}/confirmOrder/?", order_write.confirm_order),
    _route("order.cancelOrder", f"POST {_ORDER}/cancelOrder/?", order_write.cancel_order),
    _route(
        "order.cancelOrderAfterShipping",
        f"POST {_ORDER}/cancelOrderAfterShipping/?",
        order_write.cancel_order_after_shipping,
    ),
    _route(
        "order.updateOrderShipping",
        f"POST {_ORDER}/updateOrderShipping/?",
        order_write.update_order_shipping,
    ),
    _route(
        "purchaseItem.searchOrderItem",
        "POST /es/2.0/purchaseItem/searchOrderItem/?",
        order_search.search_order,
    ),
    _route(
        "purchaseItem.getOrderItem",
        "POST /es/2.0/purchaseItem/getOrderItem/?",
        order_read.get_order_item,
    ),
    _route("items.search", "GET /es/2.0/items/search", items.search_items),
    _route("items.bulk.get", "POST /es/2.0/items/bulk-get", items.bulk_get_items),
    _route(
        "items.get",
        "GET /es/2.0/items/manage-numbers/(?P<manageNumber>[^/]+)",
        items.get_item,
    ),
    _route("inventories.variants.get", f"GET {_PAIR}", inventory.get_variant),
    _route("inventories.variants.upsert", f"PUT {_PAIR}", inventory.put_variant),
    _route("inventories.variants.delete", f"DELETE {_PAIR}", inventory.delete_variant),
    _route("inventories.bulk.get", f"POST {_INVENTORIES}/bulk-get", inventory.bulk_get),
    _route(
        "inventories.bulk.get.range",
        f"GET {_INVENTORIES}/bulk-get/range",
        inventory.bulk_get_range,
    ),
    _route("inventories.bulk.upsert", f"POST {_INVENTORIES}/bulk-upsert", inventory.bulk_upsert),
    _route(
        "inventories.variant-lists.get",
        "GET /es/2.1/inventories/variant-lists/manage-numbers/(?P<manageNumber>[^/]+)",
        inventory.list_variants,
    ),
    _route(
        "license.expiryDate",
        "GET /es/1.0/license-management/license-key/expiry-date",
        licence.expiry_date,
    ),
)
_ITEM_SERVICES = re.compile(r"/es/2\.0/items(/.*)?|/es/2\.[01]/inventories(/.*)?")
_KEY_CHARACTERS = 50


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The function a request is for, and what its path names.

    Raises:
        Answer: 404 where no service is, 405 for another method, 400 GE0007 below items and
            inventories (reference 9.2, A and C).
    """
    is_path = False
    for route in ROUTES:
        found = route.pattern.fullmatch(path)
        if found is not None and route.method == method:
            return route, found.groupdict()
        is_path = is_path or found is not None
    if is_path:
        raise Answer(errors(405, "GE0007", "The method is not allowed."))
    if _ITEM_SERVICES.fullmatch(path):
        raise Answer(errors(400, "GE0007", "Requested path doesn't exist"))
    raise Answer(errors(404, "GA0002", "[simulated] no such service"))


def read_authorization(header: str) -> tuple[str, str]:
    """Service secret and licence key of an ESA header; nothing of both where it is none."""
    scheme, _, encoded = header.partition(" ")
    if scheme != "ESA":
        return "", ""
    try:
        secret, _, key = b64decode(encoded, validate=True).decode().partition(":")
    except (Base64Error, UnicodeDecodeError):
        return "", ""
    if max(len(secret), len(key)) > _KEY_CHARACTERS:
        return "", ""
    return secret, key


def unauthorised(envelope: Envelope) -> Response:
    """401 in one of the three forms (reference 1.2)."""
    if envelope is Envelope.RESULTS:
        return ok({"Results": {"errorCode": "ES01-01", "message": "Un-Authorised"}}, 401)
    if envelope is Envelope.MESSAGES:
        told = message(Kind.ERROR, Name.GATEWAY, "ERROR_0xx_AUTH", "Un-Authorised")
        return ok({"MessageModelList": [told]}, 401)
    return errors(401, "GA0001", "Un-Authorised")


def check_key(shop: Shop | None, key: str, now: datetime, envelope: Envelope) -> Shop:
    """The shop of a key that works.

    Raises:
        Answer: 401; the shop is unknown, or its key is wrong or has expired.
    """
    if shop is not None:
        for one in shop.record.keys:
            if one.text == key and shop.local(now) < one.expires_at + timedelta(seconds=1):
                return shop
    raise Answer(unauthorised(envelope))


def check_permission(shop: Shop, route: Route) -> None:
    """Refuse a function that is not ticked on (reference 1.1, B).

    Raises:
        Answer: 401, on the order API in its own envelope.
    """
    if route.function not in shop.record.denied:
        return
    if route.is_order:
        results = {"errorCode": "ES04-01", "message": "Un-Authorised"}
        raise Answer(ok({"Results": results}, 401))
    raise Answer(unauthorised(Envelope.ERRORS))


def check_maintenance(knobs: Knobs, route: Route, now: datetime) -> None:
    """Refuse everything of a service under maintenance (reference 5, D for the body).

    Raises:
        Answer: 503 with a page.
    """
    for window in knobs.maintenance:
        is_meant = not window.services or route.service in window.services
        if is_meant and window.start <= now < window.end:
            raise Answer(html(503, "メンテナンス中"))
    if knobs.read_only and route.is_inventory_write:
        raise Answer(read_only())


def read_only() -> Response:
    """GE0017."""
    return errors(400, "GE0017", "The service is in read-only mode.")


def check_limit(shop: Shop, route: Route, now: datetime) -> None:
    """Refuse a call beyond the function's calls per second and shop (reference 5; answer U).

    Raises:
        Answer: 429 or 503.
    """
    knobs = shop.world.knobs
    rate = knobs.rates.get(route.function)
    if rate is None or rate <= 0 or knobs.limit_answer is LimitAnswer.OFF:
        return
    whole = max(1, int(rate))  # calls within `span`
    span = timedelta(seconds=whole / rate)
    recent = [one for one in shop.record.calls.get(route.function, []) if now - span < one <= now]
    if len(recent) >= whole:
        shop.record.calls[route.function] = recent
        status = 429 if knobs.limit_answer is LimitAnswer.TOO_MANY else 503
        raise Answer(limited(status, knobs.limit_retry_after_s))
    shop.record.calls[route.function] = [*recent, now]


def limited(status: int, retry_after_s: int | None) -> Response:
    """The answer beyond the limit, with or without Retry-After."""
    answer = errors(status, "GA0003", "[simulated] too many requests")
    if retry_after_s is None:
        return answer
    headers = {**answer.headers, "retry-after": str(retry_after_s)}
    return Response(answer.status, headers, answer.body)
