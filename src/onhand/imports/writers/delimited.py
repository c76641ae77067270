"""CSV as spreadsheets open it: UTF-8 with its mark, or CP932."""

import csv
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from io import SEEK_END, StringIO

from onhand.imports.model.cp932 import as_cp932
from onhand.imports.model.exports import Page
from onhand.imports.writers.cells import Sheet, as_text


class Encoding(StrEnum):
    """How a CSV file is encoded."""

    UTF_8 = "utf-8"
    CP932 = "cp932"


class Csv:
    """One file in the making; `replaced` characters so far could not be written as they are.

    CP932 cannot carry everything: a sign it has in another form takes that form (〜 becomes ～),
    anything else becomes a numeric reference such as `&#128512;`.
    """

    def __init__(self, sheet: Sheet, encoding: Encoding = Encoding.UTF_8) -> None:
        """Nothing is written yet."""
        self._sheet = sheet
        self._encoding = encoding
        self.replaced = 0

    def chunks(self, pages: Iterable[Page]) -> Iterator[bytes]:
        """The file in parts, one for each page that has rows; the first begins with the names."""
        text = StringIO("\ufeff" if self._encoding is Encoding.UTF_8 else "")
        text.seek(0, SEEK_END)
        rows = csv.writer(text)
        zone = self._sheet.zone
        rows.writerow(self._sheet.headings)
        is_started = False
        for page in pages:
            rows.writerows([_shown(as_text(cell, zone)) for cell in row] for row in page)
            if text.tell():
                yield self._encode(text.getvalue())
                is_started = True
            text.seek(0)
            text.truncate()
        if not is_started:
            yield self._encode(text.getvalue())

    def _encode(self, text: str) -> bytes:
        if self._encoding is Encoding.UTF_8:
            return text.encode()
        encoded = as_cp932(text)
        if encoded.decode("cp932") != text:
            self.replaced += sum(not _fits(sign) for sign in text)
        return encoded


def _shown(value: str | int | bool | None) -> str | int | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


@lru_cache(maxsize=65_536)
def _fits(sign: str) -> bool:
    return sign.encode("cp932", "ignore").decode("cp932") == sign
