"""A quantity as files write it, and what is none."""

import re

from onhand.imports.model.formulas import unguard
from onhand.imports.model.rows import DateCell, Fault
from onhand.stock.model.draft import LARGEST_BALANCE

_LONGEST = 40  # characters that may still be a number
_WIDTH = {ord("０") + digit: str(digit) for digit in range(10)} | {
    ord(wide): usual for wide, usual in zip("，．－＋−　", ",.-+- ", strict=True)
}
_PLAIN = re.compile(r"[+-]?[0-9]+(?:\.0*)?", re.ASCII)
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.0*)?", re.ASCII)
_FRACTION = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)?\.[0-9]*[1-9][0-9]*", re.ASCII)
_EXPONENT = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?[eE][+-]?[0-9]+", re.ASCII)
_DATE = re.compile(
    r"[0-9]{1,4}([/.-])[0-9]{1,2}\1[0-9]{1,4}(?:[T ].*)?|[0-9]{1,2}[/:][0-9]{1,2}(?:[/:].*)?"
    r"|(?:[0-9]{2,4}年)?[0-9]{1,2}月(?:[0-9]{1,2}日)?|[0-9]{1,2}-[A-Za-z]{3}(?:-[0-9]{2,4})?"
    r"|[A-Za-z]{3}-[0-9]{1,4}",
    re.ASCII,
)
_LITERAL = re.compile(r'="([^"]*)"')  # how a spreadsheet is told to keep a text as it is


def read_quantity(cell: str) -> int | Fault | None:
    """The whole units a cell says, None when it is empty, or why it is no quantity."""
    if cell.isascii() and cell.isdigit() and len(cell) < 13:
        return int(cell)
    text = unguard(cell.strip()).strip()
    if not text:
        return None
    if type(cell) is DateCell:
        return Fault.QUANTITY_IS_DATE
    literal = _LITERAL.fullmatch(text)
    text = (literal.group(1) if literal else text).translate(_WIDTH).strip()
    if len(text) > _LONGEST:
        return Fault.QUANTITY_NOT_A_NUMBER
    if _PLAIN.fullmatch(text) or _GROUPED.fullmatch(text):
        units = int(text.partition(".")[0].replace(",", ""))
        return units if abs(units) <= LARGEST_BALANCE else Fault.QUANTITY_TOO_LARGE
    return _why_not(text)


def _why_not(text: str) -> Fault:
    if text.startswith("="):
        return Fault.FORMULA
    if text.startswith("#"):
        return Fault.FORMULA_ERROR
    if _FRACTION.fullmatch(text):
        return Fault.QUANTITY_NOT_WHOLE
    if _EXPONENT.fullmatch(text):
        return Fault.QUANTITY_ROUNDED
    if _DATE.fullmatch(text):
        return Fault.QUANTITY_IS_DATE
    return Fault.QUANTITY_NOT_A_NUMBER
