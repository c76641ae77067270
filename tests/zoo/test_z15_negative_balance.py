"""Z15: the balance is negative and a receipt arrives; the shops get max(0, n)."""

import pytest

from tests.marketplace import Marketplace


@pytest.mark.parametrize(("received", "shown"), [(1, 0), (4, 0), (5, 1), (20, 16)])
def test_z15_receipt_on_a_negative_balance(
    marketplace: Marketplace, received: int, shown: int
) -> None:
    marketplace.offer(tote=4)
    marketplace.set_up()
    for store_id in ("tokyo", "osaka"):  # before either sale is taken in
        assert marketplace.buy(store_id, "tote", 4)
    marketplace.catch_up()
    assert marketplace.goods.units("tote").available == -4
    assert marketplace.shown("tote") == {"tokyo": 0, "osaka": 0}
    assert ("shortfall", "tote") in marketplace.desk()
    assert marketplace.events("oversold")

    marketplace.goods.receive("tote", received)
    marketplace.catch_up()
    assert marketplace.goods.units("tote").available == received - 4
    assert marketplace.shown("tote") == {"tokyo": shown, "osaka": shown}
    marketplace.check_whole()


def test_z15_the_shop_is_never_asked_for_less_than_nothing(marketplace: Marketplace) -> None:
    marketplace.offer(tote=4)
    marketplace.set_up()
    for _ in range(2):
        marketplace.buy("tokyo", "tote", 2)
        marketplace.buy("osaka", "tote", 2)
        marketplace.catch_up()
        marketplace.goods.receive("tote", 3)
        marketplace.catch_up()
    assert {row.outcome for row in marketplace.pushes("tokyo", "tote")} == {"delivered"}
    assert all(row.target >= 0 for row in marketplace.pushes("tokyo", "tote"))
    marketplace.check_whole()
