"""Imports: what a file would change, bringing it in, taking it back."""

from dataclasses import replace
from functools import partial
from typing import Annotated, Any

import msgspec
from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from onhand.access.model import Accepted, Refusal, Right
from onhand.bootstrap.settings import Settings
from onhand.catalog.model.stores import normalise_store
from onhand.imports.commands.asking import Workers, ask_preview, cancel, confirm
from onhand.imports.commands.undoing import check_undoable, reference_of, undo_import
from onhand.imports.model.states import ImportState
from onhand.imports.model.wishes import ImportNotFound
from onhand.imports.queries.changes import ChangeFilter, Shown, list_changes
from onhand.imports.queries.imports import (
    ImportFilter,
    ImportView,
    list_imports,
    read_import,
    why_refused,
)
from onhand.jobs.commands import tasks
from onhand.jobs.imports import WORK
from onhand.stock.model.commands import UndoHow
from onhand.stock.queries.undo import preview_undo
from onhand.web.answers import Undone
from onhand.web.api.undo import UNDO_REFUSALS
from onhand.web.bodies import example
from onhand.web.errors import Refused, problem_of
from onhand.web.fields import LARGEST_PAGE, PageSize, StoreId
from onhand.web.guard import Visit
from onhand.web.import_answers import ChangePage, ImportAnswer, ImportPage
from onhand.web.import_files import bad_rows_of, original
from onhand.web.import_forms import PREVIEW_BODY, read_form
from onhand.web.operation import operation, operations
from onhand.web.paths import unescape
from onhand.web.uploads import received
from onhand.web.visits import Visitor, Writer, Writing, answered, shown
from onhand.web.waiting import settled

router = operations("", tag="files")

_UNREADABLE = (
    *("file_too_large", "too_many_rows", "unreadable_file", "unpacked_too_large"),
    *("unknown_encoding", "unknown_delimiter", "unknown_sheet", "unknown_column"),
    *("no_sku_column", "invalid_code_rule", "import_failed"),
)
_ID = {
    "type": "string",
    "pattern": "^[0-9a-f]{32}$",
    "description": "The id of an import.",
    "examples": ["019ab7c81f6e7b5c9d3a2f4e6b8c0d1e"],
}
PathImport = Annotated[
    str, BeforeValidator(unescape), Path(alias="import", max_length=1000), WithJsonSchema(_ID)
]
WaitS = Annotated[
    float,
    Query(
        ge=0,
        le=60,
        description="Seconds to wait for the work; what takes longer is answered with 202 and "
        "goes on.",
    ),
]


class ConfirmBody(BaseModel):
    """Which import is to be brought in."""

    model_config = example(**{"import": "019ab7c81f6e7b5c9d3a2f4e6b8c0d1e"})
    import_id: Annotated[str, Field(max_length=1000), WithJsonSchema(_ID)] = Field(alias="import")
    leave_out_moved: bool = Field(
        False,
        description="true: SKUs whose stock has moved since the preview are left out; without it "
        "nothing is brought in then.",
    )


class ImportSearch(BaseModel):
    """Which imports to show."""

    model_config = ConfigDict(extra="forbid")
    state: ImportState | None = None
    store: Annotated[StoreId, AfterValidator(normalise_store)] | None = None
    limit: PageSize = 100
    after: Annotated[str, Field(pattern="^[0-9a-f]{32}$")] | None = Field(
        None, description="The `cursor` of the page before."
    )


class ChangeSearch(BaseModel):
    """Which changes to show."""

    model_config = ConfigDict(extra="forbid")
    show: Shown = Shown.ALL
    limit: PageSize = 100
    after: Annotated[int, Field(ge=0, le=2**62)] = Field(
        0, description="The `cursor` of the page before."
    )


def _may_wait(right: Right, *refusals: str, **more: Any) -> dict[str, Any]:
    """An operation that is answered with 202 where the work is not done in time."""
    described = operation(right, ImportAnswer, *refusals)
    answers = described["responses"]
    answers[202] = {**answers[200], "description": "Accepted; the work goes on"}
    described["openapi_extra"] |= more
    return described


@router.post(
    "/import/preview",
    **_may_wait(
        Right.OPERATE,
        *("unknown_store", "unknown_location", "unknown_file", *_UNREADABLE),
        requestBody=PREVIEW_BODY,
    ),
)
async def preview_import(request: Request, writer: Writer, wait_s: WaitS = 10.0) -> Response:
    """Find out what a file would change. Nothing is changed.

    The file comes as `multipart/form-data`. Given again in the same way it is looked through anew,
    until it is brought in; then it is that import (`is_repeat`), unless `again` says otherwise.
    """
    settings: Settings = request.app.state.onhand.settings
    limit = settings.import_max_bytes
    async with received(request, field="file", limit_bytes=limit) as upload:
        form = read_form(upload)
        wish = await run_in_threadpool(form.wish, writer.visit, upload, limit)
    asking = partial(
        ask_preview,
        writer.visit.environment.database,
        writer.asked(),
        wish,
        _workers(writer, settings),
    )
    return await _asked(writer, asking, wait_s, is_preview=True)


@router.post(
    "/import/confirm",
    **_may_wait(
        Right.OPERATE, "unknown_import", "import_not_ready", "import_moved", "unknown_location"
    ),
)
async def confirm_import(
    request: Request, writer: Writer, body: ConfirmBody, wait_s: WaitS = 10.0
) -> Response:
    """Bring in exactly what the preview showed, or say what moved meanwhile.

    Confirming again is no error: it happens once.
    """
    asking = partial(
        confirm,
        writer.visit.environment.database,
        writer.asked(),
        body.import_id,
        _workers(writer, request.app.state.onhand.settings),
        leave_out_moved=body.leave_out_moved,
    )
    return await _asked(writer, asking, wait_s, is_preview=False)


