"""Every page with something on it: nothing serious for axe, nothing wider than the screen."""

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import DESK, PHONE, Site, set_up
from tests.browser.watching import Watcher, assert_accessible
from tests.databases import free_port
from tools.screenshots import PAGES
from tools.showcase import showcase

# Without anything on them; the pages of `live` wait for real shops.
EMPTY = ("", "stock", "orders", "desk", "sync", "stores", "imports", "counts", "tasks", "audit")


@pytest.fixture(scope="module")
def lively(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server whose demo has a past, so that lists are full and there is trouble."""
    state = tmp_path_factory.mktemp("lively") / "state.json"
    with showcase(0.1, orders_per_hour=0, port=free_port()) as made:
        set_up(browser, made.set_up, state)
        yield Site(made.url, browser, state)


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "is_phone"), [("light", False), ("dark", True)])
def test_pages_are_accessible_and_fit(
    lively: Site, watcher: Watcher, scheme: Literal["light", "dark"], is_phone: bool
) -> None:
    screen = PHONE if is_phone else DESK
    context = lively.visit(
        viewport=screen, is_mobile=is_phone, color_scheme=scheme, reduced_motion="reduce"
    )
    context.route("https://**", lambda route: route.fulfill(status=200, content_type="image/gif"))
    page = watcher.watch(context.new_page())
    for shot in PAGES:
        page.goto(f"/console/test{shot.path}" if shot.signed_in else shot.path)
        if shot.before is not None:
            shot.before(page)
        check(page, shot.name, screen["width"])
    for path in EMPTY:
        page.goto(f"/console/live/{path}")
        check(page, f"live: {path}", screen["width"])
    context.close()


def check(page: Page, name: str, width: int) -> None:
    """Nothing serious, nothing cut off."""
    assert_accessible(page, name)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, name
