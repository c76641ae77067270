"""Fixtures for orders."""

import pytest

from tests.orders.market import STORE, Market
from tests.shop import Shop


@pytest.fixture
def market(shop: Shop) -> Market:
    """One store without listings."""
    market = Market(shop)
    market.open(STORE)
    return market
