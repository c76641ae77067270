"""What became of each row of a file: taken, skipped with a reason, or bad with a fault."""

from dataclasses import dataclass
from enum import StrEnum


class DateCell(str):
    """A cell that holds a date or a time, not a text that looks like one."""

    __slots__ = ()


class SkipReason(StrEnum):
    """Why a row says nothing about a SKU's stock, though nothing is wrong with it."""

    NO_SKU = "skipped_no_sku"
    ITEM_ROW = "item_row"
    OPTION_ROW = "option_row"
    DELETED = "deleted"
    BLANK = "blank"


class Fault(StrEnum):
    """What is wrong with a row, so that none of it can be taken."""

    NO_SKU = "no_sku"
    CODE_TOO_LONG = "code_too_long"
    CODE_NOT_PRINTABLE = "code_not_printable"
    CODE_ROUNDED = "code_rounded"
    CODE_IS_DATE = "code_is_date"
    QUANTITY_NOT_A_NUMBER = "quantity_not_a_number"
    QUANTITY_NOT_WHOLE = "quantity_not_whole"
    QUANTITY_ROUNDED = "quantity_rounded"
    QUANTITY_IS_DATE = "quantity_is_date"
    QUANTITY_TOO_LARGE = "quantity_too_large"
    FORMULA = "formula"
    FORMULA_ERROR = "formula_error"
    CELL_TOO_LONG = "cell_too_long"
    ROW_TOO_LONG = "row_too_long"
    ROW_TOO_SHORT = "row_too_short"
    BROKEN_QUOTES = "broken_quotes"
    UNDECODABLE = "undecodable"


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row that names a SKU: `code` as written and stripped, always valid.

    `line` is the 1-based line of the file where the row begins. `quantity_units` is None when the
    cell is empty or there is no such column, and may be negative. `listing` is Rakuten's key
    (商品管理番号, SKU管理番号).
    """

    line: int
    code: str
    quantity_units: int | None
    name: str | None
    image_url: str | None
    listing: tuple[str, str] | None
    store: str | None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row that is left out on purpose."""

    line: int
    reason: SkipReason
    manage_number: str | None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be taken; `value` is what the cell of `column` holds, shortened."""

    line: int
    fault: Fault
    column: str | None
    value: str


Taken = FileRow | SkippedRow | BadRow
