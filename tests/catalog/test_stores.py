"""Stores are made, changed, paused and given up, once and with a trace (C3)."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from onhand.access.model import Asked, EnvironmentName, IdempotencyConflict
from onhand.catalog.commands.stores import (
    create_store,
    deactivate_store,
    note_key,
    pause_store,
    resume_store,
    update_store,
)
from onhand.catalog.model.stores import (
    InvalidStoreField,
    InvalidStoreId,
    KeyWarning,
    NewStore,
    PauseReason,
    RakutenSettings,
    StoreChange,
    StoreExists,
    StoreNotFound,
    StoreStatus,
    change_settings,
    is_valid_store,
    key_warning,
    normalise_store,
)
from onhand.catalog.queries.stores import list_stores, read_store
from onhand.db.database import Database
from onhand.stock.commands.reset import reset_test_data
from tests.catalog.trade import (
    MEI,
    TOKYO,
    accepted,
    asked,
    listings,
    open_store,
    seen,
    take,
    the_store,
    trail,
)
from tests.shop import START

DAY = timedelta(days=1)


def test_a_store_is_read_back_as_it_was_made(database: Database) -> None:
    answer = open_store(
        database,
        " Rakuten-Tokyo ",
        settings={"shop_code": "hanpudo", "poll_interval_s": 600},
        orders_from=START - DAY,
    )

    view = the_store(database, "RAKUTEN-TOKYO ")
    assert answer["store"] == view.store == TOKYO
    assert view.settings == RakutenSettings(shop_code="hanpudo", poll_interval_s=600)
    assert (view.status, view.has_credentials, view.key_warning) == ("active", False, "none")
    assert (view.orders_from, view.created_at, view.updated_at) == (START - DAY, START, START)
    (entry,) = trail(database)
    assert (entry.action, entry.subject, entry.actor) == (
        "CreateStore",
        "store:rakuten-tokyo",
        "mei",
    )


def test_orders_are_taken_in_from_the_making_on(database: Database) -> None:
    open_store(database)
    assert the_store(database).orders_from == START


@pytest.mark.parametrize(
    ("new", "refusal"),
    [
        (NewStore("", "x"), InvalidStoreId("")),
        (NewStore("楽天", "x"), InvalidStoreId("楽天")),
        (NewStore("a_b", "x"), InvalidStoreId("a_b")),
        (NewStore("a" * 41, "x"), InvalidStoreId("a" * 41)),
    ],
)
def test_an_id_that_is_none_is_refused(
    database: Database, new: NewStore, refusal: InvalidStoreId
) -> None:
    assert create_store(database, asked(), new) == refusal
    assert trail(database) == []


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"store": " ALL "}, "store"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"orders_from": START + DAY}, "orders_from"),
        ({"orders_from": START - 731 * DAY}, "orders_from"),
        ({"settings": {"colour": "red"}}, "settings.colour"),
        ({"settings": {"poll_interval_s": 9}}, "settings.poll_interval_s"),
        ({"settings": {"poll_interval_s": 86_401}}, "settings.poll_interval_s"),
        ({"settings": {"poll_interval_s": True}}, "settings.poll_interval_s"),
        ({"settings": {"poll_interval_s": "900"}}, "settings.poll_interval_s"),
        ({"settings": {"poll_interval_s": 900.0}}, "settings.poll_interval_s"),
        ({"settings": {"order_api_version": 6}}, "settings.order_api_version"),
        ({"settings": {"order_api_version": 11}}, "settings.order_api_version"),
        ({"settings": {"confirm_orders": 1}}, "settings.confirm_orders"),
        ({"settings": {"confirm_orders": None}}, "settings.confirm_orders"),
        ({"settings": {"sku_code_from": "price"}}, "settings.sku_code_from"),
        ({"settings": {"sku_code_from": []}}, "settings.sku_code_from"),
        ({"settings": {"shop_code": "../x"}}, "settings.shop_code"),
        ({"settings": {"shop_code": "a\n"}}, "settings.shop_code"),
        ({"settings": {"shop_code": "\ud800"}}, "settings.shop_code"),
    ],
)
def test_a_field_that_cannot_be_kept_is_named(
    database: Database, more: dict[str, Any], field: str
) -> None:
    refused = create_store(database, asked(), NewStore(**{"store": TOKYO, "name": "x", **more}))
    assert isinstance(refused, InvalidStoreField)
    assert (refused.store, refused.field) == ("all" if "store" in more else TOKYO, field)
    open_store(database)
    if not more.keys() & {"orders_from", "store"}:
        assert update_store(database, asked(), StoreChange(TOKYO, **more)) == refused


def test_an_id_is_given_once_even_when_inactive(database: Database) -> None:
    open_store(database)
    accepted(deactivate_store(database, asked(), TOKYO))

    assert create_store(database, asked(), NewStore(TOKYO, "x")) == StoreExists(TOKYO)


def test_a_change_leaves_what_is_not_named(database: Database) -> None:
    open_store(database, settings={"shop_code": "hanpudo", "confirm_orders": False})
    change = StoreChange(TOKYO, "新", {"confirm_orders": True, "sku_code_from": "variant_id"})

    answer = accepted(update_store(database, asked(now=START + DAY), change))

    view = the_store(database)
    assert answer["settings"] == asdict(view.settings)
    assert view.settings == RakutenSettings(shop_code="hanpudo", sku_code_from="variant_id")  # type: ignore[arg-type]
    assert (view.name, view.updated_at) == ("新", START + DAY)
    before, after = trail(database)[0].before, trail(database)[0].after
    assert before is not None
    assert b"hanpudo" in bytes(before)
    assert after is not None
    assert "新".encode() in bytes(after)


def test_a_store_is_paused_and_resumed_by_hand(database: Database) -> None:
    open_store(database)
    pause = StoreChange(TOKYO, status=StoreStatus.PAUSED)
    accepted(update_store(database, asked(), pause))
    accepted(update_store(database, asked(now=START + DAY), pause))

    view = the_store(database)
    assert (view.status, view.paused_reason, view.paused_at) == ("paused", "by_hand", START)
    accepted(update_store(database, asked(), StoreChange(TOKYO, name="y")))
    assert the_store(database).status is StoreStatus.PAUSED
    accepted(update_store(database, asked(), StoreChange(TOKYO, status=StoreStatus.ACTIVE)))
    view = the_store(database)
    assert (view.status, view.paused_reason, view.paused_at) == ("active", None, None)


def test_a_given_up_store_stays_and_can_come_back(database: Database) -> None:
    open_store(database)
    take(database, seen("i", "v"))
    first = accepted(deactivate_store(database, asked(), TOKYO))
    again = accepted(deactivate_store(database, asked(), TOKYO))

    assert first["status"] == again["status"] == "inactive"
    assert len(listings(database)) == 1
    refused = update_store(database, asked(), StoreChange(TOKYO, status=StoreStatus.INACTIVE))
    assert isinstance(refused, InvalidStoreField)
    accepted(update_store(database, asked(), StoreChange(TOKYO, status=StoreStatus.ACTIVE)))
    assert the_store(database).status is StoreStatus.ACTIVE


@pytest.mark.parametrize("store", ["nowhere", "", "a\0", "\ud800"])
def test_an_unknown_store_is_refused(database: Database, store: str) -> None:
    assert update_store(database, asked(), StoreChange(store)) == StoreNotFound(store)
    assert deactivate_store(database, asked(), store) == StoreNotFound(store)
    with database.read() as connection:
        assert read_store(connection, store, now=START) is None


def test_a_write_happens_once_under_its_key(database: Database) -> None:
    new = NewStore(TOKYO, "x", settings={"poll_interval_s": 60})
    first = create_store(database, asked("k"), new)
    assert accepted(first) == accepted(create_store(database, asked("k"), new))
    assert create_store(database, asked("k"), NewStore("other", "x")) == IdempotencyConflict("k")
    assert len(trail(database)) == 1


def test_a_job_pauses_and_resumes_with_a_trace(database: Database) -> None:
    open_store(database)
    expired = PauseReason.AUTH_EXPIRED
    with database.begin() as connection:
        assert pause_store(connection, TOKYO, expired, "GA0001 " + "x" * 600, now=START)
        assert not pause_store(connection, TOKYO, PauseReason.BY_HAND, "", now=START + DAY)
        assert not pause_store(connection, "nowhere", expired, "", now=START)

    view = the_store(database)
    assert (view.status, view.paused_reason, view.paused_at) == ("paused", "auth_expired", START)
    assert len(view.paused_detail or "") == 500
    entry = trail(database)[0]
    assert (entry.action, entry.actor, entry.source) == ("PauseStore", "onhand", "system")
    with database.begin() as connection:
        assert resume_store(connection, TOKYO, now=START + DAY)
        assert not resume_store(connection, TOKYO, now=START + DAY)
    assert the_store(database).status is StoreStatus.ACTIVE
    assert len(trail(database)) == 3


def test_the_calendar_of_keys(database: Database) -> None:
    open_store(database)
    with database.begin() as connection:
        note_key(connection, TOKYO, START + 20 * DAY, now=START)

    def shows(days: float) -> tuple[int | None, str]:
        view = the_store(database, now=START + days * DAY)
        return view.key_days_left, view.key_warning

    assert shows(0) == (20, "none")
    assert shows(5.9) == (14, "none")
    assert shows(6) == (14, "14_days")
    assert shows(16.9) == (3, "14_days")
    assert shows(17) == (3, "3_days")
    assert shows(19.9) == (0, "3_days")
    assert shows(20) == (0, "expired")
    assert shows(20.1) == (-1, "expired")
    assert the_store(database).key_checked_at == START
    assert key_warning(None, START) is KeyWarning.NONE


def test_stores_are_listed_by_id_and_status(database: Database) -> None:
    for store in ("b", "a", "c"):
        open_store(database, store)
    accepted(deactivate_store(database, asked(), "c"))

    with database.read() as connection:
        assert [view.store for view in list_stores(connection, now=START)] == ["a", "b", "c"]
        gone = list_stores(connection, now=START, status=StoreStatus.INACTIVE)
    assert [view.store for view in gone] == ["c"]


def test_a_reset_of_test_data_takes_stores_and_listings(database: Database) -> None:
    open_store(database)
    take(database, seen("i", "v"))
    reset_test_data(database, Asked(MEI, START), EnvironmentName.TEST)

    assert listings(database) == []
    open_store(database)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE store SET status = 'paused'",
        "UPDATE store SET paused_reason = 'by_hand', paused_at = created_at",
        "UPDATE store SET status = 'gone'",
        "UPDATE store SET platform = 'bazaar'",
        "UPDATE listing SET sku_id = 'a'",
        "UPDATE listing SET mapped_by = 'luck'",
        "UPDATE listing SET sku_id = 'ghost', mapped_by = 'rule'",
        "UPDATE listing SET store_id = 'ghost'",
        "UPDATE listing SET variant_key = 'v'",
        "DELETE FROM store",
    ],
)
def test_what_must_never_be_is_refused(database: Database, statement: str) -> None:
    open_store(database)
    take(database, seen("i", "v"), seen("i", "w"))
    with pytest.raises(sa.exc.IntegrityError), database.engine.begin() as connection:
        connection.execute(sa.text(statement))


@given(st.text(max_size=50))
def test_an_id_has_one_form(text: str) -> None:
    once = normalise_store(text)
    assert normalise_store(once) == once
    if is_valid_store(once):
        assert once.isascii()
        assert 1 <= len(once) <= 40


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())
NAMES = st.sampled_from([*asdict(RakutenSettings()), "other"])


@given(given=st.dictionaries(NAMES, VALUES))
def test_settings_are_kept_as_they_are_or_refused(given: dict[str, object]) -> None:
    changed = change_settings(TOKYO, RakutenSettings(), given)
    if isinstance(changed, RakutenSettings):
        assert {name: asdict(changed)[name] for name in given} == given
        assert 10 <= changed.poll_interval_s <= 86_400
        assert 7 <= changed.order_api_version <= 10
    else:
        assert changed.field.removeprefix("settings.") in given
