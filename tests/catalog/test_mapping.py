"""Listings get their SKU from a person; suggestions help; a removed SKU lets them go (C4)."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from onhand.access.model import Accepted, Asked
from onhand.catalog.commands.listings import map_listing, unmap_listing
from onhand.catalog.commands.mapping import map_by_code
from onhand.catalog.commands.skus import add_alias
from onhand.catalog.model.listings import (
    ListingMapped,
    ListingMapping,
    ListingNotFound,
    likeness,
    terms,
)
from onhand.catalog.model.skus import NewAlias, SkuNotFound
from onhand.catalog.queries.listings import ListingFilter, list_listings
from onhand.catalog.queries.suggestions import suggest
from onhand.db.database import Database
from onhand.stock.model.commands import ResetSku
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
    trail,
)
from tests.shop import START, Shop


@pytest.fixture(autouse=True)
def tokyo(database: Database) -> None:
    """A store with two listings that mean nothing yet."""
    open_store(database)
    take(database, seen("tote", "BK", "T-BK"), seen("tote", "WH", "T-WH"))


def test_a_person_maps_by_code_or_alias(database: Database) -> None:
    register(database, "a")
    accepted(add_alias(database, Asked(MEI, START), NewAlias("a", "other")))
    black = the_listing(database, "tote", "BK")

    answer = accepted(mapped(database, black, " OTHER "))

    assert (answer["sku"], answer["mapped_by"]) == ("a", "person")
    assert the_listing(database, "tote", "BK").sku == "a"
    entry = trail(database)[0]
    assert (entry.action, entry.subject) == ("MapListing", f"listing:{black.listing}")
    assert entry.before is not None
    assert b'"sku":null' in bytes(entry.before)


def test_a_mapping_is_replaced_only_when_that_is_said(database: Database) -> None:
    register(database, "a", "b")
    black = the_listing(database, "tote", "BK")
    accepted(mapped(database, black, "a"))

    assert mapped(database, black, "b") == ListingMapped(black.listing, "a")
    accepted(mapped(database, black, "a"))  # no error
    accepted(mapped(database, black, "b", replace=True))
    assert the_listing(database, "tote", "BK").sku == "b"


@pytest.mark.parametrize("sku", ["ghost", "", "a\0", "x" * 200])
def test_only_a_registered_sku_can_be_meant(database: Database, sku: str) -> None:
    refused = mapped(database, the_listing(database, "tote", "BK"), sku)
    assert isinstance(refused, SkuNotFound)


@pytest.mark.parametrize("listing", ["ghost", "", "a\0", "\ud800"])
def test_an_unknown_listing_is_refused(database: Database, listing: str) -> None:
    register(database, "a")
    unknown = ListingNotFound(listing)
    assert map_listing(database, asked(), ListingMapping(listing, "a")) == unknown
    assert unmap_listing(database, asked(), listing) == unknown
    with database.read() as connection:
        assert suggest(connection, listing) == []


def test_the_hook_is_told_of_changes_only_and_within_the_transaction(database: Database) -> None:
    register(database, "a")
    black = the_listing(database, "tote", "BK")
    told: list[str] = []

    def note(connection: sa.Connection, ids: Sequence[str]) -> None:
        found = list_listings(connection, ListingFilter(sku="a")).listings
        told.extend(f"{listing}:{len(found)}" for listing in ids)

    mapping = ListingMapping(black.listing, "a")
    for _ in range(2):
        accepted(map_listing(database, asked(), mapping, then=note))
    for _ in range(2):
        accepted(unmap_listing(database, asked(), black.listing, then=note))
    assert told == [f"{black.listing}:1", f"{black.listing}:0"]


def test_a_removed_sku_lets_go_of_its_listings(shop: Shop) -> None:
    database = shop.database
    register(database, "t-bk", "b")
    take(database, seen("tote", "BK", "T-BK"))
    accepted(mapped(database, the_listing(database, "tote", "WH"), "t-bk"))
    assert len(listings(database, sku="t-bk")) == 2

    shop.do(ResetSku("t-bk"))

    assert [(view.sku, view.mapped_by) for view in listings(database)] == [(None, None)] * 2
    register(database, "t-bk")
    take(database, seen("tote", "BK", "T-BK"), seen("tote", "WH", "T-WH"))
    assert the_listing(database, "tote", "BK").sku == "t-bk"
    assert the_listing(database, "tote", "WH").sku is None


@pytest.mark.parametrize("by", ["rule", "person"])
def test_a_mapping_never_outlives_a_removal_beside_it(shop: Shop, by: str) -> None:
    database = shop.database
    for _ in range(8):
        register(database, "t-bk")
        black = the_listing(database, "tote", "BK")
        both = threading.Barrier(2)

        def map_it(black_id: str = black.listing, both: threading.Barrier = both) -> None:
            both.wait(10)
            if by == "rule":
                take(database, seen("tote", "BK", "T-BK"))
            else:
                map_listing(database, asked(), ListingMapping(black_id, "t-bk", replace=True))

        mapper = threading.Thread(target=map_it)
        mapper.start()
        both.wait(10)
        shop.do(ResetSku("t-bk"))
        mapper.join(30)
        assert the_listing(database, "tote", "BK").sku is None


def test_a_persons_word_is_not_lost_beside_a_pull(database: Database) -> None:
    register(database, "t-bk", "b")
    black = the_listing(database, "tote", "BK")
    for _ in range(8):
        both = threading.Barrier(2)

        def pull(both: threading.Barrier = both) -> None:
            both.wait(10)
            take(database, seen("tote", "BK", "T-BK"), seen("tote", "WH", "T-WH"))

        puller = threading.Thread(target=pull)
        puller.start()
        both.wait(10)
        assert isinstance(mapped(database, black, "b", replace=True), Accepted)
        puller.join(30)
        assert the_listing(database, "tote", "BK").sku == "b"
        accepted(unmap_listing(database, asked(), black.listing))


def test_suggestions_by_code_alias_and_name(database: Database) -> None:
    names = {
        "t-bk": "帆布トート 黒",
        "wh": "白い何か",
        "cup": "湯呑み 藍染付",
        "bag": "帆布トートバッグ 大",
    }
    register(database, **{code.replace("-", "_"): name for code, name in names.items()})
    accepted(add_alias(database, Asked(MEI, START), NewAlias("wh", "T-BK")))
    take(database, seen("tote", "BK", "T-BK", "T_BK", name="【送料無料】帆布トート（黒）"))
    accepted(mapped(database, the_listing(database, "tote", "WH"), "wh"))

    with database.read() as connection:
        found = suggest(connection, the_listing(database, "tote", "BK").listing)
        short = suggest(connection, the_listing(database, "tote", "BK").listing, limit=1)

    assert [(one.sku, one.by, one.listings) for one in found] == [
        ("wh", "alias", 1),
        ("t_bk", "code", 0),
        ("bag", "name", 0),
    ]
    assert found[0].likeness == found[1].likeness == 1.0 > found[2].likeness >= 0.3
    assert short == found[:1]


def test_pages_follow_each_other_without_gap_or_repetition(database: Database) -> None:
    open_store(database, "rakuten-osaka")
    take(database, *(seen(f"i{n % 7}", f"v{n}") for n in range(40)), store="rakuten-osaka")

    def walk(store: str | None, limit: int) -> list[str]:
        ids: list[str] = []
        after = None
        while True:
            wanted = ListingFilter(store, limit=limit, after=after)
            with database.read() as connection:
                page = list_listings(connection, wanted)
            ids += [f"{view.store}/{view.item}/{view.variant}" for view in page.listings]
            after = page.cursor
            if after is None:
                return ids

    everything = walk(None, 7)
    assert everything == walk(None, 1000)
    assert len(everything) == len(set(everything)) == 42
    assert walk("rakuten-osaka", 13) == [i for i in everything if i.startswith("rakuten-osaka")]
    assert walk(TOKYO, 1) == ["rakuten-tokyo/tote/BK", "rakuten-tokyo/tote/WH"]
    assert walk("nowhere", 5) == walk("a\0", 5) == []


@pytest.mark.parametrize("after", ["", "x", "e30=", "WyJhIl0=", "WyJhIiwiYiIsIlx1MDAwMCJd"])
def test_a_forged_cursor_is_an_error(database: Database, after: str) -> None:
    with pytest.raises(ValueError, match="not a cursor"), database.read() as connection:
        list_listings(connection, ListingFilter(after=after))


def test_a_limit_out_of_range_is_an_error(database: Database) -> None:
    with pytest.raises(ValueError, match="limit"), database.read() as connection:
        list_listings(connection, ListingFilter(limit=1001))


def test_words_and_likeness() -> None:
    assert terms("【送料無料】帆布トートバッグ ＢＫ 黒 12cm a") == [
        "トートバッグ", "送料無料", "帆布", "bk", "12", "cm", "黒",
    ]  # fmt: skip
    assert likeness("帆布トート", "帆布 トート") == 1.0
    assert likeness("Tote", "ＴＯＴＥ") == 1.0
    assert likeness("黒", "黒") == likeness("", "x") == 0.0
    assert likeness("帆布トート", "湯呑み") == 0.0


def test_new_skus_do_not_disturb(database: Database) -> None:
    """A SKU registered later is mapped by the next pull."""
    register(database, "t-bk")
    assert the_listing(database, "tote", "BK").sku is None
    take(database, seen("tote", "BK", "T-BK"))
    assert the_listing(database, "tote", "BK").sku == "t-bk"


def map_codes(database: Database, since: datetime | None = None) -> tuple[int, list[str]]:
    """Map by codes; how many listings, and those to be planned anew."""
    ids: list[str] = []
    number = map_by_code(
        database, since=since, now=START, then=lambda _connection, found: ids.extend(found)
    )
    return number, ids


def test_a_code_that_becomes_known_later_maps_what_waited_for_it(database: Database) -> None:
    assert map_codes(database) == (0, [])
    register(database, "t-bk", "white")
    accepted(add_alias(database, Asked(MEI, START), NewAlias("white", "T-wh")))
    black, white = the_listing(database, "tote", "BK"), the_listing(database, "tote", "WH")

    assert map_codes(database, START) == (2, sorted([black.listing, white.listing]))
    black, white = the_listing(database, "tote", "BK"), the_listing(database, "tote", "WH")
    assert (black.sku, black.mapped_by) == ("t-bk", "rule")
    assert (white.sku, white.mapped_by) == ("white", "rule")
    assert map_codes(database) == (0, [])


def test_what_did_not_change_since_is_not_looked_at(database: Database) -> None:
    register(database, "t-bk")

    assert map_codes(database, START + timedelta(seconds=1)) == (0, [])
    assert map_codes(database, START)[0] == 1


def test_neither_a_persons_word_nor_doubt_is_overruled(database: Database) -> None:
    take(database, seen("tote", "RD", "T-BK", "T-WH"))
    black = the_listing(database, "tote", "BK")
    accepted(unmap_listing(database, asked(), black.listing))
    register(database, "t-bk", "t-wh")

    assert map_codes(database)[0] == 1
    assert the_listing(database, "tote", "BK").sku is None
    assert the_listing(database, "tote", "WH").sku == "t-wh"
    assert the_listing(database, "tote", "RD").sku is None


def test_many_listings_are_mapped_page_by_page(database: Database) -> None:
    take(database, *(seen(f"i{number:04}", "v", f"many-{number}") for number in range(1_001)))
    register(database, *(f"many-{number}" for number in range(0, 1_000, 2)))

    assert map_codes(database)[0] == 500
    assert the_listing(database, "i0998", "v").sku == "many-998"
    assert the_listing(database, "i0999", "v").sku is None
