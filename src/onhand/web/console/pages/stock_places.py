"""Locations: where units physically are, and in which order they are taken from there."""

from typing import Literal

import msgspec
from pydantic import Field
from starlette.responses import Response

from onhand.access.model import LONGEST_NAME, Refusal, Right
from onhand.stock.commands.locations import (
    LocationChange,
    NewLocation,
    create_location,
    update_location,
)
from onhand.stock.model.events import MAIN_LOCATION
from onhand.stock.queries.locations import LocationView, list_locations
from onhand.web.console.forms import Entered, Form
from onhand.web.console.languages import mark
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit

pages = Pages()
_LAST = 10_000
_LINE = r"^[^\x00-\x1f\x7f-\x9f]+$"  # what a name is made of, here and over HTTP


class PlaceForm(Form):
    """A location's name, and when units are taken from it."""

    name: str = Field(max_length=LONGEST_NAME, pattern=_LINE)
    priority: int = Field(100, ge=0, le=_LAST)


class NewPlaceForm(PlaceForm):
    """A location to be made."""

    location: str = Field(max_length=LONGEST_NAME, pattern=_LINE)


class OpenForm(Form):
    """Whether units may be put there."""

    active: Literal["true", "false"]


@pages.get("/locations", Right.READ)
def show_places(visit: Visit) -> Response:
    """Every location, in the order units are taken from them."""
    return _show(visit)


@pages.post("/locations", Right.OPERATE)
def add_place(visit: Visit) -> Response:
    """Make a location."""
    form = visit.read(NewPlaceForm)
    if isinstance(form, Entered):
        return _show(visit, form)
    result = create_location(
        visit.environment.database,
        visit.asked(),
        NewLocation(form.location, form.name, form.priority),
    )
    if isinstance(result, Refusal):
        entered = Entered(form.model_dump()).because("location", visit.why(result))
        return _show(visit, entered)
    return visit.done(visit.text(mark("%(name)s was made."), name=form.name), to="/locations")


@pages.post("/locations/{location}", Right.OPERATE)
def change_place(visit: Visit) -> Response:
    """Another name or another turn."""
    form = visit.read(PlaceForm)
    if isinstance(form, Entered):
        return _show(visit, refusal=next(iter(form.errors.values())))
    change = LocationChange(visit.path("location"), form.name, form.priority)
    return _change(visit, change, mark("%(name)s was changed."))


@pages.post("/locations/{location}/open", Right.OPERATE)
def open_or_close(visit: Visit) -> Response:
    """Let no more units be put there, or let them again; its history stays."""
    form = visit.read(OpenForm)
    if isinstance(form, Entered):
        return _show(visit)
    change = LocationChange(visit.path("location"), active=form.active == "true")
    said = mark("%(name)s is open again.") if change.active else mark("%(name)s is closed.")
    return _change(visit, change, said)


def _change(visit: Visit, change: LocationChange, said: str) -> Response:
    result = update_location(visit.environment.database, visit.asked(), change)
    if isinstance(result, Refusal):
        return _show(visit, refusal=visit.why(result))
    after = msgspec.json.decode(result.answer, type=LocationView)
    return visit.done(visit.text(said, name=after.name or after.location), to="/locations")


def _show(visit: Visit, form: Entered | None = None, *, refusal: str = "") -> Response:
    with visit.environment.database.read() as connection:
        places = list_locations(connection)
    return visit.page(
        "stock/places.html",
        status=409 if refusal else 422 if form is not None else 200,
        places=places,
        main=MAIN_LOCATION,
        last=_LAST,
        form=form or Entered({"priority": 100}),
        refusal=refusal,
    )
