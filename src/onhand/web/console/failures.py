"""How pages fail: in the reader's language, with what to do next."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from onhand.db.errors import DatabaseUnavailable
from onhand.db.grouping import Stopping
from onhand.web.console import entrance, security
from onhand.web.console.assets import AssetsMissing
from onhand.web.console.languages import mark
from onhand.web.console.live import TooManyListeners
from onhand.web.console.visits import Guest
from onhand.web.errors import Problem, Refused, unavailable
from onhand.web.messages import say

Handler = Callable[[Request, Exception], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class _Failure:
    status: int
    title: str
    detail: str


_NOT_FOUND = _Failure(
    404,
    mark("There is nothing here"),
    mark("The address may be mistyped, or what was here is gone."),
)
_BY_STATUS = {
    404: _NOT_FOUND,
    405: _NOT_FOUND,
    413: _Failure(
        413,
        mark("Too large"),
        mark("What was sent is larger than can be taken. Please send less at a time."),
    ),
}
_BY_KIND: dict[type[Exception], _Failure] = {
    entrance.RightMissing: _Failure(
        403,
        mark("Not for your role"),
        mark("Your role does not include this. An administrator can give you another."),
    ),
    entrance.StrangeForm: _Failure(
        403,
        mark("Please send it again"),
        mark("The page was older than your session. Nothing was changed; go back, load it again."),
    ),
    TooManyListeners: _Failure(
        503,
        mark("Too many open pages"),
        mark("The page works, but does not follow changes by itself."),
    ),
}
_OTHERWISE = _Failure(
    500,
    mark("Something went wrong"),
    mark("It was written to the log under this request's number. Nothing was lost."),
)


def handlers() -> Iterator[tuple[type[Exception], Handler]]:
    """What answers each kind of failure."""
    yield AssetsMissing, _not_built
    yield entrance.NotSignedIn, _to_the_door
    for kind in (Refused, HTTPException, DatabaseUnavailable, Stopping, Exception, *_BY_KIND):
        yield kind, _fail


async def _not_built(_request: Request, _error: Exception) -> Response:
    text = "The console was not built: run `make assets`. The API works without it.\n"
    return PlainTextResponse(text, status_code=503)


async def _to_the_door(request: Request, _error: Exception) -> Response:
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET":
        wanted = ""
    door = "/console/sign-in" + (f"?next={quote(wanted, safe='')}" if wanted else "")
    if "hx-request" in request.headers:
        response = Response(status_code=401, headers={"HX-Redirect": door})
    else:
        response = RedirectResponse(door, status_code=303)
    return security.protect(response)


async def _fail(request: Request, error: Exception) -> Response:
    found = getattr(request.state, "visit", None)
    visit: Guest = entrance.greet(request) if found is None else found
    status, title, detail = _said(error, visit)
    template = "frame/failure_part.html" if visit.is_partial else "frame/failure.html"
    response = visit.page(template, status=status, title=title, detail=detail)
    if visit.is_partial:
        response.headers["HX-Retarget"] = "#flashes"
        response.headers["HX-Reswap"] = "beforeend"
    if status == 503:
        response.headers["retry-after"] = "2"
    return security.protect(response)


def _said(error: Exception, visit: Guest) -> tuple[int, str, str]:
    if isinstance(error, HTTPException):
        failure = _BY_STATUS.get(error.status_code, _OTHERWISE)
    elif isinstance(error, Refused | DatabaseUnavailable | Stopping):
        problem = _problem(error)
        if problem.code != "not_found":
            return problem.status, *say(problem.code, visit.reader.language, problem.facts)
        failure = _NOT_FOUND
    else:
        failure = _BY_KIND.get(type(error), _OTHERWISE)
    return failure.status, visit.text(failure.title), visit.text(failure.detail)


def _problem(error: Refused | DatabaseUnavailable | Stopping) -> Problem:
    if isinstance(error, Refused):
        return error.problem
    return (
        unavailable(error) if isinstance(error, DatabaseUnavailable) else Problem("shutting_down")
    )
