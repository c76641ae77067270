"""Bringing the rows of a file together by SKU, as they stream by."""

from dataclasses import dataclass
from typing import NamedTuple

from onhand.catalog.model.listings import clean_image, clean_name
from onhand.catalog.model.skus import LONGEST_NAME, normalise
from onhand.imports.model.plan import PlanFault, Terms, taken_units, together
from onhand.imports.model.rows import FileRow


@dataclass(slots=True)
class Want:
    """What a file wants of one SKU, as far as its first rows go.

    `number` counts the SKUs of the file from 1. Name and image are the first that a row gives;
    further codes come from the first row, and `aliases` are those that may be added, as written.
    """

    number: int
    line: int
    code: str
    sku_id: str
    manage_number: str | None
    units: int | None
    name: str | None
    image_url: str | None
    aliases: list[str]
    has_conflict: bool = False


class RowFault(NamedTuple):
    """A row that was read and cannot be taken."""

    line: int
    fault: PlanFault
    value: str


@dataclass(slots=True)
class Patch:
    """What rows further down changed of a want that was drained already.

    Name and image are None where it had them, or no row gives any.
    """

    units: int | None
    has_conflict: bool = False
    name: str | None = None
    image_url: str | None = None


class _Seen(NamedTuple):
    number: int
    line: int  # that gave the units
    units: int | None  # of all rows so far
    has_name: bool
    has_image: bool
    has_conflict: bool = False


class Gathering:
    """The SKUs of a file, by the codes that name them; holds a few plain values for each.

    Rows come with `take`, and new SKUs are handed out by `drain`, as often as one likes; at the
    end `patches` and `lost_aliases` tell what became different of SKUs handed out before.
    """

    def __init__(self, terms: Terms) -> None:
        """Nothing was taken yet."""
        self.patches: dict[int, Patch] = {}
        self.faults: list[RowFault] = []
        self.repeated_rows = 0
        self._terms = terms
        self._fresh: dict[str, Want] = {}
        self._seen: dict[str, _Seen] = {}
        self._claims: dict[str, int] = {}  # an alias no SKU has yet, and the want that gets it

    @property
    def sku_count(self) -> int:
        """How many SKUs the file names so far."""
        return len(self._seen)

    def take(self, row: FileRow, sku_id: str) -> int | None:
        """Take a row that means this SKU; the number of its want, None if the row is bad."""
        units = taken_units(self._terms, row.quantity_units)
        if isinstance(units, PlanFault):
            self.faults.append(RowFault(row.line, units, str(row.quantity_units)))
            return None
        seen = self._seen.get(sku_id)
        if seen is not None:
            self.repeated_rows += 1
            self._merge(row, units, sku_id, seen)
            return seen.number
        number = len(self._seen) + 1
        name, image_url = _name(row), clean_image(row.image_url)
        has_name, has_image = name is not None, image_url is not None
        self._seen[sku_id] = _Seen(number, row.line, units, has_name, has_image)
        self._fresh[sku_id] = Want(
            number=number,
            line=row.line,
            code=row.code,
            sku_id=sku_id,
            manage_number=None if row.listing is None else row.listing[0],
            units=units,
            name=name,
            image_url=image_url,
            aliases=list(dict.fromkeys(row.aliases)),
        )
        return number

    def claim(self, want: Want, alias: str) -> bool:
        """Whether this want gets an alias that no SKU has; the first one in the file does."""
        return self._claims.setdefault(normalise(alias), want.number) == want.number

    def drain(self) -> list[Want]:
        """The SKUs that were new since the last call."""
        wants = list(self._fresh.values())
        self._fresh.clear()
        return wants

    def drain_faults(self) -> list[RowFault]:
        """The bad rows since the last call."""
        faults, self.faults = self.faults, []
        return faults

    def lost_aliases(self) -> dict[int, set[str]]:
        """Claimed aliases that turned out to be another SKU's code in the same file, by number."""
        lost: dict[int, set[str]] = {}
        for alias, number in self._claims.items():
            seen = self._seen.get(alias)
            if seen is not None and seen.number != number:
                lost.setdefault(number, set()).add(alias)
        return lost

    def _merge(self, row: FileRow, units: int | None, sku_id: str, seen: _Seen) -> None:
        """Bring another row of a SKU together with those before it."""
        if seen.has_conflict:
            if units is not None:
                self._disagree(row.line, units)
            return
        merged = together(self._terms, seen.units, units)
        name = None if seen.has_name else _name(row)
        image_url = None if seen.has_image else clean_image(row.image_url)
        if merged == seen.units and name is None and image_url is None:
            return
        target = self._fresh.get(sku_id) or self.patches.setdefault(seen.number, Patch(seen.units))
        has_conflict = False
        if isinstance(merged, PlanFault):
            has_conflict = True
            self._disagree(seen.line, seen.units)
            self._disagree(row.line, units)
            merged = None
        target.units, target.has_conflict = merged, has_conflict
        target.name, target.image_url = name or target.name, image_url or target.image_url
        self._seen[sku_id] = _Seen(
            seen.number,
            row.line if seen.units is None and units is not None else seen.line,
            merged,
            seen.has_name or name is not None,
            seen.has_image or image_url is not None,
            has_conflict,
        )

    def _disagree(self, line: int, units: int | None) -> None:
        self.faults.append(RowFault(line, PlanFault.CONFLICTING_ROWS, str(units)))


def _name(row: FileRow) -> str | None:
    """The name a row gives, such as can be kept; None where it gives none."""
    name = "" if row.name is None else row.name.strip()
    # Nearly every name is as it should be, which is told ten times as fast.
    if name.isprintable() and len(name) <= LONGEST_NAME:
        return name or None
    return clean_name(name) or None
