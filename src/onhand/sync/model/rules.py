"""What a store shows of what is sellable (Y5), and why."""

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, slots=True)
class Rule:
    """How a store, or one listing, shares in the stock; None: nothing said.

    `safety_units` are kept back, of the rest `share_percent` (0 … 100) is shown, never more than
    `cap_units`; a number below `floor_units` is shown as 0, so that the last pieces are left to
    other shops; `fixed_units` are shown as long as there are as many; `paused` leaves the shop as
    it is.
    """

    safety_units: int | None = None
    share_percent: int | None = None
    cap_units: int | None = None
    floor_units: int | None = None
    fixed_units: int | None = None
    paused: bool | None = None

    def over(self, other: "Rule") -> "Rule":
        """This rule where it says something, else the other: a listing's over its store's."""
        said = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(other, **{name: value for name, value in said.items() if value is not None})


EVERYTHING = Rule()


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the explanation: what was applied, and the units after it."""

    name: str
    units: int


def steps(rule: Rule, *, available: int, safety_stock: int, most: int) -> list[Step]:
    """How the number shown comes about, line by line; the last line is the number.

    `available` may be below zero, the number never is (Z15); `most` is what the shop can hold.
    """
    found: list[Step] = []
    for name, units in _applied(rule, available=available, safety_stock=safety_stock, most=most):
        if not found or units != found[-1].units:
            found.append(Step(name, units))
    return found


def target(rule: Rule, *, available: int, safety_stock: int, most: int) -> int:
    """The units a listing shall show: 0 … `most`."""
    return _applied(rule, available=available, safety_stock=safety_stock, most=most)[-1][1]


def _applied(rule: Rule, *, available: int, safety_stock: int, most: int) -> list[tuple[str, int]]:
    """What is applied in turn, and the units after it, changed or not."""
    offered = available - safety_stock
    kept = offered - (rule.safety_units or 0)
    units = max(0, kept)
    found = [
        ("available", available),
        ("safety_stock", offered),
        ("store_safety", kept),
        ("never_below_zero", units),
    ]
    if rule.share_percent is not None:
        units = units * rule.share_percent // 100
        found.append(("share", units))
    if rule.fixed_units is not None:
        units = min(rule.fixed_units, units)
        found.append(("fixed", units))
    if rule.cap_units is not None:
        units = min(rule.cap_units, units)
        found.append(("cap", units))
    if rule.floor_units is not None and units < rule.floor_units:
        units = 0
        found.append(("floor", units))
    found.append(("channel_limit", min(units, most)))
    return found
