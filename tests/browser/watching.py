"""What must not happen in a browser, and what axe finds."""

from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Page, Request, Response

_AXE = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"
_SERIOUS = frozenset({"serious", "critical"})
# The rules whose findings depend on the theme or on the size of the screen.
RULES_OF_STYLE = ("color-contrast", "link-in-text-block", "scrollable-region-focusable")


class Watcher:
    """Collects what goes wrong on pages: errors, breaches of the policy, failed requests."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.complaints: list[str] = []
        self._expected: set[int] = set()

    def watch(self, page: Page) -> Page:
        """Listen to a page from now on."""
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)
        return page

    def expect(self, status: int) -> None:
        """Answers with this status are part of the test."""
        self._expected.add(status)

    def _hear(self, message: ConsoleMessage) -> None:
        # A refused request is told by its status, below.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.complaints.append(f"console: {message.text}")

    def _failed(self, request: Request) -> None:
        # What a page was still loading when it was left is cut off. A picture at a shop is not
        # reached; standing in for it here would turn off the browser's cache.
        is_away = request.resource_type == "image" and request.url.startswith("https:")
        if request.failure != "net::ERR_ABORTED" and not is_away:
            self.complaints.append(f"request: {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._expected:
            self.complaints.append(f"answer: {response.status} {response.url}")


def assert_accessible(page: Page, name: str = "", *, only: Sequence[str] = ()) -> None:
    """Axe finds nothing serious on the page as it stands; `only` by these rules, if any."""
    if not page.evaluate("'axe' in window"):
        # Playwright puts it in from outside the page, where its policy does not apply.
        page.evaluate(_AXE.read_text(encoding="utf-8"))
    wanted = {"resultTypes": ["violations"], **({"runOnly": [*only]} if only else {})}
    found = page.evaluate("wanted => axe.run(wanted)", wanted)
    serious = [
        f"{one['id']}: {one['help']}: {', '.join(str(node['html']) for node in one['nodes'][:3])}"
        for one in found["violations"]
        if one["impact"] in _SERIOUS
    ]
    assert not serious, "\n".join([name, *serious])
