"""What would have prevented an oversale (O6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SaleOf:
    """Units of one SKU that a shop sold at `ordered_at` and we learned of at `learned_at`."""

    store_id: str
    units: int
    ordered_at: datetime
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class Remedy:
    """What would have kept `missing` units from being sold.

    `intake_within_s`: had every other shop's order been known and passed on within so many
    seconds, this shop would have stopped in time; None: it would have sold all the same.
    `safety_units`: so much more safety stock would have done.
    """

    intake_within_s: float | None
    safety_units: int


def remedy(sale: SaleOf, missing: int, others: Iterable[SaleOf]) -> Remedy:
    """What would have prevented `sale`, given the sales of the SKU in other shops.

    Only sales made before this one and learned of after it could have been known earlier; of them
    as many count, the oldest first, as it takes to make up for the missing units.
    """
    hidden = sorted(
        (other.ordered_at, other.units)
        for other in others
        if other.store_id != sale.store_id and other.ordered_at < sale.ordered_at < other.learned_at
    )
    units = 0
    for ordered_at, more in hidden:
        units += more
        if units >= missing:
            return Remedy((sale.ordered_at - ordered_at).total_seconds(), missing)
    return Remedy(None, missing)
