"""What each report shows, and what its columns are called."""

from dataclasses import dataclass
from enum import StrEnum

from onhand.web.console.languages import mark


class Kind(StrEnum):
    """How a value is written."""

    TEXT = "text"
    SKU = "sku"
    NUMBER = "number"
    CHANGE = "change"
    SHARE = "share"
    MOMENT = "moment"
    DAY = "day"
    EVENT = "event"
    REFERENCE = "reference"
    AGE = "age"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Column:
    """A member of a report's rows."""

    member: str
    label: str
    kind: Kind = Kind.NUMBER

    @property
    def is_number(self) -> bool:
        """Whether it is written to the right."""
        return self.kind in {Kind.NUMBER, Kind.CHANGE, Kind.SHARE}


@dataclass(frozen=True, slots=True)
class Look:
    """A report on its page; `series` are what its chart draws, `what` says what it counts."""

    name: str
    title: str
    what: str
    columns: tuple[Column, ...]
    totals: tuple[Column, ...]
    series: tuple[Column, ...]
    stacked: bool = False


AGES = {
    "under_1_hour": mark("Under an hour"),
    "under_1_day": mark("Under a day"),
    "under_7_days": mark("Under 7 days"),
    "under_30_days": mark("Under 30 days"),
    "30_days_or_more": mark("30 days or more"),
}
STATES = {"dead": mark("Dead: nothing sold"), "slow": mark("Slow: lasts over 180 days")}

_SKU = Column("sku", mark("SKU"), Kind.SKU)
_NAME = Column("name", mark("Name"), Kind.TEXT)
_LOCATION = Column("location", mark("Location"), Kind.TEXT)
_ON_HAND = Column("on_hand", mark("On hand"))
_RESERVED = Column("reserved", mark("Reserved"))
_AVAILABLE = Column("available", mark("Available"))
_OPENING = Column("opening_on_hand", mark("On hand at the beginning"))
_CHANGE = Column("change", mark("Change"), Kind.CHANGE)
_SHIPPED = Column("shipped", mark("Shipped"))
_RETURNED = Column("returned", mark("Returned"))
_NET = Column("net", mark("Net sold"))
_BEFORE = Column("previous_net", mark("Net sold before"))
_NET_SHIPPED = Column("net_shipped", mark("Net sold"))
_CLOSING = Column("closing_on_hand", mark("On hand at the end"))
_TURNOVER = Column("turnover", mark("Turnover"))
_LASTS = Column("days_of_stock", mark("Days of stock"))
_EVENTS = Column("events", mark("Events"))
_HAND_CHANGE = Column("on_hand_change", mark("Change of on hand"), Kind.CHANGE)
_HELD_CHANGE = Column("reserved_change", mark("Change of reserved"), Kind.CHANGE)
_EXPECTED = Column("expected", mark("Expected units"))
_COUNTED = Column("counted", mark("Counted units"))
_SURPLUS = Column("surplus", mark("Surplus"))
_MISSING = Column("missing", mark("Missing"))
_LINES = Column("line_accuracy", mark("Exact lines"), Kind.SHARE)
_UNITS = Column("unit_accuracy", mark("Exact units"), Kind.SHARE)
_HOLDS = Column("holds", mark("Number of holds"))
_HELD = Column("units", mark("Units held"))

_ALL = (
    Look(
        "units",
        mark("Units by location"),
        mark("What was on hand when the period began and ended, and its state now."),
        (_LOCATION, _OPENING, _CHANGE, _ON_HAND, _RESERVED, _AVAILABLE),
        (_ON_HAND, _CHANGE, _RESERVED, _AVAILABLE),
        (_OPENING, _ON_HAND),
    ),
    Look(
        "movements",
        mark("Movements by day"),
        mark("Events and units by day and kind."),
        (
            Column("day", mark("Day"), Kind.DAY),
            Column("kind", mark("Event"), Kind.EVENT),
            _EVENTS,
            _HAND_CHANGE,
            _HELD_CHANGE,
        ),
        (_EVENTS, _HAND_CHANGE, _HELD_CHANGE),
        (),
        stacked=True,
    ),
    Look(
        "turnover",
        mark("Turnover"),
        mark("How often stock was sold over: units sold by the average on hand."),
        (_SKU, _NAME, _NET_SHIPPED, _OPENING, _CLOSING, _TURNOVER, _LASTS),
        (_NET_SHIPPED, _CLOSING, _TURNOVER, _LASTS),
        (_TURNOVER,),
    ),
    Look(
        "top_movers",
        mark("Top movers"),
        mark("What sold most, beside the span of the same length before."),
        (_SKU, _NAME, _SHIPPED, _RETURNED, _NET, _BEFORE, _CHANGE),
        (_SHIPPED, _RETURNED, _NET, _CHANGE),
        (_NET, _BEFORE),
    ),
    Look(
        "slow_stock",
        mark("Slow and dead stock"),
        mark("Stock that did not sell in the period, or lasts for more than 180 days."),
        (
            _SKU,
            _NAME,
            Column("state", mark("State"), Kind.STATE),
            _ON_HAND,
            _NET_SHIPPED,
            _LASTS,
            Column("last_shipped_at", mark("Last shipped"), Kind.MOMENT),
        ),
        (
            Column("dead_skus", mark("Dead SKUs")),
            Column("dead_units", mark("Dead units")),
            Column("slow_skus", mark("Slow SKUs")),
            Column("slow_units", mark("Slow units")),
        ),
        (_ON_HAND,),
    ),
    Look(
        "count_accuracy",
        mark("Count accuracy"),
        mark("Stocktakes closed in the period, and how far the numbers were off."),
        (
            Column("name", mark("Stocktake"), Kind.TEXT),
            _LOCATION,
            Column("closed_at", mark("Finished"), Kind.MOMENT),
            _EXPECTED,
            _COUNTED,
            _SURPLUS,
            _MISSING,
            _LINES,
            _UNITS,
        ),
        (_LINES, _UNITS, _SURPLUS, _MISSING),
        (_SURPLUS, _MISSING),
    ),
    Look(
        "holds_by_age",
        mark("Holds by age"),
        mark("What is held now, by how long ago it was made and for what."),
        (
            Column("age", mark("Age"), Kind.AGE),
            Column("reference_type", mark("For"), Kind.REFERENCE),
            _HOLDS,
            _HELD,
        ),
        (_HOLDS, _HELD),
        (_HELD,),
    ),
)
REPORTS = {look.name: look for look in _ALL}
