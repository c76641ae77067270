"""From a file to the ledger: preview, confirm, and what is told of both."""

from onhand.imports.model.plan import Flag, StockMode, Terms
from onhand.imports.model.states import ImportState
from tests.imports.importing import Importer, table
from tests.shop import Shop

REPLACE = Terms(stock=StockMode.REPLACE)


def test_a_preview_changes_nothing_and_a_confirmation_what_it_showed(
    shop: Shop, importer: Importer
) -> None:
    shop.register(a=5, b=40, c=7)

    seen = importer.preview(table(("A", 8), ("b", 4), ("c", 0), ("New-1", 3)), REPLACE)

    assert seen.state is ImportState.PREVIEWED
    assert seen.counts.rows == seen.counts.taken_rows == seen.counts.skus == 4
    assert seen.counts.new == 1
    assert importer.on_hand() == {"a": 5, "b": 40, "c": 7}
    changes = importer.changes(seen.import_id)
    assert {sku: (c.before, c.after) for sku, c in changes.items()} == {
        "a": (5, 8),
        "b": (40, 4),
        "c": (7, 0),
        "new-1": (0, 3),
    }
    assert changes["b"].flags == [Flag.TENFOLD]
    assert changes["c"].flags == [Flag.TO_ZERO]
    assert changes["new-1"].is_new

    done = importer.confirm(seen.import_id)

    assert done.state is ImportState.APPLIED
    assert done.counts.outcomes == {"applied": 4}
    assert importer.on_hand() == {"a": 8, "b": 4, "c": 0, "new-1": 3}
