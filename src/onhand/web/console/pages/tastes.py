"""Language and theme, changed from any page, signed in or not."""

from typing import Literal

from starlette.responses import Response

from onhand.access.commands.accounts import change_user
from onhand.access.model import Actor, Asked, Language, Refusal
from onhand.access.model.people import UserChanges
from onhand.web.console import security
from onhand.web.console.forms import Entered, Form
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Guest

pages = Pages()


class LanguageForm(Form):
    """The language to read in, and the page to go back to."""

    language: Literal["ja", "zh", "en"]
    back: str = "/console/"


class ThemeForm(Form):
    """Light, dark, or what the system says."""

    theme: Literal["system", "light", "dark"]
    back: str = "/console/"


@pages.open("POST", "/language")
def choose_language(guest: Guest) -> Response:
    """Read in another language from now on; of somebody signed in, on every machine."""
    form = guest.read(LanguageForm)
    if isinstance(form, Entered):
        return guest.go(guest.url("/"))
    _remember(guest, Language(form.language))
    response = guest.go(_back(form.back))
    security.keep(response, guest.request, name=security.LANGUAGE_COOKIE, value=form.language)
    return response


@pages.open("POST", "/theme")
def choose_theme(guest: Guest) -> Response:
    """Another theme, in this browser."""
    form = guest.read(ThemeForm)
    if isinstance(form, Entered):
        return guest.go(guest.url("/"))
    response = guest.go(_back(form.back))
    security.keep(response, guest.request, name=security.THEME_COOKIE, value=form.theme)
    return response


def _remember(guest: Guest, language: Language) -> None:
    session = guest.onhand.sessions.find(guest.secret)
    if session is None or session.user.language == language:
        return
    asked = Asked(Actor(session.user.name, "manual", guest.origin), guest.now)
    result = change_user(
        guest.onhand.live.database, asked, session.user.name, UserChanges(language=language)
    )
    if isinstance(result, Refusal):
        guest.say(guest.why(result), tone="danger")
    guest.onhand.sessions.forget(guest.secret)


def _back(address: str) -> str:
    return address if address.startswith("/console/") and "\\" not in address else "/console/"
