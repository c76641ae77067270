"""A browser without a screen: cookies, forms with their tokens, pages checked for what all have."""

import asyncio
import re
import uuid
from typing import Any

import httpx
from starlette.types import ASGIApp

from onhand.access.commands.accounts import SetUpLink, begin_set_up, create_user
from onhand.access.commands.people import SignedIn, finish_set_up
from onhand.access.model import Actor, Asked, Language, NewUser, Role
from onhand.access.model.people import SetUp, csrf_token
from onhand.bootstrap.environment import Onhand
from onhand.web.console.security import GUEST_COOKIE, SESSION_COOKIE

PASSWORD = "correct horse battery staple"
ROOT = "/console/test"


class Console:
    """Asks the pages of `test` (or of `live`, by a whole address)."""

    def __init__(self, onhand: Onhand, app: ASGIApp) -> None:
        """Not signed in yet."""
        self.onhand = onhand
        self._runner = asyncio.Runner()
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, client=("192.0.2.7", 1234)),
            base_url="http://onhand.test",
            headers={"accept-language": "en"},
        )

    def __enter__(self) -> "Console":
        """Closed when the block ends."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Leave no loop behind."""
        self.close()

    def close(self) -> None:
        """Leave no loop behind."""
        self._runner.run(self._client.aclose())
        self._runner.close()

    def sign_in(self, role: Role, *, language: str = "en", timezone: str = "Asia/Tokyo") -> str:
        """Become a new person of this role; gives their name."""
        live, name = self.onhand.live, f"{role}-{uuid.uuid4().hex[:6]}"
        actor, now = Actor("test"), live.clock()
        create_user(
            live.database, Asked(actor, now), NewUser(name, role, Language(language), timezone)
        )
        link = begin_set_up(live.database, Asked(actor, now), name)
        assert isinstance(link, SetUpLink)
        session = finish_set_up(live.database, SetUp(link.secret, PASSWORD), now=now)
        assert isinstance(session, SignedIn)
        self._client.cookies.set(SESSION_COOKIE, session.secret, "onhand.test", "/console")
        return name

    @property
    def cookies(self) -> httpx.Cookies:
        """What the browser keeps."""
        return self._client.cookies

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """The raw answer, checked for what every answer of the console has."""
        url = path if path.startswith("/console") else ROOT + path
        answer = self._runner.run(self._client.request(method, url, **request))
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"]
        if answer.headers.get("content-type", "").startswith("text/html"):
            check_page(answer)
        return answer

    def get(self, path: str, *, expect: int = 200, **request: Any) -> str:
        """The page."""
        answer = self.send("GET", path, **request)
        assert answer.status_code == expect, answer.text
        return answer.text

    def post(self, path: str, fields: dict[str, Any], *, expect: int = 303) -> httpx.Response:
        """What a form does; its token comes along."""
        answer = self.send("POST", path, data={"csrf": self.token, "key": "key-1", **fields})
        assert answer.status_code == expect, answer.text
        return answer

    def follow(self, answer: httpx.Response) -> str:
        """The page that an answer leads to."""
        return self.get(answer.headers["location"])

    @property
    def token(self) -> str:
        """What a form of this browser carries."""
        secret = self.cookies.get(SESSION_COOKIE) or self.cookies.get(GUEST_COOKIE) or ""
        return csrf_token(secret)


def check_page(answer: httpx.Response) -> None:
    """A page names its language, keeps to the policy and has nothing inline."""
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    if answer.text.startswith("<!doctype html>"):
        language = answer.headers["content-language"]
        assert f'<html lang="{language}"' in answer.text
    assert " style=" not in answer.text
    assert " onclick=" not in answer.text
    assert "<style" not in answer.text
    assert not re.search(r'(?:src|href|action)="http:', answer.text)
