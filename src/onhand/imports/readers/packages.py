"""Whether an XLSX file can be opened without harm, told before it is.

The library that reads sheets lays a sheet out as a full rectangle: two cells in opposite corners
would ask for half a terabyte and end the process, and so would an untrue count of texts. So every
part is unpacked once, in pieces, its checksum compared, and the places its cells name are counted.
"""

import re
import zipfile
import zlib
from pathlib import Path

from onhand.imports.model.choices import Limits
from onhand.imports.model.refusals import FileRefused, Found, UnpackedTooLarge, UnreadableFile

MOST_ENTRIES = 2_000
MOST_RATIO = 250  # a sheet of equal rows packs to a fortieth
RATIO_COUNTS_FROM = 16_000_000  # bytes unpacked
MOST_CELLS = 12_000_000  # of one sheet's rectangle; some 400 MB in the library
_CHUNK = 1 << 18
_LONGEST_ROW = 1 << 20  # bytes of one row's XML

# As nearly every program writes a cell; the last digit of its row is left out.
_USUAL_CELL = re.compile(rb'<c r="([A-Za-z]+[0-9]*)[0-9]')
_PLACE = re.compile(rb"""r\s*=\s*["']\s*([A-Za-z]+[0-9]*)[0-9]""")
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_COUNT = re.compile(rb"""ount\s*=\s*["'][\s+0]*[0-9]{8}""")
_ROW_TAG = re.compile(rb"<(?:\w+:)?row\b")
_ROW = re.compile(rb"""<(?:\w+:)?row\b(?:[^>]*?r\s*=\s*["']\s*([0-9]+))?""")


def check_package(path: Path, limits: Limits) -> None:
    """Look through an XLSX file's directory and parts.

    Raises:
        FileRefused: it would unpack to too much, or is damaged.
    """
    try:
        with zipfile.ZipFile(path) as package:
            entries = package.infolist()
            _check_directory(entries, limits)
            for entry in entries:
                _check_part(package, entry)
    except (
        *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError),
        *(ValueError, OSError),
    ):
        raise FileRefused(UnreadableFile(Found.DAMAGED)) from None


def _check_directory(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(entries) > MOST_ENTRIES:
        raise FileRefused(UnpackedTooLarge("entries", len(entries), MOST_ENTRIES))
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.unpacked_bytes:
        raise FileRefused(UnpackedTooLarge("bytes", unpacked, limits.unpacked_bytes))
    ratio = unpacked // max(sum(entry.compress_size for entry in entries), 1)
    if unpacked > RATIO_COUNTS_FROM and ratio > MOST_RATIO:
        raise FileRefused(UnpackedTooLarge("ratio", ratio, MOST_RATIO))


def _check_part(package: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    extent = _Extent()
    rest = b""
    with package.open(entry) as part:
        while chunk := part.read(_CHUNK):
            block = rest + chunk
            cut = max(block.rfind(b"</row>"), block.rfind(b"</x:row>"), 0)
            if len(block) - cut > _LONGEST_ROW:
                cut = block.rfind(b"<")  # no sheet, or one without ends of rows
            extent.add(block[:cut])
            rest = block[cut:]
            extent.check()
    extent.add(rest)
    extent.check()


class _Extent:
    """How large a rectangle the cells seen so far need."""

    def __init__(self) -> None:
        self._columns: set[bytes] = set()
        self._width = 0  # of rows whose cells do not say where they are
        self._height = 0
        self._rows = 0  # that do not say where they are

    def add(self, xml: bytes) -> None:
        """Count what this piece of a part holds.

        Raises:
            FileRefused: it announces a count for which memory would be asked at once.
        """
        if _COUNT.search(xml):
            raise FileRefused(UnreadableFile(Found.DAMAGED))
        places = _USUAL_CELL.findall(xml)
        unusual = b":c" in xml or b":row" in xml or b"r =" in xml
        rows = xml.count(b'<row r="')
        if unusual or not xml.count(b"<c") == len(places) == xml.count(b"r=") - rows:
            places = _PLACE.findall(xml)
            self._add_unusual(xml, len(places))
        for place in set(places):
            column = place.rstrip(b"0123456789")
            self._columns.add(column)
            self._height = max(self._height, int(place[len(column) :][:9] or b"0") * 10 + 9)

    def _add_unusual(self, xml: bytes, places: int) -> None:
        # Cells and rows that do not say where they are follow the one before.
        tags = _ROW.findall(xml)
        numbered = [int(number[:9]) for number in tags if number]
        self._rows += len(tags) - len(numbered)
        self._height = max([self._height, *numbered])
        if len(_CELL.findall(xml)) > places:
            widest = max(len(_CELL.findall(row)) for row in _ROW_TAG.split(xml))
            self._width = max(self._width, widest)

    def check(self) -> None:
        """Refuse a rectangle that is larger than any sheet of goods.

        Raises:
            FileRefused: it is.
        """
        width = max([self._width, *map(_column_number, self._columns)])
        cells = width * (self._height + self._rows)
        if cells > MOST_CELLS:
            raise FileRefused(UnpackedTooLarge("cells", cells, MOST_CELLS))


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper()[:20]:
        number = number * 26 + letter - 64
    return number
