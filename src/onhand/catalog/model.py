"""SKU codes and statuses."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

LONGEST_CODE = 128  # characters


class Status(StrEnum):
    """Whether a SKU is sold, kept but not sold, or no longer known."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    UNREGISTERED = "unregistered"


def normalise(code: str) -> str:
    """The one form of a SKU code or alias: `strip` and `lower`; nothing else is folded."""
    return code.strip().lower()


def is_valid_code(code: str) -> bool:
    """Whether a normalised code can name a SKU: 1–128 printable characters."""
    return 0 < len(code) <= LONGEST_CODE and code.isprintable()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Base of the catalog's refusals; the fields are the facts."""

    code: ClassVar[str]


@dataclass(frozen=True, slots=True)
class InvalidSkuCode(Refusal):
    """The code is empty, too long or has control characters."""

    code: ClassVar[str] = "invalid_sku_code"
    sku: str
    longest: int = LONGEST_CODE


@dataclass(frozen=True, slots=True)
class SkuExists(Refusal):
    """A registered SKU already has this code."""

    code: ClassVar[str] = "sku_exists"
    sku: str


@dataclass(frozen=True, slots=True)
class SkuNotFound(Refusal):
    """No registered SKU or alias has this code."""

    code: ClassVar[str] = "unknown_sku"
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AliasTaken(Refusal):
    """The alias already means another SKU, or is one."""

    code: ClassVar[str] = "alias_taken"
    alias: str
    sku: str
