"""SKUs are searched, filtered, sorted and paged (C1)."""

import pytest

from onhand.access.model import Accepted, Actor, Asked
from onhand.catalog.commands import create_skus, update_sku
from onhand.catalog.model import NewSku, SkuChange, Status
from onhand.catalog.queries import SkuFilter, SkuSort, list_skus
from onhand.db.database import Database
from tests.shop import START, FakeClock

MEI = Actor("mei")


@pytest.fixture
def stocked(database: Database) -> Database:
    """Some SKUs; `c-3` is inactive."""
    skus = [
        NewSku("A-1", name="Mug, blue", aliases=("4901",)),
        NewSku("b_2", name="Mug, red"),
        NewSku("C-3", name="丸い急須", status=Status.INACTIVE),
        NewSku("d%4", name="Bag"),
        NewSku("e5", name=r"50% wool \ cotton"),
    ]
    assert isinstance(create_skus(database, Asked(MEI, START), skus), Accepted)
    return database


def codes(database: Database, wanted: SkuFilter) -> list[str]:
    """The codes of a list's first page."""
    with database.read() as connection:
        return [view.sku for view in list_skus(connection, wanted).skus]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("mug", ["a-1", "b_2"]),
        ("MUG, R", ["b_2"]),
        ("-", ["a-1", "c-3"]),
        (" A-1 ", ["a-1"]),
        ("急須", ["c-3"]),
        ("_", ["b_2"]),
        ("%", ["d%4", "e5"]),
        ("\\", ["e5"]),
        ("4901", ["a-1"]),
        ("490", ["a-1"]),
        ("' or 1=1 --", []),
        ("\0", []),
        ("  ", ["a-1", "b_2", "c-3", "d%4", "e5"]),
    ],
)
def test_search_finds_parts_of_codes_names_and_aliases(
    stocked: Database, search: str, found: list[str]
) -> None:
    assert codes(stocked, SkuFilter(search=search)) == found


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ÉMAIL", ["cafe-1"]),
        ("émail", ["cafe-1"]),
        ("STRASSE", ["cafe-2"]),
        ("ﾏｸﾞ", ["cafe-3"]),
        ("マグ", ["cafe-3"]),
        ("ＣＡＦＥ－１", ["cafe-1"]),
        ("ΣΟΦΌΣ", ["cafe-4"]),
        ("1 T", []),
    ],
)
def test_search_folds_letters_alike_on_both_databases(
    database: Database, clock: FakeClock, search: str, found: list[str]
) -> None:
    skus = [
        NewSku("CAFE-1", name="Tasse Émail"),
        NewSku("CAFE-2", name="Teller Straße"),
        NewSku("CAFE-3", name="マグ 青"),
        NewSku("CAFE-4", name="old"),
    ]
    assert isinstance(create_skus(database, Asked(MEI, START), skus), Accepted)
    update_sku(database, Asked(MEI, clock.advance(5)), SkuChange("cafe-4", name="Σοφός"))

    assert codes(database, SkuFilter(search=search)) == found
    assert codes(database, SkuFilter(search="old")) == []


def test_a_list_is_filtered_by_status(stocked: Database) -> None:
    assert codes(stocked, SkuFilter(status=Status.INACTIVE)) == ["c-3"]
    assert codes(stocked, SkuFilter(status=Status.ACTIVE)) == ["a-1", "b_2", "d%4", "e5"]
    assert codes(stocked, SkuFilter(status=Status.UNREGISTERED)) == []


def test_a_list_is_sorted(stocked: Database, clock: FakeClock) -> None:
    update_sku(stocked, Asked(MEI, clock.advance(5)), SkuChange("b_2", name="Mug, green"))

    by_name = ["e5", "d%4", "a-1", "b_2", "c-3"]
    assert codes(stocked, SkuFilter(sort=SkuSort.NAME)) == by_name
    by_change = ["b_2", "e5", "d%4", "c-3", "a-1"]
    assert codes(stocked, SkuFilter(sort=SkuSort.UPDATED)) == by_change


@pytest.mark.parametrize("sort", list(SkuSort))
@pytest.mark.parametrize("search", [None, "m"])
def test_pages_add_up_to_the_whole_list(
    database: Database, clock: FakeClock, sort: SkuSort, search: str | None
) -> None:
    for number in range(0, 60, 6):  # names and moments repeat
        new = [NewSku(f"s{n:02}", name=f"name {n % 4}") for n in range(number, number + 6)]
        create_skus(database, Asked(MEI, clock.advance(1)), new)
    whole = codes(database, SkuFilter(search=search, sort=sort, limit=1000))

    found: list[str] = []
    after: str | None = None
    with database.read() as connection:
        while True:
            wanted = SkuFilter(search=search, sort=sort, limit=7, after=after)
            page = list_skus(connection, wanted)
            found.extend(view.sku for view in page.skus)
            after = page.cursor
            if after is None:
                break

    assert found == whole
    assert len(found) == 60


def test_a_page_goes_on_where_it_was_although_skus_came_before_it(database: Database) -> None:
    create_skus(database, Asked(MEI, START), [NewSku(code) for code in "bdfh"])
    with database.read() as connection:
        first = list_skus(connection, SkuFilter(limit=2))
    create_skus(database, Asked(MEI, START), [NewSku(code) for code in "ag"])

    assert codes(database, SkuFilter(limit=9, after=first.cursor)) == ["f", "g", "h"]


@pytest.mark.parametrize("after", ["", "x", "AAAA", "bnVsbA==", "W10=", "WyJjb2RlIiwxLDJd"])
@pytest.mark.parametrize("sort", list(SkuSort))
def test_a_cursor_that_is_none_is_said_so(
    sqlite_database: Database, sort: SkuSort, after: str
) -> None:
    with pytest.raises(ValueError, match="cursor"):
        codes(sqlite_database, SkuFilter(sort=sort, after=after))


def test_a_cursor_belongs_to_its_order(stocked: Database) -> None:
    with stocked.read() as connection:
        page = list_skus(connection, SkuFilter(sort=SkuSort.NAME, limit=1))

    with pytest.raises(ValueError, match="order"):
        codes(stocked, SkuFilter(sort=SkuSort.UPDATED, after=page.cursor))


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_1_to_1000_skus(sqlite_database: Database, limit: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        codes(sqlite_database, SkuFilter(limit=limit))
