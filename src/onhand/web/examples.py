"""Examples of answers, for the OpenAPI document."""

from onhand.catalog.queries.listings import ListingView
from onhand.catalog.queries.stores import StoreView
from onhand.stock.commands.answers import StockAnswer
from onhand.stock.queries.levels import LevelView
from onhand.web.answers import LevelBatch

_LEVEL = {
    "sku": "ce1111",
    "original_sku": "CE1111",
    "on_hand": 47,
    "reserved": 2,
    "available": 45,
    "sellable": 45,
    "safety_stock": 0,
    "low_stock_threshold": 0,
    "is_low": False,
    "is_out": False,
    "allow_oversell": False,
    "version": 3,
    "counted_at": None,
    "locations": [{"location": "main", "on_hand": 47, "reserved": 2, "available": 45}],
}

_STORE = {
    "store": "rakuten-tokyo",
    "platform": "rakuten",
    "name": "帆布堂",
    "status": "active",
    "paused_reason": None,
    "paused_at": None,
    "paused_detail": None,
    "settings": {
        "shop_code": "hanpudo",
        "order_api_version": 7,
        "use_purchase_item_api": False,
        "poll_interval_s": 900,
        "freshness_target_s": 300,
        "confirm_orders": True,
        "sku_code_from": "merchant_defined_sku_id",
    },
    "has_credentials": True,
    "key_expires_at": "2027-02-19T14:59:59+00:00",
    "key_checked_at": "2026-11-22T01:30:00+00:00",
    "key_days_left": 89,
    "key_warning": "none",
    "orders_from": "2026-11-22T01:00:00+00:00",
    "catalogue_read_at": "2026-11-22T01:05:00+00:00",
    "created_at": "2026-11-22T01:00:00+00:00",
    "updated_at": "2026-11-22T01:02:00+00:00",
}
_LISTING = {
    "listing": "019ab7c81f6e7b5c9d3a2f4e6b8c0d1e",
    "store": "rakuten-tokyo",
    "item": "tote-canvas",
    "variant": "tote-BK-L",
    "sku": "bk-6001-l",
    "sku_name": "Canvas tote bag, large",
    "mapped_by": "rule",
    "name": "帆布トート",
    "image_url": "https://image.rakuten.co.jp/hanpudo/cabinet/tote/bk.jpg",
    "codes": ["BK-6001-L"],
    "is_sold": True,
    "seen_at": "2026-11-22T01:05:00+00:00",
    "missing_since": None,
    "created_at": "2026-11-22T01:05:00+00:00",
    "updated_at": "2026-11-22T01:05:00+00:00",
}

EXAMPLES: dict[type, object] = {
    StockAnswer: {
        "command_id": "0f5c3a7be1d24c0f9f0e5a4b8c7d6e5f",
        "recorded_at": "2026-11-22T01:30:00.000000+00:00",
        "reservations": [
            {
                "id": "0f5c3a7be1d24c0f9f0e5a4b8c7d6e5f-1",
                "sku": "ce1111",
                "location": "main",
                "quantity": 2,
                "shipped": 0,
                "returned": 0,
                "state": "held",
                "owner": "customer-42",
                "reference_type": "cart",
                "reference_id": "cart-7f3a",
                "expires_at": "2026-11-22T02:00:00.000000+00:00",
            }
        ],
        "levels": [{"sku": "ce1111", "on_hand": 47, "reserved": 2, "available": 45, "version": 3}],
    },
    LevelView: _LEVEL,
    StoreView: _STORE,
    ListingView: _LISTING,
    LevelBatch: {"levels": {"ce1111": _LEVEL}, "unknown": ["no-such-code"]},
}
