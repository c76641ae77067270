"""What the values of a request may be; one implementation for every way in."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from onhand.access.model import LONGEST_NAME, is_valid_name
from onhand.catalog.model import LONGEST_CODE, is_valid_code, normalise
from onhand.catalog.model.stores import LONGEST_STORE_ID

MOST_UNITS = 1_000_000_000  # of one line
LONGEST_TEXT = 500  # characters
LONGEST_KEY = 255  # characters
LARGEST_PAGE = 1000

_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII
)
_KEY = re.compile(r"[\x20-\x7e]{1,255}")


def read_code(raw: str) -> str:
    """A SKU code or alias in its one form.

    Raises:
        ValueError: it cannot be a code; the text says why.
    """
    code = normalise(raw)
    if not is_valid_code(code):
        raise ValueError(f"a code has 1 to {LONGEST_CODE} characters and no control characters")
    return code


def read_name(raw: str) -> str:
    """An id or name given by the caller, unchanged.

    Raises:
        ValueError: it cannot be a name; the text says why.
    """
    if not is_valid_name(raw):
        raise ValueError(
            f"1 to {LONGEST_NAME} characters, no control characters, no spaces around it"
        )
    return raw


def read_text(raw: str) -> str:
    """A line of free text, without the space around it.

    Raises:
        ValueError: it is empty, too long or has control characters.
    """
    text = raw.strip()
    if not 0 < len(text) <= LONGEST_TEXT or not text.isprintable():
        raise ValueError(f"1 to {LONGEST_TEXT} characters, no control characters or line breaks")
    return text


def read_moment(raw: object) -> datetime:
    """A moment with its zone (ISO 8601), in UTC.

    Raises:
        ValueError: it is no moment, has no zone, or lies outside the years 1 to 9999.
    """
    if not isinstance(raw, str) or not _MOMENT.fullmatch(raw):
        raise ValueError("a moment looks like 2026-11-22T10:30:00+09:00")
    moment = datetime.fromisoformat(raw.upper())
    if moment.tzinfo is None:
        raise ValueError("a moment needs its zone: append Z or an offset like +09:00")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the years are 1 to 9999") from error


def read_query_moment(raw: object) -> object:
    """A moment from a query string, where an unescaped `+` has arrived as a space."""
    return re.sub(r" (\d\d:\d\d)$", r"+\1", raw) if isinstance(raw, str) else raw


def is_key(raw: str) -> bool:
    """Whether this can be an idempotency key: 1 to 255 printable ASCII characters."""
    return _KEY.fullmatch(raw) is not None


# Coarser than the rules above: no control characters, and something other than space.
_CONTROLS = r"\u0000-\u001f\u007f-\u009f"
_TEXT_PATTERN = rf"^[^{_CONTROLS}]*[^\s{_CONTROLS}][^{_CONTROLS}]*$"
CODE_SCHEMA: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": LONGEST_CODE,
    "pattern": _TEXT_PATTERN,
}
NAME_SCHEMA: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": LONGEST_NAME,
    "pattern": rf"^[^\s{_CONTROLS}]([^{_CONTROLS}]*[^\s{_CONTROLS}])?$",
}
STORE_SCHEMA: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": LONGEST_STORE_ID,
    "pattern": "^[a-z0-9-]+$",
    "description": "The id of a store, as the merchant chose it.",
    "examples": ["rakuten-tokyo"],
}
_MOMENT_SCHEMA = {"type": "string", "format": "date-time"}

SkuCode = Annotated[
    str,
    AfterValidator(read_code),
    WithJsonSchema(
        {
            **CODE_SCHEMA,
            "description": "A SKU code or alias, in any case; spaces around it do not count.",
            "examples": ["ce1111"],
        }
    ),
]
Name = Annotated[str, AfterValidator(read_name), WithJsonSchema(NAME_SCHEMA)]
Location = Annotated[
    str,
    AfterValidator(read_name),
    WithJsonSchema({**NAME_SCHEMA, "description": "The id of a location.", "examples": ["main"]}),
]
StoreId = Annotated[str, Field(max_length=1000), WithJsonSchema(STORE_SCHEMA)]
FreeText = Annotated[
    str,
    AfterValidator(read_text),
    WithJsonSchema({**CODE_SCHEMA, "maxLength": LONGEST_TEXT}),
]
Moment = Annotated[datetime, BeforeValidator(read_moment), WithJsonSchema(_MOMENT_SCHEMA)]
QueryMoment = Annotated[
    datetime,
    BeforeValidator(read_moment),
    BeforeValidator(read_query_moment),
    WithJsonSchema(_MOMENT_SCHEMA),
]
Units = Annotated[int, Field(strict=True, ge=1, le=MOST_UNITS, description="Whole units.")]
UnitsOrNone = Annotated[int, Field(strict=True, ge=0, le=MOST_UNITS, description="Whole units.")]
QueryUnits = Annotated[int, Field(ge=1, le=MOST_UNITS, description="Whole units.")]
PageSize = Annotated[int, Field(ge=1, le=LARGEST_PAGE, description="Entries a page.")]
