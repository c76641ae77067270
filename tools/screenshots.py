"""Takes pictures of the console's pages into docs/images/console: `python -m tools.screenshots`.

Every page in each language, light and dark, on a desk and on a phone, of a server with a demo of
two days that it starts by itself. Names of pages (`python -m tools.screenshots dashboard`) take
only those. Pictures are WebP of what fits on the screen, so that all of them can be kept.
"""

import base64
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, sync_playwright

from tools.chromium import find_chromium
from tools.showcase import Showcase, showcase

FOLDER = Path(__file__).resolve().parent.parent / "docs/images/console"
LANGUAGES = {"ja": "ja-JP", "zh": "zh-CN", "en": "en-GB"}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
DEVICES = {"desk": (1280, 800), "phone": (375, 760)}
MOST_BYTES = 15_000_000  # of all pictures together
_QUALITY = 45
_DAYS = 2.0
_ORDERS_PER_HOUR = 60
# Pictures of goods lie at a shop that is not asked; this stands for them.
_GOODS = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40"
fill="#e7ddcf"/><path d="M9 16h19v7a8 8 0 0 1-8 8h-3a8 8 0 0 1-8-8z" fill="#7b8f86"/><path d="M28
18h2a3 3 0 0 1 0 6h-2" fill="none" stroke="#7b8f86" stroke-width="2.5"/></svg>"""
_PASSWORD = "for pictures only"  # noqa: S105 - of a server that lives for a minute


@dataclass(frozen=True)
class Shot:
    """A page to be taken; `path` below the environment, `before` brings it into its state."""

    name: str
    path: str
    before: Callable[[Page], object] | None = None
    signed_in: bool = True


def _drawn(page: Page) -> None:
    page.locator("canvas").first.wait_for()


def _opened(page: Page) -> None:
    """The first of what the page lists."""
    with page.expect_navigation():
        page.locator("tbody td.head a").first.click()


def _to(path: str) -> Callable[[Page], None]:
    """Where the first link to `path` below the first of what the page lists leads."""

    def follow(page: Page) -> None:
        _opened(page)
        _follow(page, path)

    return follow


def _follow(page: Page, path: str) -> None:
    """Where the first link to `path` leads."""
    with page.expect_navigation():
        page.locator(f"main a[href*='{path}']").first.click()


def _given(page: Page) -> None:
    lines = (
        "SKU,商品名,在庫数",
        "ce1111,【送料無料】丸い急須 白磁 茶こし付き,0",
        "new-1,湯呑み,十",
        "new-2,茶托,24",
    )
    rows = "\r\n".join(lines)
    file = FilePayload(name="在庫表.csv", mimeType="text/csv", buffer=rows.encode("cp932"))
    page.locator("#file").set_input_files(file)
    page.locator("#stock").select_option("replace")
    page.locator("main form .btn-primary").click()
    page.locator("#changes").wait_for()


# One line for each page of the console.
PAGES = (
    Shot("sign-in", "/console/sign-in", signed_in=False),
    Shot("dashboard", "/", _drawn),
    Shot("account", "/account"),
    Shot("stock", "/stock"),
    Shot("sku", "/stock/ce1111", _drawn),
    Shot("sku-explain", "/stock/ce1111/explain"),
    Shot("sku-adjust", "/stock/ce1111/adjust"),
    Shot("sku-receive", "/stock/ce1111/receive"),
    Shot("sku-count", "/stock/ce1111/count"),
    Shot("sku-transfer", "/stock/ce1111/transfer"),
    Shot("sku-undo", "/stock/ce1111", lambda page: _follow(page, "/stock/-/undo")),
    Shot("sku-edit", "/stock/ce1111/edit"),
    Shot("sku-new", "/stock/-/new"),
    Shot("stock-bulk", "/stock/-/bulk?action=adjust&sku=ce1111&sku=tw2001"),
    Shot("locations", "/locations"),
    Shot("orders", "/orders"),
    Shot("order", "/orders", _opened),
    Shot("order-desk", "/desk"),
    Shot("order-desk-entry", "/desk", _opened),
    Shot("oversold", "/oversold"),
    Shot("stocktakes", "/counts"),
    Shot("stocktake", "/counts", _opened),
    Shot("stocktake-finish", "/counts", _to("/finish")),
    Shot("stocktake-new", "/counts/-/new"),
    Shot("sync", "/sync", _drawn),
    Shot("sync-failed", "/sync/failed"),
    Shot("sync-pushes", "/sync/pushes"),
    Shot("sync-drift", "/sync/drift"),
    Shot("stores", "/stores"),
    Shot("store", "/stores/osaka-bags"),
    Shot("store-new", "/stores/new"),
    Shot("listings", "/stores/osaka-bags/listings"),
    Shot("listing", "/stores/osaka-bags/listings?sku=ce1111", _opened),
    Shot("rule", "/stores/osaka-bags/rule?try=1&share_percent=50#answer"),
    Shot("rule-listing", "/stores/osaka-bags/listings?sku=ce1111", _to("/rule")),
    Shot("tasks", "/tasks"),
    Shot("task", "/tasks", _opened),
    Shot("people", "/people"),
    Shot("tokens", "/tokens"),
    Shot("settings", "/settings"),
    Shot("imports", "/imports"),
    Shot("import-new", "/imports/new"),
    Shot("import", "/imports/new", _given),
    Shot("import-undo", "/imports?state=applied", _to("/undo")),
    Shot("exports", "/exports"),
    Shot("report-units", "/reports/units", _drawn),
    Shot("report-movements", "/reports/movements", _drawn),
    Shot("report-turnover", "/reports/turnover"),
    Shot("report-top-movers", "/reports/top_movers", _drawn),
    Shot("report-slow", "/reports/slow_stock"),
    Shot("report-counts", "/reports/count_accuracy"),
    Shot("report-holds", "/reports/holds_by_age"),
    Shot("audit", "/audit"),
)


