"""What stands between the cells of a text, and the evidence for it."""

import io
from collections.abc import Sequence
from itertools import islice
from pathlib import PurePath

from onhand.imports.model.choices import Choices
from onhand.imports.model.columns import find_columns
from onhand.imports.model.facts import Evidence, EvidenceCode
from onhand.imports.model.layout import FIRST_ROWS
from onhand.imports.model.refusals import FileRefused, UnknownDelimiter
from onhand.imports.model.rows import BadRow
from onhand.imports.readers.delimited import TextLines, read_records

DELIMITERS = {"comma": ",", "tab": "\t", "semicolon": ";"}
_HEAD_CHARS = 262_144

FirstRow = tuple[int, Sequence[str]]  # the line a row begins at, and its cells


def read_head(lines: TextLines) -> str:
    """The text of a file's first lines, by which its form is told."""
    read, size = [], 0
    while size < _HEAD_CHARS and (line := lines.readline(_HEAD_CHARS)):
        read.append(line)
        size += len(line)
    return "".join(read)


def delimiter_line(head: str) -> str | None:
    """The delimiter that a first line such as `sep=;` states to spreadsheets."""
    first = head.lstrip("\ufeff").split("\n", 1)[0].strip("\r")
    stated = first.removeprefix("sep=")
    return stated if stated != first and stated in DELIMITERS.values() else None


def detect_delimiter(head: str, *, name: str, choices: Choices) -> tuple[str, Evidence]:
    """The delimiter that is chosen or stated, else the one that yields the most columns we know.

    Raises:
        FileRefused: the choice is none that we read.
    """
    if choices.delimiter:
        chosen = DELIMITERS.get(choices.delimiter, choices.delimiter)
        if chosen not in DELIMITERS.values():
            raise FileRefused(UnknownDelimiter(choices.delimiter[:10], tuple(DELIMITERS)))
        return chosen, Evidence(EvidenceCode.CHOSEN, {"delimiter": _name(chosen)})
    stated = delimiter_line(head)
    if stated is not None:
        return stated, Evidence(EvidenceCode.DELIMITER_LINE, {"delimiter": _name(stated)})
    usual = "\t" if PurePath(name).suffix.lower() in {".tsv", ".tab", ".txt"} else ","
    fits = {one: _fit(head, one, choices) for one in DELIMITERS.values()}
    best = max(DELIMITERS.values(), key=lambda one: (fits[one], one == usual))
    known, columns = fits[best]
    values: dict[str, str | int] = {"delimiter": _name(best), "known": known, "columns": columns}
    return best, Evidence(EvidenceCode.DELIMITER_FITS, values)


def first_rows(head: str, delimiter: str) -> list[FirstRow]:
    """The first rows of a text, bad ones left out."""
    records = read_records(
        io.StringIO(head, newline=""), delimiter=delimiter, cell_chars=len(head), is_strict=True
    )
    rows = ((line, cells) for line, cells in records if not isinstance(cells, BadRow))
    return list(islice(rows, FIRST_ROWS))


def _fit(head: str, delimiter: str, choices: Choices) -> tuple[int, int]:
    rows = first_rows(head, delimiter)
    return max(
        ((len(find_columns(cells, choices.mapping)), len(cells)) for _, cells in rows),
        default=(0, 0),
    )


def _name(delimiter: str) -> str:
    return next(name for name, sign in DELIMITERS.items() if sign == delimiter)
