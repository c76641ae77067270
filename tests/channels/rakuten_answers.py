"""Rakuten's answers in small, after the samples of the reference; all values are invented."""

from collections.abc import Sequence
from typing import Any

INFO = {"messageType": "INFO", "messageCode": "X_INFO_101", "message": "ok"}
NO_HITS = {
    "orderNumberList": [],
    "MessageModelList": [
        {
            "messageType": "INFO",
            "messageCode": "ORDER_EXT_API_SEARCH_ORDER_INFO_102",
            "message": "(検索結果０件)",
        }
    ],
    "PaginationResponseModel": {
        "totalRecordsAmount": None,
        "totalPages": None,
        "requestPage": None,
    },
}


def found(numbers: Sequence[str], *, total: int, pages: int = 1, page: int = 1) -> dict[str, Any]:
    """A page of searchOrder."""
    return {
        "orderNumberList": list(numbers),
        "MessageModelList": [INFO],
        "PaginationResponseModel": {
            "totalRecordsAmount": total,
            "totalPages": pages,
            "requestPage": page,
        },
    }


def item(**changes: Any) -> dict[str, Any]:
    """A line of an order, with a price that is not fixed yet."""
    plain = {
        "itemDetailId": 7,
        "itemName": "帆布トート",
        "itemNumber": "TOTE",
        "manageNumber": "Tote-Canvas",
        "price": -9999,
        "units": 2,
        "deleteItemFlag": 0,
        "selectedChoice": "名入れ:山田",
        "SkuModelList": [
            {
                "variantId": "tote-BK-L",
                "merchantDefinedSkuId": "TOTE-BK-L",
                "skuInfo": "カラー:黒\nサイズ:L",
            }
        ],
    }
    return plain | changes


def order(number: str, *items: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An order with one package, and a buyer with name and address."""
    plain = {
        "orderNumber": number,
        "orderProgress": 100,
        "orderDatetime": "2026-11-01T09:12:33+0900",
        "totalPrice": -9999,
        "remarks": "山田太郎 090-0000-0000",
        "OrdererModel": {"familyName": "山田", "phoneNumber1": "090", "city": "千代田区"},
        "PackageModelList": [
            {
                "basketId": 5,
                "packageDeleteFlag": 0,
                "SenderModel": {"familyName": "山田", "subAddress": "1-1-1"},
                "ItemModelList": list(items) or [item()],
            }
        ],
    }
    return plain | changes


def orders(*entries: object) -> dict[str, Any]:
    """An answer of getOrder."""
    return {"MessageModelList": [INFO], "OrderModelList": list(entries), "version": 7}


def confirmed(**codes: str) -> dict[str, Any]:
    """An answer of confirmOrder: order number (with _ for -) and the end of the message code."""
    return {
        "MessageModelList": [
            {
                "messageType": code.partition("_")[0],
                "messageCode": f"ORDER_EXT_API_CONFIRM_ORDER_{code}",
                "message": "…",
                "orderNumber": number.replace("_", "-"),
            }
            for number, code in codes.items()
        ]
    }
