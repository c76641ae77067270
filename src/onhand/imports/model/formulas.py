"""Cells that a spreadsheet would run or renumber, kept as they are by an apostrophe in front.

`unguard` takes off what `guard` puts on, and nothing else: any text comes back as it was.
"""

import re

# What is run, a code that passes for a number with an exponent, and what passes for an error.
_CHANGES = (
    "[=+\\-@\t\r\n＝＋－＠]"
    r"|[0-9](?:[.,][0-9]+)?[Ee]\+[0-9]+\Z"
    r"|#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!)\Z"
)
_DANGEROUS = re.compile(f"'*(?:{_CHANGES})")
_GUARDED = re.compile(f"'+(?:{_CHANGES})")


def guard(text: str) -> str:
    """The text as it is written into a file."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def unguard(text: str) -> str:
    """The text as it was before it was written into a file."""
    return text[1:] if _GUARDED.match(text) else text
