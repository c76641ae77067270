"""What keeps pages safe: headers, cookies, and the sign that a form is ours."""

import secrets

import uuid_utils
from starlette.requests import Request
from starlette.responses import Response

from onhand.access.model.people import is_csrf_token

SESSION_COOKIE = "onhand_session"
GUEST_COOKIE = "onhand_guest"
FLASH_COOKIE = "onhand_flash"
THEME_COOKIE = "onhand_theme"
LANGUAGE_COOKIE = "onhand_language"
ENVIRONMENT_COOKIE = "onhand_environment"
CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"

_YEAR_S = 31_536_000
_PATH = "/console"
# Thumbnails are the shops' own; everything else comes from here, and nothing is inline.
_POLICY = (
    "default-src 'self'; img-src 'self' data: https:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
}


def protect(response: Response) -> Response:
    """Add the headers that every page has."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def new_secret() -> str:
    """A secret for a visitor who is not signed in."""
    return secrets.token_urlsafe(32)


def new_key() -> str:
    """The key of a form: what it asks happens once, however often it is sent."""
    return uuid_utils.uuid7().hex


def is_ours(request: Request, *, secret: str | None, sent: str) -> bool:
    """Whether a form was sent from one of our pages, to this visitor."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    if secret is None or site not in {"same-origin", "none"}:
        return False
    return is_csrf_token(secret, sent)


def keep(
    response: Response, request: Request, *, name: str, value: str, for_s: int | None = _YEAR_S
) -> None:
    """Leave a cookie that no script reads; `for_s` None keeps it until the browser is closed."""
    response.set_cookie(
        name,
        value,
        max_age=for_s,
        path=_PATH,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def forget(response: Response, name: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(name, path=_PATH, httponly=True, samesite="lax")
