"""The rows of anybody's table, and what the rows of every table have in common."""

from collections.abc import Mapping, Sequence

from onhand.imports.model.choices import Choices, Role
from onhand.imports.model.codes import check_code, narrow, read_code, read_name, read_text
from onhand.imports.model.columns import find_place
from onhand.imports.model.compose import compose
from onhand.imports.model.images import picture
from onhand.imports.model.layout import Table
from onhand.imports.model.quantities import read_quantity
from onhand.imports.model.rows import BadRow, Fault, FileRow, SkippedRow, SkipReason, Taken

_SHOWN = 80  # characters of a bad cell

Cells = Sequence[str]


class PlainRows:
    """Reads one row after the other; the places of its columns are looked up once."""

    def __init__(self, table: Table, choices: Choices) -> None:
        self.table = table
        self.choices = choices
        self.width = len(table.header)
        self.source = table.columns.get(table.source, -1)
        self.quantity = self.place(Role.QUANTITY)
        self.name = self.place(Role.NAME)
        self.image = self.place(Role.IMAGE)
        self.store = self.place(Role.STORE)
        self.manage = self.place(Role.MANAGE_NUMBER)
        self.image_kind = self.named("商品画像タイプ1", "商品画像タイプ")
        self.least = max(self.source, -1 if self.quantity is None else self.quantity)

    def place(self, role: Role) -> int | None:
        """Where the column of a role is, None when the file has none."""
        return self.table.columns.get(role)

    def named(self, *names: str) -> int | None:
        """Where the first column of these names is, None when the file has none."""
        return find_place(self.table.header, names)

    def read(self, line: int, cells: Cells) -> Taken:
        """What became of the row that begins at this line."""
        if len(cells) != self.width:
            even = self.make_even(line, cells)
            if isinstance(even, BadRow):
                return even
            cells = even
        code = self.read_own_code(cells)
        if code is None:
            return self.without_code(line, cells)
        if isinstance(code, Fault):
            return self.bad(line, code, self.source, cells)
        units = None if self.quantity is None else read_quantity(cells[self.quantity])
        if isinstance(units, Fault):
            return self.bad(line, units, self.quantity, cells)
        return FileRow(
            line,
            code,
            units,
            None if self.name is None else read_name(cells[self.name]),
            self.read_image(cells),
            None,
            None if self.store is None else read_text(cells[self.store]) or None,
        )

    def make_even(self, line: int, cells: Cells) -> Cells | BadRow:
        """The row with as many cells as the header has, or why its cells cannot be told apart."""
        more = next((cell for cell in cells[self.width :] if cell.strip()), None)
        if more is not None:
            return BadRow(line, Fault.ROW_TOO_LONG, None, more[:_SHOWN])
        if len(cells) <= self.least_place(cells) and any(map(str.strip, cells)):
            column = self.table.header[len(cells)]
            return BadRow(line, Fault.ROW_TOO_SHORT, column, cells[-1][:_SHOWN])
        return [*cells[: self.width], *[""] * (self.width - len(cells))]

    def least_place(self, cells: Cells) -> int:
        """The last place that a short row must reach."""
        return self.least

    def read_own_code(self, cells: Cells) -> str | Fault | None:
        """The SKU code of a row, None when it names none, or why it cannot be one."""
        if self.table.rule is not None:
            values = {role: read_text(cells[place]) for role, place in self.table.columns.items()}
            return self.compose_code(cells[self.source], values)
        return self.read_cell_code(cells[self.source])

    def compose_code(self, first: str, values: Mapping[Role, str]) -> str | Fault | None:
        """The code that the rule makes of these values; `first` is its first cell as written."""
        code = self.read_cell_code(first)
        if code is None or isinstance(code, Fault):
            return code
        assert self.table.rule is not None
        return check_code(self.narrow(compose(self.table.rule, values)))

    def read_cell_code(self, cell: str) -> str | Fault | None:
        """The code a cell holds, by the choice about full-width signs."""
        return read_code(self.narrow(cell))

    def narrow(self, code: str) -> str:
        """The text by the choice about full-width signs."""
        return narrow(code) if self.choices.narrow_codes else code

    def read_image(self, cells: Cells) -> str | None:
        """The address of the row's own picture."""
        if self.image is None or not cells[self.image]:
            return None
        kind = "" if self.image_kind is None else cells[self.image_kind]
        return picture(kind, read_text(cells[self.image]), self.choices.shop_code)

    def without_code(self, line: int, cells: Cells) -> SkippedRow | BadRow:
        """A row that names no SKU: blank, left out, or bad where that is chosen."""
        if not any(map(str.strip, cells)):
            return SkippedRow(line, SkipReason.BLANK, None)
        if not self.choices.skip_no_sku:
            return self.bad(line, Fault.NO_SKU, self.source, cells)
        return SkippedRow(line, SkipReason.NO_SKU, self.manage_number(cells))

    def manage_number(self, cells: Cells) -> str | None:
        """The row's 商品管理番号, None when it has none."""
        return None if self.manage is None else read_text(cells[self.manage]) or None

    def bad(self, line: int, fault: Fault, place: int | None, cells: Cells) -> BadRow:
        """A bad row with the cell that makes it so."""
        if place is None or place < 0:
            return BadRow(line, fault, None, "")
        return BadRow(line, fault, self.table.header[place], cells[place].strip()[:_SHOWN])
