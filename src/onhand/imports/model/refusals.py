"""Why a whole file cannot be read: a stable `code` and the facts."""

from dataclasses import dataclass
from typing import ClassVar

from onhand.access.model import Refusal


class FileRefused(Exception):
    """The file cannot be read, or not any further; `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class FileTooLarge(Refusal):
    """The file has more bytes than are taken."""

    code: ClassVar[str] = "file_too_large"
    size_bytes: int
    limit_bytes: int


@dataclass(frozen=True, slots=True)
class TooManyRows(Refusal):
    """The file has more rows below its header than are taken."""

    code: ClassVar[str] = "too_many_rows"
    limit: int


@dataclass(frozen=True, slots=True)
class UnreadableFile(Refusal):
    """The bytes are no table that we read; `found` says what they look like.

    `found` is empty, old_excel (or one with a password), pdf, html, gzip, binary, damaged,
    broken_quotes or too_demanding (of memory or time); `line` is where it was noticed, None when no
    line is meant.
    """

    code: ClassVar[str] = "unreadable_file"
    found: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class UnpackedTooLarge(Refusal):
    """An XLSX file would unpack to more than is taken; `what` is bytes, ratio, entries or cells."""

    code: ClassVar[str] = "unpacked_too_large"
    what: str
    found: int
    limit: int


@dataclass(frozen=True, slots=True)
class UnknownEncoding(Refusal):
    """The chosen encoding is none that we read; `known` are those."""

    code: ClassVar[str] = "unknown_encoding"
    encoding: str
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnknownDelimiter(Refusal):
    """The chosen delimiter is none that we read; `known` are those."""

    code: ClassVar[str] = "unknown_delimiter"
    delimiter: str
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnknownSheet(Refusal):
    """The workbook has no sheet of this name; `known` are those it has."""

    code: ClassVar[str] = "unknown_sheet"
    sheet: str
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnknownColumn(Refusal):
    """The file has no column of the name chosen for `role`; `known` are those it has."""

    code: ClassVar[str] = "unknown_column"
    role: str
    column: str
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoSkuColumn(Refusal):
    """No row among the first names a column for the SKU code; `header` is what came nearest."""

    code: ClassVar[str] = "no_sku_column"
    header: tuple[str, ...]
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InvalidRule(Refusal):
    """The rule that composes a code is none, or names a column that the file has not."""

    code: ClassVar[str] = "invalid_code_rule"
    rule: str
    why: str
