"""Listings: their keys, which SKU they mean, and why a mapping is refused."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from onhand.access.model import Refusal, has_control_characters
from onhand.catalog.model.skus import LONGEST_NAME, is_web_address, normalise
from onhand.catalog.model.stores import Platform

MOST_TERMS = 8

# Runs of one kind of writing: Japanese names have no spaces between their words.
_TERM = re.compile(r"[a-z]{2,}|[0-9]{2,}|[ァ-ヶー]{2,}|[一-龥々]+|[ぁ-ん]{3,}")


@dataclass(frozen=True, slots=True)
class ListingMapping:
    """A listing that shall mean a SKU, by its code or an alias.

    `replace` lets go of another SKU the listing means now.
    """

    listing: str
    sku: str
    replace: bool = False


@dataclass(frozen=True, slots=True)
class ListingNotFound(Refusal):
    """The store has no such listing."""

    code: ClassVar[str] = "unknown_listing"
    listing: str


@dataclass(frozen=True, slots=True)
class ListingMapped(Refusal):
    """The listing means another SKU already."""

    code: ClassVar[str] = "listing_mapped"
    listing: str
    sku: str


@dataclass(frozen=True, slots=True)
class ListingKnown:
    """What is stored of a listing, as far as a new sight of it may change it."""

    listing_id: str
    sku_id: str | None
    mapped_by: str | None
    name: str
    image_url: str | None
    codes: tuple[str, ...]
    is_sold: bool
    is_missing: bool
    updated_at: datetime


def exact_key(platform: Platform, item: str, variant: str) -> tuple[str, str]:
    """The one form of a listing's key: Rakuten folds the case of items and not of variants."""
    match platform:
        case Platform.RAKUTEN:
            return (item.lower(), variant)


def can_be_kept(*texts: str) -> bool:
    """Whether a database can keep these texts as they are."""
    return not any(map(has_control_characters, texts))


def clean_name(name: str) -> str:
    """A shop's name for something, as it can be kept: no control characters, not too long."""
    return "".join(c for c in name if c == " " or not has_control_characters(c))[:LONGEST_NAME]


def clean_image(url: str | None) -> str | None:
    """The address of an image, None where it is none."""
    return url if url and is_web_address(url) else None


def choose_sku(codes: Sequence[str], known: Mapping[str, str]) -> str | None:
    """The SKU a listing with these codes means: the only one that any of them names.

    `known` maps normalised codes and aliases to SKU ids.
    """
    named = {known[code] for code in map(normalise, codes) if code in known}
    return named.pop() if len(named) == 1 else None


def fold(text: str) -> str:
    """A text for comparing names: one width and one case."""
    return unicodedata.normalize("NFKC", text).casefold()


def terms(name: str) -> list[str]:
    """The words of a name worth looking for, longest first, at most eight."""
    found = dict.fromkeys(_TERM.findall(fold(name)))
    return sorted(found, key=len, reverse=True)[:MOST_TERMS]


def likeness(one: str, other: str) -> float:
    """How alike two names are, 0 … 1: the share of character pairs they have in common."""
    first, second = _pairs(one), _pairs(other)
    if not first or not second:
        return 0.0
    return 2 * len(first & second) / (len(first) + len(second))


def _pairs(text: str) -> set[str]:
    letters = "".join(character for character in fold(text) if character.isalnum())
    return {letters[at : at + 2] for at in range(len(letters) - 1)}
