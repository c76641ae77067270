"""Every page with something on it: nothing serious for axe, nothing wider than the screen."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from onhand.web.console.app import declared
from tests.browser.conftest import DESK, PHONE, Site, set_up
from tests.browser.watching import RULES_OF_STYLE, Watcher, assert_accessible
from tests.databases import free_port
from tools.screenshots import PAGES
from tools.showcase import showcase

# Without anything on them; the pages of `live` wait for real shops.
EMPTY = ("", "stock", "orders", "desk", "sync", "stores", "imports", "counts", "tasks", "audit")

# Files, an address that leads to another one, and what is seen once, before all others.
_NO_PAGES = r"/exports/|/export$|/file$|/bad-rows$|/reports$|/set-up$"


@pytest.fixture(scope="module")
def lively(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server whose demo has a past, so that lists are full and there is trouble."""
    state = tmp_path_factory.mktemp("lively") / "state.json"
    with showcase(0.1, orders_per_hour=0, port=free_port()) as made:
        with browser.new_context() as context:
            first = context.new_page()
            first.goto(made.set_up)
            assert_accessible(first)
        set_up(browser, made.set_up, state)
        yield Site(made.url, browser, state)


@pytest.mark.slow
@pytest.mark.timeout(900)  # more than fifty pages
def test_pages_are_accessible_and_fit(lively: Site, watcher: Watcher) -> None:
    context = lively.visit()
    page = watcher.watch(context.new_page())
    seen: set[str] = set()
    for shot in PAGES:
        page.goto(f"/console/test{shot.path}" if shot.signed_in else shot.path)
        if shot.before is not None:
            shot.before(page)
        check(page, shot.name)
        seen.add(urlsplit(page.url).path)
    assert unseen(seen) == []
    for path in EMPTY:
        page.goto(f"/console/live/{path}")
        check(page, f"live: {path}")
    context.close()


def check(page: Page, name: str) -> None:
    """Nothing serious, nothing cut off: on a desk, then in the dark on a screen like a phone's.

    What axe finds apart from style is the same there; all of it on a phone: `test_stocktake`.
    """
    assert_accessible(page, name)
    assert_fits(page, name)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    assert_accessible(page, f"{name}, dark, as on a phone", only=RULES_OF_STYLE)
    assert_fits(page, f"{name}, as on a phone")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(DESK)


def assert_fits(page: Page, name: str) -> None:
    """Nothing is wider than the screen."""
    wide, screen = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= screen, name


def unseen(paths: set[str]) -> list[str]:
    """The pages that are declared and were not among these addresses."""
    declared_pages = [
        path.replace("{environment}", "test")
        for path, page in declared()
        if page.method == "GET" and not re.search(_NO_PAGES, path)
    ]
    patterns = {path: re.sub(r"{\w+}", "[^/]+", f"/console{path}") for path in declared_pages}
    return [
        path
        for path, pattern in patterns.items()
        if not any(re.fullmatch(pattern, visited) for visited in paths)
    ]
