"""One stocktake: counting by scans, what differs, finishing and abandoning it."""

from dataclasses import dataclass
from typing import Literal

import msgspec
from pydantic import Field
from starlette.responses import Response

from onhand.access.model import Refusal, Right
from onhand.catalog.model.skus import normalise
from onhand.catalog.queries.skus import SkuView, read_skus
from onhand.stock.commands.counts import cancel_count, close_count
from onhand.stock.commands.scans import Scan, ScanMode, scan
from onhand.stock.queries.count_lines import LinesWanted, last_counted, list_lines, read_totals
from onhand.stock.queries.counts import (
    CountLineView,
    CountScanned,
    CountShow,
    CountView,
    read_sheet,
)
from onhand.stock.queries.locations import read_location
from onhand.web.console.flashes import Undo
from onhand.web.console.forms import Entered, Form
from onhand.web.console.languages import mark
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit, part
from onhand.web.errors import Problem, Refused
from onhand.web.fields import MOST_UNITS

pages = Pages()
_LINES = 50
_LAST = 10


class Wanted(Form):
    """Which lines are listed."""

    show: CountShow = CountShow.ALL
    after: str | None = Field(None, max_length=500)


class ScanForm(Form):
    """A scanned code, and what it means."""

    code: str = Field(max_length=500)
    units: int = Field(default=1, ge=0, le=MOST_UNITS)
    mode: Literal["add", "set"] = "add"
    put_on_sheet: bool = False


@dataclass(frozen=True, slots=True)
class NotCounted:
    """A scan that was refused, and what may be done about it."""

    form: ScanForm
    code: str
    text: str


@pages.get("/counts/{count}", Right.OPERATE)
def show_count(visit: Visit) -> Response:
    """A sheet: how far it is, what was counted last, its lines."""
    return _show(visit)


@pages.post("/counts/{count}/scan", Right.OPERATE)
def take_scan(visit: Visit) -> Response:
    """Count what was scanned; the same key counts once."""
    form = visit.read(ScanForm)
    if isinstance(form, Entered):
        typed = ScanForm(code=str(visit.sent.get("code", ""))[:500])
        wrong = next(iter(form.errors.values()))
        return _not_counted(visit, NotCounted(typed, "invalid", wrong), status=422)
    found = Scan(
        visit.path("count"),
        normalise(form.code),
        form.units,
        ScanMode(form.mode),
        form.put_on_sheet,
    )
    result = scan(visit.environment.database, visit.asked(), found)
    if isinstance(result, Refusal):
        if result.code == "count_not_found":
            raise Refused(Problem(result.code, {"count": found.count_id}))
        why = NotCounted(form, result.code, _why(visit, result, form.code))
        return _not_counted(visit, why, status=409)
    scanned = msgspec.json.decode(result.answer, type=CountScanned)
    with visit.environment.database.read() as connection:
        (sku,) = read_skus(connection, [scanned.line.sku])
    if visit.is_partial:
        return visit.page("stocktake/scanned.html", scanned=scanned, sku=sku, refused=None)
    units = visit.reader.number(scanned.line.counted)
    said = visit.text(mark("%(sku)s: %(units)s counted."), sku=sku.original_sku, units=units)
    return visit.done(said, to=_path(found.count_id))


@pages.get("/counts/{count}/finish", Right.OPERATE)
def ask_finish(visit: Visit) -> Response:
    """What finishing the sheet would change."""
    return _show_finish(visit)


@pages.post("/counts/{count}/finish", Right.OPERATE)
def finish(visit: Visit) -> Response:
    """Bring what differs into the ledger."""
    count_id, asked = visit.path("count"), visit.asked()
    with visit.environment.database.snapshot() as connection:
        totals = read_totals(connection, _known(visit, read_sheet(connection, count_id)))
    if not totals.counted:
        return _show_finish(visit, visit.text(mark("Nothing was counted yet.")))
    result = close_count(visit.environment.ledger, asked, count_id)
    if isinstance(result, Refusal):
        return _show_finish(visit, visit.why(result))
    with visit.environment.database.snapshot() as connection:
        totals = read_totals(connection, _known(visit, read_sheet(connection, count_id)))
    number = visit.reader.number
    said = visit.text(
        mark("Finished: %(counted)s SKUs counted, %(differing)s of them corrected."),
        counted=number(totals.counted),
        differing=number(totals.differing),
    )
    back = visit.url(_path(count_id))
    undo = Undo(visit.url("/stock/-/undo"), {"type": "manual", "id": count_id, "back": back})
    return visit.done(said, to=_path(count_id), undo=undo)


