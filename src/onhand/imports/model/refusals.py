"""Why a whole file cannot be read: a stable `code` and the facts."""

from dataclasses import dataclass
from enum import StrEnum
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


class Found(StrEnum):
    """What the bytes of a file look like that cannot be read."""

    EMPTY = "empty"
    OLD_EXCEL = "old_excel"  # or a workbook with a password
    PDF = "pdf"
    HTML = "html"
    GZIP = "gzip"
    BINARY = "binary"
    DAMAGED = "damaged"
    BROKEN_QUOTES = "broken_quotes"
    TOO_DEMANDING = "too_demanding"  # of memory or time


@dataclass(frozen=True, slots=True)
class UnreadableFile(Refusal):
    """The bytes are no table that we read; `line` is where it was noticed, None if in none."""

    code: ClassVar[str] = "unreadable_file"
    found: Found
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


class RuleFault(StrEnum):
    """Why a text is no rule that composes a code."""

    TOO_LONG = "too_long"
    UNKNOWN_COLUMN = "unknown_column"
    UNPAIRED_BRACES = "unpaired_braces"
    NO_COLUMN = "no_column"


@dataclass(frozen=True, slots=True)
class InvalidRule(Refusal):
    """The text is no rule that composes a code; `known` are the columns that it can name."""

    code: ClassVar[str] = "invalid_code_rule"
    rule: str
    why: RuleFault
    known: tuple[str, ...]
