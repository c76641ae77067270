"""Every stock mode and zero handling against a count by other means."""

from collections.abc import Mapping
from itertools import product

from onhand.access.model import Asked
from onhand.catalog.commands import create_skus
from onhand.catalog.model import NewSku
from onhand.imports.commands.working import Pace
from onhand.imports.model.plan import Mode, StockMode, Terms, ZeroMode
from onhand.imports.model.states import ImportState
from onhand.stock.model.commands import Line, Receive
from tests.imports.importing import BUYER, Importer, table
from tests.shop import Shop

HAD = {"a": 5, "b": 40, "c": 0, "new": None}
QUANTITIES = (None, -3, 0, 1, 5, 40, 400)
# What a file says of one SKU: every one and every two of these, and some three.
SAYINGS = (
    *product(QUANTITIES),
    *product(QUANTITIES, repeat=2),
    *product((0, 5, 40), repeat=3),
)
SKUS = {f"{known}-{at}": saying for known, (at, saying) in product(HAD, enumerate(SAYINGS))}
# All first words, then all second ones: what is said again comes some transactions later.
ROWS = [(sku, saying[at]) for at in range(3) for sku, saying in SKUS.items() if at < len(saying)]
BEFORE = {sku: HAD[sku.partition("-")[0]] for sku in SKUS}
WAYS = [Terms(stock=stock, zero=zero) for stock, zero in product(StockMode, ZeroMode)]


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
    after = {sku: units or 0 for sku, units in BEFORE.items()}
    for sku, numbers in said.items():
        if terms.stock is StockMode.ADD:
            after[sku] = after[sku] + sum(numbers)
        elif len(set(numbers)) == 1:
            after[sku] = numbers[0]
    return {sku: units for sku, units in after.items() if units}


def test_stock_is_what_a_recount_gives(shop: Shop) -> None:
    importer = Importer(shop, pace=Pace(rows=100, skus=60))
    written = [(sku.upper(), "" if quantity is None else quantity) for sku, quantity in ROWS]
    for way, terms in enumerate([*WAYS, Terms(Mode.METADATA_ONLY)]):
        mark = f".{way}"  # every way has SKUs of its own
        register(shop, mark)

        seen = importer.preview(table(*((sku + mark, units) for sku, units in written)), terms)
        changes = importer.changes(seen.import_id)
        done = importer.confirm(seen.import_id)

        assert done.state is ImportState.APPLIED
        expected = recount(ROWS, terms)
        assert some(importer.on_hand(), mark) == expected, terms
        promised = some({sku: change.after for sku, change in changes.items()}, mark)
        assert promised == {sku: units for sku, units in expected.items() if sku + mark in changes}
        assert seen.counts.rows == len(ROWS)
        negatives = sum(quantity is not None and quantity < 0 for _, quantity in ROWS)
        is_bad = terms.mode is Mode.RESET_STOCK and terms.zero is not ZeroMode.ZERO_NEGATIVE
        assert seen.counts.bad.get("negative_quantity", 0) == (negatives if is_bad else 0)


def register(shop: Shop, mark: str) -> None:
    """Make the SKUs known that are, with what they have."""
    known = {sku + mark: units for sku, units in BEFORE.items() if units is not None}
    create_skus(shop.database, Asked(BUYER, shop.clock()), [NewSku(sku) for sku in known])
    shop.do(Receive(tuple(Line(sku, units) for sku, units in known.items() if units)))


def some(units: Mapping[str, int | None], mark: str) -> dict[str, int]:
    """Those that are of one way and not zero."""
    return {sku.removesuffix(mark): n for sku, n in units.items() if n and sku.endswith(mark)}
