"""Confirming orders: one result for each, whatever the status."""

import pytest

from onhand.channels.errors import ChannelAuthExpired, ListingRejected
from onhand.channels.port import Confirmation
from onhand.channels.rakuten.channel import RakutenChannel
from tests.channels.rakuten_answers import confirmed
from tests.channels.scripted import ScriptedShop, says


@pytest.mark.parametrize("status", [200, 400, 500])
def test_the_messages_decide(shop: ScriptedShop, rakuten: RakutenChannel, status: int) -> None:
    codes = {"1_1": "INFO_101", "1_2": "ERROR_102", "1_3": "ERROR_103", "1_4": "ERROR_105"}
    shop.will(says(confirmed(**codes, other="INFO_101"), status))
    ids = ["1-1", "1-2", "1-3", "1-4", "1-5"]

    results = rakuten.confirm_orders(ids)

    assert [results[number].outcome for number in ids] == [
        Confirmation.CONFIRMED,
        Confirmation.CANCELLED,
        Confirmation.ALREADY,
        Confirmation.FAILED,
        Confirmation.FAILED,
    ]
    assert "ERROR_105" in results["1-4"].reason
    assert results["1-5"].reason == "no word about this order"
    assert shop.heard[0].body == {"orderNumberList": ids}


@pytest.mark.parametrize("code", ["INFO_102", "WARNING_101", "ERROR_999"])
def test_an_unknown_code_is_no_confirmation(
    shop: ScriptedShop, rakuten: RakutenChannel, code: str
) -> None:
    shop.will(says(confirmed(**{"1_1": code})))

    assert rakuten.confirm_orders(["1-1"])["1-1"].outcome == Confirmation.FAILED


def test_two_messages_must_agree(shop: ScriptedShop, rakuten: RakutenChannel) -> None:
    both = confirmed(**{"1_1": "INFO_101"})
    both["MessageModelList"] += confirmed(**{"1_1": "ERROR_105"})["MessageModelList"]
    shop.will(says(both))

    assert rakuten.confirm_orders(["1-1"])["1-1"].outcome == Confirmation.FAILED


def test_a_word_about_all_is_passed_on(shop: ScriptedShop, rakuten: RakutenChannel) -> None:
    message = {"messageType": "ERROR", "messageCode": "E_009", "message": "mandatory"}
    shop.will(says({"MessageModelList": [message]}))

    assert "E_009 mandatory" in rakuten.confirm_orders(["1-1"])["1-1"].reason

    shop.will(says({"MessageModelList": [message]}, 400))
    with pytest.raises(ListingRejected, match="E_009 mandatory"):
        rakuten.confirm_orders(["1-1"])


def test_an_expired_key_is_no_failed_confirmation(
    shop: ScriptedShop, rakuten: RakutenChannel
) -> None:
    message = {"messageType": "ERROR", "messageCode": "ES01-01", "message": "Un-Authorised"}
    shop.will(says({"MessageModelList": [message]}))

    with pytest.raises(ChannelAuthExpired):
        rakuten.confirm_orders(["1-1"])


def test_nothing_to_confirm_asks_nothing(shop: ScriptedShop, rakuten: RakutenChannel) -> None:
    assert rakuten.confirm_orders([]) == {}
    with pytest.raises(ValueError, match="at most 100"):
        rakuten.confirm_orders([str(number) for number in range(101)])

    assert shop.heard == []
