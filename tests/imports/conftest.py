"""An importer over a shop, on each database."""

import pytest

from tests.imports.importing import Importer
from tests.shop import Shop


@pytest.fixture
def importer(shop: Shop) -> Importer:
    """Imports into an empty shop."""
    return Importer(shop)
