"""Cells that a spreadsheet would run: an apostrophe in front keeps them text, and comes off again.

Both functions are each other's inverse on every text, whatever it begins with.
"""

import re

_RUNS = "[=+\\-@\t\r\n＝＋－＠]"
_DANGEROUS = re.compile(f"'*{_RUNS}")
_GUARDED = re.compile(f"'+{_RUNS}")


def guard(text: str) -> str:
    """The text as it is written into a file."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def unguard(text: str) -> str:
    """The text as it was before it was written into a file."""
    return text[1:] if _GUARDED.match(text) else text
