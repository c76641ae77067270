"""What was found out about a file, and by what evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from onhand.imports.model.choices import Role, SkuFrom


class Form(StrEnum):
    """How a file holds its table."""

    CSV = "csv"
    TSV = "tsv"
    XLSX = "xlsx"


class Layout(StrEnum):
    """Whose table it is: anybody's, or one of Rakuten's downloads.

    `rakuten_sku` is normal-item.csv, with item, option and SKU rows; `rakuten_item` and
    `rakuten_select` are item.csv and select.csv of the time before.
    """

    PLAIN = "plain"
    RAKUTEN_SKU = "rakuten_sku"
    RAKUTEN_ITEM = "rakuten_item"
    RAKUTEN_SELECT = "rakuten_select"


class EvidenceCode(StrEnum):
    """Why something about the file is believed."""

    CHOSEN = "chosen"
    BYTE_ORDER_MARK = "byte_order_mark"
    VALID_THROUGHOUT = "valid_throughout"
    NUL_PATTERN = "nul_pattern"
    HEADER_WORDS = "header_words"
    USUAL_CHARACTERS = "usual_characters"
    LIKELY_FOR_STORE = "likely_for_store"
    NOTHING_TELLS = "nothing_tells"
    UNDECODABLE_FROM = "undecodable_from"
    DELIMITER_FITS = "delimiter_fits"
    DELIMITER_LINE = "delimiter_line"
    SHEET_WITH_HEADER = "sheet_with_header"
    HEADER_LINE = "header_line"
    DUPLICATE_HEADER = "duplicate_header"
    LAYOUT_COLUMNS = "layout_columns"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation and its figures, to be told in the reader's language."""

    code: EvidenceCode
    values: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a file is and how its columns are read, before any row of it is.

    `header` holds the names by which `mapping` and a choice speak of columns: a name that comes
    twice is told apart as `name (2)`. `ignored_prices` are columns we never read by principle,
    `unused` those that mean nothing to us.
    """

    form: Form
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    sheets: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    layout: Layout
    header_line: int
    header: tuple[str, ...]
    mapping: Mapping[Role, str]
    ignored_prices: tuple[str, ...]
    unused: tuple[str, ...]
    sku_from: SkuFrom
    compose: str | None
