"""Exports: levels, events, listings and orders as CSV or XLSX files."""

import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from datetime import tzinfo
from enum import StrEnum
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, Any

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.responses import Response

from onhand.access.model import Right
from onhand.bootstrap.environment import Environment
from onhand.imports.model.exports import (
    MAIN_LOCATION,
    EventsWanted,
    HeaderLanguage,
    LevelsWanted,
    ListingsWanted,
    OrdersWanted,
    Page,
    Wanted,
    headings,
)
from onhand.imports.queries.exports import pages
from onhand.imports.writers.cells import Sheet, read_zone
from onhand.imports.writers.delimited import Csv, Encoding
from onhand.imports.writers.workbook import write_workbook
from onhand.web.api.orders import Store
from onhand.web.downloads import Download
from onhand.web.errors import Problem, Refused
from onhand.web.fields import Location, QueryMoment, SkuCode
from onhand.web.operation import operation, operations
from onhand.web.visits import Visitor, invalid

router = operations("/export", tag="files")

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
REPLACED = "Replaced-Characters"
MOST_AT_ONCE = 4  # exports that hold a database connection, in one process
_IN_MEMORY = 8 * 1024 * 1024  # bytes; what is larger lies in a temporary file
_PIECE = 64 * 1024  # bytes
_CHARSETS = {Encoding.UTF_8: "utf-8", Encoding.CP932: "Shift_JIS"}
_slots = threading.BoundedSemaphore(MOST_AT_ONCE)


class Form(StrEnum):
    """What kind of file."""

    CSV = "csv"
    XLSX = "xlsx"


class FileForm(BaseModel):
    """How the file is written."""

    model_config = ConfigDict(extra="forbid")
    format: Form = Form.CSV
    encoding: Encoding | None = Field(
        None,
        description="Of a CSV file; without it UTF-8 with its mark. What `cp932` cannot carry is "
        f"replaced, and counted in the header `{REPLACED}`.",
    )
    lang: HeaderLanguage = Field(
        HeaderLanguage.EN, description="In which language the columns are named."
    )
    tz: Annotated[
        str,
        BeforeValidator(lambda raw: raw.replace(" ", "+", 1) if isinstance(raw, str) else raw),
        Field(
            max_length=64,
            description="The zone of moments, such as `Asia/Tokyo` or `+09:00`.",
            examples=["Asia/Tokyo"],
        ),
    ] = "UTC"


class LevelsExport(FileForm):
    """Which SKUs."""

    location: Location = Field(
        MAIN_LOCATION, description="Where the column `quantity` is counted; the others are totals."
    )
    search: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="A part of the code or name, or a whole alias."
    )
    low: bool = Field(False, description="true: only those at or below their threshold.")


class EventsExport(FileForm):
    """Which events."""

    sku: SkuCode | None = None
    store: Store | None = None
    since: QueryMoment | None = Field(None, description="Only what happened then or later.")
    until: QueryMoment | None = Field(None, description="Only what happened then or earlier.")


class ListingsExport(FileForm):
    """Which listings."""

    store: Store | None = None


class OrdersExport(FileForm):
    """Which orders."""

    store: Store | None = None
    since: QueryMoment | None = Field(None, description="Only what was placed then or later.")
    until: QueryMoment | None = Field(None, description="Only what was placed then or earlier.")


def _export(right: Right) -> dict[str, Any]:
    described = operation(right, str, "export_busy", media_type=CSV)
    answer = described["responses"][200]
    answer["content"][XLSX] = {"schema": {"type": "string", "format": "binary"}}
    answer["headers"] = {
        "Content-Disposition": {"schema": {"type": "string"}, "description": "The file's name."},
        REPLACED: {
            "schema": {"type": "string", "pattern": "^[0-9]+$"},
            "description": "With `encoding=cp932`: how many characters it could not carry.",
        },
    }
    return {**described, "response_class": Response}  # which adds no media type of its own


