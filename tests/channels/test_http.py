"""What goes wrong on the way to a shop, and whether a write may have taken effect."""

import gzip
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from onhand.channels.errors import ChannelProtocolError, ChannelUnavailable
from onhand.channels.http import Call, Timeouts, Wire, retry_after_s
from tests.channels.scripted import Says, ScriptedShop, unused_url

QUICK = Timeouts(connect_s=2, write_s=2, read_s=0.4, whole_s=0.6)
WRITE = Call("stock.write", "POST", "/stock", body=b"{}", writes=True)
READ = Call("stock.read", "GET", "/stock", query={"key": "a/b=c+*"})


@pytest.fixture
def wire(shop: ScriptedShop) -> Iterator[Wire]:
    made = Wire(shop.url, timeouts=QUICK, most_bytes=100_000)
    yield made
    made.close()


def test_an_answer_is_given_whole_whatever_its_status(shop: ScriptedShop, wire: Wire) -> None:
    packed = gzip.compress(b"x" * 50_000)
    shop.will(Says(418, packed, {"Content-Encoding": "gzip", "X-Shop": "yes"}))

    reply = wire.send(READ)

    assert (reply.status, reply.body) == (418, b"x" * 50_000)
    assert reply.headers.get("x-shop") == "yes"
    assert shop.heard[0].query == {"key": ["a/b=c+*"]}


def test_no_redirect_is_followed_and_no_cookie_kept(shop: ScriptedShop, wire: Wire) -> None:
    shop.will(Says(302, b"", {"Location": "/elsewhere", "Set-Cookie": "WMONID=1"}), Says())

    assert wire.send(READ).status == 302
    wire.send(READ)

    assert [heard.path for heard in shop.heard] == ["/stock", "/stock"]
    assert "cookie" not in shop.heard[1].headers


@pytest.mark.parametrize(
    "answer",
    [Says(drops=True), Says(hangs=True), Says(body=b"{", declared=9), Says(trickles=True)],
    ids=["drops", "hangs", "cut", "trickles"],
)
@pytest.mark.parametrize("call", [WRITE, READ], ids=["write", "read"])
def test_once_sent_a_write_may_be_done(
    shop: ScriptedShop, wire: Wire, call: Call, answer: Says
) -> None:
    shop.will(answer if not answer.trickles else Says(trickles=True, declared=9_000))

    with pytest.raises(ChannelUnavailable) as raised:
        wire.send(call)

    assert raised.value.maybe_done is call.writes
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)


def test_where_nobody_listens_nothing_is_done() -> None:
    wire = Wire(unused_url(), timeouts=QUICK)

    with pytest.raises(ChannelUnavailable, match="not reached: ConnectError") as raised:
        wire.send(WRITE)

    assert raised.value.maybe_done is False


def test_where_the_handshake_fails_nothing_is_done(shop: ScriptedShop) -> None:
    secured = Wire(shop.url.replace("http:", "https:"), timeouts=QUICK)

    with pytest.raises(ChannelUnavailable, match="not reached") as raised:
        secured.send(WRITE)

    assert raised.value.maybe_done is False


def test_packed_nonsense_is_no_answer(shop: ScriptedShop, wire: Wire) -> None:
    shop.will(Says(200, b"not packed at all", {"Content-Encoding": "gzip"}))

    with pytest.raises(ChannelUnavailable, match="DecodingError"):
        wire.send(READ)


@pytest.mark.parametrize("packed", [True, False])
def test_an_endless_answer_is_given_up(shop: ScriptedShop, wire: Wire, packed: bool) -> None:
    body = b" " * 5_000_000
    if packed:
        shop.will(Says(200, gzip.compress(body), {"Content-Encoding": "gzip"}))
    else:
        shop.will(Says(200, body))

    with pytest.raises(ChannelProtocolError, match="larger than 100000 bytes"):
        wire.send(READ)


def test_no_address_is_logged(
    shop: ScriptedShop, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    shop.will(Says())
    with caplog.at_level(logging.DEBUG):
        wire.send(Call("f", "GET", "/p", query={"k": "SECRET"}, headers={"Authorization": "HUSH"}))

    assert "SECRET" not in caplog.text
    assert "HUSH" not in caplog.text


def test_a_transport_takes_the_place_of_the_network() -> None:
    class Echo(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, content=request.url.raw_path)

    wire = Wire("http://nowhere.invalid/base/", timeouts=QUICK, transport=Echo())

    assert wire.send(READ).body == b"/base/stock?key=a%2Fb%3Dc%2B%2A"


@pytest.mark.parametrize(
    "url",
    ["", "ftp://x", "nonsense", "http://", "http://u:p@x/", "http://x/?q=1", "http://x:99999"],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        Wire(url, timeouts=QUICK)


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("999999999999999999", 86_400.0),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("Sun, 22 Nov 2026 12:00:05 -0000", 5.0),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("1.5", None),
        ("٣", None),
        ("Sun, 99 Nov 2026 12:00:30 GMT", None),
    ],
)
def test_retry_after(text: str, seconds: float | None) -> None:
    assert retry_after_s({"retry-after": text}, NOW) == seconds
    assert retry_after_s({}, NOW + timedelta(days=1)) is None
