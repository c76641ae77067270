"""Opens a merchant's file: finds out what it is, and reads its rows one by one."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from onhand.access.model import Refusal
from onhand.imports.model.choices import Choices, Limits, Role
from onhand.imports.model.columns import ALIASES, duplicates
from onhand.imports.model.facts import Evidence, EvidenceCode, FileFacts, Form, Layout
from onhand.imports.model.layout import FIRST_ROWS, HeaderFound, find_header
from onhand.imports.model.reading import row_reader
from onhand.imports.model.refusals import (
    FileRefused,
    FileTooLarge,
    Found,
    NoSkuColumn,
    TooManyRows,
    UnreadableFile,
)
from onhand.imports.model.rows import BadRow, Taken
from onhand.imports.readers.apart import Waiting, WorkbookApart
from onhand.imports.readers.delimited import Record, read_records
from onhand.imports.readers.delimiters import (
    FirstRow,
    detect_delimiter,
    first_rows,
    read_head,
)
from onhand.imports.readers.encodings import Encoding, detect_encoding
from onhand.imports.readers.spreadsheets import Workbook

MOST_SHEETS = 10  # that are looked into for a header
_PATIENTLY = Waiting()

_PACKAGE = b"PK\x03\x04"
_SIGNATURES = (
    (b"PK\x05\x06", Found.EMPTY),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Found.OLD_EXCEL),
    (b"%PDF-", Found.PDF),
    (b"\x1f\x8b", Found.GZIP),
)
_HTML = (b"<!doctype html", b"<html", b"<table", b"<?xml", b"<head", b"<meta")


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file that can be read: what it is, and its rows, as often as they are wanted."""

    facts: FileFacts
    choices: Choices
    limits: Limits
    found: HeaderFound
    records: Callable[[], Iterator[Record]]

    def rows(self) -> Iterator[Taken]:
        """Every row below the header, in the order of the file; none is left out.

        Raises:
            FileRefused: there are more rows than are taken, or too many with broken quotes.
        """
        read = row_reader(self.found.table, self.choices).read
        header_line, most = self.facts.header_line, self.limits.rows
        count = 0
        for line, cells in self.records():
            if line <= header_line:
                continue
            count += 1
            if count > most:
                raise FileRefused(TooManyRows(most))
            yield cells if isinstance(cells, BadRow) else read(line, cells)


@contextmanager
def open_file(
    path: Path, *, name: str, choices: Choices, limits: Limits, waiting: Waiting = _PATIENTLY
) -> Iterator[FileSource]:
    """What a file is and its rows; `name` is what the person called it.

    Raises:
        FileRefused: it cannot be read, or is larger than is taken.
    """
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise FileRefused(FileTooLarge(size, limits.file_bytes))
    with path.open("rb") as file:
        start = file.read(1024)
    if start.startswith(_PACKAGE):
        with WorkbookApart(path, limits, waiting) as book:
            yield open_workbook(book, choices, limits)
    else:
        _check_is_text(start)
        yield _open_text(path, name=name, choices=choices, limits=limits)


def _check_is_text(start: bytes) -> None:
    if not start.strip():
        raise FileRefused(UnreadableFile(Found.EMPTY))
    for signature, found in _SIGNATURES:
        if start.startswith(signature):
            raise FileRefused(UnreadableFile(found))
    if start.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_HTML):
        raise FileRefused(UnreadableFile(Found.HTML))


@dataclass(frozen=True, slots=True)
class _Form:
    """How the file holds its table, and its first rows."""

    form: Form
    rows: Sequence[FirstRow]
    evidence: tuple[Evidence, ...]
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = ()


def _open_text(path: Path, *, name: str, choices: Choices, limits: Limits) -> FileSource:
    encoding = detect_encoding(path, choices)
    with _open_lines(path, encoding) as lines:
        head = read_head(lines)
    delimiter, why = detect_delimiter(head, name=name, choices=choices)
    form = _Form(
        Form.TSV if delimiter == "\t" else Form.CSV,
        first_rows(head, delimiter),
        (*encoding.evidence, why),
        encoding.name,
        delimiter,
    )

    def records() -> Iterator[Record]:
        with _open_lines(path, encoding) as lines:
            yield from read_records(
                lines,
                delimiter=delimiter,
                cell_chars=limits.cell_chars,
                is_strict=encoding.is_strict,
            )

    found = find_header([cells for _, cells in form.rows], choices)
    if not isinstance(found, HeaderFound):
        raise FileRefused(found)
    return FileSource(_facts(form, found), choices, limits, found, records)


def _open_lines(path: Path, encoding: Encoding) -> io.TextIOWrapper:
    # A byte order mark is taken off whether or not it was announced.
    name = "utf-8-sig" if encoding.name == "utf-8" else encoding.name
    errors = "strict" if encoding.is_strict else "replace"
    return path.open("r", encoding=name, errors=errors, newline="")


def open_workbook(book: Workbook | WorkbookApart, choices: Choices, limits: Limits) -> FileSource:
    """The first sheet of a workbook that has a header, or the chosen one.

    Raises:
        FileRefused: it cannot be read.
    """
    refused: Refusal = NoSkuColumn((), ALIASES[Role.SKU])
    wanted = (choices.sheet,) if choices.sheet else book.visible[:MOST_SHEETS]
    for name in wanted:
        records = islice(book.rows(name), FIRST_ROWS)
        first = [(line, cells) for line, cells in records if not isinstance(cells, BadRow)]
        found = find_header([cells for _, cells in first], choices)
        if isinstance(found, HeaderFound):
            code = EvidenceCode.CHOSEN if choices.sheet else EvidenceCode.SHEET_WITH_HEADER
            why = (Evidence(code, {"sheet": name}),)
            form = _Form(Form.XLSX, first, why, sheet=name, sheets=book.sheets)
            facts = _facts(form, found)
            return FileSource(facts, choices, limits, found, partial(book.rows, name))
        if not isinstance(refused, NoSkuColumn) or not refused.header:
            refused = found
    raise FileRefused(refused)


def _facts(form: _Form, found: HeaderFound) -> FileFacts:
    line, cells = form.rows[found.row]
    table = found.table
    evidence = [*form.evidence]
    header_line = {"line": line, "known": len(table.columns), "columns": len(table.header)}
    evidence.append(Evidence(EvidenceCode.HEADER_LINE, header_line))
    evidence += [Evidence(EvidenceCode.DUPLICATE_HEADER, {"name": n}) for n in duplicates(cells)]
    if table.layout is not Layout.PLAIN:
        evidence.append(Evidence(EvidenceCode.LAYOUT_COLUMNS, {"layout": table.layout.value}))
    return FileFacts(
        form=form.form,
        encoding=form.encoding,
        delimiter=form.delimiter,
        sheet=form.sheet,
        sheets=form.sheets,
        evidence=tuple(evidence),
        layout=table.layout,
        header_line=line,
        header=table.header,
        mapping={role: table.header[place] for role, place in table.columns.items()},
        ignored_prices=table.prices,
        unused=table.unused,
        sku_from=table.sku_from,
        compose=table.compose,
    )
