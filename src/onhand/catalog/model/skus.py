"""SKU codes, what is kept about a SKU, and why a change is refused."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from onhand.access.model import Refusal, has_control_characters

LONGEST_CODE = 128  # characters
LONGEST_NAME = 255
LONGEST_URL = 2048
LONGEST_ATTRIBUTE_NAME = 64
LONGEST_ATTRIBUTE = 1000
MOST_ATTRIBUTES = 50
MOST_ALIASES = 50
MOST_SKUS = 1000  # in one command


class Status(StrEnum):
    """Whether a SKU is sold, kept but not sold, or no longer known."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    UNREGISTERED = "unregistered"


def normalise(code: str) -> str:
    """The one form of a SKU code or alias: `strip` and `lower`; nothing else is folded."""
    return code.strip().lower()


def fold(text: str) -> str:
    """A text as searches compare it: full-width forms, ligatures and case make no difference."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def search_text(code: str, name: str, aliases: Iterable[str]) -> str:
    """What a search for a part of a SKU's code, name or aliases looks in; no search spans two."""
    return "\n".join(fold(text) for text in (normalise(code), name, *map(normalise, aliases)))


def is_valid_code(code: str) -> bool:
    """Whether a normalised code can name a SKU: 1–128 printable characters."""
    return 0 < len(code) <= LONGEST_CODE and code.isprintable()


@dataclass(frozen=True, slots=True)
class NewSku:
    """A SKU to be registered; `code` and `aliases` as people write them."""

    code: str
    name: str = ""
    image_url: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    status: Status = Status.ACTIVE


@dataclass(frozen=True, slots=True)
class SkuChange:
    """What is to become of a SKU; None leaves a value as it is, an empty `image_url` removes it.

    `attributes` replaces all of them.
    """

    code: str
    name: str | None = None
    image_url: str | None = None
    attributes: Mapping[str, str] | None = None
    status: Status | None = None


@dataclass(frozen=True, slots=True)
class NewAlias:
    """Another code that shall mean this SKU."""

    sku: str
    alias: str


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


@dataclass(frozen=True, slots=True)
class AliasNotFound(Refusal):
    """The SKU has no such alias."""

    code: ClassVar[str] = "unknown_alias"
    alias: str
    sku: str


@dataclass(frozen=True, slots=True)
class InvalidSkuField(Refusal):
    """A name, image URL, attribute or status that cannot be kept; `why` says what it must be."""

    code: ClassVar[str] = "invalid_sku_field"
    sku: str
    field: str
    why: str


@dataclass(frozen=True, slots=True)
class TooManySkus(Refusal):
    """More SKUs than one command takes, or none."""

    code: ClassVar[str] = "too_many_skus"
    asked: int
    limit: int = MOST_SKUS


def check_new_skus(skus: Sequence[NewSku]) -> Refusal | None:
    """Why these SKUs cannot be registered together, whatever is registered already."""
    if not 1 <= len(skus) <= MOST_SKUS:
        return TooManySkus(len(skus))
    seen: dict[str, str] = {}  # a code or alias of this command, and the SKU it names
    for new in skus:
        code = normalise(new.code)
        refused = _check_names(code, new.aliases) or _check_fields(
            code, new.name, new.image_url, new.attributes
        )
        if refused is not None:
            return refused
        if new.status is Status.UNREGISTERED:
            return InvalidSkuField(code, "status", "must be active or inactive")
        if code in seen:
            return SkuExists(code) if seen[code] == code else AliasTaken(code, seen[code])
        seen[code] = code
        for alias in map(normalise, new.aliases):
            if alias in seen:
                return AliasTaken(alias, seen[alias])
            seen[alias] = code
    return None


def check_change(change: SkuChange) -> Refusal | None:
    """Why these values cannot be kept."""
    code = normalise(change.code)
    if not is_valid_code(code):
        return SkuNotFound((code,))
    if change.status is Status.UNREGISTERED:
        return InvalidSkuField(code, "status", "must be active or inactive; remove the SKU instead")
    return _check_fields(code, change.name or "", change.image_url, change.attributes or {})


def _check_names(code: str, aliases: Sequence[str]) -> Refusal | None:
    if not is_valid_code(code):
        return InvalidSkuCode(code)
    if len(aliases) > MOST_ALIASES:
        return InvalidSkuField(code, "aliases", f"must be at most {MOST_ALIASES}")
    for alias in map(normalise, aliases):
        if not is_valid_code(alias):
            return InvalidSkuCode(alias)
    return None


def _check_fields(
    code: str, name: str, image_url: str | None, attributes: Mapping[str, str]
) -> Refusal | None:
    if len(name) > LONGEST_NAME or has_control_characters(name):
        why = f"must be at most {LONGEST_NAME} characters without control characters"
        return InvalidSkuField(code, "name", why)
    if image_url and not is_web_address(image_url):
        why = f"must be an http or https address of at most {LONGEST_URL} characters"
        return InvalidSkuField(code, "image_url", why)
    if len(attributes) > MOST_ATTRIBUTES:
        return InvalidSkuField(code, "attributes", f"must be at most {MOST_ATTRIBUTES}")
    for key, value in attributes.items():
        if not 0 < len(key) <= LONGEST_ATTRIBUTE_NAME or has_control_characters(key):
            why = f"names must be 1 to {LONGEST_ATTRIBUTE_NAME} characters"
            return InvalidSkuField(code, "attributes", why)
        if len(value) > LONGEST_ATTRIBUTE or has_control_characters("".join(value.split())):
            why = f"values must be at most {LONGEST_ATTRIBUTE} characters of text"
            return InvalidSkuField(code, "attributes", why)
    return None


def is_web_address(url: str) -> bool:
    """Whether a text is an http or https address that can be kept."""
    return (
        url.lower().startswith(("http://", "https://"))
        and len(url) <= LONGEST_URL
        and url.isprintable()
        and " " not in url
    )
