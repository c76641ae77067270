"""Faults on demand and by chance."""

from enum import StrEnum

import msgspec

from onhand.simulators.rakuten.dice import Dice
from onhand.simulators.rakuten.knobs import Envelope


class FaultKind(StrEnum):
    """What goes wrong."""

    LOST = "lost"  # no answer; `after`: the effect was done
    LATE = "late"  # no answer, and the effect comes `delay_s` later
    ERROR = "error"  # status `status`, JSON with `code`
    HTML = "html"  # status `status` with a page instead of JSON
    TRUNCATED = "truncated"  # the effect is done, half of the body is missing
    LIMITED = "limited"  # 429, with Retry-After when `retry_after_s` is given
    KEY_EXPIRED = "key_expired"  # 401 in `envelope`
    MAINTENANCE = "maintenance"  # 503 with a page
    CONFLICT = "conflict"  # 409 CE0001
    READ_ONLY = "read_only"  # 400 GE0017
    REORDERED = "reordered"  # the list of the answer in another order
    REPEATED = "repeated"  # some of the list twice
    ENDLESS = "endless"  # a search says there is always one more page


class Fault(msgspec.Struct, kw_only=True, frozen=True):
    """One fault. `function` is `inventories.bulk.upsert`, `order.*` or `*`; `shop` a code or `*`.

    `after`: of LOST, ERROR and HTML, whether the effect was done all the same.
    """

    kind: FaultKind
    function: str = "*"
    shop: str = "*"
    after: bool = False
    status: int = 500
    code: str = "X0000"
    retry_after_s: int | None = None
    delay_s: float = 30.0
    hang_s: float = 0.0
    envelope: Envelope | None = None

    def fits(self, shop: str, function: str) -> bool:
        """Whether a call of this function in this shop is meant."""
        if self.shop not in {"*", shop}:
            return False
        if self.function.endswith("*"):
            return function.startswith(self.function[:-1])
        return self.function == function


class Planned(msgspec.Struct):
    """A fault for the next `times` calls it fits."""

    fault: Fault
    times: int


class Odds(msgspec.Struct, frozen=True):
    """A fault that befalls a call it fits with this probability."""

    fault: Fault
    probability: float


class FaultBook(msgspec.Struct):
    """What is planned and what may happen; planned faults come first, in their order."""

    planned: list[Planned] = []
    odds: list[Odds] = []
    happened: dict[str, int] = {}

    def plan(self, fault: Fault, times: int = 1) -> None:
        """Let the next `times` calls it fits fail so."""
        self.planned.append(Planned(fault, times))

    def by_chance(self, fault: Fault, probability: float) -> None:
        """Let any call it fits fail so with this probability, from 0 to 1."""
        self.odds.append(Odds(fault, probability))

    def clear(self) -> None:
        """No more faults."""
        self.planned.clear()
        self.odds.clear()

    def draw(self, shop: str, function: str, dice: Dice) -> Fault | None:
        """The fault of this call, if any."""
        found = self._next(shop, function, dice)
        if found is not None:
            self.happened[found.kind] = self.happened.get(found.kind, 0) + 1
        return found

    def _next(self, shop: str, function: str, dice: Dice) -> Fault | None:
        for planned in self.planned:
            if planned.fault.fits(shop, function):
                planned.times -= 1
                if planned.times <= 0:
                    self.planned.remove(planned)
                return planned.fault
        for odds in self.odds:
            if odds.fault.fits(shop, function) and dice.happens(odds.probability):
                return odds.fault
        return None
