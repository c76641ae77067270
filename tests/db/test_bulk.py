"""BulkWrite: the same rows arrive on both databases."""

from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from onhand.catalog.tables import sku, sku_alias
from onhand.db.bulk import BulkWrite, Part, Row
from onhand.db.database import Database
from onhand.db.errors import TransactionConflict
from tests.stock.recount import table

NOON = "2026-03-01T12:00:00.000000+00:00"
COLUMNS = ("sku_id", "original_sku", "status", "name", "image_url", "attributes", "created_at")
SKUS = Part(sku, (*COLUMNS, "updated_at"))
NAMES = Part(sku, (*COLUMNS, "updated_at"), key=("sku_id",))
IMAGES = Part(sku, ("sku_id", "image_url", "updated_at"), key=("sku_id",), update_only=True)
ALIASES = Part(sku_alias, ("alias_id", "original_alias", "sku_id"))


def row(code: str, name: str = "", image: str | None = None) -> Row:
    """A SKU's values."""
    return (code, code.upper(), "active", name, image, "{}", NOON, NOON)


def write(database: Database, bulk: BulkWrite, *rows: Sequence[Row]) -> None:
    """Write in a transaction of its own."""
    with database.begin() as connection:
        bulk.run(connection, *rows)


def names(database: Database) -> dict[str, tuple[str, str | None]]:
    """Name and image of every SKU."""
    rows = table(database, "sku", "sku_id")
    return {row["sku_id"]: (row["name"], row["image_url"]) for row in rows}


def test_rows_of_several_tables_at_once(database: Database) -> None:
    # Aliases first: foreign keys hold at the end of the statement on one database, at once on the
    # other, so parts are given in the order that suits both.
    bulk = BulkWrite(SKUS, ALIASES)
    write(
        database, bulk, [row("a", "one"), row("b", "two", "http://x.test/i.png")], [("c", "C", "b")]
    )
    assert names(database) == {"a": ("one", None), "b": ("two", "http://x.test/i.png")}
    assert table(database, "sku_alias") == [{"alias_id": "c", "original_alias": "C", "sku_id": "b"}]


def test_existing_rows_take_over_the_new_values(database: Database) -> None:
    bulk = BulkWrite(NAMES)
    write(database, bulk, [row("a", "old"), row("b", "old")])
    write(database, bulk, [row("b", "new", "i"), row("c", "new")])
    assert names(database) == {"a": ("old", None), "b": ("new", "i"), "c": ("new", None)}


def test_updating_only_touches_what_is_there(database: Database) -> None:
    write(database, BulkWrite(SKUS), [row("a", "kept"), row("b", "kept")])
    write(database, BulkWrite(IMAGES), [("b", "i", NOON), ("ghost", "i", NOON)])
    assert names(database) == {"a": ("kept", None), "b": ("kept", "i")}


def test_no_rows_at_all(database: Database) -> None:
    write(database, BulkWrite(SKUS, ALIASES), [], [])
    assert names(database) == {}


@pytest.mark.parametrize("text", ["", "'", '"', "\\", "{}", "大号 ｆ é", "\n\t", "%s %(a)s", "🎈"])
def test_text_of_every_kind(database: Database, text: str) -> None:
    write(database, BulkWrite(SKUS), [row("a", text, text)])
    assert names(database) == {"a": (text, text)}


def test_a_thousand_rows(database: Database) -> None:
    codes = [f"sku-{number}" for number in range(1000)]
    write(database, BulkWrite(SKUS), [row(code) for code in codes])
    assert set(names(database)) == set(codes)


def test_a_broken_row_takes_the_others_with_it(database: Database) -> None:
    write(database, BulkWrite(SKUS), [row("a")])
    with pytest.raises(TransactionConflict):
        write(database, BulkWrite(SKUS), [row("b"), row("a")])
    assert set(names(database)) == {"a"}


def test_a_violated_constraint_is_no_conflict(database: Database) -> None:
    unknown_status = ("a", "A", "lost", "", None, "{}", NOON, NOON)
    with pytest.raises(sa.exc.IntegrityError):
        write(database, BulkWrite(SKUS), [unknown_status])
    assert names(database) == {}
