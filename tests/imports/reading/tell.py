"""Reads a file and tells what became of each row, in one line each."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onhand.imports.model.choices import Choices, Limits
from onhand.imports.model.facts import FileFacts
from onhand.imports.model.refusals import FileRefused
from onhand.imports.model.rows import BadRow, FileRow, SkippedRow, Taken
from onhand.imports.readers.opening import FileSource, open_file, open_workbook
from onhand.imports.readers.spreadsheets import Workbook

LIMITS = Limits(file_bytes=10_000_000, rows=100_000, cell_chars=2_000, unpacked_bytes=50_000_000)
NOTHING_CHOSEN = Choices()


def read(
    path: Path, choices: Choices = NOTHING_CHOSEN, limits: Limits = LIMITS
) -> tuple[FileFacts, list[Taken]]:
    """What the file is, and all its rows."""
    with opened(path, choices, limits) as source:
        return source.facts, list(source.rows())


@contextmanager
def opened(path: Path, choices: Choices, limits: Limits) -> Iterator[FileSource]:
    """The file, read in this process, also where it is a workbook."""
    if path.read_bytes().startswith(b"PK"):
        with Workbook(path, limits) as book:
            yield open_workbook(book, choices, limits)
    else:
        with open_file(path, name=path.name, choices=choices, limits=limits) as source:
            yield source


def refusal(path: Path, choices: Choices = NOTHING_CHOSEN, limits: Limits = LIMITS) -> object:
    """Why the file is refused, None when it is not."""
    try:
        read(path, choices, limits)
    except FileRefused as refused:
        return refused.refusal
    return None


def tell(row: Taken) -> str:
    """What became of a row."""
    match row:
        case SkippedRow():
            return f"{row.line} skipped {row.reason} {row.manage_number or ''}".rstrip()
        case BadRow():
            return f"{row.line} bad {row.fault} {row.column or '-'}"
        case FileRow():
            units = "-" if row.quantity_units is None else str(row.quantity_units)
            rest = {
                "name": row.name,
                "image_url": row.image_url,
                "listing": "/".join(row.listing or ()),
                "store": row.store,
                "aliases": "/".join(row.aliases),
            }
            words = [f"{name}={_short(text)}" for name, text in rest.items() if text]
            return " | ".join([str(row.line), _short(row.code), units, *words])


def _short(text: str) -> str:
    return f"{text[0]}*{len(text)}" if len(text) > 100 else text
