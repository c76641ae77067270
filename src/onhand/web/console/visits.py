"""What a page's function works with: who asks, in which environment, and how it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from pydantic import BaseModel
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from onhand.access.model import Accepted, Actor, Asked, Refusal, Right, Scope
from onhand.access.model.people import csrf_token
from onhand.access.queries.people import UserView
from onhand.bootstrap.environment import Environment, Onhand
from onhand.db.errors import DatabaseUnavailable
from onhand.stock.model.commands import Ask, Caller, Command
from onhand.stock.model.events import Source
from onhand.web.console import security
from onhand.web.console.flashes import Flash, Undo, pack, unpack
from onhand.web.console.forms import Entered, read_filters, read_form
from onhand.web.console.languages import Reader
from onhand.web.console.navigation import Entry
from onhand.web.console.templates import render
from onhand.web.errors import problem_of
from onhand.web.fields import is_key
from onhand.web.messages import say
from onhand.web.paths import unescape

M = TypeVar("M", bound=BaseModel)
KEY_FIELD = "key"
BACK_FIELD = "back"
_LONGEST_BACK = 1_500  # characters; it travels in a cookie with what can be undone


@dataclass(slots=True, kw_only=True)
class Guest:
    """A request, whoever it comes from.

    `secret` belongs to the visitor: the session's, or one that a cookie keeps for forms.
    """

    request: Request
    onhand: Onhand
    reader: Reader
    secret: str
    sent: FormData = field(default_factory=FormData)
    flashes: list[Flash] = field(default_factory=list)

    @property
    def has_frame(self) -> bool:
        """Whether a page for this visit shows the menu."""
        return False

    @property
    def now(self) -> datetime:
        """The moment, UTC."""
        return self.onhand.live.clock()

    @property
    def origin(self) -> str | None:
        """The address the request came from."""
        return None if self.request.client is None else self.request.client.host

    @property
    def is_partial(self) -> bool:
        """Whether script asks for a part of the page, not a person for the whole of it."""
        return "hx-request" in self.request.headers

    @property
    def theme(self) -> str:
        """`light`, `dark` or `system`."""
        chosen = self.request.cookies.get(security.THEME_COOKIE, "")
        return chosen if chosen in {"light", "dark"} else "system"

    @property
    def here(self) -> str:
        """The address of the page, with what it is narrowed down by."""
        url = self.request.url
        return url.path + (f"?{url.query}" if url.query else "")

    @property
    def csrf_token(self) -> str:
        """What every form carries."""
        return csrf_token(self.secret)

    def text(self, message: str, **values: object) -> str:
        """A message in the reader's language; `values` fill its `%(name)s`."""
        found = self.reader.gettext(message)
        return found % values if values else found

    def url(self, path: str, **query: object) -> str:
        """The address of an open page; `query` without what is None or empty."""
        return _address("/console", path, query)

    def path(self, name: str) -> str:
        """A part of the address, as it was meant."""
        return str(unescape(self.request.path_params[name]))

    def filters(self, model: type[M]) -> M:
        """What the query string asks for; values that cannot be are left out."""
        return read_filters(model, self.request.query_params)

    def read(self, model: type[M]) -> M | Entered:
        """The form that was sent, or what was entered with what is wrong."""
        return read_form(model, self.sent, self.reader)

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page made from a template, with the messages that wait."""
        waiting = self.request.cookies.get(security.FLASH_COOKIE, "")
        shown = [] if self.is_partial else [*unpack(waiting, self.secret), *self.flashes]
        html = render(template, self, {"flashes": shown, **values})
        response = Response(html, status_code=status, media_type="text/html")
        response.headers["content-language"] = self.reader.language
        if waiting and not self.is_partial:
            security.forget(response, security.FLASH_COOKIE)
        return response

    def say(self, text: str, *, tone: str = "success", **more: Any) -> None:
        """Tell on the next page that is shown; see `Flash`."""
        self.flashes.append(Flash(text, tone, **more))  # type: ignore[arg-type]

    def go(self, address: str) -> Response:
        """To another page, which tells what was said here."""
        if self.is_partial:
            response = Response(status_code=204, headers={"HX-Redirect": address})
        else:
            response = RedirectResponse(address, status_code=303)
        if self.flashes:
            value = pack(self.flashes, self.secret)
            security.keep(response, self.request, name=security.FLASH_COOKIE, value=value, for_s=60)
        return response

    def why(self, refusal: Refusal) -> str:
        """What a refusal says, in the reader's language."""
        problem = problem_of(refusal)
        return say(problem.code, self.reader.language, problem.facts)[1]


