"""A SKU code and other texts as files write them."""

import re

from onhand.catalog.model.listings import clean_name
from onhand.catalog.model.skus import LONGEST_CODE, is_valid_code, normalise
from onhand.imports.model.formulas import unguard
from onhand.imports.model.rows import DateCell, Fault

_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
_LITERAL = re.compile(r'="([^"]*)"')  # how a spreadsheet is told to keep leading zeros
# What is left of a long number once a spreadsheet has shown or kept it with too few digits.
_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]+", re.ASCII | re.IGNORECASE)
_ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}
)
_NARROW = {wide: chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)} | {0x3000: " "}


def read_text(cell: str) -> str:
    """A cell's text without the spaces and invisible signs around it and our own guard."""
    text = cell.strip()
    if not text or (text[0].isalnum() and text.isprintable()):
        return text
    text = unguard(text)
    if not text.isprintable():
        text = text.strip(_INVISIBLE)
    return text.strip()


def read_code(cell: str) -> str | Fault | None:
    """The SKU code a cell holds, None when it is empty, or why it can be no code."""
    code = cell.strip()
    if (
        code.isascii()
        and code.isprintable()
        and code[:1].isalnum()
        and len(code) <= LONGEST_CODE
        and "+" not in code
        and type(cell) is str
    ):
        return code
    if type(cell) is DateCell:
        return Fault.CODE_IS_DATE
    text = read_text(cell)
    if text == code:  # nobody has marked it as text
        literal = _LITERAL.fullmatch(text)
        if literal:
            text = literal.group(1).strip()
        elif text.startswith(("=", "+", "@")):
            return Fault.FORMULA
        elif text in _ERRORS:
            return Fault.FORMULA_ERROR
        elif _ROUNDED.fullmatch(text):
            return Fault.CODE_ROUNDED
    return check_code(text)


def check_code(code: str) -> str | Fault | None:
    """The code if it can name a SKU, None when it is empty, or why it cannot."""
    if not code:
        return None
    normal = normalise(code)
    if is_valid_code(normal):
        return code
    return Fault.CODE_TOO_LONG if len(normal) > LONGEST_CODE else Fault.CODE_NOT_PRINTABLE


def narrow(code: str) -> str:
    """The code with full-width letters, digits, signs and spaces as the usual ones."""
    return code if code.isascii() else code.translate(_NARROW)


def read_name(cell: str) -> str | None:
    """A name as it can be kept: line breaks become spaces, controls go, 255 characters at most."""
    text = read_text(cell)
    if not text.isprintable():
        text = clean_name(" ".join(text.split()))
    return text[:255].rstrip() or None
