"""Who comes in: the session behind a cookie, the right a page asks for, the form that was sent."""

from datetime import UTC
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from onhand.access.model import EnvironmentName, Right, Scope
from onhand.bootstrap.environment import Onhand
from onhand.web.console import security
from onhand.web.console.languages import NAMES, Reader
from onhand.web.console.visits import Guest, Visit
from onhand.web.envelope import ACTOR
from onhand.web.messages import Language, best_language

Sent = FormData | None


class NotSignedIn(Exception):
    """The page is for people who are signed in."""


class RightMissing(Exception):
    """The person may not see the page or do this."""


class StrangeForm(Exception):
    """A form that none of our pages made for this visitor, or one from an ended session."""


async def read_body(request: Request, *, most_bytes: int) -> FormData:
    """The fields of a form.

    Raises:
        HTTPException: 413, it is longer than `most_bytes`.
    """
    seen = 0
    receive = request.receive

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most_bytes:
            raise HTTPException(413)
        return message

    return await Request(request.scope, counted).form(max_fields=5_000)


def greet(request: Request) -> Guest:
    """A visit to an open page, signed in or not."""
    cookies = request.cookies
    secret = cookies.get(security.SESSION_COOKIE) or cookies.get(security.GUEST_COOKIE)
    onhand: Onhand = request.app.state.onhand
    return Guest(
        request=request,
        onhand=onhand,
        reader=Reader(_language(request), UTC),
        secret=secret or security.new_secret(),
    )


def admit(request: Request, right: Right) -> Visit:
    """A visit of somebody who has the right, to a page of an environment.

    Raises:
        HTTPException: 404, there is no such environment.
        NotSignedIn, RightMissing: as they say.
        DatabaseUnavailable: who it is could not be looked up.
    """
    onhand: Onhand = request.app.state.onhand
    name = request.path_params["environment"]
    if name not in set(EnvironmentName):
        raise HTTPException(404)
    secret = request.cookies.get(security.SESSION_COOKIE, "")
    session = onhand.sessions.find(secret) if secret else None
    if session is None:
        raise NotSignedIn
    user = session.user
    request.scope[ACTOR] = user.name
    visit = Visit(
        request=request,
        onhand=onhand,
        reader=Reader(_known(user.language), ZoneInfo(user.timezone)),
        secret=secret,
        user=user,
        environment=onhand.environment(EnvironmentName(name)),
    )
    request.state.visit = visit
    if not Scope(user.role).allows(right):
        raise RightMissing
    return visit


def check_form(visit: Guest, sent: FormData) -> None:
    """Take a form that one of our pages made for this visitor.

    Raises:
        StrangeForm: it is another.
    """
    request = visit.request
    token = request.headers.get(security.CSRF_HEADER) or str(sent.get(security.CSRF_FIELD, ""))
    if not security.is_ours(request, secret=visit.secret, sent=token):
        raise StrangeForm
    visit.sent = sent


def remember(visit: Guest, response: Response) -> None:
    """Leave the cookies of a visit: a guest's secret for forms, the environment last looked at."""
    request = visit.request
    if isinstance(visit, Visit):
        name = visit.environment.name.value
        if request.cookies.get(security.ENVIRONMENT_COOKIE) != name:
            security.keep(response, request, name=security.ENVIRONMENT_COOKIE, value=name)
    elif not {security.SESSION_COOKIE, security.GUEST_COOKIE} & request.cookies.keys():
        security.keep(
            response,
            request,
            name=security.GUEST_COOKIE,
            value=visit.secret,
            for_s=None,
        )


def _language(request: Request) -> Language:
    chosen = request.cookies.get(security.LANGUAGE_COOKIE, "")
    if chosen in NAMES:
        return _known(chosen)
    return best_language(request.headers.get("accept-language", ""))


def _known(language: str) -> Language:
    for known in NAMES:
        if known == language:
            return known
    return "en"
