"""The reader's language: texts from the catalogs, numbers and moments as they are written there."""

import gettext
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Protocol

from babel import Locale
from babel import dates as babel_dates
from babel import numbers as babel_numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.units import format_unit

from onhand.web.messages import Language

FOLDER = Path(__file__).parent / "locale"
# English stands in the source; the others are translated from it.
TRANSLATED: tuple[Language, ...] = ("ja", "zh")
NAMES: dict[Language, str] = {"ja": "日本語", "zh": "中文", "en": "English"}
_LOCALES = {"ja": Locale("ja"), "zh": Locale("zh", script="Hans"), "en": Locale("en")}
_SHORT = {"ja": "M月d日 HH:mm", "zh": "M月d日 HH:mm", "en": "d MMM, HH:mm"}
_LONG = {"ja": "y/MM/dd HH:mm:ss", "zh": "y/MM/dd HH:mm:ss", "en": "d MMM y, HH:mm:ss"}


class Text(Protocol):
    """`gettext`, bound to a language."""

    def __call__(self, message: str, /) -> str:
        """The message in that language."""


def mark(message: str) -> str:
    """A message that is to be translated where it is shown: the catalogs take it up."""
    return message


@cache
def catalog(language: Language) -> gettext.NullTranslations:
    """All texts of a language; those of each part of the console lie in a file of their own."""
    merged = gettext.NullTranslations()
    for file in sorted((FOLDER / language / "LC_MESSAGES").glob("*.po")):
        with file.open("rb") as source:
            parsed = read_po(source, locale=language)
        compiled = BytesIO()
        write_mo(compiled, parsed)
        compiled.seek(0)
        part = gettext.GNUTranslations(compiled)
        part.add_fallback(merged)
        merged = part
    return merged


@dataclass(frozen=True, slots=True)
class Reader:
    """In which language and time zone somebody reads, and how things are written there."""

    language: Language
    zone: tzinfo

    def gettext(self, message: str) -> str:
        """The message in the reader's language."""
        return catalog(self.language).gettext(message)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """The message that suits the number."""
        return catalog(self.language).ngettext(singular, plural, number)

    def number(self, value: float | None) -> str:
        """A number with its separators; a dash for none."""
        if value is None:
            return "–"
        return babel_numbers.format_decimal(value, locale=self._locale).replace("-", "−")

    def signed(self, value: int) -> str:
        """A change: `+5`, `−3`, `±0`."""
        sign = "+" if value > 0 else "−" if value < 0 else "±"
        return sign + self.number(abs(value))

    def percent(self, share: float | None) -> str:
        """A share (1.0 is all) in per cent."""
        if share is None:
            return "–"
        return babel_numbers.format_percent(share, locale=self._locale)

    def moment(self, value: datetime | None) -> str:
        """Day, hour and minute in the reader's zone, without the year."""
        if value is None:
            return "–"
        return self._written(value, _SHORT[self.language])

    def exactly(self, value: datetime | None) -> str:
        """The moment to the second, with the year."""
        if value is None:
            return "–"
        return self._written(value, _LONG[self.language])

    def day(self, value: date | None) -> str:
        """A day; of a moment, the day it is in the reader's zone."""
        if value is None:
            return "–"
        shown = value.astimezone(self.zone).date() if isinstance(value, datetime) else value
        return babel_dates.format_date(shown, format="medium", locale=self._locale)

    def ago(self, value: datetime, *, now: datetime) -> str:
        """How long before (or after) now, in one unit."""
        return babel_dates.format_timedelta(
            value - now, add_direction=True, threshold=1.0, format="short", locale=self._locale
        )

    def duration(self, seconds: float | None) -> str:
        """A length of time in one unit."""
        if seconds is None:
            return "–"
        if seconds < 10:
            return format_unit(round(seconds, 1), "second", "short", locale=self._locale)
        length = timedelta(seconds=seconds)
        return babel_dates.format_timedelta(
            length, threshold=1.0, format="short", locale=self._locale
        )

    @property
    def _locale(self) -> Locale:
        return _LOCALES[self.language]

    def _written(self, value: datetime, pattern: str) -> str:
        local = value.astimezone(self.zone)
        return babel_dates.format_datetime(local, pattern, locale=self._locale)
