"""Signing in and out, and choosing a password through a set-up link."""

from typing import Literal

from pydantic import Field
from starlette.responses import Response

from onhand.access.commands.people import SignedIn, finish_set_up, sign_in, sign_out
from onhand.access.model import Language, Refusal
from onhand.access.model.people import LONGEST_PASSWORD, SHORTEST_PASSWORD, Credentials, SetUp
from onhand.access.queries.people import UserView, can_anybody_sign_in, find_set_up
from onhand.web.console import security
from onhand.web.console.forms import Entered, Verbatim
from onhand.web.console.languages import mark
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Guest

pages = Pages()
_HOME = "/console/"
_LIMITS = {"shortest": SHORTEST_PASSWORD, "longest": LONGEST_PASSWORD}


class SignInForm(Verbatim):
    """Who comes in, and where to go then."""

    name: str = Field(max_length=200)
    password: str = Field(max_length=LONGEST_PASSWORD)
    next: str = ""


class SetUpForm(Verbatim):
    """The password a person chooses, and their tastes."""

    link: str
    password: str
    again: str
    language: Literal["ja", "zh", "en"]
    timezone: str


@pages.open("GET", "/sign-in")
def show_sign_in(guest: Guest) -> Response:
    """The form to sign in."""
    wanted = guest.request.query_params.get("next", "")
    with guest.onhand.live.database.read() as connection:
        is_set_up = can_anybody_sign_in(connection)
    form = Entered({"next": _inside(wanted)})
    return guest.page("frame/sign_in.html", form=form, is_set_up=is_set_up)


@pages.open("POST", "/sign-in")
def enter(guest: Guest) -> Response:
    """Sign in."""
    form = guest.read(SignInForm)
    if isinstance(form, Entered):
        return guest.page("frame/sign_in.html", status=422, form=form)
    result = sign_in(
        guest.onhand.live.database,
        Credentials(form.name, form.password),
        now=guest.now,
        origin=guest.origin,
        terms=guest.onhand.sessions.terms,
    )
    if isinstance(result, Refusal):
        again = Entered({"name": form.name, "next": form.next})
        return guest.page("frame/sign_in.html", status=403, form=again, refusal=guest.why(result))
    return let_in(guest, result, _inside(form.next) or _HOME)


@pages.open("POST", "/sign-out")
def leave(guest: Guest) -> Response:
    """Sign out."""
    sign_out(guest.onhand.live.database, guest.secret, now=guest.now, origin=guest.origin)
    guest.onhand.sessions.forget(guest.secret)
    response = guest.go(guest.url("/sign-in"))
    security.forget(response, security.SESSION_COOKIE)
    return response


@pages.open("GET", "/set-up")
def show_set_up(guest: Guest) -> Response:
    """The form behind a set-up link."""
    link = guest.request.query_params.get("link", "")
    person = _invited(guest, link)
    if person is None:
        return _spent(guest)
    known = {"link": link, "language": guest.reader.language, "timezone": person.timezone}
    return _set_up(guest, person, Entered(known))


@pages.open("POST", "/set-up")
def set_up(guest: Guest) -> Response:
    """Use a set-up link."""
    form = guest.read(SetUpForm)
    link = str(guest.sent.get("link", ""))
    person = _invited(guest, link)
    if person is None:
        return _spent(guest)
    if isinstance(form, Entered):
        return _set_up(guest, person, form)
    kept = Entered({"link": link, "language": form.language, "timezone": form.timezone})
    if form.password != form.again:
        return _set_up(guest, person, kept.because("again", guest.text(_DIFFERENT)))
    result = finish_set_up(
        guest.onhand.live.database,
        SetUp(link, form.password, Language(form.language), form.timezone),
        now=guest.now,
        origin=guest.origin,
        terms=guest.onhand.sessions.terms,
    )
    if isinstance(result, Refusal):
        place = "timezone" if result.code == "invalid_timezone" else "password"
        return _set_up(guest, person, kept.because(place, guest.why(result)))
    return let_in(guest, result, _HOME)


_DIFFERENT = mark("The two passwords differ.")


def let_in(guest: Guest, session: SignedIn, address: str) -> Response:
    """Give the person the cookie of their session and send them on."""
    guest.secret = session.secret
    response = guest.go(address)
    lasting = int((session.ends_at - guest.now).total_seconds())
    security.keep(
        response,
        guest.request,
        name=security.SESSION_COOKIE,
        value=session.secret,
        for_s=lasting,
    )
    security.keep(
        response, guest.request, name=security.LANGUAGE_COOKIE, value=session.user.language
    )
    return response


def _inside(address: str) -> str:
    """The address if it is one of the console's, else nothing."""
    is_ours = address.startswith(_HOME) and "\\" not in address and address.isprintable()
    return address if is_ours else ""


def _invited(guest: Guest, link: str) -> UserView | None:
    with guest.onhand.live.database.read() as connection:
        return find_set_up(connection, link, now=guest.now)


def _set_up(guest: Guest, person: UserView, form: Entered) -> Response:
    status = 422 if form.errors else 200
    response = guest.page("frame/set_up.html", status=status, form=form, person=person, **_LIMITS)
    response.headers["referrer-policy"] = "no-referrer"  # its address holds the link
    return response


def _spent(guest: Guest) -> Response:
    return guest.page("frame/set_up_spent.html", status=404)
