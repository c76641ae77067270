"""Finding, reading and confirming orders: Order API (RakutenPayOrderAPI), or PurchaseItemAPI."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime

import msgspec

from onhand.channels.port import ChannelOrder, Confirmation, ConfirmResult
from onhand.channels.rakuten.api import Answer, RakutenApi
from onhand.channels.rakuten.complaints import is_about_the_key
from onhand.channels.rakuten.functions import (
    CONFIRM_ORDER,
    GET_ORDER,
    GET_ORDER_ITEM,
    SEARCH_ORDER,
    SEARCH_ORDER_ITEM,
)
from onhand.channels.rakuten.moments import halves, to_order_api, windows
from onhand.channels.rakuten.order_shape import STATES, order_number, read_order
from onhand.channels.rakuten.settings import RakutenOptions

ORDERS_PER_READ = 100  # getOrder, confirmOrder: 1 to 100
NUMBERS_PER_PAGE = 1000  # searchOrder
SMALLEST_PAGE = 30  # what searchOrder gives per page when it is not told
MOST_RESULTS = 15_000  # searchOrder: number 15,001 and those after cannot be reached

BY_ORDER_DATE = 1
ASCENDING = 1

CONFIRMATIONS = {
    "ORDER_EXT_API_CONFIRM_ORDER_INFO_101": Confirmation.CONFIRMED,
    # The error codes are those one production client reacts to (low confidence).
    "ORDER_EXT_API_CONFIRM_ORDER_ERROR_102": Confirmation.CANCELLED,
    "ORDER_EXT_API_CONFIRM_ORDER_ERROR_103": Confirmation.ALREADY,
    "ORDER_EXT_API_CONFIRM_ORDER_ERROR_105": Confirmation.FAILED,
}
NO_HITS = "ORDER_EXT_API_SEARCH_ORDER_INFO_102"


class _Message(msgspec.Struct, rename="camel"):
    message_type: str | None = None
    message_code: str | None = None
    message: str | None = None
    order_number: str | None = None

    @property
    def text(self) -> str:
        """Code and words."""
        return " ".join(part for part in (self.message_code, self.message) if part)


class _Paging(msgspec.Struct, rename="camel"):
    # All three are null when nothing is found.
    total_records_amount: int | None = None
    total_pages: int | None = None


class _Found(msgspec.Struct, rename="camel"):
    order_number_list: list[str] | None
    messages: list[_Message] = msgspec.field(name="MessageModelList")
    paging: _Paging | None = msgspec.field(name="PaginationResponseModel", default=None)


class _Orders(msgspec.Struct):
    messages: list[_Message] = msgspec.field(name="MessageModelList")
    orders: list[msgspec.Raw] | None = msgspec.field(name="OrderModelList")


class _Confirmed(msgspec.Struct):
    messages: list[_Message] = msgspec.field(name="MessageModelList")


_decode_found = msgspec.json.Decoder(_Found).decode
_decode_orders = msgspec.json.Decoder(_Orders).decode
_decode_confirmed = msgspec.json.Decoder(_Confirmed).decode


def placed_orders(
    api: RakutenApi, options: RakutenOptions, since: datetime, until: datetime
) -> Iterator[Sequence[ChannelOrder]]:
    """Every order placed from `since` until `until`, in every status, 100 at a time, each once.

    Raises any ChannelError; ChannelProtocolError when the search contradicts itself, or when an
    order it named cannot be read even when asked for again (after the others of its hundred).
    """
    given: set[str] = set()
    for start, end in windows(since, until):
        for numbers in _search(api, options, start, end):
            fresh = [number for number in numbers if number not in given]
            given.update(fresh)
            for first in range(0, len(fresh), ORDERS_PER_READ):
                yield from _insist(api, options, fresh[first : first + ORDERS_PER_READ])


def read_orders(
    api: RakutenApi, options: RakutenOptions, order_ids: Sequence[str]
) -> list[ChannelOrder]:
    """At most 100 orders as they are now, at most 730 days old; those unknown are left out."""
    if not order_ids:
        return []
    orders, _ = _read(api, options, order_ids)
    return orders


def confirm_orders(api: RakutenApi, order_ids: Sequence[str]) -> dict[str, ConfirmResult]:
    """Confirm at most 100 orders (100 becomes 200, for good); one result for every id.

    The HTTP status of an answer where some orders failed is not known, so the messages decide,
    whatever the status. Raises any ChannelError.
    """
    _check_count(order_ids)
    if not order_ids:
        return {}
    answer = api.send(CONFIRM_ORDER, body={"orderNumberList": list(dict.fromkeys(order_ids))})
    if is_about_the_key(answer.complaints):
        raise api.error(answer)
    of_orders, of_all = _confirm_messages(api, answer)
    if answer.reply.status != 200 and not of_orders.keys() & set(order_ids):
        raise api.error(answer)
    return {
        order_id: _confirm_result(api, of_orders.get(order_id, []), of_all)
        for order_id in order_ids
    }


def _search(
    api: RakutenApi, options: RakutenOptions, start: datetime, end: datetime
) -> Iterator[list[str]]:
    """The numbers of all orders placed in a window of at most 63 days, cut where too many."""
    numbers = _Search(api, options, start, end).numbers()
    if numbers is not None:
        yield numbers
        return
    for part in halves(start, end) or ():
        yield from _search(api, options, *part)


class _Search:
    """All pages of one window."""

    def __init__(
        self, api: RakutenApi, options: RakutenOptions, start: datetime, end: datetime
    ) -> None:
        self._api = api
        self._twin = options.use_purchase_item_api
        self._start = start
        self._end = end
        self._numbers: dict[str, None] = {}

    def numbers(self) -> list[str] | None:
        """The order numbers, each once; None when there are too many for one window.

        Orders that arrive meanwhile move nothing, for the oldest come first. When pages held
        fewer different numbers than announced (one came twice), they are read once more.
        """
        total, answer = self._pages()
        if len(self._numbers) < total < MOST_RESULTS:
            total, answer = self._pages()
        if total >= MOST_RESULTS:
            if halves(self._start, self._end) is None:
                raise self._api.not_understood(answer, f"{total} orders within one second")
            return None
        if len(self._numbers) < total:
            detail = f"{total} orders announced, {len(self._numbers)} given"
            raise self._api.not_understood(answer, detail)
        return list(self._numbers)

    def _pages(self) -> tuple[int, Answer]:
        """Read page after page; the number of orders announced, and the last answer."""
        total, pages, answer = self._page(1)
        page = 1
        while page < pages and total < MOST_RESULTS:
            page += 1
            # More may have come meanwhile; a page that says there is nothing takes nothing back.
            more_total, more_pages, answer = self._page(page)
            total, pages = max(total, more_total), max(pages, more_pages)
        return total, answer

    def _page(self, page: int) -> tuple[int, int, Answer]:
        function = SEARCH_ORDER_ITEM if self._twin else SEARCH_ORDER
        found, answer = self._api.ask(function, _decode_found, body=self._request(page))
        paging = found.paging or _Paging()
        total, pages = paging.total_records_amount, paging.total_pages
        if not found.order_number_list:
            is_empty = any(message.message_code == NO_HITS for message in found.messages)
            if total == 0 or (is_empty and total is None):
                return 0, 0, answer
            # A page after the last, when orders were taken out meanwhile, is settled by counting.
            if total is None or page == 1:
                raise self._api.not_understood(
                    answer, "neither orders nor word that there are none"
                )
        if total is None or pages is None or not self._is_possible(total, pages):
            detail = f"{total} orders on {pages} pages"
            raise self._api.not_understood(answer, detail)
        self._numbers.update(dict.fromkeys(found.order_number_list or ()))
        return total, pages, answer

    def _is_possible(self, total: int, pages: int) -> bool:
        """Whether so many orders can fill so many pages; keeps a page count from running away."""
        return total >= 1 and 1 <= pages <= total // SMALLEST_PAGE + 1

    def _request(self, page: int) -> dict[str, object]:
        return {
            "dateType": 1,  # the day of the order
            "startDatetime": to_order_api(self._start),
            "endDatetime": to_order_api(self._end),
            # All of them: what leaving the list out means is not stated.
            "orderProgressList": list(STATES),
            "PaginationRequestModel": {
                "requestRecordsAmount": NUMBERS_PER_PAGE,
                "requestPage": page,
                "SortModelList": [{"sortColumn": BY_ORDER_DATE, "sortDirection": ASCENDING}],
            },
        }


def _insist(
    api: RakutenApi, options: RakutenOptions, numbers: Sequence[str]
) -> Iterator[Sequence[ChannelOrder]]:
    """The orders of these numbers; those left out are asked for once more, then missed loudly."""
    orders, _ = _read(api, options, numbers)
    if orders:
        yield orders
    left = _left_out(numbers, orders)
    if not left:
        return
    orders, answer = _read(api, options, left)
    if orders:
        yield orders
    left = _left_out(left, orders)
    if left:
        detail = f"found but not given: {', '.join(left[:10])} ({len(left)} in all)"
        raise api.not_understood(answer, detail)


def _left_out(numbers: Sequence[str], orders: Sequence[ChannelOrder]) -> list[str]:
    come = {order.order_id for order in orders}
    return [number for number in numbers if number not in come]


def _read(
    api: RakutenApi, options: RakutenOptions, order_ids: Sequence[str]
) -> tuple[list[ChannelOrder], Answer]:
    _check_count(order_ids)
    body: dict[str, object] = {"orderNumberList": list(dict.fromkeys(order_ids))}
    if not options.use_purchase_item_api:
        body["version"] = options.order_api_version
    function = GET_ORDER_ITEM if options.use_purchase_item_api else GET_ORDER
    found, answer = api.ask(function, _decode_orders, body=body)
    if found.orders is None and not found.messages:
        raise api.not_understood(answer, "neither orders nor a word why")
    asked = set(order_ids)
    orders: dict[str, ChannelOrder] = {}
    for message in found.orders or ():
        number = order_number(message)
        if number in asked and number not in orders:
            orders[number] = read_order(message, number, answer.sent_at)
    return list(orders.values()), answer


def _confirm_messages(
    api: RakutenApi, answer: Answer
) -> tuple[dict[str, list[_Message]], list[_Message]]:
    """The messages about each order, and those about none."""
    messages: list[_Message] | None = None
    with suppress(msgspec.DecodeError, RecursionError):
        messages = _decode_confirmed(answer.reply.body).messages
    if messages is None:
        # Whatever it is, it says nothing of single orders: judged by its status.
        raise api.error(answer)
    of_orders: dict[str, list[_Message]] = {}
    of_all: list[_Message] = []
    for message in messages:
        if message.order_number:
            of_orders.setdefault(message.order_number, []).append(message)
        else:
            of_all.append(message)
    return of_orders, of_all


def _confirm_result(
    api: RakutenApi, messages: Sequence[_Message], of_all: Sequence[_Message]
) -> ConfirmResult:
    """What the messages about one order amount to: confirmed only if all of them say so."""
    for message in messages:
        outcome = CONFIRMATIONS.get(message.message_code or "", Confirmation.FAILED)
        if outcome != Confirmation.CONFIRMED:
            return ConfirmResult(outcome, api.without_keys(message.text))
    if messages:
        return ConfirmResult(Confirmation.CONFIRMED)
    said = "; ".join(message.text for message in of_all[:3])
    reason = (
        f"Rakuten said nothing about this order: {said}" if said else "no word about this order"
    )
    return ConfirmResult(Confirmation.FAILED, api.without_keys(reason))


def _check_count(order_ids: Sequence[str]) -> None:
    if len(set(order_ids)) > ORDERS_PER_READ:
        message = f"at most {ORDERS_PER_READ} orders at once, not {len(set(order_ids))}"
        raise ValueError(message)
