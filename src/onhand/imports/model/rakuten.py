"""The rows of Rakuten's item downloads: normal-item.csv, and item.csv and select.csv before it."""

from onhand.catalog.model.listings import exact_key
from onhand.catalog.model.skus import normalise
from onhand.catalog.model.stores import Platform
from onhand.imports.model.choices import Choices, Role
from onhand.imports.model.codes import check_code, read_code, read_name, read_text
from onhand.imports.model.images import picture
from onhand.imports.model.layout import CONTROL_COLUMNS, STOCK_KIND_COLUMN, VARIANT_COLUMN, Table
from onhand.imports.model.plain import Cells, PlainRows
from onhand.imports.model.quantities import read_quantity
from onhand.imports.model.rows import BadRow, Fault, FileRow, SkippedRow, SkipReason, Taken

# The variant id of nearly every item that has but one; it tells no SKU from another.
ONLY_VARIANT = "normal-inventory"
MOST_IMAGES = 20
MOST_CHOICES = 6

_CHILDREN = ("項目選択肢別在庫用横軸選択肢子番号", "項目選択肢別在庫用縦軸選択肢子番号")


class RakutenSkuRows(PlainRows):
    """Reads normal-item.csv, where an item's row stands before the rows of its SKUs.

    What the item's row says of name, number and pictures is carried to its SKUs.
    """

    def __init__(self, table: Table, choices: Choices) -> None:
        super().__init__(table, choices)
        variant = self.named(VARIANT_COLUMN)
        assert variant is not None
        assert self.manage is not None
        self.variant = variant
        self.item_key = self.manage
        self.by_variant = self.source == variant and table.rule is None
        self.system = self.place(Role.SYSTEM_SKU)
        self.number = self.place(Role.ITEM_NUMBER)
        self.options = self._places("選択肢タイプ", "商品オプション項目名")
        self.answers = self._places(
            *(f"バリエーション項目選択肢{count}" for count in range(1, MOST_CHOICES + 1))
        )
        self.pictures = [
            (self.named(f"商品画像タイプ{count}"), path)
            for count in range(1, MOST_IMAGES + 1)
            if (path := self.named(f"商品画像パス{count}")) is not None
        ]
        self.sku_kind, self.sku_path = self.named("SKU画像タイプ"), self.named("SKU画像パス")
        # Of the item whose row came last: key, name, number, picture.
        self._carried: tuple[str, str | None, str, str | None] = ("", None, "", None)

    def _places(self, *names: str) -> list[int]:
        return [place for name in names if (place := self.named(name)) is not None]

    def least_place(self, cells: Cells) -> int:
        """Only a SKU's row must reach the quantity."""
        is_sku = len(cells) > self.variant and bool(cells[self.variant].strip())
        return self.least if is_sku else -1

    def read(self, line: int, cells: Cells) -> Taken:
        """What became of the row that begins at this line."""
        if len(cells) != self.width:
            even = self.make_even(line, cells)
            if isinstance(even, BadRow):
                return even
            cells = even
        item = read_code(cells[self.item_key])
        if isinstance(item, Fault):
            return self.bad(line, item, self.item_key, cells)
        variant = read_code(cells[self.variant])
        if isinstance(variant, Fault):
            return self.bad(line, variant, self.variant, cells)
        system = "" if self.system is None else read_text(cells[self.system])
        if not variant and not (system and self.source == self.system):
            return self._other_row(line, cells, item or "")
        return self._sku_row(line, cells, (item or "", variant or "", system))

    def _sku_row(self, line: int, cells: Cells, key: tuple[str, str, str]) -> Taken:
        item, variant, system = key
        code = self._sku_code(cells, key)
        if code is None:
            return self.without_code(line, cells)
        if isinstance(code, Fault):
            return self.bad(line, code, self.source, cells)
        units = None if self.quantity is None else read_quantity(cells[self.quantity])
        if isinstance(units, Fault):
            return self.bad(line, units, self.quantity, cells)
        is_own = item.lower() == self._carried[0]
        alias = normalise(system)
        return FileRow(
            line,
            code,
            units,
            self._sku_name(cells, self._carried[1] if is_own else None),
            self._sku_image(cells) or (self._carried[3] if is_own else None),
            exact_key(Platform.RAKUTEN, item, variant) if item and variant else None,
            None if self.store is None else read_text(cells[self.store]) or None,
            (system,) if alias != normalise(code) and check_code(system) == system else (),
        )

    def _sku_code(self, cells: Cells, key: tuple[str, str, str]) -> str | Fault | None:
        item, variant, _ = key
        if self.by_variant:
            if variant != ONLY_VARIANT:
                return self.read_cell_code(variant)
            first = "" if self.system is None else cells[self.system]
            return self.read_cell_code(first) or self.read_cell_code(item)
        number = self._carried[2] if item.lower() == self._carried[0] else ""
        first = cells[self.source]
        if self.source == self.number:
            first = first.strip() or number
        if self.table.rule is None:
            return self.read_cell_code(first)
        values = {role: read_text(cells[place]) for role, place in self.table.columns.items()}
        values[Role.ITEM_NUMBER] = values.get(Role.ITEM_NUMBER) or number
        return self.compose_code(first, values)

    def _sku_name(self, cells: Cells, carried: str | None) -> str | None:
        own = None if self.name is None else read_name(cells[self.name])
        title = own or carried
        if title is None:
            return None
        answers = " ".join(text for place in self.answers if (text := cells[place].strip()))
        return read_name(f"{title} {answers}") if answers else title

    def _sku_image(self, cells: Cells) -> str | None:
        own = None
        if self.sku_path is not None and cells[self.sku_path]:
            kind = "" if self.sku_kind is None else cells[self.sku_kind]
            own = picture(kind, read_text(cells[self.sku_path]), self.choices.shop_code)
        return own or self._item_image(cells)

    def _item_image(self, cells: Cells) -> str | None:
        for kind, path in self.pictures:
            if cells[path]:
                named = "" if kind is None else cells[kind]
                found = picture(named, read_text(cells[path]), self.choices.shop_code)
                if found is not None:
                    return found
        return self.read_image(cells)

    def _other_row(self, line: int, cells: Cells, item: str) -> SkippedRow | BadRow:
        name = "" if self.name is None else cells[self.name].strip()
        number = "" if self.number is None else read_text(cells[self.number])
        shown = item or None
        if not name and not number and any(cells[place].strip() for place in self.options):
            return SkippedRow(line, SkipReason.OPTION_ROW, shown)
        key = item.lower()
        if item and (name or number or key != self._carried[0]):
            self._carried = (key, read_name(name), number, self._item_image(cells))
            return SkippedRow(line, SkipReason.ITEM_ROW, shown)
        return self.without_code(line, cells)


