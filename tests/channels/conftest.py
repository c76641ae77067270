"""Fixtures: a scripted shop, and the Rakuten connector talking to it."""

from collections.abc import Iterator

import pytest

from onhand.channels.http import Timeouts
from onhand.channels.rakuten.channel import RakutenChannel
from onhand.channels.rakuten.settings import RakutenKeys, RakutenOptions
from tests.channels.scripted import ScriptedShop, scripted_shop
from tests.shop import FakeClock

KEYS = RakutenKeys("SP000000_fakeServiceSecret", "SL000000_fakeLicenseKey")
QUICK = Timeouts(connect_s=2, write_s=2, read_s=0.5, whole_s=1)


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedShop]:
    """One server for the tests of a module."""
    with scripted_shop() as running:
        yield running


@pytest.fixture
def shop(server: ScriptedShop) -> ScriptedShop:
    """The server, with nothing heard yet."""
    server.will()
    return server


@pytest.fixture
def paced() -> list[str]:
    """The functions the connector asked to call, in order."""
    return []


@pytest.fixture
def rakuten(shop: ScriptedShop, paced: list[str]) -> Iterator[RakutenChannel]:
    """The connector, with plain options."""
    options = RakutenOptions(base_url=shop.url, shop_code="tokyo-bags", timeouts=QUICK)
    channel = RakutenChannel(KEYS, options, pace=paced.append, clock=FakeClock())
    yield channel
    channel.close()


@pytest.fixture
def twin(shop: ScriptedShop, paced: list[str]) -> Iterator[RakutenChannel]:
    """The connector, reading orders through PurchaseItemAPI."""
    options = RakutenOptions(base_url=shop.url, use_purchase_item_api=True, timeouts=QUICK)
    channel = RakutenChannel(KEYS, options, pace=paced.append, clock=FakeClock())
    yield channel
    channel.close()