@router.get("/levels", **_export(Right.READ))
def export_levels(visit: Visitor, wanted: Annotated[LevelsExport, Query()]) -> Response:
    """Every SKU with its stock, a row each; imported again, the file changes nothing."""
    return exported(
        visit.environment, LevelsWanted(wanted.location, wanted.search, wanted.low), wanted
    )


@router.get("/events", **_export(Right.OPERATE))
def export_events(visit: Visitor, wanted: Annotated[EventsExport, Query()]) -> Response:
    """Every event of registered SKUs, the oldest first."""
    chosen = EventsWanted(wanted.sku, wanted.store, wanted.since, wanted.until)
    return exported(visit.environment, chosen, wanted)


@router.get("/listings", **_export(Right.READ))
def export_listings(visit: Visitor, wanted: Annotated[ListingsExport, Query()]) -> Response:
    """Every listing with the SKU it means."""
    return exported(visit.environment, ListingsWanted(wanted.store), wanted)


@router.get("/orders", **_export(Right.READ))
def export_orders(visit: Visitor, wanted: Annotated[OrdersExport, Query()]) -> Response:
    """Every line of every order, the oldest first; nothing in them says who bought."""
    return exported(
        visit.environment, OrdersWanted(wanted.store, wanted.since, wanted.until), wanted
    )


def exported(environment: Environment, wanted: Wanted, form: FileForm) -> Response:
    """The file; what goes wrong before its first byte is refused like anything else.

    UTF-8 goes out as it is read. The others are written down first: an XLSX file has its index at
    its end, and how many characters CP932 could not carry is known only then.

    Raises:
        Refused: a value cannot be, or too many exports are under way.
        DatabaseUnavailable: nothing could be read.
    """
    if form.encoding is not None and form.format is Form.XLSX:
        raise invalid("query.encoding", "goes with format=csv")
    sheet = Sheet(wanted.kind.value, headings(wanted.kind, form.lang), _zone(form.tz))
    name = f"{wanted.kind.value}-{environment.clock():%Y%m%d-%H%M%S}.{form.format.value}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    if form.format is Form.XLSX:
        file = _spool()
        with _slot(), closing(_pages(environment, wanted)) as found:
            write_workbook(file, sheet, found)
        return _spooled(file, XLSX, headers)
    encoding = form.encoding or Encoding.UTF_8
    written = Csv(sheet, encoding)
    media_type = f"{CSV}; charset={_CHARSETS[encoding]}"
    if encoding is Encoding.UTF_8:
        return Download(_live(written, _pages(environment, wanted)), media_type, headers)
    file = _spool()
    with _slot(), closing(_pages(environment, wanted)) as found:
        file.writelines(written.chunks(found))
    return _spooled(file, media_type, {**headers, REPLACED.lower(): str(written.replaced)})


def _zone(name: str) -> tzinfo:
    try:
        return read_zone(name)
    except ValueError as error:
        raise invalid("query.tz", str(error)) from error


def _pages(environment: Environment, wanted: Wanted) -> Generator[Page, None, None]:
    with environment.database.snapshot() as connection:
        yield from pages(connection, wanted, now=environment.clock())


def _live(written: Csv, found: Generator[Page, None, None]) -> Generator[bytes, None, None]:
    with _slot(), closing(found):
        yield from written.chunks(found)


@contextmanager
def _slot() -> Iterator[None]:
    """A place among those that may read now.

    Raises:
        Refused: all are taken.
    """
    if not _slots.acquire(blocking=False):
        raise Refused(Problem("export_busy", {"limit": MOST_AT_ONCE}))
    try:
        yield
    finally:
        _slots.release()


def _spool() -> IO[bytes]:
    return SpooledTemporaryFile(_IN_MEMORY, prefix="onhand-export-")


def _spooled(file: IO[bytes], media_type: str, headers: dict[str, str]) -> Response:
    size = file.tell()
    return Download(_pieces(file), media_type, {**headers, "content-length": str(size)})


def _pieces(file: IO[bytes]) -> Generator[bytes, None, None]:
    with file:
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece
