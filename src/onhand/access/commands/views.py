"""Commands of the views that people keep of a list."""

import sqlalchemy as sa

from onhand.access.commands.trail import Change, Write, new_command_id, write_once
from onhand.access.model import Accepted, Asked, InvalidName, Refusal, has_control_characters
from onhand.access.model.views import (
    LONGEST_VIEW_NAME,
    LONGEST_VIEW_QUERY,
    MOST_VIEWS,
    TooManyViews,
    ViewPlace,
)
from onhand.access.queries.views import SavedView, list_views
from onhand.access.tables import saved_view, user
from onhand.db.database import Database

_VIEW = saved_view.c


def save_view(
    database: Database, asked: Asked, place: ViewPlace, *, name: str, query: str
) -> Accepted | Refusal:
    """Keep a view under a name, in place of one of that name; the answer is the `SavedView`.

    Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """
    name = name.strip()
    if not 0 < len(name) <= LONGEST_VIEW_NAME or has_control_characters(name + query):
        return InvalidName(name, LONGEST_VIEW_NAME)
    query = query[:LONGEST_VIEW_QUERY]

    def save(connection: sa.Connection) -> Change | Refusal:
        _lock(connection, place)
        known = list_views(connection, place)
        before = next((view for view in known if view.name == name), None)
        if before is None and len(known) >= MOST_VIEWS:
            return TooManyViews()
        view = SavedView(new_command_id() if before is None else before.view_id, name, query)
        if before is None:
            connection.execute(
                sa.insert(saved_view).values(
                    view_id=view.view_id,
                    user_id=place.user_id,
                    environment=place.environment,
                    page=place.page,
                    name=name,
                    query=query,
                    created_at=asked.now,
                )
            )
        else:
            changed = sa.update(saved_view).where(_VIEW.view_id == view.view_id)
            connection.execute(changed.values(query=query))
        return Change(f"view:{view.view_id}", view, before=before, after=view)

    body = (place.environment, place.page, name, query)
    write = Write("SaveView", body)
    return write_once(database, asked, write, save)


def remove_view(
    database: Database, asked: Asked, place: ViewPlace, view_id: str
) -> Accepted | Refusal:
    """Keep a view no longer; one that is gone already is no error. The answer is null.

    Raises:
        DatabaseUnavailable: nothing was acknowledged.
    """

    def remove(connection: sa.Connection) -> Change:
        before = next((v for v in list_views(connection, place) if v.view_id == view_id), None)
        if before is not None:
            connection.execute(sa.delete(saved_view).where(_VIEW.view_id == before.view_id))
        return Change(f"view:{view_id}", None, before=before)

    write = Write("RemoveView", view_id)
    return write_once(database, asked, write, remove)


def _lock(connection: sa.Connection, place: ViewPlace) -> None:
    """Let a person save one view at a time, so that they stay few and their names differ."""
    person = sa.select(user.c.user_id).where(user.c.user_id == place.user_id)
    connection.execute(person.with_for_update())
