"""What a shop's catalogue shows becomes listings, and listings get their SKU by the rule (C4)."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from onhand.access.model import Asked
from onhand.catalog.commands.listings import finish_catalogue, take_catalogue_page, unmap_listing
from onhand.catalog.commands.skus import add_alias
from onhand.catalog.model.listings import choose_sku, clean_name
from onhand.catalog.model.skus import NewAlias, normalise
from onhand.catalog.queries.listings import Mapped, find_listings
from onhand.channels.port import ChannelListing, ListingKey
from onhand.db.database import Database
from tests.catalog.trade import (
    MEI,
    TOKYO,
    accepted,
    asked,
    listings,
    mapped,
    open_store,
    register,
    seen,
    take,
    the_listing,
    the_store,
)
from tests.shop import START

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def tokyo(database: Database) -> None:
    """A store to take pages in for."""
    open_store(database)


def test_a_page_makes_listings_and_the_same_page_again_changes_nothing(database: Database) -> None:
    register(database, "TOTE-BK")
    page = [
        seen("tote", "BK", "tote-bk", image_url="https://image.example/1.jpg"),
        seen("tote", "WH", "TOTE-WH", is_sold=False),
    ]

    first = take(database, *page)
    again = take(database, *page, now=START + DAY)

    assert (first.created, first.changed, len(first.ids)) == (2, 0, 2)
    assert (again.created, again.changed, again.ids) == (0, 0, ())
    black, white = listings(database, store=TOKYO)
    assert (black.sku, black.mapped_by, black.codes) == ("tote-bk", "rule", ["tote-bk"])
    assert (black.image_url, black.is_sold) == ("https://image.example/1.jpg", True)
    assert (white.sku, white.mapped_by, white.is_sold) == (None, None, False)
    assert (white.seen_at, white.updated_at) == (START + DAY, START)


def test_what_changed_is_told_and_what_needs_a_new_plan_apart(database: Database) -> None:
    take(database, seen("tote", "BK"), seen("tote", "WH"), seen("tote", "RD"))
    black = the_listing(database, "tote", "BK")

    result = take(
        database,
        seen("tote", "BK", is_sold=False),
        seen("tote", "WH", name="新しい"),
        now=START + DAY,
    )

    assert (result.created, result.changed, result.ids) == (0, 2, (black.listing,))
    assert the_listing(database, "tote", "WH").updated_at == START + DAY


def test_keys_are_exact_and_only_the_item_is_folded(database: Database) -> None:
    result = take(database, seen("Tote", "bk"), seen("TOTE", "BK"), seen("tote", "bk", name="last"))

    assert result.created == 2
    assert [(view.item, view.variant, view.name) for view in listings(database)] == [
        ("tote", "BK", "帆布トート"),
        ("tote", "bk", "last"),
    ]
    keys = [ListingKey("TOTE", "BK"), ListingKey("tote", "Bk"), ListingKey("a\0", "b")]
    with database.read() as connection:
        found = find_listings(connection, TOKYO, keys)
        assert find_listings(connection, "nowhere", keys) == {}
    assert set(found) == {keys[0]}


def test_the_same_key_in_two_stores_is_two_listings(database: Database) -> None:
    open_store(database, "rakuten-osaka")
    take(database, seen("tote", "BK"))
    take(database, seen("tote", "BK"), store="rakuten-osaka")

    assert [view.store for view in listings(database)] == ["rakuten-osaka", "rakuten-tokyo"]


def test_a_code_may_be_an_alias_and_two_skus_are_a_matter_for_a_person(database: Database) -> None:
    register(database, "a", "b")
    accepted(add_alias(database, Asked(MEI, START), NewAlias("a", "4900000000017")))

    take(
        database,
        seen("i", "alias", "nothing", "4900000000017"),
        seen("i", "both", "A", "b"),
        seen("i", "twice", "A", "4900000000017", " a "),
    )

    assert the_listing(database, "i", "alias").sku == "a"
    assert the_listing(database, "i", "both").sku is None
    assert the_listing(database, "i", "twice").sku == "a"
    assert [view.variant for view in listings(database, mapped=Mapped.UNMAPPED)] == ["both"]
    assert len(listings(database, mapped=Mapped.MAPPED)) == 2
    assert len(listings(database, sku="4900000000017")) == 2


def test_the_rule_follows_the_shops_codes_until_a_person_speaks(database: Database) -> None:
    register(database, "a", "b")
    take(database, seen("i", "v", "a"))

    moved = take(database, seen("i", "v", "b"))
    kept = take(database, seen("i", "v", "unknown"))
    view = the_listing(database, "i", "v")
    assert (view.sku, len(moved.ids), kept.ids) == ("b", 1, ())

    accepted(mapped(database, view, "a", replace=True))
    assert take(database, seen("i", "v", "b")).ids == ()
    assert the_listing(database, "i", "v").sku == "a"

    accepted(unmap_listing(database, asked(), view.listing))
    take(database, seen("i", "v", "b"))
    assert the_listing(database, "i", "v").sku is None


def test_a_listing_is_missing_after_two_pulls_a_day_apart_and_back_at_once(
    database: Database,
) -> None:
    def pull(days: float, *shown: ChannelListing) -> tuple[str, ...]:
        began = START + days * DAY
        take(database, *shown, now=began)
        with database.begin() as connection:
            return finish_catalogue(connection, TOKYO, began)

    both = (seen("i", "stays"), seen("i", "goes"))
    assert pull(0, *both) == ()
    gone = the_listing(database, "i", "goes")
    assert pull(1, both[0]) == ()
    assert pull(1.9, both[0]) == ()
    assert the_listing(database, "i", "goes").missing_since is None
    assert pull(2, both[0]) == (gone.listing,)
    assert pull(3, both[0]) == ()
    assert the_listing(database, "i", "goes").missing_since == START + 2 * DAY
    assert the_store(database).catalogue_read_at == START + 3 * DAY

    back = take(database, both[1], now=START + 4 * DAY)
    assert (back.changed, back.ids) == (1, (gone.listing,))
    assert pull(4, *both) == ()
    assert the_listing(database, "i", "goes").missing_since is None
    assert pull(5, both[0]) == ()  # counted anew


def test_what_no_database_keeps_is_left_out_or_cleaned(database: Database) -> None:
    result = take(
        database,
        seen("i\0", "v"),
        seen("i", "\ud800"),
        seen("i", "v", "a\0", "ok", name="x\0y\n" + "長" * 300, image_url="javascript:alert(1)"),
    )

    assert result.created == 1
    (view,) = listings(database)
    assert (view.codes, view.name[:4], len(view.name), view.image_url) == (
        ["ok"],
        "xy長長",
        255,
        None,
    )


def test_a_page_for_no_store_is_an_error_and_an_empty_page_is_none(database: Database) -> None:
    with pytest.raises(KeyError), database.begin() as connection:
        take_catalogue_page(connection, "nowhere", [seen("i", "v")], START)
    assert take(database).ids == ()


def test_the_hook_runs_in_the_same_transaction(database: Database) -> None:
    told: list[str] = []

    def fail(_: sa.Connection, ids: Sequence[str]) -> None:
        told.extend(ids)
        raise RuntimeError

    with pytest.raises(RuntimeError), database.begin() as connection:
        take_catalogue_page(connection, TOKYO, [seen("i", "v")], START, then=fail)
    assert len(told) == 1
    assert listings(database) == []


def test_one_page_of_many_variants(database: Database) -> None:
    register(database, *(f"sku-{n}" for n in range(700)))
    page = [seen(f"item-{n // 50}", f"v{n}", f"SKU-{n}") for n in range(1500)]

    result = take(database, *page)
    assert result.created == 1500
    assert take(database, *page).changed == 0
    with database.read() as connection:
        found = find_listings(connection, TOKYO, [view.key for view in page])
        count = connection.execute(sa.text("SELECT count(sku_id) FROM listing")).scalar_one()
    assert (len(found), count) == (1500, 700)


CODES = st.lists(st.sampled_from(["a", "A ", "b", "c", "", "x", "Ａ"]), max_size=5)


@given(codes=CODES)
def test_the_rule_takes_the_only_sku_named(codes: list[str]) -> None:
    known = {"a": "1", "b": "1", "c": "2"}
    named = {known[normalise(code)] for code in codes if normalise(code) in known}

    chosen = choose_sku(codes, known)

    assert (chosen is not None) == (len(named) == 1)
    assert chosen is None or chosen in named


@given(name=st.text())
def test_a_cleaned_name_is_kept_as_it_is(name: str) -> None:
    cleaned = clean_name(name)
    assert clean_name(cleaned) == cleaned
    cleaned.encode()
    assert "\0" not in cleaned
