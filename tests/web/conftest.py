"""The whole application over real databases, asked through its ASGI door."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from onhand.access.commands import IssuedToken, create_token, ensure_signing_key
from onhand.access.model import Actor, Asked, EnvironmentName, NewToken, Scope
from onhand.bootstrap.environment import Environment, Onhand
from onhand.bootstrap.settings import Settings
from onhand.db.database import Database
from onhand.web.app import create_app
from tests.shop import FakeClock
from tests.sync.counter import OSAKA, TOKYO, Counter
from tests.web.client import Api, environment_over

NewApi = Callable[..., Api]
WithToken = Callable[[str], Api]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The default settings."""
    return Settings(onhand_home=tmp_path)


@pytest.fixture
def live(sqlite_template: Path, tmp_path: Path, clock: FakeClock) -> Iterator[Environment]:
    """The environment `live`, empty."""
    path = tmp_path / "live.db"
    shutil.copyfile(sqlite_template, path)
    environment = environment_over(EnvironmentName.LIVE, Database(f"sqlite:///{path}"), clock)
    yield environment
    environment.close()


@pytest.fixture
def test(database: Database, clock: FakeClock) -> Iterator[Environment]:
    """The environment `test`, empty, once on each database."""
    environment = environment_over(EnvironmentName.TEST, database, clock)
    yield environment
    environment.writes.close()
    environment.reads.close()


@pytest.fixture
def onhand(settings: Settings, live: Environment, test: Environment) -> Onhand:
    """Both environments."""
    return Onhand(settings, live=live, test=test)


@pytest.fixture
def with_token(onhand: Onhand) -> Iterator[WithToken]:
    """`with_token(secret)`: the application, asked with that token."""
    app = create_app(onhand)
    made: list[Api] = []

    def ask_with(token: str) -> Api:
        made.append(Api(app, token))
        return made[-1]

    yield ask_with
    for api in made:
        api.close()


@pytest.fixture
def new_api(onhand: Onhand, with_token: WithToken) -> NewApi:
    """`new_api("reserve")`: the application, asked with a new token of that scope."""

    def make(
        scope: str = "admin",
        *,
        name: str | None = None,
        environment: EnvironmentName = EnvironmentName.TEST,
    ) -> Api:
        place = onhand.environment(environment)
        ensure_signing_key(place.database, now=place.clock())
        token = create_token(
            place.database,
            Asked(Actor("test"), place.clock()),
            NewToken(name or scope, Scope(scope)),
            environment=environment,
        )
        assert isinstance(token, IssuedToken)
        return with_token(token.secret)

    return make


@pytest.fixture
def api(new_api: NewApi) -> Api:
    """The application, asked by an admin of `test`, with no SKUs yet."""
    return new_api("admin")


@pytest.fixture
def shop(api: Api) -> Api:
    """The same with SKU `ce1111`, of which 10 units are on hand."""
    api.post("/skus", {"sku": "CE1111", "name": "丸い急須"}, expect=201)
    api.post("/inventory/receive", {"lines": [{"sku": "ce1111", "quantity": 10}]})
    return api


@pytest.fixture
def counter(shop: Api, test: Environment, clock: FakeClock) -> Counter:
    """Two stores, and 10 units of `ce1111`."""
    for store in (TOKYO, OSAKA):
        shop.post("/stores", {"store": store, "name": store}, expect=201)
    return Counter(test.ledger, clock)


@pytest.fixture
def tokyo(counter: Counter) -> str:
    """A listing whose shop was told 10."""
    listing = counter.listing(TOKYO)
    counter.read(TOKYO, 3)
    assert counter.push(TOKYO) == 1
    return listing