@router.get("/imports", **operation(Right.READ, ImportPage))
def read_imports(visit: Visitor, wanted: Annotated[ImportSearch, Query()]) -> Response:
    """Imports, the newest first."""
    chosen = ImportFilter(wanted.state, wanted.store, wanted.after, wanted.limit + 1)
    with visit.environment.database.read() as connection:
        found = list_imports(connection, chosen)
    page = found[: wanted.limit]
    cursor = page[-1].import_id if len(found) > wanted.limit else None
    return shown(ImportPage(page, cursor))


@router.get("/imports/{import}", **operation(Right.READ, ImportView, "unknown_import"))
def show_import(visit: Visitor, import_id: PathImport) -> Response:
    """One import: how far it is, what it would change or changed, in figures."""
    return shown(_find(visit, import_id))


@router.get("/imports/{import}/changes", **operation(Right.READ, ChangePage, "unknown_import"))
def read_changes(
    visit: Visitor, import_id: PathImport, wanted: Annotated[ChangeSearch, Query()]
) -> Response:
    """What an import would change, SKU by SKU, in the order of the file."""
    known = _find(visit, import_id)
    chosen = ChangeFilter(wanted.show, wanted.after, wanted.limit + 1)
    with visit.environment.database.read() as connection:
        found = list_changes(connection, known.import_id, chosen)
    page = found[: wanted.limit]
    cursor = page[-1].number if len(found) > wanted.limit else None
    return shown(ChangePage(page, cursor))


@router.get(
    "/imports/{import}/bad-rows",
    **operation(Right.READ, str, "unknown_import", media_type="text/csv"),
)
def download_bad_rows(visit: Visitor, import_id: PathImport) -> Response:
    """The rows that cannot be taken, as a CSV file: where, why, and what the cell holds."""
    return bad_rows_of(visit.environment, _find(visit, import_id))


@router.get(
    "/imports/{import}/file",
    **operation(Right.READ, str, "unknown_import", media_type="application/octet-stream"),
)
def download_file(visit: Visitor, import_id: PathImport) -> Response:
    """The file as it came."""
    return original(visit.environment, _find(visit, import_id))


@router.post("/imports/{import}/cancel", **operation(Right.OPERATE, ImportView, "unknown_import"))
def cancel_import(writer: Writer, import_id: PathImport) -> Response:
    """Give up an import, or ask for it where it is being worked on.

    What was brought in by then stays until it is undone. One that has ended stays as it is.
    """
    database = writer.visit.environment.database
    _accepted(cancel(database, writer.asked(), import_id))
    return shown(_find(writer.visit, import_id))


@router.post(
    "/imports/{import}/undo",
    **operation(Right.OPERATE, Undone, "unknown_import", "import_not_ready", *UNDO_REFUSALS),
)
def undo(
    writer: Writer,
    import_id: PathImport,
    how: Annotated[
        UndoHow, Query(description="What becomes of it when some of it cannot be taken back.")
    ] = UndoHow.ALL_OR_NOTHING,
    dry_run: Annotated[
        bool, Query(description="true: change nothing, show what would happen.")
    ] = False,
) -> Response:
    """Take back the stock that an import moved; names, pictures, SKUs and mappings stay.

    Happens once; asking again is answered as the first time. With `dry_run=true` nothing happens,
    and `preview` shows what would: the first 1,000 lines, those that break first.
    """
    environment = writer.visit.environment
    if dry_run:
        _refuse(check_undoable(environment.ledger, import_id))
        with environment.database.snapshot() as connection:
            found = preview_undo(connection, reference_of(import_id), now=environment.clock())
        if isinstance(found, Refusal):
            raise Refused(problem_of(found))
        few = msgspec.structs.replace(found, lines=found.lines[:LARGEST_PAGE])
        return shown(Undone(None, few))
    result = undo_import(environment.ledger, writer.asked(), import_id, how)
    if isinstance(result, Accepted):
        answer = msgspec.json.encode({"undo": msgspec.Raw(result.answer), "preview": None})
        result = Accepted(result.command_id, answer.decode(), result.replayed)
    return answered(result)


async def _asked(writer: Writing, asking: Any, wait_s: float, *, is_preview: bool) -> Response:
    result = await run_in_threadpool(asking)
    accepted = _accepted(result)
    environment = writer.visit.environment
    environment.bell.ring()
    answer = await settled(environment, accepted, wait_s)
    view = answer.details
    refusal = why_refused(view) if is_preview else None
    if refusal is not None:
        problem = problem_of(refusal)
        raise Refused(replace(problem, facts={**problem.facts, "import": view.import_id}))
    is_working = view.state in {ImportState.WAITING, ImportState.CONFIRMED}
    return shown(answer, status=202 if is_working else 200)


def _workers(writer: Writing, settings: Settings) -> Workers:
    asked = writer.asked()
    call = partial(tasks.ask, job=WORK, store_id=None, asked_by=asked.actor.name, now=asked.now)
    return Workers(settings.import_max_rows, call=call)


def _accepted(result: Accepted | Refusal) -> Accepted:
    if isinstance(result, Refusal):
        raise Refused(problem_of(result))
    return result


def _refuse(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise Refused(problem_of(refusal))


def _find(visit: Visit, import_id: str) -> ImportView:
    with visit.environment.database.read() as connection:
        found = read_import(connection, import_id)
    if found is None:
        raise Refused(problem_of(ImportNotFound(import_id)))
    return found
