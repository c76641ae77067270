"""Keys as people paste them, options, rates, image addresses."""

import pytest

from onhand.channels.rakuten.functions import RATES, rates
from onhand.channels.rakuten.images import image_url
from onhand.channels.rakuten.settings import InvalidKeys, RakutenKeys, RakutenOptions


def test_space_and_line_ends_around_a_key_are_dropped() -> None:
    keys = RakutenKeys(" SP_fake \r\n", "\tSL_fake\u3000\n")

    assert (keys.service_secret, keys.license_key) == ("SP_fake", "SL_fake")
    assert "fake" not in repr(keys)


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("x" * 51, "51 characters, at most 50"),
        ("SL_fa\nke", "no key has"),
        ("SL_fa ke", "no key has"),
        ("SL_fake\x00x", "no key has"),
        ("ＳＬ_fake", "no key has"),
    ],
)
def test_what_cannot_be_a_key_is_refused_without_showing_it(key: str, why: str) -> None:
    for pair, name in (((key, "SL_x"), "service secret"), (("SP_x", key), "license key")):
        with pytest.raises(InvalidKeys, match=f"the {name} .*{why}") as raised:
            RakutenKeys(*pair)

        assert not key.strip() or key not in str(raised.value)


def test_the_longest_key_is_taken() -> None:
    assert len(RakutenKeys("s" * 50, "l" * 50).license_key) == 50


def test_a_version_that_tells_no_skus_apart_is_refused() -> None:
    with pytest.raises(ValueError, match="7 or newer"):
        RakutenOptions(order_api_version=6)


def test_each_function_has_its_rate() -> None:
    assert RATES["items.search"] == RATES["inventories.bulk.get"] == 5
    assert RATES["inventories.bulk.upsert"] == RATES["order.searchOrder"] == 1
    assert rates(order_per_s=0.5)["purchaseItem.getOrderItem"] == 0.5
    assert rates(order_per_s=0.5)["items.search"] == 5


@pytest.mark.parametrize(
    ("kind", "location", "url"),
    [
        ("CABINET", "/a/b.jpg", "https://image.rakuten.co.jp/bags/cabinet/a/b.jpg"),
        ("CABINET", "b.jpg", "https://image.rakuten.co.jp/bags/cabinet/b.jpg"),
        ("GOLD", "/a/b.png", "https://www.rakuten.ne.jp/gold/bags/a/b.png"),
        ("ABSOLUTE", "https://example.com/b.gif", "https://example.com/b.gif"),
        ("ABSOLUTE", "javascript:alert", None),
        ("SOMETHING", "/b.jpg", None),
        ("CABINET", "/b.jpg?x=<script>", None),
        ("CABINET", "/" + "b" * 255, None),
        ("CABINET", 7, None),
        (None, "/b.jpg", None),
    ],
)
def test_an_image_has_its_address(kind: object, location: object, url: str | None) -> None:
    assert image_url(kind, location, "bags") == url


def test_without_shop_code_only_whole_addresses_can_be_given() -> None:
    assert image_url("CABINET", "/b.jpg", None) is None
    assert image_url("ABSOLUTE", "https://example.com/b.gif", None) is not None
