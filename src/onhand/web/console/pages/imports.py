"""Files that were given, and giving a new one."""

from typing import Any

from pydantic import Field
from starlette.datastructures import UploadFile
from starlette.responses import Response

from onhand.access.model import Refusal, Right
from onhand.bootstrap.settings import Settings
from onhand.catalog.queries.stores import list_stores
from onhand.imports.commands.files import keep_file
from onhand.imports.model.choices import SkuFrom
from onhand.imports.model.plan import Mode, StockMode, ZeroMode
from onhand.imports.model.refusals import FileTooLarge
from onhand.imports.model.states import ImportState
from onhand.imports.model.wishes import Wish
from onhand.imports.queries.imports import ImportFilter, list_imports
from onhand.stock.queries.locations import list_locations
from onhand.web.console.forms import Entered, Form
from onhand.web.console.languages import mark
from onhand.web.console.navigation import Entry
from onhand.web.console.pages.imports_asking import START, TakeForm, look_through, take_form
from onhand.web.console.pages.imports_words import MODES, STATES, STOCK, TONES, ZEROS
from onhand.web.console.routing import MOST_FORM_BYTES, Pages
from onhand.web.console.visits import Visit
from onhand.web.uploads import clean_file_name

pages = Pages(Entry(label=mark("Imports"), icon="file-import", path="/imports", order=60, key="i"))
_SHOWN = 50
_NO_FILE = mark("Please choose a file.")


class Wanted(Form):
    """Which imports to list."""

    state: ImportState | None = None
    store: str | None = Field(None, max_length=40)
    after: str | None = Field(None, pattern="^[0-9a-f]{32}$")


def most_bytes(settings: Settings) -> int:
    """How long the form with a file may be."""
    return settings.import_max_bytes + MOST_FORM_BYTES


@pages.get("/imports", Right.READ)
def show_imports(visit: Visit) -> Response:
    """Imports, the newest first."""
    wanted = visit.filters(Wanted)
    chosen = ImportFilter(wanted.state, wanted.store, wanted.after, _SHOWN + 1)
    with visit.environment.database.snapshot() as connection:
        found = list_imports(connection, chosen)
        stores = list_stores(connection, now=visit.now)
    shown = found[:_SHOWN]
    return visit.page(
        "imports/list.html",
        imports=shown,
        cursor=shown[-1].import_id if len(found) > _SHOWN else None,
        wanted=wanted,
        stores=stores,
        names={store.store: store.name for store in stores},
        states=STATES,
        tones=TONES,
    )


@pages.get("/imports/new", Right.OPERATE)
def ask_file(visit: Visit) -> Response:
    """A form for a file, and how it is to be taken."""
    store = visit.request.query_params.get("store", "")
    return _ask(visit, Entered({**START, "store": store}))


@pages.post("/imports/new", Right.OPERATE, most_bytes=most_bytes)
def take_file(visit: Visit) -> Response:
    """Keep the file and have it looked through; nothing else changes."""
    form = take_form(visit)
    if isinstance(form, Entered):
        return _ask(visit, form)
    entered = Entered(form.entered())
    sent = visit.sent.get("file")
    if not isinstance(sent, UploadFile) or not sent.filename:
        return _ask(visit, entered.because("file", visit.text(_NO_FILE)))
    result = _take(visit, sent, form)
    if isinstance(result, Refusal):
        if isinstance(result, FileTooLarge):
            return _ask(visit, entered.because("file", visit.why(result)))
        return _ask(visit, entered, refusal=visit.why(result))
    return result


def _take(visit: Visit, sent: UploadFile, form: TakeForm) -> Response | Refusal:
    limit = visit.onhand.settings.import_max_bytes
    with sent.file as file:
        file.seek(0, 2)
        size = file.tell()
        if size > limit:
            return FileTooLarge(size, limit)
        database = visit.environment.database
        kept = keep_file(database, file, by=visit.user.name, now=visit.now)
    wish = Wish(kept.file_id, clean_file_name(sent.filename), form.terms(), form.choices())
    return look_through(visit, wish)


def _ask(visit: Visit, form: Entered, *, refusal: str = "") -> Response:
    return visit.page(
        "imports/new.html",
        status=409 if refusal else 422 if form.errors else 200,
        form=form,
        refusal=refusal,
        most_bytes=visit.onhand.settings.import_max_bytes,
        **choices(visit),
    )


def choices(visit: Visit) -> dict[str, Any]:
    """What the forms about a file offer."""
    with visit.environment.database.snapshot() as connection:
        stores = list_stores(connection, now=visit.now)
        places = [place.location for place in list_locations(connection) if place.active]
    return {
        "stores": stores,
        "places": places,
        "modes": [(mode.value, MODES[mode]) for mode in Mode],
        "stock_modes": [(mode.value, STOCK[mode]) for mode in StockMode],
        "zeros": [(mode.value, ZEROS[mode]) for mode in ZeroMode],
        "origins": list(SkuFrom),
    }
