"""The order desk: what a person should look at, with what can be done about it."""

from functools import partial

from pydantic import Field
from starlette.responses import Response

from onhand.access.model import Refusal, Right
from onhand.bootstrap.environment import Environment
from onhand.catalog.commands.listings import map_listing
from onhand.catalog.model.listings import ListingMapping
from onhand.catalog.queries.stores import list_stores, list_waiting_stores
from onhand.catalog.queries.suggestions import suggest
from onhand.orders.commands import close_entry, close_settled
from onhand.orders.model.desk import EntryKind
from onhand.orders.queries.desk import (
    DeskFilter,
    EntryView,
    count_waiting,
    list_entries,
    read_entry,
)
from onhand.stock.model.commands import Line, Receive, Return
from onhand.stock.model.events import Reference, ReferenceType
from onhand.web.console.flashes import Undo
from onhand.web.console.forms import Entered, Form
from onhand.web.console.languages import mark
from onhand.web.console.navigation import Entry
from onhand.web.console.pages.selling_listings import replan
from onhand.web.console.pages.selling_shown import PAGE, names, page_of
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit, part
from onhand.web.errors import Problem, Refused
from onhand.web.fields import LONGEST_TEXT, MOST_UNITS


def _count(environment: Environment) -> int:
    with environment.database.read() as connection:
        return count_waiting(connection, now=environment.clock())


pages = Pages(
    Entry(
        label=mark("Order desk"),
        icon="inbox",
        path="/desk",
        order=45,
        key="e",
        on_phone=True,
        count=_count,
    )
)
_LONGEST_NOTE = 200
_SUGGESTED = 8
_CLOSED_AT_ONCE = 100


class DeskSearch(Form):
    """What the list is narrowed down by."""

    kind: EntryKind | None = None
    store: str = ""
    closed: bool = False
    after: str | None = None


class NoteForm(Form):
    """What was done about an entry."""

    note: str = Field(min_length=1, max_length=_LONGEST_NOTE)


class ReceiveForm(Form):
    """Goods that came for a shortfall."""

    units: int = Field(ge=1, le=MOST_UNITS)
    reason: str = Field(min_length=1, max_length=LONGEST_TEXT)


class MapForm(Form):
    """The SKU a listing shall mean, by its code or an alias."""

    sku: str = Field(min_length=1, max_length=LONGEST_TEXT)


@pages.get("/desk", Right.READ)
def show_desk(visit: Visit) -> Response:
    """Everything that waits for a person, the newest first; stores that do above."""
    wanted = visit.filters(DeskSearch)
    chosen = DeskFilter(
        kind=wanted.kind,
        store=wanted.store or None,
        include_closed=wanted.closed,
        limit=PAGE,
        after=wanted.after,
    )
    with visit.environment.database.snapshot() as connection:
        page = page_of(partial(list_entries, connection), chosen)
        stores = names(list_stores(connection, now=visit.now))
        waiting = list_waiting_stores(connection, now=visit.now)
    return visit.page(
        "selling/desk.html",
        page=page,
        wanted=wanted,
        stores=stores,
        waiting=waiting,
        kinds=list(EntryKind),
        filtered=bool(wanted.kind or wanted.store),
    )


@pages.get("/desk/{entry}", Right.READ)
def show_entry(visit: Visit) -> Response:
    """One entry: what is the matter, and what can be done."""
    return _show(visit)


@pages.post("/desk/{entry}/close", Right.OPERATE)
def close(visit: Visit) -> Response:
    """Close an entry, saying what was done."""
    form = visit.read(NoteForm)
    if isinstance(form, Entered):
        return _show(visit, note=form)
    result = close_entry(visit.environment.database, visit.asked(), visit.path("entry"), form.note)
    if isinstance(result, Refusal):
        return _show(visit, note=Entered(form.model_dump()), refusal=visit.why(result))
    return visit.done(visit.text(mark("The entry is off the desk.")), to="/desk")


