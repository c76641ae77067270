"""Reads of the views that people keep of a list."""

import msgspec
import sqlalchemy as sa

from onhand.access.model.views import ViewPlace
from onhand.access.tables import saved_view

_VIEW = saved_view.c


class SavedView(msgspec.Struct, frozen=True):
    """A view by its name; `query` is that of the list's address."""

    view_id: str
    name: str
    query: str


def list_views(connection: sa.Connection, place: ViewPlace) -> list[SavedView]:
    """The views a person keeps of one list, by name."""
    chosen = sa.select(_VIEW.view_id, _VIEW.name, _VIEW.query).where(
        _VIEW.user_id == place.user_id,
        _VIEW.environment == place.environment,
        _VIEW.page == place.page,
    )
    rows = connection.execute(chosen.order_by(_VIEW.name))
    return [SavedView(row.view_id, row.name, row.query) for row in rows]
