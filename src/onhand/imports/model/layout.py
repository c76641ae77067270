"""Whose table it is, where its header stands, and which columns its rows are read by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from onhand.imports.model.choices import Choices, Role, SkuFrom
from onhand.imports.model.columns import (
    ALIASES,
    find_columns,
    find_place,
    fold_header,
    is_price,
    tell_apart,
)
from onhand.imports.model.compose import MANAGE_AND_VARIANT, Rule, parse_rule
from onhand.imports.model.facts import Layout
from onhand.imports.model.refusals import InvalidRule, NoSkuColumn, UnknownColumn

FIRST_ROWS = 30  # among which the header is looked for

VARIANT_COLUMN = "SKU管理番号"
CONTROL_COLUMNS = ("コントロールカラム", "項目選択肢用コントロールカラム")
STOCK_KIND_COLUMN = "在庫タイプ"
SELECT_STOCK_COLUMN = "項目選択肢別在庫用在庫数"
_ITEM_COLUMNS = ("コントロールカラム", STOCK_KIND_COLUMN, "商品番号")
_SOURCES: Mapping[SkuFrom, Role] = {
    SkuFrom.AUTO: Role.SKU,
    SkuFrom.VARIANT: Role.VARIANT,
    SkuFrom.SYSTEM_SKU: Role.SYSTEM_SKU,
    SkuFrom.ITEM_NUMBER: Role.ITEM_NUMBER,
    SkuFrom.MANAGE_NUMBER: Role.MANAGE_NUMBER,
}


@dataclass(frozen=True, slots=True)
class Table:
    """How the rows below a header are read: `columns` are 0-based places in `header`.

    The code is the cell of `source`, or made by `rule`.
    """

    layout: Layout
    header: tuple[str, ...]
    columns: Mapping[Role, int]
    source: Role
    rule: Rule | None
    sku_from: SkuFrom
    compose: str | None

    @property
    def prices(self) -> tuple[str, ...]:
        """The columns that hold prices, which are never read."""
        return tuple(name for name in self.header if is_price(name))

    @property
    def unused(self) -> tuple[str, ...]:
        """The columns that mean nothing to us, prices left out."""
        used = set(self.columns.values())
        rest = (name for place, name in enumerate(self.header) if place not in used)
        return tuple(name for name in rest if name and not is_price(name))


@dataclass(frozen=True, slots=True)
class HeaderFound:
    """The row, 0-based among the first ones, that names the columns; and how they are read."""

    row: int
    table: Table


def find_header(
    rows: Sequence[Sequence[str]], choices: Choices
) -> HeaderFound | NoSkuColumn | UnknownColumn | InvalidRule:
    """The header among a file's first rows: the one with the most columns that we know."""
    best: HeaderFound | None = None
    nearest: tuple[str, ...] = ()
    refused: UnknownColumn | InvalidRule | None = None
    for row, cells in enumerate(rows[:FIRST_ROWS]):
        header = tell_apart(cells)
        known = len(find_columns(header, choices.mapping))
        if known > len(find_columns(nearest, choices.mapping)) or not nearest:
            nearest = header
        table = read_header(header, choices)
        if isinstance(table, Table):
            if best is None or known > len(best.table.columns):
                best = HeaderFound(row, table)
        elif header == nearest and not isinstance(table, NoSkuColumn):
            refused = table
    if best is not None:
        return best
    return refused or NoSkuColumn(nearest, ALIASES[Role.SKU])


def read_header(
    header: tuple[str, ...], choices: Choices
) -> Table | NoSkuColumn | UnknownColumn | InvalidRule:
    """How the rows below this header are read, or why they cannot be."""
    columns = find_columns(header, choices.mapping)
    for role, name in choices.mapping.items():
        if role not in columns:
            return UnknownColumn(role, name, header)
    layout = _find_layout(header, columns)
    if layout is Layout.RAKUTEN_SELECT and Role.QUANTITY not in choices.mapping:
        place = find_place(header, (SELECT_STOCK_COLUMN,))
        if place is not None:
            columns[Role.QUANTITY] = place
    text = _rule_of(choices)
    rule = parse_rule(text) if text else None
    if isinstance(rule, InvalidRule):
        return rule
    source = _source(layout, choices, columns)
    if rule is not None:
        missing = rule.parts[0][1] not in columns
        source = rule.parts[0][1]
    else:
        missing = source not in columns
    if missing:
        return NoSkuColumn(header, ALIASES[source])
    sku_from = SkuFrom.COMPOSED if choices.compose else choices.sku_from
    return Table(layout, header, columns, source, rule, sku_from, text)


def _rule_of(choices: Choices) -> str | None:
    if choices.compose:
        return choices.compose
    return MANAGE_AND_VARIANT if choices.sku_from is SkuFrom.MANAGE_AND_VARIANT else None


def _source(layout: Layout, choices: Choices, columns: Mapping[Role, int]) -> Role:
    if choices.sku_from is SkuFrom.AUTO and Role.SKU not in columns:
        if layout is Layout.RAKUTEN_ITEM and Role.ITEM_NUMBER in columns:
            return Role.ITEM_NUMBER
        if layout in {Layout.RAKUTEN_ITEM, Layout.RAKUTEN_SELECT}:
            return Role.MANAGE_NUMBER
    return _SOURCES.get(choices.sku_from, Role.SKU)


def _find_layout(header: Sequence[str], columns: Mapping[Role, int]) -> Layout:
    if Role.MANAGE_NUMBER not in columns:
        return Layout.PLAIN
    if find_place(header, (VARIANT_COLUMN,)) is not None:
        return Layout.RAKUTEN_SKU
    if find_place(header, (SELECT_STOCK_COLUMN,)) is not None:
        return Layout.RAKUTEN_SELECT
    manage = fold_header(header[columns[Role.MANAGE_NUMBER]])
    is_download = manage == fold_header("商品管理番号（商品URL）") and Role.SKU not in columns
    if is_download and find_place(header, _ITEM_COLUMNS) is not None:
        return Layout.RAKUTEN_ITEM
    return Layout.PLAIN
