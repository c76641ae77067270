"""Views that people keep of a list."""

from datetime import UTC, datetime

import msgspec

from onhand.access.commands.accounts import create_user
from onhand.access.commands.views import remove_view, save_view
from onhand.access.model import Accepted, Actor, Asked, InvalidName, Language, NewUser, Role
from onhand.access.model.views import MOST_VIEWS, TooManyViews, ViewPlace
from onhand.access.queries.people import UserView
from onhand.access.queries.views import SavedView, list_views
from onhand.db.database import Database

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ASKED = Asked(Actor("aki"), NOW)


def person(database: Database, name: str) -> str:
    new = NewUser(name, Role.VIEWER, Language.JA, "Asia/Tokyo")
    made = create_user(database, Asked(ASKED.actor, NOW), new)
    assert isinstance(made, Accepted)
    return msgspec.json.decode(made.answer, type=UserView).user_id


def views(database: Database, place: ViewPlace) -> list[tuple[str, str]]:
    with database.read() as connection:
        return [(view.name, view.query) for view in list_views(connection, place)]


def test_views_are_a_persons_own(database: Database) -> None:
    mine = ViewPlace(person(database, "aki"), "test", "stock")
    others = [
        ViewPlace(person(database, "mei"), "test", "stock"),
        ViewPlace(mine.user_id, "live", "stock"),
        ViewPlace(mine.user_id, "test", "orders"),
    ]
    saved = save_view(database, ASKED, mine, name=" 残りわずか ", query="state=low")
    save_view(database, ASKED, mine, name="all", query="")
    save_view(database, ASKED, mine, name="all", query="sort=available")

    assert views(database, mine) == [("all", "sort=available"), ("残りわずか", "state=low")]
    assert [views(database, place) for place in others] == [[], [], []]
    assert isinstance(saved, Accepted)
    view = msgspec.json.decode(saved.answer, type=SavedView)
    remove_view(database, ASKED, others[0], view.view_id)
    assert len(views(database, mine)) == 2
    for _ in range(2):
        assert isinstance(remove_view(database, ASKED, mine, view.view_id), Accepted)
    assert views(database, mine) == [("all", "sort=available")]


def test_a_view_needs_a_name_and_there_are_not_too_many(database: Database) -> None:
    mine = ViewPlace(person(database, "aki"), "live", "stock")
    for name in ("", "x" * 61, "a\nb"):
        refused = save_view(database, ASKED, mine, name=name, query="")
        assert isinstance(refused, InvalidName)
    for number in range(MOST_VIEWS):
        save_view(database, ASKED, mine, name=str(number), query="")
    assert save_view(database, ASKED, mine, name="more", query="") == TooManyViews()
    assert isinstance(save_view(database, ASKED, mine, name="3", query="a=b"), Accepted)
