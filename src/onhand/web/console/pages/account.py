"""One's own account: language, time zone, password."""

from dataclasses import replace
from typing import Literal
from zoneinfo import available_timezones

from pydantic import Field
from starlette.responses import Response

from onhand.access.commands.accounts import change_user
from onhand.access.commands.people import change_password
from onhand.access.model import Language, Refusal, Right
from onhand.access.model.people import (
    LONGEST_PASSWORD,
    SHORTEST_PASSWORD,
    NewPassword,
    UserChanges,
)
from onhand.web.console import security
from onhand.web.console.forms import Entered, Form, Verbatim
from onhand.web.console.languages import mark
from onhand.web.console.pages.entering import let_in
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit

pages = Pages()
_DIFFERENT = mark("The two passwords differ.")


class TastesForm(Form):
    """How a person reads."""

    language: Literal["ja", "zh", "en"]
    timezone: str = Field(max_length=64)


class PasswordForm(Verbatim):
    """Another password."""

    old: str = Field(max_length=LONGEST_PASSWORD)
    new: str
    again: str


@pages.get("/account", Right.READ)
def show_account(visit: Visit) -> Response:
    """Who one is, and what can be changed about it."""
    return _page(visit, _tastes(visit), Entered())


@pages.post("/account", Right.READ)
def change_tastes(visit: Visit) -> Response:
    """Another language or time zone."""
    form = visit.read(TastesForm)
    if isinstance(form, Entered):
        return _page(visit, form, Entered())
    changes = UserChanges(language=Language(form.language), timezone=form.timezone)
    result = change_user(visit.onhand.live.database, visit.asked(), visit.user.name, changes)
    if isinstance(result, Refusal):
        wrong = Entered(form.model_dump()).because("timezone", visit.why(result))
        return _page(visit, wrong, Entered())
    visit.onhand.sessions.forget(visit.secret)
    visit.reader = replace(visit.reader, language=form.language)
    response = visit.done(visit.text(mark("Your settings were saved.")), to="/account")
    security.keep(response, visit.request, name=security.LANGUAGE_COOKIE, value=form.language)
    return response


@pages.post("/account/password", Right.READ)
def change_own_password(visit: Visit) -> Response:
    """Another password; every other session ends."""
    form = visit.read(PasswordForm)
    if isinstance(form, Entered):
        return _page(visit, _tastes(visit), Entered(errors=form.errors))
    if form.new != form.again:
        wrong = Entered().because("again", visit.text(_DIFFERENT))
        return _page(visit, _tastes(visit), wrong)
    result = change_password(
        visit.onhand.live.database,
        NewPassword(visit.secret, form.old, form.new),
        now=visit.now,
        origin=visit.origin,
        terms=visit.onhand.sessions.terms,
    )
    if isinstance(result, Refusal):
        place = "new" if result.code == "weak_password" else "old"
        return _page(visit, _tastes(visit), Entered().because(place, visit.why(result)))
    visit.onhand.sessions.forget(visit.secret)
    # The message is signed with the session that begins here.
    visit.secret = result.secret
    visit.say(visit.text(mark("Your password was changed. You are signed out everywhere else.")))
    return let_in(visit, result, visit.url("/account"))


def _tastes(visit: Visit) -> Entered:
    return Entered({"language": visit.user.language, "timezone": visit.user.timezone})


def _page(visit: Visit, tastes: Entered, password: Entered) -> Response:
    return visit.page(
        "frame/account.html",
        status=422 if tastes.errors or password.errors else 200,
        tastes=tastes,
        password=password,
        shortest=SHORTEST_PASSWORD,
        zones=sorted(zone for zone in available_timezones() if "/" in zone),
    )
