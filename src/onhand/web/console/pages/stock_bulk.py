"""One change for many SKUs that were chosen in the list."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from pydantic import Field
from starlette.responses import Response

from onhand.access.model import Accepted, Refusal, Right
from onhand.catalog.commands.statuses import set_statuses
from onhand.catalog.model.skus import Status, normalise
from onhand.catalog.queries.skus import find_registered, read_skus
from onhand.stock.model.commands import Adjust, AdjustLine, AdjustMode, Command, SetPolicy
from onhand.stock.model.events import MAIN_LOCATION
from onhand.stock.queries.levels import read_levels
from onhand.stock.queries.locations import list_locations
from onhand.web.console.flashes import Undo
from onhand.web.console.forms import Entered, Form
from onhand.web.console.languages import mark
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit
from onhand.web.fields import LONGEST_TEXT, MOST_UNITS

pages = Pages()
_Action = Literal["threshold", "safety", "status", "adjust"]
_MOST = 200
_NONE_CHOSEN = mark("Please choose SKUs in the list first.")


class Chosen(Form):
    """What is to be changed."""

    action: _Action = "threshold"


class PolicyForm(Form):
    """A threshold or a safety stock, in whole units."""

    units: int = Field(ge=0, le=MOST_UNITS)


class StatusForm(Form):
    """Whether the SKUs are sold."""

    status: Literal["active", "inactive"]


class AdjustForm(Form):
    """A correction of all of them, with one reason."""

    mode: AdjustMode = AdjustMode.ADD
    units: int = Field(ge=0, le=MOST_UNITS)
    location: str = Field(MAIN_LOCATION, max_length=128)
    reason: str = Field(max_length=LONGEST_TEXT)


@pages.get("/stock/-/bulk", Right.OPERATE)
def ask_bulk(visit: Visit) -> Response:
    """The SKUs that were chosen, and a form for what is to be changed."""
    codes = _codes(visit.request.query_params.getlist("sku"))
    if not codes:
        visit.say(visit.text(_NONE_CHOSEN), tone="info")
        return visit.go(visit.back("/stock"))
    return _show(visit, visit.filters(Chosen).action, codes)


@pages.post("/stock/-/bulk", Right.OPERATE)
def do_bulk(visit: Visit) -> Response:
    """Change all that were chosen."""
    chosen = visit.read(Chosen)
    codes = _codes([str(code) for code in visit.sent.getlist("sku")])
    if isinstance(chosen, Entered) or not codes:
        visit.say(visit.text(_NONE_CHOSEN), tone="info")
        return visit.go(visit.back("/stock"))
    if chosen.action == "status":
        return _set_status(visit, codes)
    if chosen.action == "adjust":
        return _adjust(visit, codes)
    return _set_policy(visit, chosen.action, codes)


def _set_policy(visit: Visit, action: _Action, codes: Sequence[str]) -> Response:
    form = visit.read(PolicyForm)
    if isinstance(form, Entered):
        return _show(visit, action, codes, form)
    key = visit.asked().idempotency_key
    units = {"threshold": None, "safety": None, action: form.units}
    results = [
        visit.environment.writes.submit(
            Command(
                visit.caller(),
                SetPolicy(code, None, units["safety"], units["threshold"]),
                None if key is None else f"{key}.{number}",
            )
        )
        for number, code in enumerate(codes)
    ]
    refused = [result for one in results if isinstance(result := one.result(), Refusal)]
    if refused:
        return _show(visit, action, codes, Entered(form.model_dump()), refused[0])
    text = (
        mark("The low-stock threshold of %(count)s SKUs is now %(units)s.")
        if action == "threshold"
        else mark("The safety stock of %(count)s SKUs is now %(units)s.")
    )
    number = visit.reader.number
    return visit.done(visit.text(text, count=len(codes), units=number(form.units)), to="/stock")


def _set_status(visit: Visit, codes: Sequence[str]) -> Response:
    form = visit.read(StatusForm)
    if isinstance(form, Entered):
        return _show(visit, "status", codes, form)
    status = Status(form.status)
    result = set_statuses(visit.environment.database, visit.asked(), codes, status)
    if isinstance(result, Refusal):
        return _show(visit, "status", codes, Entered(form.model_dump()), result)
    changed = msgspec.json.decode(result.answer, type=list[str])
    text = (
        mark("%(count)s SKUs are active now.")
        if status is Status.ACTIVE
        else mark("%(count)s SKUs are inactive now.")
    )
    return visit.done(visit.text(text, count=visit.reader.number(len(changed))), to="/stock")


def _adjust(visit: Visit, codes: Sequence[str]) -> Response:
    form = visit.read(AdjustForm)
    if isinstance(form, Entered):
        return _show(visit, "adjust", codes, form)
    lines = tuple(AdjustLine(code, form.mode, form.units, form.location) for code in codes)
    result = visit.decide(Adjust(lines, form.reason))
    if not isinstance(result, Accepted):
        return _show(visit, "adjust", codes, Entered(form.model_dump()), result)
    text = visit.text(
        mark("On hand of %(count)s SKUs was adjusted."), count=visit.reader.number(len(codes))
    )
    taken = {"command": result.command_id, "back": visit.back("/stock")}
    undo = Undo(visit.url("/stock/-/undo"), taken)
    return visit.done(text, to="/stock", undo=undo)


def _show(
    visit: Visit,
    action: _Action,
    codes: Sequence[str],
    form: Entered | None = None,
    refusal: Refusal | None = None,
) -> Response:
    with visit.environment.database.snapshot() as connection:
        ids = [sku_id for sku_id, _ in find_registered(connection, codes).values()]
        levels = read_levels(connection, ids, now=visit.now)
        skus = read_skus(connection, sorted(set(ids)))
        places = [place for place in list_locations(connection) if place.active]
    return visit.page(
        "stock/bulk.html",
        status=409 if refusal else 422 if form is not None and form.errors else 200,
        action=action,
        skus=skus,
        levels=levels,
        places=places,
        form=form or Entered({"location": MAIN_LOCATION, "mode": "add"}),
        refusal="" if refusal is None else visit.why(refusal),
    )


def _codes(given: Sequence[str]) -> list[str]:
    """The first codes of these, each once."""
    return list(dict.fromkeys(normalise(code) for code in given))[:_MOST]
