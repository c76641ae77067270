"""How Rakuten is asked, and what each kind of bad answer amounts to, for every function."""

import base64
import logging
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from onhand.channels.errors import (
    ChannelAuthExpired,
    ChannelError,
    ChannelProtocolError,
    ChannelRateLimited,
    ChannelUnavailable,
    ListingRejected,
)
from onhand.channels.port import ListingKey, PushMode, StockChange
from onhand.channels.rakuten.channel import RakutenChannel
from onhand.channels.rakuten.settings import RakutenOptions
from tests.channels.conftest import KEYS, QUICK
from tests.channels.scripted import Says, ScriptedShop, says, unused_url
from tests.shop import FakeClock

SINCE, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
KEY = ListingKey("tote", "BK")
Ask = Callable[[RakutenChannel], object]
ASKS: dict[str, Ask] = {
    "license.expiryDate": lambda c: c.check(),
    "items.search": lambda c: list(c.listings()),
    "order.searchOrder": lambda c: list(c.placed_orders(SINCE, UNTIL)),
    "order.getOrder": lambda c: c.read_orders(["1-1"]),
    "order.confirmOrder": lambda c: c.confirm_orders(["1-1"]),
    "inventories.bulk.get": lambda c: c.read_stock([KEY]),
    "inventories.bulk.upsert": lambda c: c.push_stock([StockChange(KEY, PushMode.ABSOLUTE, 1)]),
}
WRITES = {"order.confirmOrder", "inventories.bulk.upsert"}
every = pytest.mark.parametrize(("function", "ask"), ASKS.items(), ids=ASKS)

HTML = b"<!doctype html><title>Maintenance</title>"
EXPIRED = {"errors": [{"code": "GA0001", "message": "Un-Authorised"}]}
EXPIRED_RESULTS = {"Results": {"errorCode": "ES01-01", "message": "Un-Authorised"}}
EXPIRED_MESSAGES = {
    "MessageModelList": [
        {"messageType": "ERROR", "messageCode": "GA0001", "message": "x", "orderNumber": "1-1"}
    ]
}


def refused(shop: ScriptedShop, rakuten: RakutenChannel, ask: Ask, answer: Says) -> ChannelError:
    """The error that this answer ends in; it names the function and is sent once."""
    shop.will(answer)
    with pytest.raises(ChannelError) as raised:
        ask(rakuten)
    assert len(shop.heard) == 1
    error = raised.value
    assert str(error) == f"{error.function}: {error.reason}"
    assert "\n" not in str(error)
    return error


@every
def test_each_call_is_paced_and_signed(
    function: str, ask: Ask, shop: ScriptedShop, rakuten: RakutenChannel, paced: list[str]
) -> None:
    error = refused(shop, rakuten, ask, says({}, 500))

    assert paced == [function] == [error.function]
    heard = shop.heard[0]
    pair = base64.b64decode(heard.headers["authorization"].removeprefix("ESA "), validate=True)
    assert pair.decode() == f"{KEYS.service_secret}:{KEYS.license_key}"
    if heard.method == "POST":
        assert heard.headers["content-type"] == "application/json; charset=utf-8"


TROUBLES = [
    Says(500, b'{"errors":[{"code":"X0000"}]}', {"Retry-After": "9"}),
    Says(502, HTML, {"Retry-After": "9"}),
    Says(503, b"", {"Retry-After": "9"}),
    Says(504, b"\xff\xfe", {"Retry-After": "9"}),
]


@every
@pytest.mark.parametrize("answer", TROUBLES)
def test_trouble_at_the_shop(
    function: str, ask: Ask, answer: Says, shop: ScriptedShop, rakuten: RakutenChannel
) -> None:
    error = refused(shop, rakuten, ask, answer)

    assert isinstance(error, ChannelUnavailable)
    assert error.maybe_done is (function in WRITES)
    assert error.retry_after_s == 9
    assert f"HTTP {answer.status}" in error.reason


@every
@pytest.mark.parametrize(
    "answer",
    [
        says(EXPIRED, 401),
        says(EXPIRED_RESULTS, 401),
        says(EXPIRED_MESSAGES, 401),
        says(EXPIRED, 400),
        says(EXPIRED, 200),
        says(EXPIRED_RESULTS, 200),
        says(EXPIRED_MESSAGES, 200),
        Says(401, HTML),
        Says(401),
        says(EXPIRED, 403),
    ],
)
def test_a_key_that_is_not_accepted(
    function: str, ask: Ask, answer: Says, shop: ScriptedShop, rakuten: RakutenChannel
) -> None:
    assert isinstance(refused(shop, rakuten, ask, answer), ChannelAuthExpired)


@every
def test_a_function_that_is_not_ticked(
    function: str, ask: Ask, shop: ScriptedShop, rakuten: RakutenChannel
) -> None:
    answer = says({"Results": {"errorCode": "ES04-01", "message": "not enabled"}}, 400)

    error = refused(shop, rakuten, ask, answer)

    assert isinstance(error, ChannelAuthExpired)
    wanted = "LicenseManagementAPI" if function.startswith("license") else function
    assert "tick the function" in error.reason
    assert wanted in error.reason