@pages.post("/counts/{count}/cancel", Right.OPERATE)
def abandon(visit: Visit) -> Response:
    """End a sheet without any effect on stock."""
    count_id, asked = visit.path("count"), visit.asked()
    result = cancel_count(visit.environment.database, asked, count_id)
    if isinstance(result, Refusal):
        return _show(visit, refusal=visit.why(result))
    said = visit.text(mark("The stocktake was abandoned; stock is as it was."))
    return visit.done(said, to="/counts")


def _why(visit: Visit, refusal: Refusal, code: str) -> str:
    if refusal.code == "not_on_sheet":  # its id says nothing to a person
        return visit.text(mark("%(code)s is not on this stocktake."), code=code)
    return visit.why(refusal)


def _not_counted(visit: Visit, refused: NotCounted, *, status: int) -> Response:
    if visit.is_partial:
        return visit.page("stocktake/scanned.html", status=status, scanned=None, refused=refused)
    return _show(visit, refused=refused, status=status)


def _known(visit: Visit, sheet: CountView | None) -> CountView:
    if sheet is None:
        raise Refused(Problem("count_not_found", {"count": visit.path("count")}))
    return sheet


def _path(count_id: str) -> str:
    return f"/counts/{part(count_id)}"


def _page(lines: list[CountLineView]) -> tuple[list[CountLineView], str | None]:
    """The lines of one page, and where the next begins."""
    shown = lines[:_LINES]
    return shown, shown[-1].sku if len(lines) > len(shown) else None


def _show(
    visit: Visit, *, refused: NotCounted | None = None, refusal: str = "", status: int = 200
) -> Response:
    wanted = visit.filters(Wanted)
    with visit.environment.database.snapshot() as connection:
        sheet = _known(visit, read_sheet(connection, visit.path("count")))
        place = read_location(connection, sheet.location)
        last = last_counted(connection, sheet, limit=_LAST) if sheet.state == "open" else []
        chosen = LinesWanted(wanted.show, _LINES + 1, wanted.after)
        lines, cursor = _page(list_lines(connection, sheet, chosen))
        skus = read_skus(connection, sorted({line.sku for line in [*lines, *last]}))
        totals = read_totals(connection, sheet)
    return visit.page(
        "stocktake/one.html",
        status=409 if refusal else status,
        sheet=sheet,
        place=sheet.location if place is None else place.name,
        totals=totals,
        last=last,
        lines=lines,
        cursor=cursor,
        wanted=wanted,
        skus=_by_code(skus),
        refused=refused,
        refusal=refusal,
    )


def _show_finish(visit: Visit, refusal: str = "") -> Response:
    wanted = visit.filters(Wanted)
    with visit.environment.database.snapshot() as connection:
        sheet = _known(visit, read_sheet(connection, visit.path("count")))
        chosen = LinesWanted(CountShow.DIFFERENCES, _LINES + 1, wanted.after)
        lines, cursor = _page(list_lines(connection, sheet, chosen))
        skus = read_skus(connection, [line.sku for line in lines])
        totals = read_totals(connection, sheet)
    if sheet.state != "open" and not refusal:
        return visit.go(visit.url(_path(sheet.id)))
    return visit.page(
        "stocktake/finish.html",
        status=409 if refusal else 200,
        sheet=sheet,
        totals=totals,
        lines=lines,
        cursor=cursor,
        skus=_by_code(skus),
        refusal=refusal,
    )


def _by_code(skus: list[SkuView]) -> dict[str, SkuView]:
    return {sku.sku: sku for sku in skus}
