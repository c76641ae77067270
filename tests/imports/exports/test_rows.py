"""What an export has in it, on both databases."""

from datetime import timedelta

import pytest

from onhand.channels.port import OrderState
from onhand.db.database import Database
from onhand.imports.model.exports import (
    EventsWanted,
    ExportKind,
    HeaderLanguage,
    LevelsWanted,
    ListingsWanted,
    OrdersWanted,
    Row,
    headings,
)
from onhand.imports.queries.exports import pages
from onhand.orders.commands import take_in
from onhand.stock.model.commands import Line, Receive, ResetSku, SetPolicy
from tests.catalog.trade import TOKYO, open_store, register, seen, take
from tests.imports.exports.books import fill_events, rows_of, table_of
from tests.orders.market import line, order
from tests.shop import START, FakeClock, Shop, cart, reserve


@pytest.fixture
def stocked(shop: Shop, database: Database) -> Shop:
    """Goods in two places, some of them held."""
    register(database, "Tote-01", "0012", mug="白いマグ")
    shop.add_location("annex")
    shop.receive("tote-01", 10)
    shop.do(Receive((Line("tote-01", 5, "annex"), Line("mug", 2, "annex"))))
    shop.do(reserve(cart(), mug=1))
    shop.do(SetPolicy("mug", safety_stock=1, low_stock_threshold=3))
    return shop


def test_levels_have_one_row_a_sku(stocked: Shop, database: Database) -> None:
    zeros, mug, tote = table_of(database, LevelsWanted())

    assert (zeros["sku"], zeros["quantity"], zeros["on_hand"]) == ("0012", 0, 0)
    assert (mug["name"], mug["location"], mug["quantity"], mug["on_hand"]) == (
        *("白いマグ", "main", 0, 2),
    )
    assert [mug[name] for name in ("reserved", "available", "sellable")] == [1, 1, 0]
    assert [mug[name] for name in ("safety_stock", "low_stock_threshold", "is_low")] == [1, 3, True]
    assert (tote["sku"], tote["quantity"], tote["on_hand"]) == ("Tote-01", 10, 15)
    assert tote["status"] == "active"
    annex = table_of(database, LevelsWanted(location="annex"))
    assert [row["quantity"] for row in annex] == [0, 2, 5]


def test_levels_can_be_chosen(stocked: Shop, database: Database) -> None:
    def codes(**chosen: object) -> list[object]:
        return [row["sku"] for row in table_of(database, LevelsWanted(**chosen))]  # type: ignore[arg-type]

    assert codes(low=True) == ["0012", "mug"]
    assert codes(search="マグ") == ["mug"]
    assert codes(search="tote", low=True) == []
    assert codes(search="\x00") == []


def test_events_of_what_was_removed_stay_out(stocked: Shop, database: Database) -> None:
    stocked.do(ResetSku("mug"))
    register(database, "mug")
    stocked.clock.advance(60)
    stocked.receive("mug", 7)

    found = [
        (row["sku"], row["kind"], row["location"], row["on_hand_change"], row["on_hand"])
        for row in table_of(database, EventsWanted())
    ]
    assert found == [
        ("Tote-01", "received", "main", 10, 10),
        ("Tote-01", "received", "annex", 5, 5),
        ("mug", "received", "main", 7, 7),
    ]
    late = EventsWanted(since=START + timedelta(seconds=60))
    assert [row["sku"] for row in table_of(database, late)] == ["mug"]
    assert table_of(database, EventsWanted(until=START - timedelta(seconds=1))) == []
    assert [row["seq"] for row in table_of(database, EventsWanted(sku="TOTE-01 "))] == [1, 2]
    for nobody in (EventsWanted(sku="ghost"), EventsWanted(store="x"), EventsWanted(store="\x00")):
        assert table_of(database, nobody) == []


def test_many_events_come_page_by_page_from_one_moment(shop: Shop, database: Database) -> None:
    register(database, "bulk", "other")
    fill_events(database, 4_001)
    found: list[Row] = []
    with database.snapshot() as connection:
        for page in pages(connection, EventsWanted(), now=START):
            found += page
            shop.receive("other", 1)  # after the snapshot: not to be seen

    assert [row[1] for row in found] == list(range(1, 4_002))
    of_one = rows_of(database, EventsWanted(sku="bulk"))
    assert of_one == found
    assert len(rows_of(database, EventsWanted())) == 4_004


def test_listings_are_all_there(database: Database) -> None:
    open_store(database)
    register(database, CE1111="急須")
    take(database, seen("tote", "v1", "ce1111", "x9"), seen("tote", "v2", name="帆布 青"))
    take(database, *(seen(f"item-{number:04}", "v") for number in range(1001)))

    table = table_of(database, ListingsWanted())
    assert len(table) == 1003
    first, second = table[-2:]
    assert [first[name] for name in ("store_id", "item", "variant")] == [TOKYO, "tote", "v1"]
    assert (first["sku"], first["name"], first["listing_name"]) == ("CE1111", "急須", "帆布トート")
    assert (first["listing_codes"], first["mapped_by"]) == ("ce1111; x9", "rule")
    assert (second["sku"], second["name"], second["listing_name"]) == (None, None, "帆布 青")
    assert table_of(database, ListingsWanted(store="elsewhere")) == []


def test_orders_have_a_row_for_each_line(
    stocked: Shop, database: Database, clock: FakeClock
) -> None:
    open_store(database)
    take(database, seen("tote", "v", "tote-01"), seen("mug", "v", "mug"))
    for one in (
        order(line("tote", 2), line("mug", 1), order_id="o1"),
        order(line("ghost", 1), order_id="o2", state=OrderState.SHIPPED),
        *(order(line("tote", 1), order_id=f"p{number:03}") for number in range(250)),
    ):
        take_in(stocked.ledger, TOKYO, one, now=clock.advance(1))

    table = table_of(database, OrdersWanted())
    assert len(table) == 253
    by_order = [(row["order"], row["item"], row["sku"], row["units"]) for row in table]
    assert len(set(by_order)) == 253
    assert set(by_order) >= {
        ("o1", "tote", "Tote-01", 2),
        ("o1", "mug", "mug", 1),
        ("o2", "ghost", None, 1),
    }
    assert {row["store_id"] for row in table} == {TOKYO}
    placed = table[0]["ordered_at"]
    assert table_of(database, OrdersWanted(store=TOKYO, since=placed, until=placed)) == table
    assert table_of(database, OrdersWanted(since=placed + timedelta(seconds=1))) == []
    for store in ("elsewhere", "\x00"):
        assert table_of(database, OrdersWanted(store=store)) == []


@pytest.mark.parametrize("kind", list(ExportKind))
def test_every_column_has_a_name_of_its_own_in_every_language(kind: ExportKind) -> None:
    named = [headings(kind, language) for language in HeaderLanguage]

    assert len({len(names) for names in named}) == 1
    for names in named:
        assert len(set(names)) == len(names)
        assert not any("price" in name or "価格" in name or "价" in name for name in names)
