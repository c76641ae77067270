"""The first start: both environments made once, whoever starts, however it ends."""

import json
import multiprocessing
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from onhand.access.commands.accounts import create_user
from onhand.access.commands.people import SignedIn, finish_set_up
from onhand.access.model import Actor, Asked, EnvironmentName, NewUser, Role, Scope
from onhand.access.model.people import SetUp, SetUpLinkInvalid
from onhand.access.queries import AuditFilter, list_tokens, list_users, search_audit
from onhand.bootstrap.environment import Environment, Onhand, first_start, open_environments
from onhand.bootstrap.set_up import pending_set_up, set_up_file
from onhand.bootstrap.settings import SettingsError, load_settings
from onhand.catalog.queries import SkuFilter, SkuSort, list_skus
from onhand.db.migrate import upgrade
from onhand.stock.commands import Accepted
from onhand.stock.model.commands import Caller, Command, ResetSku
from tests.shop import cart, reserve

STARTS = 3
LIVE = EnvironmentName.LIVE
TEST = EnvironmentName.TEST


@pytest.fixture(params=["sqlite", "postgresql"])
def env(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The variables of an installation that was never started."""
    home = {"ONHAND_HOME": str(tmp_path / "home")}
    if request.param == "sqlite":
        yield home
        return
    server: str = request.getfixturevalue("postgres_url")
    name = sql.Identifier("first_start")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        yield home | {"DATABASE_URL": server.rsplit("/", 1)[0] + "/first_start"}
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def onhand(env: dict[str, str]) -> Iterator[Onhand]:
    """Both environments, not started yet."""
    opened = open_environments(load_settings(env))
    yield opened
    opened.close()


def goods(environment: Environment) -> dict[str, int]:
    """On hand of every SKU."""
    with environment.database.read() as connection:
        codes = [view.sku for view in list_skus(connection, SkuFilter(limit=1000)).skus]
    levels = [environment.reads.submit(code).result(10) for code in codes]
    return {level.sku: level.on_hand for level in levels if level is not None}


def counts(environment: Environment) -> tuple[int, int, int]:
    """How many people, tokens and audit entries there are."""
    with environment.database.read() as connection:
        entries = search_audit(connection, AuditFilter()).entries
        return len(list_users(connection)), len(list_tokens(connection)), len(entries)


def test_it_makes_a_token_for_each_the_first_person_and_the_demo_for_test(onhand: Onhand) -> None:
    made = first_start(onhand)

    home = onhand.settings.onhand_home
    assert made == {name: home / f"admin-token.{name}" for name in EnvironmentName}
    for name, file in made.items():
        assert file.stat().st_mode & 0o777 == 0o600
        secret = file.read_text().strip()
        principal = onhand.environment(name).authenticator.authenticate(secret)
        assert (principal.name, principal.scope) == ("admin", Scope.ADMIN)
        assert secret.startswith(f"oh_{name}_")
    assert goods(onhand.live) == {}
    assert goods(onhand.test)["ce1111"] == 47
    assert len(goods(onhand.test)) == 20
    assert counts(onhand.live) == (1, 1, 2)
    assert counts(onhand.test) == (0, 1, 10)


def test_the_first_person_comes_in_by_a_link_that_works_once(
    env: dict[str, str], onhand: Onhand
) -> None:
    first_start(onhand)
    file = set_up_file(onhand.settings.onhand_home)
    assert file.stat().st_mode & 0o777 == 0o600
    live = onhand.live

    path = pending_set_up(onhand.settings, live.database, now=live.clock() + timedelta(days=400))

    assert path == f"/setup/{file.read_text().strip()}"
    again = open_environments(load_settings(env))
    first_start(again)
    assert pending_set_up(again.settings, again.live.database, now=live.clock()) == path
    again.close()
    answer = SetUp(file.read_text().strip(), "correct horse")
    signed_in = finish_set_up(live.database, answer, now=live.clock())
    assert isinstance(signed_in, SignedIn)
    assert (signed_in.user.name, signed_in.user.role) == ("admin", "admin")
    assert onhand.sessions.find(signed_in.secret) is not None
    assert pending_set_up(onhand.settings, live.database, now=live.clock()) is None
    assert not file.exists()
    assert finish_set_up(live.database, answer, now=live.clock()) == SetUpLinkInvalid()


def test_people_made_before_the_first_start_are_left_in_charge(onhand: Onhand) -> None:
    for environment in onhand.environments:
        upgrade(environment.database)
    new = NewUser("mei", Role.ADMIN)
    create_user(onhand.live.database, Asked(Actor("cli:root"), onhand.live.clock()), new)

    assert len(first_start(onhand)) == 2

    with onhand.live.database.read() as connection:
        assert [person.name for person in list_users(connection)] == ["mei"]
    assert not set_up_file(onhand.settings.onhand_home).exists()


def test_a_second_start_changes_nothing(env: dict[str, str], onhand: Onhand) -> None:
    made = first_start(onhand)
    secrets = {name: file.read_text() for name, file in made.items()}
    caller = Caller("admin", touches_all=True)
    onhand.test.ledger.execute([Command(caller, ResetSku("ce1111"))])
    for file in made.values():
        file.unlink()
    before = counts(onhand.live), counts(onhand.test), goods(onhand.test)

    again = open_environments(load_settings(env))
    try:
        assert first_start(again) == {}
        assert (counts(again.live), counts(again.test), goods(again.test)) == before
        assert [file.exists() for file in made.values()] == [False, False]
        for name, secret in secrets.items():
            again.environment(name).authenticator.authenticate(secret.strip())
    finally:
        again.close()


def start(env: dict[str, str], results: "multiprocessing.Queue[str]") -> None:
    """One process that starts; says which files it made, or why it could not."""
    try:
        opened = open_environments(load_settings(env))
        made = first_start(opened)
        opened.close()
        results.put(json.dumps(sorted(name.value for name in made)))
    except SettingsError as error:
        results.put(str(error))


@pytest.mark.slow
def test_processes_that_start_at_once_make_everything_once(
    env: dict[str, str], onhand: Onhand
) -> None:
    spawn = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[str] = spawn.Queue()
    processes = [spawn.Process(target=start, args=(env, results)) for _ in range(STARTS)]
    for process in processes:
        process.start()
    answers = [json.loads(results.get(timeout=60)) for _ in processes]
    for process in processes:
        process.join(30)

    assert sorted(name for answer in answers for name in answer) == ["live", "test"]
    assert counts(onhand.live) == (1, 1, 2)
    assert counts(onhand.test) == (0, 1, 10)
    assert goods(onhand.test)["ce1111"] == 47
    for name in EnvironmentName:
        secret = (onhand.settings.onhand_home / f"admin-token.{name}").read_text().strip()
        onhand.environment(name).authenticator.authenticate(secret)


def test_a_start_that_could_not_keep_the_token_is_made_up_for(onhand: Onhand) -> None:
    file = onhand.settings.onhand_home / "admin-token.test"
    file.mkdir()
    with pytest.raises(SettingsError, match=r"^ONHAND_HOME: .*admin-token.test cannot be written"):
        first_start(onhand)
    file.rmdir()

    assert list(first_start(onhand)) == [TEST]
    onhand.test.authenticator.authenticate(file.read_text().strip())
    assert counts(onhand.test) == (0, 1, 10)
    left = sorted(file.name for file in onhand.settings.onhand_home.glob("admin-token.*"))
    assert left == ["admin-token.live", "admin-token.test"]


def test_the_environments_share_nothing(onhand: Onhand) -> None:
    made = first_start(onhand)
    caller = Caller("admin")
    command = Command(caller, reserve(cart(), ce1111=40), "k")

    done = onhand.test.writes.submit(command).result(10)
    refused = onhand.live.writes.submit(command).result(10)

    assert isinstance(done, Accepted)
    assert not isinstance(refused, Accepted)
    assert refused.code == "unknown_sku"
    level = onhand.test.reads.submit("kyusu-white").result(10)
    assert level is not None
    assert (level.sku, level.available) == ("ce1111", 7)
    assert made[LIVE].read_text() != made[TEST].read_text()


def test_the_demo_speaks_three_languages(onhand: Onhand) -> None:
    first_start(onhand)

    with onhand.test.database.read() as connection:
        page = list_skus(connection, SkuFilter(sort=SkuSort.NAME, limit=100))
    names = "".join(view.name for view in page.skus)

    assert all(word in names for word in ("急須", "围巾", "Canvas"))
    assert all(view.name for view in page.skus)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://nobody@127.0.0.1:1/x",
        "sqlite:////proc/none/onhand.db",
    ],
)
def test_a_database_that_cannot_be_used_is_said_in_one_line(tmp_path: Path, url: str) -> None:
    onhand = open_environments(load_settings({"ONHAND_HOME": str(tmp_path), "DATABASE_URL": url}))

    with pytest.raises(SettingsError) as caught:
        first_start(onhand)
    onhand.close()

    assert str(caught.value).startswith("DATABASE_URL: the database of `live` cannot be used (")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.slow
def test_a_locked_database_is_said_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    with sqlite3.connect(file) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("BEGIN IMMEDIATE")
        env = {"ONHAND_HOME": str(tmp_path), "DATABASE_URL": f"sqlite:///{file}"}
        onhand = open_environments(load_settings(env))
        with pytest.raises(SettingsError, match="locked"):
            first_start(onhand)
        onhand.close()
    other.close()
