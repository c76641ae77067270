"""What a person does to the stock of one SKU, and taking it back."""

from typing import Literal

import msgspec
from pydantic import Field
from starlette.responses import Response

from onhand.access.model import Accepted, Refusal, Right
from onhand.catalog.queries.skus import read_sku
from onhand.imports.commands.undoing import undo_group
from onhand.stock.commands.answers import StockAnswer, UndoAnswer
from onhand.stock.commands.undo import GroupUndo
from onhand.stock.model.commands import (
    Adjust,
    AdjustLine,
    AdjustMode,
    Ask,
    Count,
    CountLine,
    Line,
    Receive,
    Transfer,
    UndoHow,
)
from onhand.stock.model.events import MAIN_LOCATION, Reference, ReferenceType
from onhand.stock.queries.levels import read_levels
from onhand.stock.queries.locations import list_locations
from onhand.stock.queries.undo import Named, preview_undo
from onhand.web.console.flashes import Undo
from onhand.web.console.forms import Entered, Form
from onhand.web.console.languages import mark
from onhand.web.console.pages.stock_shown import code_of, known_sku
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit, part
from onhand.web.fields import LONGEST_TEXT, MOST_UNITS

pages = Pages()
_Move = Literal["adjust", "receive", "transfer", "count"]
_DONE = {
    "adjust": mark("%(sku)s was adjusted: %(on_hand)s on hand, %(available)s available."),
    "receive": mark("%(sku)s was received: %(on_hand)s on hand, %(available)s available."),
    "transfer": mark("%(units)s of %(sku)s were moved to %(to)s."),
    "count": mark("%(sku)s was counted: %(on_hand)s on hand, %(available)s available."),
}
_SHOWN_LINES = 200


class MoveForm(Form):
    """What is common to all of them."""

    units: int = Field(ge=1, le=MOST_UNITS)
    location: str = Field(MAIN_LOCATION, max_length=128)
    reason: str | None = Field(None, max_length=LONGEST_TEXT)


class AdjustForm(MoveForm):
    """A correction, which needs a reason."""

    mode: AdjustMode = AdjustMode.ADD
    units: int = Field(ge=0, le=MOST_UNITS)
    reason: str = Field(max_length=LONGEST_TEXT)


class CountForm(MoveForm):
    """What was found."""

    units: int = Field(ge=0, le=MOST_UNITS)


class TransferForm(MoveForm):
    """Where units go."""

    to: str = Field(max_length=128)


class UndoForm(Form):
    """What is to be taken back: a command, or a file or stocktake by its reference."""

    command: str | None = Field(None, max_length=128)
    type: Literal["import", "manual"] | None = None
    id: str | None = Field(None, max_length=128)
    how: UndoHow = UndoHow.ALL_OR_NOTHING

    def named(self) -> Named:
        """How the ledger calls it."""
        if self.type is not None and self.id is not None:
            return Reference(ReferenceType(self.type), self.id)
        return self.command or ""


@pages.get("/stock/{sku}/adjust", Right.OPERATE)
def ask_adjust(visit: Visit) -> Response:
    """A form to correct what is on hand."""
    return _show(visit, "adjust")


@pages.get("/stock/{sku}/receive", Right.OPERATE)
def ask_receive(visit: Visit) -> Response:
    """A form for goods that came in."""
    return _show(visit, "receive")


@pages.get("/stock/{sku}/transfer", Right.OPERATE)
def ask_transfer(visit: Visit) -> Response:
    """A form to move units to another location."""
    return _show(visit, "transfer")


@pages.get("/stock/{sku}/count", Right.OPERATE)
def ask_count(visit: Visit) -> Response:
    """A form for what was found at one place."""
    return _show(visit, "count")


@pages.post("/stock/{sku}/adjust", Right.OPERATE)
def adjust(visit: Visit) -> Response:
    """Correct what is on hand, as far as it is still the number that was looked at."""
    form = visit.read(AdjustForm)
    if isinstance(form, Entered):
        return _show(visit, "adjust", form)
    seen = _seen(visit, form.location) if form.mode is AdjustMode.SET else None
    line = AdjustLine(code_of(visit), form.mode, form.units, form.location, seen)
    return _do(visit, "adjust", form, Adjust((line,), form.reason))


@pages.post("/stock/{sku}/receive", Right.OPERATE)
def receive(visit: Visit) -> Response:
    """Put goods that came in on hand."""
    form = visit.read(MoveForm)
    if isinstance(form, Entered):
        return _show(visit, "receive", form)
    line = Line(code_of(visit), form.units, form.location)
    return _do(visit, "receive", form, Receive((line,), form.reason))


