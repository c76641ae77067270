"""A file of levels that is taken in again changes nothing, whatever lies where."""

from typing import Any

import pytest
import sqlalchemy as sa

from onhand.catalog.tables import sku, sku_alias
from onhand.db.database import Database
from onhand.imports.model.exports import HeaderLanguage, LevelsWanted, headings
from onhand.imports.model.plan import StockMode, Terms, ZeroMode
from onhand.imports.model.states import ImportState
from onhand.imports.writers.cells import Sheet
from onhand.imports.writers.delimited import Csv, Encoding
from onhand.stock.tables import stock_event, stock_level
from tests.catalog.trade import register
from tests.imports.exports.books import as_xlsx, rows_of
from tests.imports.importing import Importer
from tests.shop import Shop, cart, reserve


def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Whatever a file could change."""
    with database.read() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(sa.select(table))), key=repr)
            for table in (sku, sku_alias, stock_level, stock_event)
        }


@pytest.fixture
def stocked(shop: Shop, database: Database) -> Shop:
    """Goods in two places; some held, some with codes that spreadsheets would spoil."""
    register(database, "Tote-01", "0012", "=1+1", "-5", "1E+5", "'@x", mug="白いマグ, 「大」 😀")
    shop.add_location("annex")
    for code, units in (("tote-01", 10), ("0012", 3), ("=1+1", 7), ("-5", 1), ("mug", 4)):
        shop.receive(code, units)
        shop.receive(code, 2 * units, at="annex")
    shop.do(reserve(cart(), mug=4))
    return shop


@pytest.mark.parametrize("form", ["csv", "cp932", "xlsx"])
@pytest.mark.parametrize("location", ["main", "annex"])
def test_levels_taken_in_again_change_nothing(
    stocked: Shop, importer: Importer, form: str, location: str
) -> None:
    database = stocked.database
    found = rows_of(database, LevelsWanted(location))
    sheet = Sheet("levels", headings(LevelsWanted.kind, HeaderLanguage.JA))
    if form == "xlsx":
        content = as_xlsx(found, names=sheet.headings)
    else:
        encoding = Encoding.CP932 if form == "cp932" else Encoding.UTF_8
        content = b"".join(Csv(sheet, encoding).chunks([found]))
    before = everything(database)
    for zero in (ZeroMode.IGNORE, ZeroMode.SET_ZERO):
        terms = Terms(stock=StockMode.REPLACE, zero=zero, location=location)
        seen = importer.preview(content, terms, name=f"levels.{form}")
        counts = seen.counts
        assert seen.state is ImportState.PREVIEWED
        assert (counts.skus, counts.new, counts.bad) == (len(found), 0, {})
        assert (counts.names, counts.images, counts.with_aliases) == (0, 0, 0)
        assert (counts.units_more, counts.units_less) == (0, 0)
        assert not any(counts.flags.values())
        done = importer.confirm(seen.import_id)
        assert done.state is ImportState.APPLIED
        assert everything(database) == before


def test_what_was_corrected_in_it_is_all_that_changes(stocked: Shop, importer: Importer) -> None:
    rows = rows_of(stocked.database, LevelsWanted())
    names = headings(LevelsWanted.kind, HeaderLanguage.ZH)
    place = names.index("库存")
    corrected = [(*row[:place], 9, *row[place + 1 :]) if row[0] == "=1+1" else row for row in rows]

    done = importer.bring_in(as_xlsx(corrected, names=names), Terms(stock=StockMode.REPLACE))

    assert done.counts.units_more == 2
    assert importer.on_hand()["=1+1"] == 9
    assert stocked.units("=1+1").on_hand == 9 + 14
    assert stocked.kinds("tote-01") == ["received", "received"]