class _BeforeMigration(PlainRows):
    """What item.csv and select.csv have in common: a column that says what to do with a row."""

    def __init__(self, table: Table, choices: Choices) -> None:
        super().__init__(table, choices)
        self.control = self.named(*CONTROL_COLUMNS)

    def read(self, line: int, cells: Cells) -> Taken:
        """What became of the row that begins at this line."""
        if len(cells) == self.width:
            skipped = self.left_out(line, cells)
            if skipped is not None:
                return skipped
        return super().read(line, cells)

    def left_out(self, line: int, cells: Cells) -> SkippedRow | None:
        """The row as skipped when it orders a deletion."""
        if self.control is not None and cells[self.control].strip().lower() == "d":
            return SkippedRow(line, SkipReason.DELETED, self.manage_number(cells))
        return None


class RakutenItemRows(_BeforeMigration):
    """Reads item.csv: one row an item; stock kept by choices is in select.csv."""

    def __init__(self, table: Table, choices: Choices) -> None:
        super().__init__(table, choices)
        self.stock_kind = self.named(STOCK_KIND_COLUMN)
        self.addresses = self.named("商品画像URL")

    def left_out(self, line: int, cells: Cells) -> SkippedRow | None:
        """Deletions, and items whose stock is kept by their choices."""
        if self.stock_kind is not None and cells[self.stock_kind].strip() == "2":
            return SkippedRow(line, SkipReason.ITEM_ROW, self.manage_number(cells))
        return super().left_out(line, cells)

    def read_own_code(self, cells: Cells) -> str | Fault | None:
        """商品番号, and 商品管理番号 where that is empty."""
        code = super().read_own_code(cells)
        if code is None and self.source == self.place(Role.ITEM_NUMBER) and self.manage is not None:
            return self.read_cell_code(cells[self.manage])
        return code

    def read_image(self, cells: Cells) -> str | None:
        """The first of the item's addresses."""
        if self.addresses is None:
            return super().read_image(cells)
        first = next(iter(cells[self.addresses].split()), "")
        return picture("", first, None)


class RakutenSelectRows(_BeforeMigration):
    """Reads select.csv: rows of kind `i` hold the stock of an item's choices."""

    def __init__(self, table: Table, choices: Choices) -> None:
        super().__init__(table, choices)
        self.kind = self.named("選択肢タイプ")
        self.children = [place for name in _CHILDREN if (place := self.named(name)) is not None]

    def left_out(self, line: int, cells: Cells) -> SkippedRow | None:
        """Deletions, and rows that hold no stock."""
        if self.kind is not None and cells[self.kind].strip().lower() in {"s", "c"}:
            return SkippedRow(line, SkipReason.OPTION_ROW, self.manage_number(cells))
        return super().left_out(line, cells)

    def read_own_code(self, cells: Cells) -> str | Fault | None:
        """商品管理番号 with the numbers of both choices behind it, as orders then wrote it."""
        code = super().read_own_code(cells)
        if code is None or isinstance(code, Fault):
            return code
        if self.source != self.manage or self.table.rule is not None:
            return code
        return check_code(code + "".join(read_text(cells[place]) for place in self.children))
