"""A workbook read in a process of its own, which a hostile file may end, and never ours.

Native code lays sheets out; where it runs out of memory it ends the process that it is in. So a
child does it, within bounds of memory and processor time that the system enforces. It is asked
for rows on its input and gives them on its output, one line of JSON each.
"""

import resource
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

import msgspec

from onhand.imports.model.choices import Limits
from onhand.imports.model.refusals import (
    FileRefused,
    Found,
    UnknownSheet,
    UnpackedTooLarge,
    UnreadableFile,
)
from onhand.imports.model.rows import BadRow, DateCell, Fault
from onhand.imports.readers.delimited import Record
from onhand.imports.readers.spreadsheets import Workbook

_ROWS_AT_ONCE = 1_000
_CHARS_AT_ONCE = 1_000_000
# By what a process ends that has asked for more than it may have.
_TOO_DEMANDING = frozenset({signal.SIGABRT, signal.SIGKILL, signal.SIGXCPU})

# A row's cells, a date as a list of its text; or what a bad row shows.
_Row = Sequence[str | tuple[str]] | str


class _Opened(msgspec.Struct, tag=True):
    sheets: tuple[str, ...]
    visible: tuple[str, ...]


class _Rows(msgspec.Struct, tag=True):
    """The next rows, none at the end of a sheet."""

    rows: list[_Row]


class _Refused(msgspec.Struct, tag=True):
    found: Found


class _TooLarge(msgspec.Struct, tag=True):
    what: str
    found: int
    limit: int


_Answer = _Opened | _Rows | _Refused | _TooLarge
_answers = msgspec.json.Decoder(_Answer)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What to do each time that the process has not answered for so long."""

    every_s: float = 5
    then: Callable[[], None] = lambda: None


class WorkbookApart:
    """An XLSX file in a process of its own; one of its sheets is held there at a time."""

    def __init__(self, path: Path, limits: Limits, waiting: Waiting) -> None:
        """Start the process and have it look through the file.

        Raises:
            FileRefused: it cannot be read, or not within the limits.
        """
        self._waiting = waiting
        how = msgspec.json.encode(limits).decode()
        # Not from the working folder, in which anything may lie.
        command = [sys.executable, "-P", "-m", __spec__.name, str(path), how]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        with ExitStack() as unless_opened:
            unless_opened.push(self.__exit__)
            opened = self._answer()
            unless_opened.pop_all()
        assert isinstance(opened, _Opened)
        self.sheets, self.visible = opened.sheets, opened.visible

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process as process:
            process.kill()

    def rows(self, sheet: str) -> Iterator[Record]:
        """The rows of a sheet from the first on; then those of one asked for before are over.

        Raises:
            FileRefused: there is none of that name, or it cannot be read within the limits.
        """
        if sheet not in self.sheets:
            raise FileRefused(UnknownSheet(sheet[:80], self.sheets))
        number = 0
        rows = self._ask(sheet)
        while rows:
            for row in rows:
                number += 1
                yield number, _record(number, row)
            rows = self._ask(None)

    def _ask(self, sheet: str | None) -> list[_Row]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(msgspec.json.encode(sheet) + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None
        answer = self._answer()
        assert isinstance(answer, _Rows)
        return answer.rows

    def _answer(self) -> _Answer:
        stdout = self._process.stdout
        assert stdout is not None
        # Nothing is left of the answer before: there is one for each question.
        while not select.select([stdout], [], [], self._waiting.every_s)[0]:
            self._waiting.then()
        line = stdout.readline()
        if not line.endswith(b"\n"):
            raise self._ended()
        answer: _Answer = _answers.decode(line)
        if isinstance(answer, _Refused):
            raise FileRefused(UnreadableFile(answer.found))
        if isinstance(answer, _TooLarge):
            raise FileRefused(UnpackedTooLarge(answer.what, answer.found, answer.limit))
        return answer

    def _ended(self) -> Exception:
        """Why the process gave no answer."""
        code = self._process.wait()
        if code >= 0:
            return RuntimeError(f"the reader of workbooks ended with {code}")
        return FileRefused(
            UnreadableFile(Found.TOO_DEMANDING if -code in _TOO_DEMANDING else Found.DAMAGED)
        )


def _record(number: int, row: _Row) -> Sequence[str] | BadRow:
    if isinstance(row, str):
        return BadRow(number, Fault.CELL_TOO_LONG, None, row)
    return [cell if isinstance(cell, str) else DateCell(cell[0]) for cell in row]


def _serve(path: Path, limits: Limits, asked: IO[bytes], answers: IO[bytes]) -> None:
    """Answer for as long as somebody asks."""

    def say(answer: _Answer) -> None:
        answers.write(msgspec.json.encode(answer) + b"\n")
        answers.flush()

    try:
        with Workbook(path, limits) as book:
            say(_Opened(book.sheets, book.visible))
            records: Iterator[Record] = iter(())
            for line in asked:
                sheet = msgspec.json.decode(line, type=str | None)
                if sheet is not None:
                    records = book.rows(sheet)
                say(_Rows(_some(records)))
    except FileRefused as refused:
        match refused.refusal:
            case UnpackedTooLarge(what, found, limit):
                say(_TooLarge(what, found, limit))
            case UnreadableFile(what):
                say(_Refused(what))
            case _:
                raise
    except MemoryError:
        say(_Refused(Found.TOO_DEMANDING))


def _some(records: Iterator[Record]) -> list[_Row]:
    rows: list[_Row] = []
    chars = 0
    for _, cells in records:
        if isinstance(cells, BadRow):
            rows.append(cells.value)
        else:
            rows.append([cell if type(cell) is str else (str(cell),) for cell in cells])
            chars += sum(map(len, cells))
        if len(rows) == _ROWS_AT_ONCE or chars > _CHARS_AT_ONCE:
            break
    return rows


def _bound(kind: int, most: int) -> None:
    """Let the system end this process where it asks for more."""
    _, allowed = resource.getrlimit(kind)
    bound = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
    resource.setrlimit(kind, (bound, bound))


def _main(path: str, how: str) -> None:
    limits = msgspec.json.decode(how, type=Limits)
    _bound(resource.RLIMIT_AS, limits.memory_bytes)
    _bound(resource.RLIMIT_CPU, limits.processor_s)
    _bound(resource.RLIMIT_CORE, 0)
    _serve(Path(path), limits, sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    _main(*sys.argv[1:])