@pages.post("/desk/{entry}/receive", Right.OPERATE)
def receive(visit: Visit) -> Response:
    """Take goods in for a shortfall; it is over once no unit is missing any more."""
    form = visit.read(ReceiveForm)
    if isinstance(form, Entered):
        return _show(visit, goods=form)
    entry = _known(visit)
    sku = str(entry.facts["sku"])
    result = visit.decide(Receive((Line(sku, form.units),), form.reason))
    if isinstance(result, Refusal):
        return _show(visit, goods=Entered(form.model_dump()), refusal=visit.why(result))
    database = visit.environment.database
    close_settled(database, now=visit.now, limit=_CLOSED_AT_ONCE)
    units = visit.reader.number(form.units)
    undone = {"command": result.command_id, "back": visit.back("/desk")}
    undo = Undo(visit.url("/stock/-/undo"), undone)
    with database.read() as connection:
        after = read_entry(connection, entry.entry)
    if after is None or after.closed_at is None:
        said = mark("%(units)s units of %(sku)s were received; some are still missing.")
        visit.say(visit.text(said, units=units, sku=sku), undo=undo)
        return visit.go(visit.url(f"/desk/{part(entry.entry)}", back=visit.back("/desk")))
    said = mark("%(units)s units of %(sku)s were received; the shortfall is settled.")
    return visit.done(visit.text(said, units=units, sku=sku), to="/desk", undo=undo)


@pages.post("/desk/{entry}/return", Right.ADMINISTER)
def take_back(visit: Visit) -> Response:
    """Record that what was shipped for a cancelled order came back."""
    entry = _known(visit)
    order = Reference(ReferenceType.ORDER, f"{entry.store}:{entry.order}")
    line = Line(str(entry.facts.get("sku", "")), int(entry.facts.get("units", 0)))
    result = visit.decide(Return(order, (line,), "came back after the order was cancelled"))
    if isinstance(result, Refusal):
        return _show(visit, refusal=visit.why(result))
    close_settled(visit.environment.database, now=visit.now, limit=_CLOSED_AT_ONCE)
    said = mark("%(units)s units of %(sku)s came back into stock.")
    units = visit.reader.number(line.units)
    return visit.done(visit.text(said, units=units, sku=line.sku), to="/desk")


@pages.post("/desk/{entry}/map", Right.OPERATE)
def map_line(visit: Visit) -> Response:
    """Say which SKU the listing of an unmapped line means."""
    form = visit.read(MapForm)
    if isinstance(form, Entered):
        return _show(visit, chosen=form)
    entry = _known(visit)
    mapping = ListingMapping(str(entry.facts.get("listing") or ""), form.sku)
    result = map_listing(visit.environment.database, visit.asked(), mapping, then=replan(visit))
    if isinstance(result, Refusal):
        return _show(visit, chosen=Entered(form.model_dump()).because("sku", visit.why(result)))
    said = mark("The listing now means %(sku)s; stock is held for its orders within seconds.")
    return visit.done(visit.text(said, sku=form.sku), to="/desk")


def _known(visit: Visit) -> EntryView:
    entry_id = visit.path("entry")
    with visit.environment.database.read() as connection:
        found = read_entry(connection, entry_id)
    if found is None:
        raise Refused(Problem("entry_not_found", {"entry": entry_id}))
    return found


def _show(
    visit: Visit,
    *,
    note: Entered | None = None,
    goods: Entered | None = None,
    chosen: Entered | None = None,
    refusal: str = "",
) -> Response:
    entry = _known(visit)
    listing = entry.facts.get("listing")
    with visit.environment.database.snapshot() as connection:
        stores = names(list_stores(connection, now=visit.now))
        wanted = bool(listing) and "map_listing" in entry.actions
        likely = suggest(connection, str(listing), limit=_SUGGESTED) if wanted else []
    missing = {"units": entry.facts.get("units", ""), "reason": ""}
    wrong = any(form is not None and form.errors for form in (note, goods, chosen))
    return visit.page(
        "selling/entry.html",
        status=409 if refusal else 422 if wrong else 200,
        entry=entry,
        stores=stores,
        likely=likely,
        note=note or Entered(),
        goods=goods or Entered(missing),
        chosen=chosen or Entered(),
        refusal=refusal,
    )
