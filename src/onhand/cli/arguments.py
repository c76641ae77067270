"""What people write on the command line, read by the rules of the API (`web.fields`)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

import typer

from onhand.stock.model.events import Reference, ReferenceType
from onhand.web.fields import (
    MOST_UNITS,
    is_key,
    read_code,
    read_moment,
    read_name,
    read_text,
)

Value = TypeVar("Value")


def parse_code(written: str) -> str:
    """A SKU code or alias in its one form.

    Raises:
        BadParameter: it cannot be a code.
    """
    return _read(read_code, written)


def parse_name(written: str) -> str:
    """An id or name, unchanged.

    Raises:
        BadParameter: it cannot be a name.
    """
    return _read(read_name, written)


def parse_text(written: str | None) -> str | None:
    """A line of free text, None if none was given.

    Raises:
        BadParameter: it is empty, too long or has control characters.
    """
    return None if written is None else _read(read_text, written)


def parse_location(written: str | None) -> str | None:
    """The id of a location, None if none was given.

    Raises:
        BadParameter: it cannot be one.
    """
    return None if written is None else _read(read_name, written)


def parse_moment(written: str) -> datetime:
    """A moment with its zone, such as `2026-11-22T15:00:00+09:00`, in UTC.

    Raises:
        BadParameter: it is no moment, or has no zone.
    """
    return _read(read_moment, written)


def parse_key(written: str | None) -> str | None:
    """An idempotency key, None if none was given.

    Raises:
        BadParameter: it cannot be one.
    """
    if written is not None and not is_key(written):
        raise typer.BadParameter("a key has 1 to 255 printable ASCII characters")
    return written


def parse_units(written: str, *, least: int = 1) -> int:
    """Whole units, `least` or more.

    Raises:
        BadParameter: it is no such number.
    """
    is_number = written.isascii() and written.isdigit() and len(written) <= len(str(MOST_UNITS))
    if not is_number or not least <= int(written) <= MOST_UNITS:
        raise typer.BadParameter(
            f"{written[:40]!r} must be a whole number from {least} to {MOST_UNITS}"
        )
    return int(written)


def parse_lines(written: Sequence[str], *, least: int = 1) -> list[tuple[str, int]]:
    """Lines such as `ce1111=3`: a code and its units.

    Raises:
        BadParameter: one of them is not of that form.
    """
    lines = []
    for line in written:
        code, equals, units = line.rpartition("=")
        if not equals:
            raise typer.BadParameter(f"{line[:80]!r} is not of the form SKU=UNITS")
        lines.append((parse_code(code), parse_units(units, least=least)))
    return lines


def parse_reference(written: str) -> Reference:
    """A business reference such as `order:1001`.

    Raises:
        BadParameter: its type is unknown or its id cannot be one.
    """
    kind, _, number = written.partition(":")
    kinds = [kind.value for kind in ReferenceType]
    if kind not in kinds:
        raise typer.BadParameter(
            f"{written[:80]!r} is not TYPE:ID such as order:1001; types: {', '.join(kinds)}"
        )
    return Reference(ReferenceType(kind), parse_name(number))


def _read(read: Callable[[str], Value], written: str) -> Value:
    try:
        return read(written)
    except ValueError as error:
        raise typer.BadParameter(f"{written[:80]!r}: {error}") from error