@every
def test_one_call_too_many(
    function: str, ask: Ask, shop: ScriptedShop, rakuten: RakutenChannel
) -> None:
    for headers, wait in (({"Retry-After": "3"}, 3.0), ({}, None)):
        error = refused(shop, rakuten, ask, Says(429, HTML, headers))

        assert isinstance(error, ChannelRateLimited)
        assert error.retry_after_s == wait


@every
def test_a_conflict_did_nothing(
    function: str, ask: Ask, shop: ScriptedShop, rakuten: RakutenChannel
) -> None:
    error = refused(shop, rakuten, ask, says({"errors": [{"code": "CE0001"}]}, 409))

    assert isinstance(error, ChannelUnavailable)
    assert error.maybe_done is False


@every
def test_read_only_mode_did_nothing(
    function: str, ask: Ask, shop: ScriptedShop, rakuten: RakutenChannel
) -> None:
    error = refused(shop, rakuten, ask, says({"errors": [{"code": "GE0017"}]}, 400))

    assert isinstance(error, ChannelUnavailable)
    assert error.maybe_done is False


@every
def test_a_refusal_is_told_in_the_shops_words(
    function: str, ask: Ask, shop: ScriptedShop, rakuten: RakutenChannel
) -> None:
    error = refused(
        shop,
        rakuten,
        ask,
        says({"errors": [{"code": "IE0002", "message": "bad\nvalue"}]}, 400, RequestId="ab-1"),
    )

    assert isinstance(error, ListingRejected)
    assert error.reason == "HTTP 400: IE0002 bad value (RequestId ab-1)"


@every
@pytest.mark.parametrize(
    "answer",
    [
        Says(200, b'{"inventories": ['),
        Says(200, b""),
        Says(200, b"OK"),
        says([]),
        says(None),
        says({}),
        says({"something": "else"}),
        Says(200, b"[" * 100_000),
        Says(404, HTML),
        says({}, 400),
        Says(302, b"", {"Location": "http://example.com/"}),
        says({}, 202),
    ],
)
def test_what_is_not_understood(
    function: str, ask: Ask, answer: Says, shop: ScriptedShop, rakuten: RakutenChannel
) -> None:
    assert isinstance(refused(shop, rakuten, ask, answer), ChannelProtocolError)


@every
def test_a_web_page_with_status_200_is_maintenance(
    function: str, ask: Ask, shop: ScriptedShop, rakuten: RakutenChannel
) -> None:
    error = refused(shop, rakuten, ask, Says(200, HTML, {"Content-Type": "text/html"}))

    assert isinstance(error, ChannelUnavailable)
    assert error.maybe_done is (function in WRITES)


@every
def test_a_lost_answer(
    function: str, ask: Ask, shop: ScriptedShop, rakuten: RakutenChannel
) -> None:
    error = refused(shop, rakuten, ask, Says(drops=True))

    assert isinstance(error, ChannelUnavailable)
    assert error.maybe_done is (function in WRITES)


@every
def test_nobody_there(function: str, ask: Ask) -> None:
    options = RakutenOptions(base_url=unused_url(), timeouts=QUICK)
    channel = RakutenChannel(KEYS, options, pace=lambda function: None, clock=FakeClock())

    with pytest.raises(ChannelUnavailable) as raised:
        ask(channel)

    assert raised.value.maybe_done is False


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
@pytest.mark.parametrize("status", [200, 400, 401, 429, 500])
def test_no_key_is_ever_shown(
    ask: Ask,
    status: int,
    shop: ScriptedShop,
    rakuten: RakutenChannel,
    caplog: pytest.LogCaptureFixture,
) -> None:
    pair = f"{KEYS.service_secret}:{KEYS.license_key}"
    token = base64.b64encode(pair.encode()).decode()
    # The keys come at the place where a long reason is cut.
    echo = "." * 260 + f" {pair} {token}"
    answer = says({"errors": [{"code": "IE0002", "message": echo}]}, status)
    with caplog.at_level(logging.DEBUG):
        error = refused(shop, rakuten, ask, answer)
    shown = "".join(traceback.format_exception(error)) + caplog.text + repr(error.__dict__)

    for secret in (KEYS.service_secret[:12], KEYS.license_key[:12], token[:12]):
        assert secret not in shown
    assert error.__cause__ is None
    assert error.__context__ is None


def test_the_end_of_the_key_is_japanese_time(shop: ScriptedShop, rakuten: RakutenChannel) -> None:
    shop.will(says({"expiryDate": "2027-02-19T23:59:59"}))

    status = rakuten.check()

    assert status.expires_at == datetime(2027, 2, 19, 14, 59, 59, tzinfo=UTC)
    assert shop.heard[0].query == {"licenseKey": [KEYS.license_key]}


@pytest.mark.parametrize("text", ["", "never", 7, None])
def test_an_end_that_is_no_moment(
    text: object, shop: ScriptedShop, rakuten: RakutenChannel
) -> None:
    shop.will(says({"expiryDate": text}))

    with pytest.raises(ChannelProtocolError):
        rakuten.check()