def set_up(browser: Browser, made: Showcase) -> Any:
    """Choose the first admin's password; the cookies of the session."""
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.goto(made.set_up)
    page.locator("#password").fill(_PASSWORD)
    page.locator("#again").fill(_PASSWORD)
    page.locator("form .btn-primary").click()
    page.locator(".frame").wait_for()
    state = context.storage_state()
    context.close()
    return state


def speak(context: BrowserContext, url: str, language: str) -> None:
    """Let the person behind the cookies read in another language."""
    page = context.new_page()
    page.goto(f"{url}/console/test/account")
    page.locator("#language").select_option(language)
    page.locator("main form .btn-primary").first.click()
    page.locator(".flash").wait_for()
    page.close()


def take(page: Page, url: str, shot: Shot, file: Path) -> int:
    """One picture; its size in bytes."""
    page.goto(url + (f"/console/test{shot.path}" if shot.signed_in else shot.path))
    if shot.before is not None:
        shot.before(page)
    page.evaluate("document.fonts.ready")
    devtools = page.context.new_cdp_session(page)
    wanted = {"format": "webp", "quality": _QUALITY}
    picture = base64.b64decode(devtools.send("Page.captureScreenshot", wanted)["data"])
    devtools.detach()
    file.write_bytes(picture)
    return len(picture)


@contextmanager
def reading(language: str) -> Iterator[Browser]:
    """A browser whose own words (as of a field for a day) are in this language."""
    locale = LANGUAGES[language]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(),
            args=["--no-sandbox", "--disable-gpu", f"--lang={locale}"],
            env={**os.environ, "LANGUAGE": locale},
        )
        yield browser
        browser.close()


def take_all(browser: Browser, url: str, language: str, shots: list[Shot], state: Any) -> None:
    """Every shot in one language, in every theme and size."""
    with browser.new_context(storage_state=state) as context:
        speak(context, url, language)
    for theme, device, has_session in product(THEMES, DEVICES, (False, True)):
        width, height = DEVICES[device]
        with browser.new_context(
            storage_state=state if has_session else None,
            color_scheme=theme,
            reduced_motion="reduce",  # charts are there at once
            viewport={"width": width, "height": height},
            locale=LANGUAGES[language],
            is_mobile=device == "phone",
        ) as context:
            draw_goods(context)
            page = context.new_page()
            for shot in shots:
                if shot.signed_in == has_session:
                    file = FOLDER / f"{shot.name}-{language}-{theme}-{device}.webp"
                    size = take(page, url, shot, file)
                    print(f"{file.name}: {size / 1000:.0f} kB", flush=True)


def draw_goods(context: BrowserContext) -> None:
    """Let pictures of goods come from here."""
    context.route(
        re.compile("^https:"),
        lambda route: route.fulfill(content_type="image/svg+xml", body=_GOODS),
    )


def main() -> int:
    """Take the pictures; 1 when there are more bytes than the repository should carry."""
    wanted = set(sys.argv[1:])
    shots = [shot for shot in PAGES if not wanted or shot.name in wanted]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with showcase(_DAYS, orders_per_hour=_ORDERS_PER_HOUR, port=8199) as made:
        state = None
        for language in LANGUAGES:
            with reading(language) as browser:
                state = state or set_up(browser, made)
                take_all(browser, made.url, language, shots, state)
    total = sum(file.stat().st_size for file in FOLDER.glob("*.webp"))
    print(f"all pictures together: {total / 1e6:.1f} MB")
    return 1 if total > MOST_BYTES else 0


if __name__ == "__main__":
    sys.exit(main())
