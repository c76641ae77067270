"""searchOrder and its twin searchOrderItem (reference 2.2)."""

import re
from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta
from typing import Any

from onhand.simulators.rakuten.call import Call
from onhand.simulators.rakuten.order_messages import Kind, Name, message, order_body, refuse
from onhand.simulators.rakuten.records import Order
from onhand.simulators.rakuten.wire import Response, ok

REACHABLE = 15_000
_MOST_PER_PAGE = 1_000
_DAYS_WIDE = 63
_DAYS_BACK = 730
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0900")
_STATES = frozenset(range(100, 1000, 100))
_KNOWN = frozenset(
    {"dateType", "startDatetime", "endDatetime", "orderProgressList", "orderTypeList"}
    | {"PaginationRequestModel"}
)
_IGNORED = frozenset({"sortModelList"})  # C: a misspelt key is ignored, not refused
_NAME = Name.SEARCH


def search_order(call: Call) -> Response:
    """The numbers of the orders in a window, a page of them."""
    body = order_body(call, _NAME)
    kind = _whole(body, "dateType", range(1, 7))
    since, until = _moment(body, "startDatetime"), _moment(body, "endDatetime")
    _check_window(call, since, until)
    _check_filters(body)
    page, size, newest_first = _paging(body)
    found = _matches(call, (kind, since, until), body)
    if newest_first:
        found.reverse()
    first = (page - 1) * size
    if first >= REACHABLE:
        raise refuse(_NAME, "0xx_PAGE", "only 15,000 results can be reached")
    numbers = [order.number for order in found[first : min(first + size, REACHABLE)]]
    if not numbers:
        return _nothing()
    reachable = min(len(found), REACHABLE)
    total = reachable if call.shop.world.knobs.search_total_is_capped else len(found)
    pages = {
        "totalRecordsAmount": total,
        "totalPages": -(-reachable // size),
        "requestPage": page,
    }
    told = message(Kind.INFO, _NAME, "INFO_101", "注文検索に成功しました。")
    return _answer(numbers, told, pages)


def _nothing() -> Response:
    told = message(Kind.INFO, _NAME, "INFO_102", "注文検索に成功しました。(検索結果０件)")
    return _answer([], told, dict.fromkeys(("totalRecordsAmount", "totalPages", "requestPage")))


def _answer(numbers: list[str], told: dict[str, object], pages: dict[str, Any]) -> Response:
    document = {
        "orderNumberList": numbers,
        "MessageModelList": [told],
        "PaginationResponseModel": pages,
    }
    return ok(document)


def _matches(
    call: Call, window: tuple[int, datetime, datetime], body: dict[str, Any]
) -> list[Order]:
    kind, since, until = window
    orders = list(call.shop.record.orders.values())
    if kind == 1:  # orders are kept in the order of this moment, but for a clock that was set back
        low = bisect_left(orders, since, key=lambda order: order.ordered_at)
        high = bisect_right(orders, until, key=lambda order: order.ordered_at)
        found = orders[low:high]
    else:
        found = [o for o in orders if (at := _moment_of(o, kind)) and since <= at <= until]
    lag = timedelta(seconds=call.shop.world.knobs.order_index_lag_s)
    states = body.get("orderProgressList")
    types = body.get("orderTypeList")
    return [
        order
        for order in found
        if (not states or order.progress in states)
        and (not types or 1 in types)
        and order.placed_at + lag <= call.now
    ]


def _moment_of(order: Order, kind: int) -> datetime | None:
    return {
        2: order.confirmed_at,
        3: order.fixed_at,
        4: order.shipped_at,
        5: order.shipped_at,
        6: order.fixed_at,
    }[kind]


def _whole(body: dict[str, Any], field: str, allowed: range) -> int:
    value = body.get(field)
    if value is None:
        raise refuse(_NAME, "009", f"{field}の項目を指定して下さい。")
    if value == "":
        raise refuse(_NAME, "010", f"{field}に値を指定して下さい。")
    if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
        raise refuse(_NAME, "011", f"{field}の形式が不正です。")
    return value


def _moment(body: dict[str, Any], field: str) -> datetime:
    value = body.get(field)
    if value is None:
        raise refuse(_NAME, "009", f"{field}の項目を指定して下さい。")
    if value == "":
        raise refuse(_NAME, "010", f"{field}に値を指定して下さい。")
    wrong = refuse(_NAME, "011", f"{field}の形式が不正です。")
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise wrong
    try:
        return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S%z")
    except ValueError as error:
        raise wrong from error


def _check_window(call: Call, since: datetime, until: datetime) -> None:
    if until < since:
        raise refuse(_NAME, "0xx_ORDER", "the window ends before it starts")
    if until - since > timedelta(days=_DAYS_WIDE):
        raise refuse(_NAME, "0xx_WIDTH", f"the window is wider than {_DAYS_WIDE} days")
    if since < call.local_now - timedelta(days=_DAYS_BACK):
        raise refuse(_NAME, "0xx_AGE", f"the window starts more than {_DAYS_BACK} days ago")


def _check_filters(body: dict[str, Any]) -> None:
    for field in ("orderProgressList", "orderTypeList"):
        values = body.get(field)
        if values is not None and not isinstance(values, list):
            raise refuse(_NAME, "011", f"{field}の形式が不正です。")
    if not _STATES.issuperset(body.get("orderProgressList") or ()):
        raise refuse(_NAME, "011", "orderProgressListの形式が不正です。")
    for field in body.keys() - _KNOWN - _IGNORED:
        raise refuse(_NAME, "0xx_FILTER", f"{field} is not simulated")


def _paging(body: dict[str, Any]) -> tuple[int, int, bool]:
    paging = body.get("PaginationRequestModel") or {}
    if not isinstance(paging, dict):
        raise refuse(_NAME, "011", "PaginationRequestModelの形式が不正です。")
    size = paging.get("requestRecordsAmount", 30)
    page = paging.get("requestPage", 1)
    if type(size) is not int or not 1 <= size <= _MOST_PER_PAGE:
        raise refuse(_NAME, "0xx_SIZE", "requestRecordsAmount must be 1 to 1000")
    if type(page) is not int or page < 1:
        raise refuse(_NAME, "011", "requestPageの形式が不正です。")
    sorting = paging.get("SortModelList") or [{}]
    return page, size, sorting[0].get("sortDirection", 1) == 2
