"""The console in a real Chromium, against a real server on each database.

A process has one server for each database, to its end. `desk` and `phone` are pages on which
`admin` is signed in; whatever goes wrong in the browser unasked fails the test.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)
from psycopg import sql

from tests.browser.watching import Watcher
from tests.cli.serving import Server, serving
from tests.databases import free_port
from tools.chromium import find_chromium

PASSWORD = "correct horse battery staple"
DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 375, "height": 812}
# Pictures of goods lie at shops that no test reaches.
_NO_WORLD = ("--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
_CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


# How long something may be missing: a busy machine takes its time, a quick one does not wait.
expect.set_options(timeout=20_000)

# For what has nothing to do with the database.
on_one_database = pytest.mark.parametrize(
    "database_settings", [pytest.param("sqlite", marks=pytest.mark.slow)], indirect=True
)


class Site:
    """A running server with `admin` set up, and the browser that visits it."""

    def __init__(self, url: str, browser: Browser, state: Path, *, simulator: str = "") -> None:
        """`state` is a file with the cookies of the session, `simulator` where the shops are."""
        self.url = url
        self.simulator = simulator
        self.browser = browser
        self.state = state

    def visit(self, **options: object) -> BrowserContext:
        """A browser of its own, signed in; `options` as of `Browser.new_context`.

        Nothing moves: drawing it takes as long as the rest, and Chromium tells a crossfade that
        the next page cuts off as an error of a script.
        """
        usual = {"viewport": DESK, "locale": "en-US", "reduced_motion": "reduce"}
        wanted = {"storage_state": self.state, **usual, **options}
        return self.browser.new_context(base_url=self.url, **wanted)  # type: ignore[arg-type]


@pytest.fixture(
    scope="session",
    params=[pytest.param(name, marks=pytest.mark.slow) for name in ("sqlite", "postgresql")],
)
def database_settings(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Settings that put both environments into databases of their own."""
    if request.param == "sqlite":
        yield {}
        return
    url: str = request.getfixturevalue("postgres_url")
    name = f"browser_{free_port()}"
    made = sql.Identifier(name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(made))
        yield {"DATABASE_URL": f"{url.rpartition('/')[0]}/{name}"}
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(made))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window.

    Closed after each file: while Playwright runs, no other test can have an event loop.
    """
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=find_chromium(),
            args=["--no-sandbox", "--disable-gpu", *_NO_WORLD, *_CAMERA],
        )
        yield started
        started.close()


@dataclass(frozen=True)
class Premises:
    """A server with the demo and its shops, and the folder it is in."""

    server: Server
    simulator: str
    folder: Path


@pytest.fixture(scope="session")
def premises(
    database_settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Premises]:
    """A server whose shops sell only when told to."""
    folder = tmp_path_factory.mktemp("site")
    port = free_port()
    settings = {
        "ONHAND_HOME": str(folder / "home"),
        "RUN_JOBS": "true",
        "SIMULATOR_PORT": str(port),
        "SIMULATOR_ORDERS_PER_HOUR": "0",
        **database_settings,
    }
    with serving(folder, **settings) as server:
        yield Premises(server, f"http://127.0.0.1:{port}", folder)


@pytest.fixture(scope="module")
def site(premises: Premises, browser: Browser) -> Site:
    """The server, with `admin` set up by whoever comes first."""
    state = premises.folder / "state.json"
    if not state.exists():
        set_up(browser, premises.server.told["set_up"], state)
    return Site(premises.server.url, browser, state, simulator=premises.simulator)


def set_up(browser: Browser, link: str, state: Path) -> None:
    """Choose the first admin's password, as a person does; keep the session in `state`."""
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.goto(link)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Save and sign in").click()
    page.get_by_role("heading", name="Dashboard").wait_for()
    context.storage_state(path=state)
    context.close()


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    """What goes wrong on the pages that it watches fails the test."""
    made = Watcher()
    yield made
    assert not made.complaints, "\n".join(made.complaints)


@pytest.fixture
def desk(site: Site, watcher: Watcher) -> Iterator[Page]:
    """A signed-in page as wide as a desk's."""
    context = site.visit()
    yield watcher.watch(context.new_page())
    context.close()


@pytest.fixture
def phone(site: Site, watcher: Watcher) -> Iterator[Page]:
    """A signed-in page as narrow as a phone's, with touch."""
    context = site.visit(viewport=PHONE, has_touch=True, is_mobile=True)
    yield watcher.watch(context.new_page())
    context.close()