@dataclass(slots=True, kw_only=True)
class Visit(Guest):
    """A request of a person who is signed in and has the right the page asks for."""

    user: UserView
    environment: Environment

    @property
    def has_frame(self) -> bool:
        """Whether a page for this visit shows the menu."""
        return True

    def may(self, right: Right) -> bool:
        """Whether the person has the right; for parts of a page."""
        return Scope(self.user.role).allows(right)

    def menu(self) -> list[Entry]:
        """The entries of the menu that the person may use."""
        entries: list[Entry] = self.request.app.state.menu
        return [entry for entry in entries if self.may(entry.right)]

    def waiting(self) -> dict[str, int]:
        """How much waits for a person behind entries of the menu, by path; none if not known."""
        try:
            return {e.path: e.count(self.environment) for e in self.menu() if e.count is not None}
        except DatabaseUnavailable:
            return {}

    def is_at(self, path: str) -> bool:
        """Whether the page belongs to the entry of the menu that leads to `path`."""
        here = self.request.url.path
        address = self.url(path)
        return here == address or (path != "/" and here.startswith(f"{address}/"))

    def url(self, path: str, **query: object) -> str:
        """The address of a page in this environment; `query` without what is None or empty."""
        return _address(f"/console/{self.environment.name}", path, query)

    def actor(self) -> Actor:
        """Who writes, for the rooms that keep no stock."""
        return Actor(self.user.name, Source.MANUAL.value, self.origin)

    def caller(self) -> Caller:
        """Who writes, for commands of the ledger."""
        touches_all = self.may(Right.ADMINISTER)
        return Caller(self.user.name, Source.MANUAL, self.origin, touches_all=touches_all)

    def asked(self, *, part: str = "") -> Asked:
        """Who asks and when, under the form's key: sent twice, it happens once.

        Of a form that does several things, each has its `part`.
        """
        key = self._key()
        key = f"{key}-{part}" if key and part else key
        return Asked(self.actor(), self.environment.clock(), key)

    def decide(self, ask: Ask) -> Accepted | Refusal:
        """Let the ledger decide.

        Raises:
            DatabaseUnavailable: nothing was acknowledged.
        """
        command = Command(self.caller(), ask, self._key())
        return self.environment.writes.submit(command).result()

    def back(self, to: str) -> str:
        """The page the person came from, if the form or address tells; else `to`."""
        told = str(self.sent.get(BACK_FIELD) or self.request.query_params.get(BACK_FIELD, ""))
        inside = told.startswith(f"{self.url('')}/") and "\\" not in told
        return told if inside and len(told) <= _LONGEST_BACK else self.url(to)

    def done(self, text: str, *, to: str, undo: Undo | None = None) -> Response:
        """Say what was done, offer to undo it, and go back to where the person was, else `to`."""
        self.say(text, undo=undo)
        return self.go(self.back(to))

    def _key(self) -> str | None:
        key = str(self.sent.get(KEY_FIELD, ""))
        return key if is_key(key) else None


def _address(prefix: str, path: str, query: Mapping[str, object]) -> str:
    wanted = {name: value for name, value in query.items() if value not in {None, ""}}
    return prefix + path + (f"?{urlencode(wanted)}" if wanted else "")


def part(text: str) -> str:
    """A code or name as one part of an address."""
    return quote(text, safe="")
