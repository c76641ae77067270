"""Who did what, when, from where: every accepted write, searched and taken out."""

import re
from collections.abc import Callable
from datetime import date, datetime

from pydantic import Field
from starlette.responses import Response, StreamingResponse

from onhand.access.model import Right
from onhand.access.queries import AuditFilter
from onhand.stock.model.events import Source
from onhand.web.api.audit import CSV, audit_lines, audit_page
from onhand.web.console.forms import Form
from onhand.web.console.languages import mark
from onhand.web.console.navigation import Entry
from onhand.web.console.pages.audit_changes import MOST, changes_of
from onhand.web.console.pages.audit_words import ACTIONS, field, said
from onhand.web.console.pages.periods import begins, ends
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit

pages = Pages(
    Entry(
        label=mark("Audit trail"),
        icon="shield-check",
        path="/audit",
        order=85,
        key="a",
        right=Right.OPERATE,
    )
)
_SHOWN = 50
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(Z|[+-]\d\d:\d\d)$")


class Wanted(Form):
    """Which writes to show."""

    actor: str | None = Field(None, max_length=200)
    action: str | None = Field(None, max_length=200)
    source: Source | None = None
    text: str | None = Field(None, max_length=200)
    since: date | None = None
    until: date | None = None
    before: str | None = Field(None, max_length=500)

    def chosen(self, visit: Visit) -> AuditFilter:
        """The filter of the trail; days are the reader's, the last one included."""
        zone = visit.reader.zone
        return AuditFilter(
            self.actor,
            self.action,
            None if self.source is None else self.source.value,
            self.text,
            begins(self.since, zone),
            ends(self.until, zone),
        )


@pages.get("/audit", Right.OPERATE)
def show_audit(visit: Visit) -> Response:
    """Every accepted write, the newest first."""
    wanted = visit.filters(Wanted)
    chosen = wanted.chosen(visit)
    try:
        page = audit_page(visit.environment, chosen, limit=_SHOWN, before=wanted.before)
    except ValueError:
        page = audit_page(visit.environment, chosen, limit=_SHOWN, before=None)
    return visit.page(
        "audit/audit.html",
        page=page,
        wanted=wanted,
        actions=_actions(visit),
        said=said,
        field=field,
        changes_of=changes_of,
        most=MOST,
        written=_written(visit),
        sources=list(Source),
    )


@pages.get("/audit/export", Right.OPERATE)
def export_audit(visit: Visit) -> Response:
    """What the list shows, all of it, as a CSV file."""
    chosen = visit.filters(Wanted).chosen(visit)
    headers = {"content-disposition": 'attachment; filename="onhand-audit.csv"'}
    lines = audit_lines(visit.environment, chosen)
    return StreamingResponse(lines, media_type=CSV, headers=headers)


def _actions(visit: Visit) -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be chosen, in groups, each sorted as the reader's language writes it."""
    text = visit.reader.gettext
    return [
        (text(group), sorted(((a, text(what)) for a, what in of.items()), key=lambda one: one[1]))
        for group, of in ACTIONS.items()
    ]


def _written(visit: Visit) -> Callable[[object], str]:
    """How a recorded value is shown to the reader."""

    def write(value: object) -> str:
        if value is None or value == "":
            return "–"
        if isinstance(value, bool):
            return visit.text(mark("Yes") if value else mark("No"))
        if isinstance(value, int):
            return visit.reader.number(value)
        text = str(value)
        return visit.reader.exactly(datetime.fromisoformat(text)) if _MOMENT.match(text) else text

    return write
