"""Reading and writing stock."""

from datetime import timedelta
from typing import Any

import pytest

from onhand.channels.errors import ChannelProtocolError, ListingRejected
from onhand.channels.port import ListingKey, PushMode, StockChange
from onhand.channels.rakuten.channel import RakutenChannel
from tests.channels.scripted import Says, ScriptedShop, says

A, B = ListingKey("tote", "BK"), ListingKey("tote", "bk")


def row(quantity: Any, item: str = "tote", variant: str = "BK") -> dict[str, Any]:
    """A row of bulk-get."""
    return {"manageNumber": item, "variantId": variant, "quantity": quantity, "created": "x"}


def test_what_has_no_number_is_absent(shop: ScriptedShop, rakuten: RakutenChannel) -> None:
    shop.will(says({"inventories": [row(12)]}))

    reading = rakuten.read_stock([A, B])

    assert reading.units == {A: 12}
    assert reading.received_at - reading.sent_at == timedelta(0)
    assert shop.heard[0].body == {
        "inventories": [
            {"manageNumber": "tote", "variantId": "BK"},
            {"manageNumber": "tote", "variantId": "bk"},
        ]
    }


def test_item_keys_are_folded_and_variants_are_not(
    shop: ScriptedShop, rakuten: RakutenChannel
) -> None:
    upper = ListingKey("TOTE", "BK")
    shop.will(says({"inventories": [row(0), row(0), row(99_999, variant="bk")]}))

    assert rakuten.read_stock([upper, A, B]).units == {upper: 0, A: 0, B: 99_999}
    assert len(shop.heard[0].body["inventories"]) == 2


@pytest.mark.parametrize("quantity", [-1, 100_000, "5", 1.5, None, True, [], 10**30])
def test_a_number_that_is_none_is_never_no_stock(
    shop: ScriptedShop, rakuten: RakutenChannel, quantity: Any
) -> None:
    shop.will(says({"inventories": [row(quantity)]}))

    with pytest.raises(ChannelProtocolError):
        rakuten.read_stock([A])


@pytest.mark.parametrize(
    "rows", [[row(1, "other")], [row(1), row(2)], [row(1, variant="Bk")], [{}], None, {}, [None]]
)
def test_rows_that_do_not_fit_the_question(
    shop: ScriptedShop, rakuten: RakutenChannel, rows: Any
) -> None:
    shop.will(says({"inventories": rows}))

    with pytest.raises(ChannelProtocolError):
        rakuten.read_stock([A, B])


CHANGES = [StockChange(A, PushMode.RELATIVE, -2), StockChange(B, PushMode.ABSOLUTE, 7)]


@pytest.mark.parametrize("body", [b"", b" \n"])
def test_only_an_empty_204_is_done(
    shop: ScriptedShop, rakuten: RakutenChannel, body: bytes
) -> None:
    shop.will(Says(204, body))

    rakuten.push_stock(CHANGES)

    assert (shop.heard[0].method, shop.heard[0].path) == ("POST", "/es/2.0/inventories/bulk-upsert")
    assert shop.heard[0].body == {
        "inventories": [
            {"manageNumber": "tote", "variantId": "BK", "mode": "RELATIVE", "quantity": -2},
            {"manageNumber": "tote", "variantId": "bk", "mode": "ABSOLUTE", "quantity": 7},
        ]
    }


@pytest.mark.parametrize("status", [200, 201, 202])
def test_another_success_is_not_understood(
    shop: ScriptedShop, rakuten: RakutenChannel, status: int
) -> None:
    shop.will(Says(status))

    with pytest.raises(ChannelProtocolError):
        rakuten.push_stock(CHANGES)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("inventories[1].quantity", 1),
        ("inventories[0]", 0),
        ("inventories", None),
        (None, None),
        (7, None),
        ("inventories[99999999999]", None),
    ],
)
def test_the_row_at_fault_is_named(
    shop: ScriptedShop, rakuten: RakutenChannel, path: Any, expected: int | None
) -> None:
    error = {"code": "IE0117", "message": "out of range", "metadata": {"propertyPath": path}}
    shop.will(says({"errors": [{"code": "IE0001", "message": "first"}, error]}, 400))

    with pytest.raises(ListingRejected, match="IE0117 out of range") as raised:
        rakuten.push_stock(CHANGES)

    assert raised.value.row == expected


def test_too_much_at_once_is_not_sent(shop: ScriptedShop, rakuten: RakutenChannel) -> None:
    many = [ListingKey("tote", str(number)) for number in range(1001)]
    limits = rakuten.limits
    for keys in ([], many[: limits.rows_per_read + 1]):
        with pytest.raises(ValueError, match="1 to 1000"):
            rakuten.read_stock(keys)
    for count in (0, limits.rows_per_push + 1):
        with pytest.raises(ValueError, match="1 to 400"):
            rakuten.push_stock([StockChange(k, PushMode.RELATIVE, 1) for k in many[:count]])
    twice = [A, ListingKey("TOTE", "BK")]
    with pytest.raises(ValueError, match="twice"):
        rakuten.push_stock([StockChange(key, PushMode.RELATIVE, 1) for key in twice])

    assert shop.heard == []