@pages.post("/stock/{sku}/transfer", Right.OPERATE)
def transfer(visit: Visit) -> Response:
    """Move units to another location."""
    form = visit.read(TransferForm)
    if isinstance(form, Entered):
        return _show(visit, "transfer", form)
    line = Line(code_of(visit), form.units, form.location)
    return _do(visit, "transfer", form, Transfer((line,), form.to, form.reason))


@pages.post("/stock/{sku}/count", Right.OPERATE)
def count(visit: Visit) -> Response:
    """Set on hand to what was found; what moved since the page was made is kept."""
    form = visit.read(CountForm)
    if isinstance(form, Entered):
        return _show(visit, "count", form)
    seen = _seen(visit, form.location)
    line = CountLine(code_of(visit), form.units, seen, form.location)
    return _do(visit, "count", form, Count((line,), form.reason))


@pages.get("/stock/-/undo", Right.OPERATE)
def ask_undo(visit: Visit) -> Response:
    """What taking something back would do, and what it would break."""
    return _show_undo(visit, visit.filters(UndoForm))


@pages.post("/stock/-/undo", Right.OPERATE)
def take_back(visit: Visit) -> Response:
    """Take a group of movements back; where some of it cannot be, ask first."""
    form = visit.read(UndoForm)
    if isinstance(form, Entered):
        return visit.go(visit.back("/stock"))
    ask = GroupUndo(form.named(), form.how)
    result = undo_group(visit.environment.ledger, visit.asked(), ask)
    if not isinstance(result, Accepted):
        return _show_undo(visit, form, visit.why(result))
    answer = msgspec.json.decode(result.answer, type=UndoAnswer)
    counted = visit.reader.ngettext(
        "Taken back: the stock of %(num)s SKU is as if it had not happened.",
        "Taken back: the stock of %(num)s SKUs is as if it had not happened.",
        answer.skus,
    )
    visit.say(counted % {"num": visit.reader.number(answer.skus)})
    if answer.left_out:
        left = visit.reader.number(len({broken.sku for broken in answer.left_out}))
        text = visit.text(mark("%(count)s SKUs were left as they are."), count=left)
        visit.say(text, tone="warning")
    return visit.go(visit.back("/stock"))


def _show_undo(visit: Visit, form: UndoForm, refusal: str = "") -> Response:
    with visit.environment.database.snapshot() as connection:
        found = preview_undo(connection, form.named(), now=visit.now)
    plan = None if isinstance(found, Refusal) else found
    if isinstance(found, Refusal):
        refusal = visit.why(found)
    return visit.page(
        "stock/undo.html",
        status=409 if refusal else 200,
        form=form,
        plan=plan,
        lines=[] if plan is None else plan.lines[:_SHOWN_LINES],
        refusal=refusal,
    )


def _seen(visit: Visit, location: str) -> int | None:
    """What was on hand there when the form was made, as it carries it."""
    sent = str(visit.sent.get(f"seen:{location}", ""))
    return int(sent) if sent.removeprefix("-").isdecimal() and len(sent) < 19 else None


def _show(visit: Visit, move: _Move, form: Entered | None = None, *, refusal: str = "") -> Response:
    with visit.environment.database.snapshot() as connection:
        sku = known_sku(visit, read_sku(connection, code_of(visit)))
        level = read_levels(connection, [sku.sku], now=visit.now)[sku.sku]
        places = [place for place in list_locations(connection) if place.active]
    status = 409 if refusal else 422 if form is not None and form.errors else 200
    return visit.page(
        "stock/move.html",
        status=status,
        move=move,
        sku=sku,
        level=level,
        places=places,
        on_hand={place.location: place.on_hand for place in level.locations},
        form=form or Entered({"location": MAIN_LOCATION, "mode": "add"}),
        refusal=refusal,
    )


def _do(visit: Visit, move: _Move, form: MoveForm, ask: Ask) -> Response:
    result = visit.decide(ask)
    if isinstance(result, Refusal):
        entered = Entered(form.model_dump(exclude_none=True))
        return _show(visit, move, entered, refusal=visit.why(result))
    answer = msgspec.json.decode(result.answer, type=StockAnswer)
    level = answer.levels[0]
    number = visit.reader.number
    text = visit.text(
        _DONE[move],
        sku=level.sku,
        on_hand=number(level.on_hand),
        available=number(level.available),
        units=number(form.units),
        to=getattr(form, "to", ""),
    )
    path = f"/stock/{part(level.sku)}"
    undone = {"command": result.command_id, "back": visit.url(path)}
    taken = Undo(visit.url("/stock/-/undo"), undone)
    return visit.done(text, to=path, undo=taken)
