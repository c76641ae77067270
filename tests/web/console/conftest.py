"""The console without a browser: signed in as whoever the test wants to be."""

from collections.abc import Callable, Iterator

import pytest

from onhand.access.model import Role
from onhand.bootstrap.environment import Onhand
from onhand.web.app import create_app
from tests.web.console.client import Console

AsRole = Callable[..., Console]


@pytest.fixture
def visitor(onhand: Onhand) -> Iterator[Console]:
    """Somebody who is not signed in."""
    with Console(onhand, create_app(onhand)) as console:
        yield console


@pytest.fixture
def as_role(onhand: Onhand) -> Iterator[AsRole]:
    """`as_role(Role.VIEWER)`: somebody of that role, signed in."""
    made: list[Console] = []

    def enter(role: Role, **tastes: str) -> Console:
        console = Console(onhand, create_app(onhand))
        made.append(console)
        console.sign_in(role, **tastes)
        return console

    yield enter
    for console in made:
        console.close()


@pytest.fixture
def console(as_role: AsRole) -> Console:
    """An administrator, signed in, reading English."""
    return as_role(Role.ADMIN)
