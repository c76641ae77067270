"""Takes pictures of the console's pages into docs/images/console: `python -m tools.screenshots`.

Every page in each language, light and dark, on a desk and on a phone, of a server with the demo
that it starts by itself. Names of pages (`python -m tools.screenshots dashboard`) take only those.
"""

import base64
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, sync_playwright

from tools.chromium import find_chromium
from tools.showcase import Showcase, showcase

FOLDER = Path(__file__).resolve().parent.parent / "docs/images/console"
LANGUAGES = ("ja", "zh", "en")
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
DEVICES = {"desk": (1280, 800), "phone": (375, 760)}
MOST_BYTES = 6_000_000  # of all pictures together
_QUALITY = 45
_DAYS = 2.0
_ORDERS_PER_HOUR = 60
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
    Shot("rule", "/stores/osaka-bags/rule?try=1&share_percent=50"),
    Shot("tasks", "/tasks"),
    Shot("task", "/tasks", _opened),
    Shot("people", "/people"),
    Shot("tokens", "/tokens"),
    Shot("settings", "/settings"),
    Shot("imports", "/imports"),
    Shot("import-new", "/imports/new"),
    Shot("import", "/imports/new", _given),
    Shot("exports", "/exports"),
    Shot("reports", "/reports/top_movers", _drawn),
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
    page.wait_for_load_state("load")
    if shot.before is not None:
        shot.before(page)
    page.wait_for_timeout(400)  # charts grow into their shape
    devtools = page.context.new_cdp_session(page)
    wanted = {"format": "webp", "quality": _QUALITY}
    picture = base64.b64decode(devtools.send("Page.captureScreenshot", wanted)["data"])
    file.write_bytes(picture)
    return len(picture)


def take_all(browser: Browser, made: Showcase, shots: list[Shot]) -> None:
    """Every shot in every language, theme and size."""
    state = set_up(browser, made)
    for language in LANGUAGES:
        with browser.new_context(storage_state=state) as context:
            speak(context, made.url, language)
        for theme, device, has_session in product(THEMES, DEVICES, (False, True)):
            width, height = DEVICES[device]
            with browser.new_context(
                storage_state=state if has_session else None,
                color_scheme=theme,
                reduced_motion="reduce",
                viewport={"width": width, "height": height},
                locale={"ja": "ja-JP", "zh": "zh-CN", "en": "en-US"}[language],
                is_mobile=device == "phone",
            ) as context:
                page = context.new_page()
                for shot in shots:
                    if shot.signed_in == has_session:
                        file = FOLDER / f"{shot.name}-{language}-{theme}-{device}.webp"
                        size = take(page, made.url, shot, file)
                        print(f"{file.name}: {size / 1000:.0f} kB", flush=True)


def main() -> int:
    """Take the pictures; 1 when there are more bytes than the repository should carry."""
    wanted = set(sys.argv[1:])
    shots = [shot for shot in PAGES if not wanted or shot.name in wanted]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        showcase(_DAYS, orders_per_hour=_ORDERS_PER_HOUR, port=8199) as made,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        take_all(browser, made, shots)
        browser.close()
    total = sum(file.stat().st_size for file in FOLDER.glob("*.webp"))
    print(f"all pictures together: {total / 1e6:.1f} MB")
    return 1 if total > MOST_BYTES else 0


if __name__ == "__main__":
    sys.exit(main())
