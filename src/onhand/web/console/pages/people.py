"""People: who may sign in, and as what; they choose a password by a link that is shown once."""

from typing import Literal

from pydantic import Field
from starlette.responses import Response

from onhand.access.commands.accounts import begin_set_up, change_user, create_user
from onhand.access.model import LONGEST_NAME, Language, NewUser, Refusal, Right, Role
from onhand.access.model.people import HOME_ZONE, UserChanges
from onhand.access.queries.people import list_users
from onhand.bootstrap.set_up import PATH
from onhand.web.console.forms import Entered, Form
from onhand.web.console.languages import mark
from onhand.web.console.navigation import Entry
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit

pages = Pages(
    Entry(
        label=mark("People"),
        icon="users",
        path="/people",
        order=90,
        key="p",
        right=Right.ADMINISTER,
    )
)
_EMPTY = Entered({"role": Role.OPERATOR.value, "language": "ja", "timezone": HOME_ZONE})


class NewPersonForm(Form):
    """Somebody to be invited."""

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    role: Literal["viewer", "operator", "admin"]
    language: Literal["ja", "zh", "en"]
    timezone: str = Field(min_length=1, max_length=64)


class RoleForm(Form):
    """What a person may do."""

    role: Literal["viewer", "operator", "admin"]


class ActiveForm(Form):
    """Whether a person may sign in."""

    active: bool


@pages.get("/people", Right.ADMINISTER)
def show_people(visit: Visit) -> Response:
    """Everybody who is known, and the form to invite somebody."""
    return _page(visit)


@pages.post("/people", Right.ADMINISTER)
def invite_person(visit: Visit) -> Response:
    """Make somebody known, and show the link to hand them."""
    form = visit.read(NewPersonForm)
    if isinstance(form, Entered):
        return _page(visit, form=form, status=422)
    new = NewUser(form.name, Role(form.role), Language(form.language), form.timezone)
    made = create_user(visit.onhand.live.database, visit.asked(part="person"), new)
    if isinstance(made, Refusal):
        return _page(visit, form=Entered(form.model_dump()), refusal=visit.why(made), status=409)
    return _show_link(visit, form.name)


@pages.post("/people/{name}/link", Right.ADMINISTER)
def make_link(visit: Visit) -> Response:
    """Another link, with which the person chooses a password."""
    return _show_link(visit, visit.path("name"))


@pages.post("/people/{name}/role", Right.ADMINISTER)
def change_role(visit: Visit) -> Response:
    """Another role; it counts at once."""
    form = visit.read(RoleForm)
    if isinstance(form, Entered):
        return _page(visit, status=422)
    said = visit.text(mark("%(name)s has another role now."), name=visit.path("name"))
    return _change(visit, UserChanges(role=Role(form.role)), said)


@pages.post("/people/{name}/active", Right.ADMINISTER)
def open_or_close(visit: Visit) -> Response:
    """Let somebody sign in again, or end their sessions for good."""
    form = visit.read(ActiveForm)
    if isinstance(form, Entered):
        return _page(visit, status=422)
    said = mark("%(name)s may sign in again.") if form.active else mark("%(name)s is signed out.")
    return _change(
        visit, UserChanges(active=form.active), visit.text(said, name=visit.path("name"))
    )


def _change(visit: Visit, changes: UserChanges, said: str) -> Response:
    result = change_user(visit.onhand.live.database, visit.asked(), visit.path("name"), changes)
    if isinstance(result, Refusal):
        return _page(visit, refusal=visit.why(result), status=409)
    return visit.done(said, to="/people")


def _show_link(visit: Visit, name: str) -> Response:
    made = begin_set_up(visit.onhand.live.database, visit.asked(part="link"), name)
    if isinstance(made, Refusal):
        return _page(visit, refusal=visit.why(made), status=409)
    address = str(visit.request.base_url.replace(path=PATH)) + made.secret
    return _page(visit, link=(made.name, address, made.expires_at))


def _page(
    visit: Visit, *, form: Entered = _EMPTY, refusal: str = "", status: int = 200, link: object = ()
) -> Response:
    with visit.onhand.live.database.read() as connection:
        people = list_users(connection)
    return visit.page(
        "people/people.html", status=status, people=people, form=form, refusal=refusal, link=link
    )
