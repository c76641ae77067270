"""The settings in force: what each is, where it comes from, how it is changed."""

import re
from dataclasses import dataclass
from importlib.metadata import version
from urllib.parse import urlsplit

from pydantic import SecretStr
from starlette.responses import Response

from onhand.access.model import Right
from onhand.bootstrap.settings import Settings
from onhand.web.console.languages import mark
from onhand.web.console.navigation import Entry
from onhand.web.console.pages.settings_words import GROUPS
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit

pages = Pages(
    Entry(
        label=mark("Settings"),
        icon="settings",
        path="/settings",
        order=98,
        key="x",
        right=Right.ADMINISTER,
    )
)
_MASK = "••••••••"
_USER = re.compile(r"[^/@]*@")


@dataclass(frozen=True, slots=True)
class SettingView:
    """One setting; `is_set` tells a value somebody gave from the default."""

    variable: str
    means: str
    value: str
    default: str
    is_set: bool


@pages.get("/settings", Right.ADMINISTER)
def show_settings(visit: Visit) -> Response:
    """Every setting by group, and where else something can be set."""
    settings = visit.onhand.settings
    groups = [
        (group, [_view(visit, settings, name, means) for name, means in of.items()])
        for group, of in GROUPS.items()
    ]
    places = [
        (environment.name.value, masked(settings.database_of(environment.name).url))
        for environment in visit.onhand.environments
    ]
    return visit.page(
        "settings/settings.html",
        groups=groups,
        places=places,
        version=version("onhand"),
    )


def masked(address: str) -> str:
    """Where a database is, without who signs in there and with what."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{_USER.sub('', parts.netloc)}{parts.path}"


def _view(visit: Visit, settings: Settings, name: str, means: str) -> SettingView:
    return SettingView(
        variable=name.upper(),
        means=means,
        value=_written(visit, name, getattr(settings, name)),
        default=_written(visit, name, Settings.model_fields[name].default),
        is_set=name in settings.model_fields_set,
    )


def _written(visit: Visit, name: str, value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, SecretStr):
        return _MASK
    if isinstance(value, bool):
        return visit.text(mark("Yes") if value else mark("No"))
    if isinstance(value, int | float) and not name.endswith("port"):
        return visit.reader.number(value)
    return masked(str(value)) if name.endswith("database_url") else str(value)
