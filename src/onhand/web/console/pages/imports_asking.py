"""Having a file looked through: how a person wants it taken, asked for once."""

from functools import partial
from typing import Any

import msgspec
from pydantic import Field, field_validator
from starlette.responses import Response

from onhand.access.model import Refusal, has_control_characters
from onhand.imports.commands.asking import AskAnswer, Workers, ask_preview
from onhand.imports.model.choices import Choices, Role, SkuFrom
from onhand.imports.model.plan import Mode, StockMode, Terms, ZeroMode
from onhand.imports.model.wishes import Wish
from onhand.jobs.commands import tasks
from onhand.jobs.imports import WORK
from onhand.web.console.forms import Entered, Form
from onhand.web.console.languages import mark
from onhand.web.console.visits import Visit

_LONGEST = 255
# The columns a person may choose, in the order in which the form asks for them.
ROLES = (
    Role.SKU,
    Role.QUANTITY,
    Role.MANAGE_NUMBER,
    Role.NAME,
    Role.IMAGE,
    Role.STORE,
    Role.COLOUR,
    Role.SIZE,
)
_COLUMN = "column-"


class TakeForm(Form):
    """How a file is read, and what it may do."""

    store: str | None = Field(default=None, max_length=40)
    mode: Mode = Mode.RESET_STOCK
    stock: StockMode = StockMode.SKIP_ZERO
    zero: ZeroMode = ZeroMode.SET_ZERO
    location: str = Field(default="main", max_length=128)
    encoding: str | None = Field(default=None, max_length=_LONGEST)
    delimiter: str | None = Field(default=None, max_length=20)
    sheet: str | None = Field(default=None, max_length=_LONGEST)
    sku_from: SkuFrom = SkuFrom.AUTO
    compose: str | None = Field(default=None, max_length=_LONGEST)
    skip_no_sku: bool = False
    narrow_codes: bool = False
    columns: dict[Role, str] = Field(default_factory=dict)

    @field_validator("store", "location", "encoding", "delimiter", "sheet", "compose")
    @classmethod
    def plain(cls, text: str | None) -> str | None:
        """One line of text."""
        if text is not None and has_control_characters(text):
            raise ValueError(mark("This value cannot be used."))
        return text

    def terms(self) -> Terms:
        """How the file is taken."""
        return Terms(self.mode, self.stock, self.zero, self.location, self.store)

    def choices(self) -> Choices:
        """How it is read."""
        return Choices(
            encoding=self.encoding,
            delimiter=self.delimiter,
            sheet=self.sheet,
            mapping=self.columns,
            sku_from=self.sku_from,
            compose=self.compose,
            skip_no_sku=self.skip_no_sku,
            narrow_codes=self.narrow_codes,
        )

    def entered(self) -> dict[str, Any]:
        """The fields, to fill the form again."""
        return {
            name: value for name, value in self.model_dump(mode="json").items() if value is not None
        } | {_COLUMN + role.value: name for role, name in self.columns.items()}


START = TakeForm(skip_no_sku=True).entered()


def as_entered(terms: Terms, used: Choices) -> dict[str, Any]:
    """The fields as a file was taken before."""
    return TakeForm(
        store=terms.store,
        mode=terms.mode,
        stock=terms.stock,
        zero=terms.zero,
        location=terms.location,
        encoding=used.encoding,
        delimiter=used.delimiter,
        sheet=used.sheet,
        sku_from=used.sku_from,
        compose=used.compose,
        skip_no_sku=used.skip_no_sku,
        narrow_codes=used.narrow_codes,
        columns=dict(used.mapping),
    ).entered()


def take_form(visit: Visit) -> TakeForm | Entered:
    """The form that was sent, with the columns that were chosen."""
    form = visit.read(TakeForm)
    columns = {}
    for role in ROLES:
        name = str(visit.sent.get(_COLUMN + role.value, "")).strip()
        if name and len(name) <= _LONGEST and not has_control_characters(name):
            columns[role] = name
    if isinstance(form, Entered):
        values = {_COLUMN + role.value: name for role, name in columns.items()}
        return Entered({**form.values, **values}, form.errors)
    return form.model_copy(update={"columns": columns})


def look_through(visit: Visit, wish: Wish) -> Response | Refusal:
    """Have a kept file looked through, and go to what comes of it."""
    result = ask_preview(visit.environment.database, visit.asked(), wish, workers(visit))
    if isinstance(result, Refusal):
        return result
    visit.environment.bell.ring()
    answer = msgspec.json.decode(result.answer, type=AskAnswer)
    if answer.is_repeat:
        text = mark("This file was brought in before in the same way; this is that import.")
        visit.say(visit.text(text), tone="info")
    return visit.go(visit.url(f"/imports/{answer.import_id}"))


def workers(visit: Visit) -> Workers:
    """Who works on what is asked for: the jobs."""
    call = partial(
        tasks.ask,
        job=WORK,
        store_id=None,
        asked_by=visit.user.name,
        now=visit.environment.clock(),
    )
    return Workers(visit.onhand.settings.import_max_rows, call=call)
