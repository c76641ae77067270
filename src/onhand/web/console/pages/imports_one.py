"""One import: what the file would change, bringing it in, what became of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field
from starlette.responses import Response

from onhand.access.model import Refusal, Right
from onhand.imports.commands.asking import cancel, confirm
from onhand.imports.model.states import PENDING, UNDOABLE, ImportState
from onhand.imports.model.wishes import ImportMoved, ImportNotFound, Wish
from onhand.imports.queries.changes import ChangeFilter, Shown, list_changes
from onhand.imports.queries.imports import (
    ImportCounts,
    ImportView,
    list_faults,
    read_import,
    why_refused,
)
from onhand.jobs.imports import WORK
from onhand.jobs.queries import taken_leases
from onhand.web.console.forms import Entered, Form
from onhand.web.console.pages import imports_words as words
from onhand.web.console.pages.imports import choices
from onhand.web.console.pages.imports_asking import (
    ROLES,
    as_entered,
    look_through,
    take_form,
    workers,
)
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit
from onhand.web.errors import Refused, problem_of
from onhand.web.import_files import bad_rows_of, original

pages = Pages()
_SHOWN = 50
_FAULTS = 20


class Looked(Form):
    """Which changes to show."""

    show: Shown = Shown.CHANGING
    after: int = Field(0, ge=0, le=2**62)


class ConfirmForm(Form):
    """Whether what moved meanwhile may be left out."""

    leave_out_moved: bool = False


@pages.get("/imports/{import}", Right.READ)
def show_import(visit: Visit) -> Response:
    """How far it is, what it would change or changed."""
    return _show(visit)


@pages.post("/imports/{import}/confirm", Right.OPERATE)
def confirm_import(visit: Visit) -> Response:
    """Bring in what was shown, or say what moved meanwhile."""
    form = visit.read(ConfirmForm)
    leave_out = not isinstance(form, Entered) and form.leave_out_moved
    result = confirm(
        visit.environment.database,
        visit.asked(),
        visit.path("import"),
        workers(visit),
        leave_out_moved=leave_out,
    )
    if isinstance(result, Refusal):
        moved = result if isinstance(result, ImportMoved) else None
        return _show(visit, refusal="" if moved else visit.why(result), moved=moved)
    visit.environment.bell.ring()
    return visit.go(_address(visit))


@pages.post("/imports/{import}/cancel", Right.OPERATE)
def cancel_import(visit: Visit) -> Response:
    """Give it up; what was brought in by then stays."""
    result = cancel(visit.environment.database, visit.asked(), visit.path("import"))
    if isinstance(result, Refusal):
        return _show(visit, refusal=visit.why(result))
    return visit.go(_address(visit))


@pages.post("/imports/{import}/anew", Right.OPERATE)
def look_anew(visit: Visit) -> Response:
    """Look through the same file in the same way, as stock is now."""
    known = known_import(visit)
    wish = Wish(known.file, known.file_name, known.terms, known.choices, _is_again(known))
    result = look_through(visit, wish)
    return _show(visit, refusal=visit.why(result)) if isinstance(result, Refusal) else result


@pages.post("/imports/{import}/otherwise", Right.OPERATE)
def look_otherwise(visit: Visit) -> Response:
    """Look through the same file in another way."""
    known = known_import(visit)
    form = take_form(visit)
    if isinstance(form, Entered):
        return _show(visit, form=form)
    read = replace(
        form.choices(),
        likely_encoding=known.choices.likely_encoding,
        shop_code=known.choices.shop_code if form.store == known.terms.store else None,
    )
    wish = Wish(known.file, known.file_name, form.terms(), read, _is_again(known))
    result = look_through(visit, wish)
    if isinstance(result, Refusal):
        return _show(visit, form=Entered(form.entered()), refusal=visit.why(result))
    return result


@pages.get("/imports/{import}/file", Right.READ)
def download_file(visit: Visit) -> Response:
    """The file as it came."""
    return original(visit.environment, known_import(visit))


@pages.get("/imports/{import}/bad-rows", Right.READ)
def download_bad_rows(visit: Visit) -> Response:
    """The rows that cannot be taken, to be mended and given again."""
    return bad_rows_of(visit.environment, known_import(visit))


def known_import(visit: Visit) -> ImportView:
    """The import that the page's address names.

    Raises:
        Refused: there is none.
    """
    with visit.environment.database.read() as connection:
        return _known(visit, read_import(connection, visit.path("import")))


def _known(visit: Visit, found: ImportView | None) -> ImportView:
    if found is None:
        raise Refused(problem_of(ImportNotFound(visit.path("import"))))
    return found


def _show(
    visit: Visit,
    *,
    form: Entered | None = None,
    refusal: str = "",
    moved: ImportMoved | None = None,
) -> Response:
    wanted = visit.filters(Looked)
    with visit.environment.database.snapshot() as connection:
        known = _known(visit, read_import(connection, visit.path("import")))
        chosen = ChangeFilter(wanted.show, wanted.after, _SHOWN + 1)
        changes = list_changes(connection, known.import_id, chosen)
        faults = list_faults(connection, known.import_id, after=-1, limit=_FAULTS)
        has_worker = bool(taken_leases(connection, [WORK], now=visit.environment.clock()))
    shown = changes[:_SHOWN]
    why = why_refused(known)
    failed = bool(refusal or moved)
    return visit.page(
        "imports/one.html",
        status=409 if failed else 422 if form is not None and form.errors else 200,
        one=known,
        changes=shown,
        cursor=shown[-1].number if len(changes) > _SHOWN else None,
        wanted=wanted,
        lists=_lists(known.counts, wanted.show),
        faults=sorted(faults, key=lambda fault: fault.line),
        has_worker=has_worker,
        is_pending=known.state in PENDING,
        is_undoable=known.state in UNDOABLE,
        refusal=refusal or ("" if why is None else visit.why(why)),
        moved=moved,
        bad=words.worded(words.FAULTS, known.counts.bad),
        skipped=words.worded(words.SKIPS, known.counts.skipped),
        outcomes=words.worded(words.OUTCOMES, known.counts.outcomes),
        evidence=_evidence(visit, known),
        form=form or Entered(as_entered(known.terms, known.choices)),
        columns=_columns(known),
        words=words,
        roles=ROLES,
        **choices(visit),
    )


def _lists(counts: ImportCounts, now: Shown) -> list[tuple[Shown, int | None]]:
    """The lists of changes that have any, with how many where that is known."""
    actions: Mapping[str, int] = counts.actions
    known: dict[Shown, int | None] = {
        Shown.CHANGING: None,
        Shown.NEW: counts.new,
        Shown.METADATA: None if counts.names or counts.images else 0,
        Shown.FLAGGED: None if any(counts.flags.values()) else 0,
        Shown.CONFLICT: actions.get("conflict", 0),
        Shown.UNCHANGED: actions.get("unchanged", 0),
        Shown.MOVED: counts.outcomes.get("moved", 0),
        Shown.REFUSED: counts.outcomes.get("refused", 0),
        Shown.ALL: counts.skus,
    }
    every = [(shown, known.get(shown, counts.flags.get(shown.value, 0))) for shown in words.LISTS]
    return [(shown, count) for shown, count in every if count != 0 or shown is now]


def _evidence(visit: Visit, known: ImportView) -> list[str]:
    if known.facts is None:
        return []
    return [words.evidence_text(visit, found) for found in known.facts.evidence]


def _columns(known: ImportView) -> dict[str, Any]:
    """The names by which the file's columns and sheets can be chosen, as far as they are known."""
    if known.facts is not None:
        facts = known.facts
        return {"header": facts.header, "sheets": facts.sheets, "found": facts.mapping}
    problem = known.problem or {}
    sheets = problem.get("known", ()) if problem.get("code") == "unknown_sheet" else ()
    header = problem.get("known", ()) if problem.get("code") == "unknown_column" else ()
    return {"header": problem.get("header", header), "sheets": sheets, "found": {}}


def _is_again(known: ImportView) -> bool:
    """Whether the file was brought in already, so that it is to be taken once more."""
    return known.state in {*UNDOABLE, ImportState.UNDONE}


def _address(visit: Visit) -> str:
    return visit.url(f"/imports/{visit.path('import')}")
