"""People: who may sign in to the console, and as what."""

from typing import Literal

from pydantic import BaseModel, Field, model_validator
from starlette.responses import Response

from onhand.access.commands.accounts import begin_set_up, change_user, create_user
from onhand.access.model import EnvironmentName, Language, NewUser, Refusal, Right, Role
from onhand.access.model.people import HOME_ZONE, UserChanges, UserNotFound
from onhand.access.queries.people import UserView, find_user, list_users
from onhand.bootstrap.set_up import PATH
from onhand.db.database import Database
from onhand.web.answers import SetUpLinkAnswer, Users
from onhand.web.bodies import example, some_of
from onhand.web.errors import Problem, Refused, problem_of
from onhand.web.fields import Name
from onhand.web.guard import Visit
from onhand.web.operation import operation, operations
from onhand.web.paths import PathName
from onhand.web.visits import Visitor, Writer, answered, shown

router = operations(tag="access")


class NewUserBody(BaseModel):
    """A person to make known; they choose a password themselves, by a set-up link."""

    model_config = example(name="Sato", role="operator", language="ja", timezone=HOME_ZONE)
    name: Name
    role: Literal["viewer", "operator", "admin"]
    language: Literal["ja", "zh", "en"] = "en"
    timezone: Name = HOME_ZONE


class UserChangesBody(BaseModel):
    """What to change of a person."""

    model_config = some_of(role="admin", active=True)
    role: Literal["viewer", "operator", "admin"] | None = None
    active: bool | None = Field(None, strict=True, description="Whether they may sign in.")
    language: Literal["ja", "zh", "en"] | None = None
    timezone: Name | None = None

    @model_validator(mode="after")
    def _check_something(self) -> "UserChangesBody":
        if all(value is None for value in self.model_dump().values()):
            raise ValueError("name at least one of role, active, language and timezone")
        return self


@router.get("/users", **operation(Right.ADMINISTER, Users, "live_only"))
def read_users(visit: Visitor) -> Response:
    """Every person, by name."""
    with _people(visit).read() as connection:
        return shown(Users(list_users(connection)))


@router.post(
    "/users",
    **operation(
        Right.ADMINISTER,
        UserView,
        *("user_exists", "reserved_name", "invalid_timezone", "live_only"),
        status=201,
    ),
)
def make_user(writer: Writer, body: NewUserBody) -> Response:
    """Make a person known. `POST /users/{name}/link` then makes the link to hand them."""
    new = NewUser(body.name, Role(body.role), Language(body.language), body.timezone)
    made = create_user(_people(writer.visit), writer.asked(), new)
    return answered(made, status=201)


@router.get("/users/{name}", **operation(Right.ADMINISTER, UserView, "user_not_found", "live_only"))
def read_user(visit: Visitor, name: PathName) -> Response:
    """One person."""
    with _people(visit).read() as connection:
        person = find_user(connection, name)
    if person is None:
        raise Refused(problem_of(UserNotFound(name)))
    return shown(person)


@router.patch(
    "/users/{name}",
    **operation(
        Right.ADMINISTER,
        UserView,
        *("user_not_found", "last_admin", "invalid_timezone", "live_only"),
    ),
)
def alter_user(writer: Writer, name: PathName, body: UserChangesBody) -> Response:
    """Change a person's role, language or time zone, or close (`active` false) or reopen it.

    A role counts at once, everywhere within 5 seconds; closing an account ends its sessions.
    """
    changes = UserChanges(
        role=None if body.role is None else Role(body.role),
        active=body.active,
        language=None if body.language is None else Language(body.language),
        timezone=body.timezone,
    )
    return answered(change_user(_people(writer.visit), writer.asked(), name, changes))


@router.post(
    "/users/{name}/link",
    **operation(
        Right.ADMINISTER,
        SetUpLinkAnswer,
        *("user_not_found", "user_inactive", "link_already_made", "live_only"),
        status=201,
    ),
)
def invite(writer: Writer, name: PathName) -> Response:
    """Make a link with which the person chooses a password; it works once, for 3 days.

    It is shown this once. A link made before for the same person no longer works; a password they
    have works until they choose another.
    """
    made = begin_set_up(_people(writer.visit), writer.asked(), name)
    if isinstance(made, Refusal):
        raise Refused(problem_of(made))
    return shown(SetUpLinkAnswer(made.name, PATH + made.secret, made.expires_at), status=201)


def _people(visit: Visit) -> Database:
    """Where people are kept.

    Raises:
        Refused: the token is of `test`; who may do anything there may not let people in to `live`.
    """
    if visit.environment.name is not EnvironmentName.LIVE:
        raise Refused(Problem("live_only"))
    return visit.environment.database
