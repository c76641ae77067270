"""Stocktakes: the list of them, and opening one."""

from typing import Literal

import msgspec
from pydantic import Field
from starlette.responses import Response

from onhand.access.model import Refusal, Right
from onhand.stock.commands.counts import NewCount, open_count
from onhand.stock.model.events import MAIN_LOCATION
from onhand.stock.queries.count_lines import skus_found, skus_kept_at
from onhand.stock.queries.counts import CountView, list_counts
from onhand.stock.queries.locations import list_locations
from onhand.web.console.forms import Entered, Form
from onhand.web.console.languages import mark
from onhand.web.console.navigation import Entry
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit
from onhand.web.fields import LONGEST_TEXT

pages = Pages(
    Entry(
        label=mark("Stocktake"),
        icon="clipboard-check",
        path="/counts",
        order=30,
        key="c",
        right=Right.OPERATE,
        on_phone=True,
    )
)
_SHOWN = 30
_MOST_SKUS = 10_000  # of one sheet


class Wanted(Form):
    """Where the list begins."""

    before: str | None = Field(None, max_length=128)


class NewForm(Form):
    """What is to be counted."""

    name: str = Field(max_length=LONGEST_TEXT)
    location: str = Field(MAIN_LOCATION, max_length=128)
    scope: Literal["all", "search", "low"] = "all"
    search: str | None = Field(None, max_length=200)
    blind: bool = False


@pages.get("/counts", Right.OPERATE)
def show_counts(visit: Visit) -> Response:
    """Stocktakes, the newest first."""
    wanted = visit.filters(Wanted)
    with visit.environment.database.snapshot() as connection:
        counts = list_counts(connection, limit=_SHOWN + 1, before=wanted.before)
        places = {place.location: place.name for place in list_locations(connection)}
    shown = counts[:_SHOWN]
    cursor = shown[-1].id if len(counts) > len(shown) else None
    return visit.page("stocktake/list.html", counts=shown, places=places, cursor=cursor)


@pages.get("/counts/-/new", Right.OPERATE)
def ask_new(visit: Visit) -> Response:
    """A form for what is to be counted."""
    today = visit.reader.day(visit.now.astimezone(visit.reader.zone).date())
    name = visit.text(mark("Stocktake of %(day)s"), day=today)
    return _show(visit, Entered({"name": name, "location": MAIN_LOCATION, "scope": "all"}))


@pages.post("/counts/-/new", Right.OPERATE)
def open_new(visit: Visit) -> Response:
    """Open a sheet of the SKUs that were asked for."""
    form = visit.read(NewForm)
    if isinstance(form, Entered):
        return _show(visit, form)
    entered = Entered(form.model_dump(exclude_none=True))
    if form.scope == "search" and form.search is None:
        return _show(visit, entered.because("search", visit.text(mark("Please fill this in."))))
    skus = _skus(visit, form)
    if not skus:
        text = visit.text(mark("There is no SKU to count here."))
        return _show(visit, entered.because("scope", text))
    if len(skus) > _MOST_SKUS:
        text = visit.text(
            mark("These are more than %(most)s SKUs. Count a part of them, by a search."),
            most=visit.reader.number(_MOST_SKUS),
        )
        return _show(visit, entered.because("scope", text))
    asked = visit.asked()
    new = NewCount(form.name, form.location, tuple(skus), form.blind)
    result = open_count(visit.environment.database, asked, new)
    if isinstance(result, Refusal):
        return _show(visit, entered, refusal=visit.why(result))
    count = msgspec.json.decode(result.answer, type=CountView)
    text = visit.reader.ngettext(
        "%(num)s SKU is to be counted.", "%(num)s SKUs are to be counted.", len(count.lines)
    )
    said = text % {"num": visit.reader.number(len(count.lines))}
    return visit.done(said, to=f"/counts/{count.id}")


def _skus(visit: Visit, form: NewForm) -> list[str]:
    """One more than are allowed at most."""
    most = _MOST_SKUS + 1
    with visit.environment.database.snapshot() as connection:
        if form.scope == "all":
            return skus_kept_at(connection, form.location, most=most)
        search = form.search if form.scope == "search" else None
        is_low = form.scope == "low"
        return skus_found(connection, search, is_low=is_low, most=most, now=visit.now)


def _show(visit: Visit, form: Entered, *, refusal: str = "") -> Response:
    with visit.environment.database.read() as connection:
        places = [place for place in list_locations(connection) if place.active]
    return visit.page(
        "stocktake/new.html",
        status=409 if refusal else 422 if form.errors else 200,
        form=form,
        places=places,
        refusal=refusal,
    )
