"""What a command shows: tables or JSON on stdout, messages and progress on stderr."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

_PIPED_WIDTH = 200  # characters; a table that is not read on a screen need not be folded


class Terminal:
    """One command's way to speak; with `as_json` only machine output goes to stdout."""

    def __init__(self, *, as_json: bool) -> None:
        """Colours and bars appear only where somebody looks at them."""
        self.as_json = as_json
        self._out = _console(is_error=False)
        self._err = _console(is_error=True)

    def show(self, data: object, *views: RenderableType) -> None:
        """The command's result: `data` as one JSON document, or the views one below the other."""
        if self.as_json:
            sys.stdout.write(msgspec.json.encode(data).decode() + "\n")
            sys.stdout.flush()
            return
        for view in views:
            self._out.print(view)

    def say(self, message: str) -> None:
        """A message for the person, never part of the result."""
        self._err.print(text(message), soft_wrap=True)

    @contextmanager
    def progress(self, title: str, total: int | None) -> Iterator[Callable[[int], None]]:
        """A bar while the block runs; the function it gives is told how much is done so far."""
        is_silent = self.as_json or not self._err.is_terminal
        bar = Progress(
            TextColumn(title),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._err,
            transient=True,
            disable=is_silent,
        )
        with bar:
            task = bar.add_task(title, total=total)
            yield lambda done: bar.update(task, completed=done)


def _console(*, is_error: bool) -> Console:
    stream = sys.stderr if is_error else sys.stdout
    width = None if stream.isatty() else _PIPED_WIDTH
    return Console(stderr=is_error, width=width, highlight=False, markup=False, emoji=False)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """A plain table; columns of numbers are right-aligned, control characters are shown as �."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for index, name in enumerate(columns):
        numbers = bool(rows) and all(isinstance(row[index], int) for row in rows)
        made.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*(text(_cell(value)) for value in row))
    return made


def text(value: str) -> Text:
    """Text that cannot command the terminal, whatever somebody wrote into it."""
    return Text("".join(mark if mark.isprintable() else "�" for mark in value))


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
    return str(value)
