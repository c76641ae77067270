"""A simulated shop for every test."""

import pytest

from tests.simulators.calls import Bench


@pytest.fixture
def bench() -> Bench:
    """A shop with its client, all knobs as they are by default."""
    return Bench()
