"""The reader of a table's rows, by whose table it is."""

from onhand.imports.model.choices import Choices
from onhand.imports.model.facts import Layout
from onhand.imports.model.layout import Table
from onhand.imports.model.plain import PlainRows
from onhand.imports.model.rakuten import RakutenItemRows, RakutenSelectRows, RakutenSkuRows


def row_reader(table: Table, choices: Choices) -> PlainRows:
    """What reads the rows below this header, in the order of the file."""
    match table.layout:
        case Layout.PLAIN:
            return PlainRows(table, choices)
        case Layout.RAKUTEN_SKU:
            return RakutenSkuRows(table, choices)
        case Layout.RAKUTEN_ITEM:
            return RakutenItemRows(table, choices)
        case Layout.RAKUTEN_SELECT:
            return RakutenSelectRows(table, choices)
