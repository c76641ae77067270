"""The records of a delimited text, each with the line where it begins."""

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Protocol

from onhand.imports.model.refusals import FileRefused, Found, UnreadableFile
from onhand.imports.model.rows import BadRow, Fault

LONGEST_LINE = 1_000_000  # characters; no row of a shop's file comes near
MOST_BROKEN = 1_000  # records with broken quotes, after which the file is given up
_SHOWN = 80

Record = tuple[int, Sequence[str] | BadRow]


class TextLines(Protocol):
    """A decoded file, read line by line; nothing but the ends of lines is changed."""

    def readline(self, size: int = -1, /) -> str:
        """The next line with its end, at most `size` characters of it; empty at the end."""
        ...


class _LineTooLongError(Exception):
    """A line that nobody should hold in memory."""


class _Lines:
    """Feeds lines to the parser, and can go back to the second line of the present record."""

    def __init__(self, source: TextLines) -> None:
        self._readline = source.readline
        self._again: deque[str] = deque()
        self._taken = 0
        self.record: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self._taken += 1
        self.record.append(line)
        if len(line) >= LONGEST_LINE and not line.endswith(("\n", "\r")):
            raise _LineTooLongError
        return line

    def begin(self) -> int:
        """Begin a record; the line it begins at."""
        self.record.clear()
        return self._taken + 1

    def go_back(self) -> None:
        """Read again from the line after the one the record began with."""
        again = self.record[1:]
        self._taken -= len(again)
        self._again.extendleft(reversed(again))

    def skip_line(self) -> None:
        """Leave out the rest of a line that is too long, and end what was read of it."""
        self.record[-1] = f"{self.record[-1][:-1]}\n"
        while (rest := self._readline(LONGEST_LINE)) and not rest.endswith(("\n", "\r")):
            pass


def read_records(
    source: TextLines, *, delimiter: str, cell_chars: int, is_strict: bool
) -> Iterator[Record]:
    """Every record of a text; a record whose quotes are broken costs one line, not the rest.

    With `is_strict` False the text may hold U+FFFD for bytes that were none, and such a record
    is bad.

    Raises:
        FileRefused: there are too many records with broken quotes.
    """
    lines = _Lines(source)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    broken = 0
    while True:
        line = lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            broken += 1
            if broken > MOST_BROKEN:
                raise FileRefused(UnreadableFile(Found.BROKEN_QUOTES, line)) from None
            is_long = len(lines.record) == 1 and len(lines.record[0]) > cell_chars
            fault = Fault.CELL_TOO_LONG if is_long else Fault.BROKEN_QUOTES
            yield line, _bad(line, fault, lines.record[0])
            lines.go_back()
            continue
        except _LineTooLongError:
            yield line, _bad(line, Fault.CELL_TOO_LONG, lines.record[0])
            lines.skip_line()
            lines.go_back()
            continue
        if not is_strict and any("\ufffd" in part for part in lines.record):
            yield line, _bad(line, Fault.UNDECODABLE, "".join(lines.record))
        elif sum(map(len, lines.record)) > cell_chars and _longest(cells) > cell_chars:
            yield line, _bad(line, Fault.CELL_TOO_LONG, max(cells, key=len))
        else:
            yield line, cells


def _longest(cells: Sequence[str]) -> int:
    return max(map(len, cells), default=0)


def _bad(line: int, fault: Fault, value: str) -> BadRow:
    return BadRow(line, fault, None, value[:_SHOWN].strip())
