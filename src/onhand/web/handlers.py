"""Everything a request can end with instead of an answer, as problem details."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from onhand.db.errors import DatabaseUnavailable
from onhand.db.grouping import Stopping
from onhand.web.errors import Problem, Refused, render, unavailable
from onhand.web.messages import best_language

_MOST_ERRORS = 20
_LONGEST_NAME = 64
_BY_STATUS = {400: "malformed_json", 404: "not_found", 405: "method_not_allowed"}


def install(app: FastAPI) -> None:
    """Answer every refusal and failure of the app in one form."""

    async def refused(request: Request, error: Exception) -> Response:
        return respond(request, _problem(request, error))

    for kind in (
        Refused,
        RequestValidationError,
        HTTPException,
        DatabaseUnavailable,
        Stopping,
        Exception,
    ):
        app.add_exception_handler(kind, refused)


def respond(request: Request, problem: Problem) -> Response:
    """The problem as a response in the reader's language."""
    language = best_language(request.headers.get("accept-language", ""))
    rendered = render(problem, language)
    response = Response(rendered.body, status_code=rendered.status)
    for name, value in rendered.headers:
        response.headers[name.decode()] = value.decode("latin-1")
    return response


def _problem(request: Request, error: Exception) -> Problem:
    if isinstance(error, Refused):
        return error.problem
    if isinstance(error, RequestValidationError):
        return invalid_request(error.errors())
    if isinstance(error, DatabaseUnavailable):
        return unavailable(error)
    if isinstance(error, Stopping):
        return Problem("shutting_down")
    if isinstance(error, HTTPException):
        return _http_problem(request, error)
    return Problem("internal_error")


def _http_problem(request: Request, error: HTTPException) -> Problem:
    if error.status_code == 413:
        limit = request.app.state.onhand.settings.max_body_bytes
        return Problem("body_too_large", {"limit_bytes": limit})
    code = _BY_STATUS.get(error.status_code, "internal_error")
    facts = {"method": request.method, "path": request.url.path}
    headers = {"allow": _methods(request)} if code == "method_not_allowed" else {}
    return Problem(code, facts, headers)


def _methods(request: Request) -> str:
    """What is possible at the request's path; a route knows only its own method."""
    routes = request.app.router.routes
    found = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    same = [route for route in found if route.path == found[0].path]
    return ", ".join(sorted(method for route in same for method in route.methods))


def invalid_request(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """The problem of a request whose values are not acceptable; its values are not repeated."""
    if any(error["type"] == "json_invalid" for error in errors):
        return Problem("malformed_json")
    return Problem(
        "invalid_request",
        {
            "errors": [
                {
                    "field": ".".join(_shown(part) for part in error["loc"]),
                    "kind": error["type"],
                    "message": error["msg"].removeprefix("Value error, "),
                }
                for error in errors[:_MOST_ERRORS]
            ]
        },
    )


def _shown(part: object) -> str:
    """A member's name as sent, without what a terminal or log could take amiss."""
    text = str(part)[:_LONGEST_NAME]
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
