"""Taking an import back: first what would break, then doing it."""

from typing import Any

import msgspec
from starlette.responses import Response

from onhand.access.model import Refusal, Right
from onhand.imports.commands.undoing import check_undoable, reference_of, undo_import
from onhand.stock.commands.answers import UndoAnswer
from onhand.stock.model.commands import UndoHow
from onhand.stock.queries.undo import preview_undo
from onhand.web.console.forms import Entered, Form
from onhand.web.console.languages import mark
from onhand.web.console.pages.imports_one import known_import
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit

pages = Pages()
_SHOWN_LINES = 200
_WHYS = {
    "units_gone": mark("Not enough is available any more"),
    "sku_gone": mark("The SKU was reset"),
    "location_gone": mark("The location is closed"),
    "balance_too_large": mark("The number would be too large"),
}


class UndoForm(Form):
    """What becomes of it when some of it cannot be taken back."""

    how: UndoHow = UndoHow.ALL_OR_NOTHING


@pages.get("/imports/{import}/undo", Right.OPERATE)
def ask_undo(visit: Visit) -> Response:
    """What taking it back would do, and what it would break."""
    return _show(visit)


@pages.post("/imports/{import}/undo", Right.OPERATE)
def take_back(visit: Visit) -> Response:
    """Take back the stock that the import moved; names, pictures and mappings stay."""
    form = visit.read(UndoForm)
    how = UndoHow.ALL_OR_NOTHING if isinstance(form, Entered) else form.how
    import_id = visit.path("import")
    result = undo_import(visit.environment.ledger, visit.asked(), import_id, how)
    if isinstance(result, Refusal):
        return _show(visit, refusal=visit.why(result))
    answer = msgspec.json.decode(result.answer, type=UndoAnswer)
    counted = visit.reader.ngettext(
        "Taken back: the stock of %(num)s SKU is as if it had not happened.",
        "Taken back: the stock of %(num)s SKUs is as if it had not happened.",
        answer.skus,
    )
    visit.say(counted % {"num": visit.reader.number(answer.skus)})
    if answer.left_out:
        count = len({broken.sku for broken in answer.left_out})
        left = visit.reader.ngettext(
            "%(num)s SKU was left as it is.", "%(num)s SKUs were left as they are.", count
        )
        visit.say(left % {"num": visit.reader.number(count)}, tone="warning")
    return visit.go(visit.url(f"/imports/{import_id}"))


def _show(visit: Visit, *, refusal: str = "") -> Response:
    known = known_import(visit)
    found: Any = check_undoable(visit.environment.ledger, known.import_id)
    if found is None:
        with visit.environment.database.snapshot() as connection:
            found = preview_undo(connection, reference_of(known.import_id), now=visit.now)
    if isinstance(found, Refusal):
        refusal, found = refusal or visit.why(found), None
    return visit.page(
        "imports/undo.html",
        status=409 if refusal else 200,
        one=known,
        plan=found,
        lines=[] if found is None else found.lines[:_SHOWN_LINES],
        whys=_WHYS,
        refusal=refusal,
    )
