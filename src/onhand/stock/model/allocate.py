"""From which locations units are taken. The scope that is checked is the scope that is taken."""

from dataclasses import dataclass

from onhand.stock.model.book import SkuStock
from onhand.stock.model.draft import Draft
from onhand.stock.model.refusals import InsufficientStock, Refusal, Shortage, UnknownLocation


@dataclass(frozen=True, slots=True)
class Take:
    """Units to take at one location."""

    location_id: str
    units: int


def takeable(draft: Draft, stock: SkuStock, location: str | None) -> int:
    """Units that can be taken without anything falling below zero, there or in total."""
    places = draft.book.locations if location is None else (location,)
    at_places = sum(max(0, draft.available(stock, place)) for place in places)
    return max(0, min(at_places, draft.total_available(stock)))


def allocate(draft: Draft, stock: SkuStock, units: int, location: str | None) -> list[Take] | None:
    """Split `units` over the locations in order of priority, or None when too few are left.

    A SKU that may be oversold is always served: what is missing is taken at the first location,
    with leave.
    """
    missing = units - takeable(draft, stock, location)
    if missing > 0 and not stock.allow_oversell:
        return None
    places = draft.book.locations if location is None else (location,)
    takes: dict[str, int] = {}
    left = units - max(0, missing)
    for place in places:
        units_here = min(left, max(0, draft.available(stock, place)))
        if units_here > 0:
            takes[place] = units_here
            left -= units_here
    if missing > 0:
        takes[places[0]] = takes.get(places[0], 0) + missing
        draft.give_leave(stock, places[0])
    return [Take(place, units_here) for place, units_here in takes.items()]


def check_location(draft: Draft, location: str | None) -> Refusal | None:
    """Refuse a location that does not exist or is not active."""
    if location is None or location in draft.book.locations:
        return None
    return UnknownLocation(location)


class ShortageList:
    """Gathers every SKU of a command that falls short, so that one answer names them all."""

    def __init__(self) -> None:
        """No shortage yet."""
        self._asked: dict[str, int] = {}
        self._left: dict[str, int] = {}
        self._short: set[str] = set()

    def ask(self, draft: Draft, stock: SkuStock, units: int, location: str | None) -> None:
        """Count what one line asks, before it is allocated."""
        self.ask_at(stock, units, takeable(draft, stock, location))

    def ask_at(self, stock: SkuStock, units: int, left: int) -> None:
        """Count what one line asks where `left` units could be taken."""
        self._asked[stock.sku_id] = self._asked.get(stock.sku_id, 0) + units
        self._left.setdefault(stock.sku_id, left)

    def fell_short(self, stock: SkuStock) -> None:
        """Remember that a line could not be served."""
        self._short.add(stock.sku_id)

    def refusal(self) -> InsufficientStock | None:
        """The refusal that names each short SKU with the units asked and left, if any."""
        if not self._short:
            return None
        return InsufficientStock(
            tuple(
                Shortage(sku, self._asked[sku], self._left[sku])
                for sku in self._asked
                if sku in self._short
            )
        )
