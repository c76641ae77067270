"""How pages are declared: a path, the right it asks for, and the function that answers."""

from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.responses import Response

from onhand.access.model import Right
from onhand.bootstrap.settings import Settings
from onhand.web.console.navigation import Entry
from onhand.web.console.visits import Guest, Visit

MOST_FORM_BYTES = 1_000_000
Handler = Callable[[Visit], Response]
OpenHandler = Callable[[Guest], Response]
# How long the body of a form may be, as a setting says.
MostBytes = Callable[[Settings], int]


@dataclass(frozen=True, slots=True)
class Page:
    """One method of one path; without `right` it is open to everybody.

    Below `/console/live` and `/console/test`, open ones below `/console`. A body longer than
    `most_bytes` is refused; where a setting says how much, the sender is looked up first.
    """

    method: str
    path: str
    right: Right | None
    handler: Handler | OpenHandler
    most_bytes: int | MostBytes = MOST_FORM_BYTES


@dataclass(slots=True)
class Pages:
    """The pages of one part of the console, and its entry in the menu if it has one."""

    entry: Entry | None = None
    declared: list[Page] = field(default_factory=list)

    def get(self, path: str, right: Right) -> Callable[[Handler], Handler]:
        """Declare a page to be read."""
        return self._declare("GET", path, right)

    def post(
        self, path: str, right: Right, *, most_bytes: int | MostBytes = MOST_FORM_BYTES
    ) -> Callable[[Handler], Handler]:
        """Declare what a form does; its token was checked before the function is called."""
        return self._declare("POST", path, right, most_bytes=most_bytes)

    def open(self, method: str, path: str) -> Callable[[OpenHandler], OpenHandler]:
        """Declare a page for visitors who need not be signed in."""

        def declare(handler: OpenHandler) -> OpenHandler:
            self.declared.append(Page(method, path, None, handler))
            return handler

        return declare

    def _declare(
        self, method: str, path: str, right: Right, *, most_bytes: int | MostBytes = MOST_FORM_BYTES
    ) -> Callable[[Handler], Handler]:
        def declare(handler: Handler) -> Handler:
            self.declared.append(Page(method, path, right, handler, most_bytes))
            return handler

        return declare
