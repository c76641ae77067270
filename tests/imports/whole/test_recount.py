"""Every stock mode and zero handling against a count by other means."""

from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onhand.imports.commands.working import Pace
from onhand.imports.model.plan import Mode, StockMode, Terms, ZeroMode
from onhand.imports.model.states import ImportState
from tests.imports.importing import Importer, table
from tests.shop import Shop

SKUS = ("a", "b", "c", "new-1", "new-2")
HAD = {"a": 5, "b": 40, "c": 0}
QUANTITIES = st.sampled_from([None, -3, 0, 1, 5, 40, 400])
_examples = count()
ROWS = st.lists(st.tuples(st.sampled_from(SKUS), QUANTITIES), min_size=1, max_size=12)


def recount(rows: list[tuple[str, int | None]], terms: Terms) -> dict[str, int]:
    """What must be on hand afterwards: the table of docs/reference/files.md, row by row."""
    said: dict[str, list[int]] = {}
    for sku, quantity in rows:
        if terms.mode is Mode.METADATA_ONLY or quantity is None:
            continue
        if quantity < 0 and terms.zero is not ZeroMode.ZERO_NEGATIVE:
            continue  # a bad row
        if quantity > 0:
            said.setdefault(sku, []).append(quantity)
        elif terms.stock is StockMode.REPLACE and terms.zero is not ZeroMode.IGNORE:
            said.setdefault(sku, []).append(0)
    after = dict(HAD)
    for sku, numbers in said.items():
        if terms.stock is StockMode.ADD:
            after[sku] = after.get(sku, 0) + sum(numbers)
        elif len(set(numbers)) == 1:
            after[sku] = numbers[0]
    return {sku: units for sku, units in after.items() if units}


@settings(max_examples=40, suppress_health_check=[*HealthCheck])
@given(
    rows=ROWS,
    terms=st.builds(
        Terms,
        st.sampled_from([Mode.RESET_STOCK, Mode.RESET_STOCK, Mode.METADATA_ONLY]),
        st.sampled_from(StockMode),
        st.sampled_from(ZeroMode),
    ),
    pace=st.sampled_from([Pace(1, 1), Pace(2, 3), Pace()]),
)
def test_stock_is_what_a_recount_gives(
    shop: Shop, rows: list[tuple[str, int | None]], terms: Terms, pace: Pace
) -> None:
    mark = f"-{next(_examples)}"  # every example has SKUs of its own
    shop.register(**{sku + mark: units for sku, units in HAD.items()})
    written = [(sku.upper() + mark, "" if quantity is None else quantity) for sku, quantity in rows]
    importer = Importer(shop, pace=pace)

    seen = importer.preview(table(*written), terms)
    changes = importer.changes(seen.import_id)
    done = importer.confirm(seen.import_id)

    assert done.state is ImportState.APPLIED
    expected = recount(rows, terms)
    found = {
        sku.removesuffix(mark): units
        for sku, units in importer.on_hand().items()
        if sku.endswith(mark) and units
    }
    assert found == expected
    promised = {sku.removesuffix(mark): change.after for sku, change in changes.items()}
    assert {sku: units for sku, units in promised.items() if units} == {
        sku: units for sku, units in expected.items() if sku in promised
    }
    assert seen.counts.rows == len(rows)
    negatives = sum(quantity is not None and quantity < 0 for _, quantity in rows)
    is_bad = terms.mode is Mode.RESET_STOCK and terms.zero is not ZeroMode.ZERO_NEGATIVE
    assert seen.counts.bad.get("negative_quantity", 0) == (negatives if is_bad else 0)
