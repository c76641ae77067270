"""API tokens of the environment: made, shown once, revoked."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from pydantic import Field
from starlette.responses import Response

from onhand.access.commands import create_token, revoke_token
from onhand.access.model import LONGEST_NAME, NewToken, Refusal, Right, Scope
from onhand.access.queries import list_tokens
from onhand.web.console.forms import Entered, Form
from onhand.web.console.languages import mark
from onhand.web.console.navigation import Entry
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit

pages = Pages(
    Entry(
        label=mark("API tokens"),
        icon="key",
        path="/tokens",
        order=95,
        key="n",
        right=Right.ADMINISTER,
    )
)
_EMPTY = Entered({"scope": Scope.RESERVE.value})


class NewTokenForm(Form):
    """A token to be made; without `last_day` it is good until it is revoked."""

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    scope: Literal["viewer", "reserve", "operator", "admin"]
    last_day: date | None = None


@pages.get("/tokens", Right.ADMINISTER)
def show_tokens(visit: Visit) -> Response:
    """Every token that was made, without its secret."""
    return _page(visit)


@pages.post("/tokens", Right.ADMINISTER)
def make_token(visit: Visit) -> Response:
    """Make a token and show its secret, this once."""
    form = visit.read(NewTokenForm)
    if isinstance(form, Entered):
        return _page(visit, form=form, status=422)
    ends = None
    if form.last_day is not None:
        after = datetime.combine(form.last_day, time(), visit.reader.zone) + timedelta(days=1)
        ends = after.astimezone(UTC)
    made = create_token(
        visit.environment.database,
        visit.asked(),
        NewToken(form.name, Scope(form.scope), ends),
        environment=visit.environment.name,
    )
    if isinstance(made, Refusal):
        return _page(visit, form=Entered(form.model_dump()), refusal=visit.why(made), status=409)
    return _page(visit, secret=(form.name, made.secret))


@pages.post("/tokens/{token}/revoke", Right.ADMINISTER)
def end_token(visit: Visit) -> Response:
    """End a token; every process notices within seconds."""
    result = revoke_token(visit.environment.database, visit.asked(), visit.path("token"))
    if isinstance(result, Refusal):
        return _page(visit, refusal=visit.why(result), status=409)
    return visit.done(visit.text(mark("The token was revoked.")), to="/tokens")


def _page(
    visit: Visit,
    *,
    form: Entered = _EMPTY,
    refusal: str = "",
    status: int = 200,
    secret: object = (),
) -> Response:
    with visit.environment.database.read() as connection:
        tokens = list_tokens(connection)
    return visit.page(
        "people/tokens.html",
        status=status,
        tokens=[token for token in reversed(tokens) if token.revoked_at is None],
        revoked=sum(token.revoked_at is not None for token in tokens),
        now=visit.now,
        form=form,
        refusal=refusal,
        secret=secret,
    )
