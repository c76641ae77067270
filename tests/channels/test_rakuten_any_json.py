"""Whatever Rakuten answers, the connector gives a result or an error of the port, nothing else."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onhand.channels.errors import ChannelError
from onhand.channels.port import ChannelOrder, OrderState
from onhand.channels.rakuten.channel import RakutenChannel
from onhand.channels.rakuten.settings import RakutenOptions
from tests.channels.conftest import KEYS, QUICK
from tests.channels.rakuten_answers import NO_HITS, confirmed, found, order, orders
from tests.channels.scripted import Says, ScriptedShop, says
from tests.channels.test_rakuten_calls import ASKS
from tests.shop import FakeClock

SEEDS: list[object] = [
    NO_HITS,
    found(["1-1"], total=1),
    orders(order("1-1")),
    confirmed(**{"1_1": "INFO_101"}),
    {"expiryDate": "2027-02-19T23:59:59"},
    {"inventories": [{"manageNumber": "tote", "variantId": "BK", "quantity": 1}]},
    {"numFound": 1, "nextCursorMark": "*", "results": [{"item": {"manageNumber": "a"}}]},
    {"errors": [{"code": "IE0001", "metadata": {"propertyPath": "inventories[0].quantity"}}]},
    {"Results": {"errorCode": "ES04-01", "message": "x"}},
]
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@st.composite
def damaged(draw: st.DrawFn) -> object:
    """A good answer in which some values are replaced by junk or left out."""
    return _damaged(draw, draw(st.sampled_from(SEEDS)))


def _damaged(draw: Callable[[st.SearchStrategy[Any]], Any], value: object) -> object:
    fate = draw(st.integers(0, 11))
    if fate == 0:
        return draw(JUNK)
    if isinstance(value, dict):
        kept = {key: part for key, part in value.items() if fate != 1 or draw(st.booleans())}
        return {key: _damaged(draw, part) for key, part in kept.items()}
    if isinstance(value, list):
        return [_damaged(draw, part) for part in value * (2 if fate == 1 else 1)]
    return value


@pytest.fixture(scope="module")
def talker(server: ScriptedShop) -> Iterator[RakutenChannel]:
    options = RakutenOptions(base_url=server.url, shop_code="bags", timeouts=QUICK)
    clock = FakeClock()
    channel = RakutenChannel(KEYS, options, pace=lambda function: None, clock=clock)
    yield channel
    channel.close()


BODIES = (
    (JUNK | damaged()).map(lambda content: json.dumps(content).encode())
    | st.binary(max_size=40)
    | st.sampled_from([b"\xef\xbb\xbf{}", b'{"a":"\\ud800"}', b"[" * 5_000, b"<html>", b"NaN"])
)
STATUSES = st.sampled_from([200, 200, 200, 204, 301, 400, 401, 404, 409, 418, 429, 500, 503])


@pytest.mark.slow
@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES, status=STATUSES)
def test_only_errors_of_the_port(
    ask: object, body: bytes, status: int, server: ScriptedShop, talker: RakutenChannel
) -> None:
    assert callable(ask)
    server.will(Says(status, body))

    with suppress(ChannelError):
        ask(talker)


@pytest.mark.slow
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.data())
def test_a_damaged_order_is_whole_or_odd(
    content: st.DataObject, server: ScriptedShop, talker: RakutenChannel
) -> None:
    spoilt = _damaged(content.draw, order("1-1"))
    server.will(says(orders(spoilt)))

    for one in talker.read_orders(["1-1"]):
        assert isinstance(one, ChannelOrder)
        known = one.state in {OrderState.ODD, OrderState.CANCELLED}
        assert one.lines or known or 'Flag":1' in one.raw
        assert "山田" not in one.raw
