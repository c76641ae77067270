"""Templates: Jinja2 with the reader's language, everything escaped unless it is ours."""

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.requests import Request

from onhand.web.console import words
from onhand.web.console.assets import asset
from onhand.web.console.languages import NAMES, Reader
from onhand.web.console.security import new_key


class Reading(Protocol):
    """What templates ask of a visit by themselves."""

    request: Request
    reader: Reader

    @property
    def now(self) -> datetime:
        """The moment, UTC."""

    @property
    def csrf_token(self) -> str:
        """What every form carries."""

    def url(self, path: str, **query: object) -> str:
        """The address of an open page."""


FOLDER = Path(__file__).parent / "templates"
# Filters and macros know for whom they write, without every template handing it on.
_reading: ContextVar[Reading] = ContextVar("reading")


def render(template: str, visit: Reading, values: Mapping[str, Any]) -> str:
    """A template's text for this visit."""
    token = _reading.set(visit)
    try:
        return _environment().get_template(template).render(visit=visit, **values)
    finally:
        _reading.reset(token)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]
        _gettext,
        _ngettext,
        newstyle=True,
    )
    for name in ("number", "signed", "percent", "moment", "exactly", "day", "duration"):
        made.filters[name] = _filter(name)
    made.filters["ago"] = _ago
    made.filters["word"] = _word
    made.filters["chart_series"] = lambda series: [{"name": n, "data": v} for n, v in series]
    made.filters["part"] = lambda text: quote(str(text), safe="")
    made.globals.update(
        asset=asset,
        languages=NAMES,
        url=lambda path, **query: _reading.get().url(path, **query),
        csrf_token=lambda: _reading.get().csrf_token,
        new_key=new_key,
        visit_query=lambda: _reading.get().request.query_params,
        visit_url=_visit_url,
    )
    return made


def _gettext(message: str) -> str:
    return _reading.get().reader.gettext(message)


def _ngettext(singular: str, plural: str, number: int) -> str:
    return _reading.get().reader.ngettext(singular, plural, number)


# A filter that is handed the context is asked for each reader anew; of any other, Jinja works out
# what it makes of a constant once, for whoever is the first to read the page.
def _filter(name: str) -> Any:
    @pass_context
    def written(_context: Context, value: Any) -> str:
        shown: str = getattr(_reading.get().reader, name)(value)
        return shown

    return written


@pass_context
def _ago(_context: Context, value: Any) -> str:
    visit = _reading.get()
    return "–" if value is None else visit.reader.ago(value, now=visit.now)


@pass_context
def _word(_context: Context, value: object, kind: str) -> str:
    return _reading.get().reader.gettext(words.word(kind, str(value)))


def _visit_url(**changes: object) -> str:
    """The address of this page with other values in its query string; None takes one out."""
    request = _reading.get().request
    query = {**request.query_params, **changes}
    wanted = {name: value for name, value in query.items() if value is not None}
    return request.url.path + (f"?{urlencode(wanted)}" if wanted else "")
