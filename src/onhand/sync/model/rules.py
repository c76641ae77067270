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
    found = [Step("available", available)]

    def then(name: str, units: int) -> None:
        if units != found[-1].units:
            found.append(Step(name, units))

    then("safety_stock", available - safety_stock)
    then("store_safety", found[-1].units - (rule.safety_units or 0))
    then("never_below_zero", max(0, found[-1].units))
    if rule.share_percent is not None:
        then("share", found[-1].units * rule.share_percent // 100)
    if rule.fixed_units is not None:
        then("fixed", min(rule.fixed_units, found[-1].units))
    if rule.cap_units is not None:
        then("cap", min(rule.cap_units, found[-1].units))
    if rule.floor_units is not None and found[-1].units < rule.floor_units:
        then("floor", 0)
    then("channel_limit", min(found[-1].units, most))
    return found


def target(rule: Rule, *, available: int, safety_stock: int, most: int) -> int:
    """The units a listing shall show: 0 … `most`."""
    return steps(rule, available=available, safety_stock=safety_stock, most=most)[-1].units
