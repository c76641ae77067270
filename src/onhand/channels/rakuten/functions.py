"""The functions of RMS WEB SERVICE that Onhand calls: path, name of the permission, rate."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """One function; `permission` is what has to be ticked for the key in RMS."""

    name: str
    method: str
    path: str
    permission: str
    writes: bool = False


def _order(service: str, name: str, *, prefix: str = "", writes: bool = False) -> Function:
    # Order API: the paths end in a slash.
    path = f"/es/2.0/{service}/{name}/"
    return Function(f"{service}.{name}", "POST", path, f"{prefix}{service}.{name}", writes)


# "rpay.order.searchOrder" is seen in help pages of vendors; the names of the twin are inferred.
SEARCH_ORDER = _order("order", "searchOrder", prefix="rpay.")
GET_ORDER = _order("order", "getOrder", prefix="rpay.")
CONFIRM_ORDER = _order("order", "confirmOrder", prefix="rpay.", writes=True)
SEARCH_ORDER_ITEM = _order("purchaseItem", "searchOrderItem")
GET_ORDER_ITEM = _order("purchaseItem", "getOrderItem")

ITEMS_SEARCH = Function("items.search", "GET", "/es/2.0/items/search", "items.search")
INVENTORIES_GET = Function(
    "inventories.bulk.get",
    "POST",
    "/es/2.0/inventories/bulk-get",
    "inventories.bulk.get",
)
# 2.0 and not 2.1: the latter erases lead times that a write leaves out (InventoryAPI 2.1 upsert).
INVENTORIES_UPSERT = Function(
    "inventories.bulk.upsert",
    "POST",
    "/es/2.0/inventories/bulk-upsert",
    "inventories.bulk.upsert",
    writes=True,
)
EXPIRY_DATE = Function(
    "license.expiryDate",
    "GET",
    "/es/1.0/license-management/license-key/expiry-date",
    "LicenseManagementAPI",
)


def rates(*, order_per_s: float = 1.0) -> dict[str, float]:
    """Calls per second that each function of one shop allows, by its name.

    Item and inventory figures: overview pages of ItemAPI (2026-01) and InventoryAPI 2.3, seen
    through one third party. The order API publishes none: clients pause 0.25 to 1.1 s, we keep to
    1 s unless told otherwise. The licence function's is unknown too.
    """
    orders = (SEARCH_ORDER, GET_ORDER, CONFIRM_ORDER, SEARCH_ORDER_ITEM, GET_ORDER_ITEM)
    return {
        ITEMS_SEARCH.name: 5.0,
        INVENTORIES_GET.name: 5.0,
        INVENTORIES_UPSERT.name: 1.0,
        EXPIRY_DATE.name: 1.0,
        **{function.name: order_per_s for function in orders},
    }


RATES = rates()
