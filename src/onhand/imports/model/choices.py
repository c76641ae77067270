"""What a person may decide about the reading of a file, and how large it may be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a column means to us."""

    SKU = "sku"
    QUANTITY = "quantity"
    MANAGE_NUMBER = "manage_number"
    NAME = "name"
    IMAGE = "image"
    STORE = "store"
    COLOUR = "colour"
    SIZE = "size"
    VARIANT = "variant"
    SYSTEM_SKU = "system_sku"
    ITEM_NUMBER = "item_number"


class SkuFrom(StrEnum):
    """Which column becomes the SKU code."""

    AUTO = "auto"
    VARIANT = "variant"
    SYSTEM_SKU = "system_sku"
    ITEM_NUMBER = "item_number"
    MANAGE_NUMBER = "manage_number"
    MANAGE_AND_VARIANT = "manage_and_variant"
    COMPOSED = "composed"


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person has decided; whatever is left out is found in the file.

    `mapping` names the header of a role. `compose` is a rule such as `{sku}-{colour}-{size}` and
    makes the code by itself. `skip_no_sku` False makes a row without a SKU a bad one.
    `narrow_codes` turns full-width letters and digits of codes into the usual ones.
    `likely_encoding` settles what the bytes leave open, and `shop_code` is the Rakuten shop whose
    pictures the paths mean; both are known of the store.
    """

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    mapping: Mapping[Role, str] = field(default_factory=dict)
    sku_from: SkuFrom = SkuFrom.AUTO
    compose: str | None = None
    skip_no_sku: bool = True
    narrow_codes: bool = False
    likely_encoding: str | None = None
    shop_code: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be: bytes, rows below the header, characters of one cell.

    `unpacked_bytes` is what an XLSX file may hold once unpacked; `memory_bytes` and `processor_s`
    are what reading it may take.
    """

    file_bytes: int
    rows: int
    cell_chars: int
    unpacked_bytes: int
    memory_bytes: int = 2_000_000_000
    processor_s: int = 120
