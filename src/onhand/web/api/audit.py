"""The audit trail, and the feed of events."""

import csv
import io
from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from onhand.access.model import Right
from onhand.access.queries import AuditFilter, AuditPage, AuditView, search_audit
from onhand.bootstrap.environment import Environment
from onhand.stock.queries.audit import with_balances
from onhand.stock.queries.feed import FeedPage, read_feed
from onhand.web.fields import LARGEST_PAGE, PageSize, QueryMoment
from onhand.web.operation import operation, operations
from onhand.web.visits import Visitor, invalid, shown

router = operations()

CSV = "text/csv; charset=utf-8"
_COLUMNS = (
    *("recorded_at", "actor", "origin", "source", "action", "subject"),
    *("before", "after", "idempotency_key", "command_id"),
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_Word = Annotated[str, Field(min_length=1, max_length=200)]


class AuditSearch(BaseModel):
    """Which entries to show."""

    model_config = ConfigDict(extra="forbid")
    actor: _Word | None = Field(None, description="The token's or person's name.")
    action: _Word | None = Field(None, description="What was done, like `Reserve`.")
    source: Literal["api", "manual", "import", "system"] | None = None
    text: _Word | None = Field(None, description="Part of the subject: a SKU, an order, a cart.")
    since: QueryMoment | None = None
    until: QueryMoment | None = None

    def chosen(self) -> AuditFilter:
        """The filter of the audit trail."""
        return AuditFilter(self.actor, self.action, self.source, self.text, self.since, self.until)


class AuditPageSearch(AuditSearch):
    """Which entries to show, and which page of them."""

    limit: PageSize = 100
    before: Annotated[str, Field(max_length=500)] | None = Field(
        None, description="The `cursor` of the page before."
    )


@router.get("/audit/logs", tags=["audit"], **operation(Right.OPERATE, AuditPage))
def read_audit(visit: Visitor, wanted: Annotated[AuditPageSearch, Query()]) -> Response:
    """Every accepted write, newest first: who, what, from where, before and after."""
    try:
        return shown(
            audit_page(visit.environment, wanted.chosen(), limit=wanted.limit, before=wanted.before)
        )
    except ValueError as error:
        raise invalid("query.before", str(error)) from error


def audit_page(
    environment: Environment, chosen: AuditFilter, *, limit: int, before: str | None
) -> AuditPage:
    """Entries, newest first, those of stock with what they found and left.

    Raises:
        ValueError: `before` is no cursor of this list.
    """
    with environment.database.read() as connection:
        page = search_audit(connection, chosen, limit=limit, before=before)
        return AuditPage(with_balances(connection, page.entries), page.cursor)


@router.get("/audit/logs.csv", tags=["audit"], **operation(Right.OPERATE, str, media_type=CSV))
def export_audit(visit: Visitor, wanted: Annotated[AuditSearch, Query()]) -> Response:
    """The same as a CSV file (UTF-8 with BOM), all of it, safe to open in a spreadsheet."""
    headers = {"Content-Disposition": 'attachment; filename="onhand-audit.csv"'}
    return StreamingResponse(
        audit_lines(visit.environment, wanted.chosen()), media_type=CSV, headers=headers
    )


def audit_lines(environment: Environment, chosen: AuditFilter) -> Iterator[str]:
    """The file, page by page, so that neither memory nor a transaction grows with it."""
    yield "\ufeff" + _line(_COLUMNS)
    cursor: str | None = None
    while True:
        page = audit_page(environment, chosen, limit=LARGEST_PAGE, before=cursor)
        for entry in page.entries:
            yield _line(_cells(entry))
        cursor = page.cursor
        if cursor is None:
            return


def _cells(entry: AuditView) -> tuple[str, ...]:
    return (
        entry.recorded_at.isoformat(),
        entry.actor,
        entry.origin or "",
        entry.source,
        entry.action,
        entry.subject,
        "" if entry.before is None else bytes(entry.before).decode(),
        "" if entry.after is None else bytes(entry.after).decode(),
        entry.idempotency_key or "",
        entry.command_id,
    )


def _line(cells: tuple[str, ...]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([neutral(cell) for cell in cells])
    return text.getvalue()


def neutral(cell: str) -> str:
    """A cell no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


class FeedSearch(BaseModel):
    """From where on."""

    model_config = ConfigDict(extra="forbid")
    after: Annotated[str, Field(pattern=r"^[0-9]{1,18}-[0-9]{1,18}$")] | None = Field(
        None, description="The `cursor` of the page before; without it, from the start."
    )
    limit: PageSize = 100


@router.get("/feed", tags=["feed"], **operation(Right.OPERATE, FeedPage))
def follow(visit: Visitor, wanted: Annotated[FeedSearch, Query()]) -> Response:
    """Every stock event, in an order in which none is skipped; ask again with `cursor`."""
    with visit.environment.database.read() as connection:
        return shown(read_feed(connection, after=wanted.after, limit=wanted.limit))
