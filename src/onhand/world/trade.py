"""What happens to stock outside the shops: the merchant's own web shop, goods, corrections, keys.

Each of these is a client of Onhand: where the process dies before it answered, the client asks
again later, with the same idempotency key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from onhand.access.model import Actor, Asked
from onhand.bootstrap.environment import Environment
from onhand.catalog.commands.stores import set_credentials
from onhand.catalog.model.stores import NewKeys
from onhand.simulators.rakuten import Rakuten
from onhand.simulators.rakuten.dice import Dice
from onhand.stock.commands import Accepted
from onhand.stock.model.commands import (
    Adjust,
    AdjustLine,
    AdjustMode,
    Ask,
    Caller,
    Command,
    Deduct,
    ExpireHolds,
    Line,
    Receive,
    Release,
    Reserve,
)
from onhand.stock.model.events import Reference, ReferenceType, Source
from onhand.stock.queries.levels import read_levels, skus_with_due_holds
from onhand.world.crashes import Crash
from onhand.world.process import Process
from onhand.world.setting import Setting
from onhand.world.shops import edit_by_hand, ship_orders, sku_codes
from onhand.world.turns import Turns

PERSON = Actor("world", "manual")
_WEB = Caller("web-shop", touches_all=True)
_CLERK = Caller("clerk", Source.MANUAL, touches_all=True)
_SYSTEM = Caller("system", Source.SYSTEM)
_ASK_AGAIN_S = 5.0
_CART = timedelta(minutes=30)
_SWEEP_S = 5.0

# Mean seconds between two of each.
_SALES_S = 2 * 3600.0
_GOODS_S = 5 * 3600.0
_CORRECTIONS_S = 18 * 3600.0
_WAREHOUSE_S = 4 * 3600.0
_HANDS_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Moved:
    """Units of a SKU that came, went or were taken at a moment; a sale lowers what is free."""

    at: datetime
    sku: str
    change: int
    is_sale: bool
    who: str


class Trade:
    """The merchant and the people around the shops; `book` is the truth of what they did."""

    def __init__(self, setting: Setting, turns: Turns, rakuten: Rakuten, process: Process) -> None:
        """Nothing happens before `open`."""
        self.book: list[Moved] = []
        self.web_orders: dict[tuple[str, str], tuple[int, int]] = {}
        self.is_open = False
        self._setting = setting
        self._turns = turns
        self._rakuten = rakuten
        self._process = process
        self._dice = Dice(f"world:{setting.seed}:trade")
        self._numbers = 0

    def open(self) -> None:
        """Let it all begin."""
        self.is_open = True
        self._repeat(_SALES_S, self._sell)
        self._repeat(_GOODS_S, self._receive)
        self._repeat(_CORRECTIONS_S, self._correct)
        self._repeat(_WAREHOUSE_S, lambda: ship_orders(self._rakuten, self._turns.now()))
        if self._setting.faults:
            self._repeat(_HANDS_S, lambda: edit_by_hand(self._rakuten, self._dice))
            for code in self._rakuten.shops:
                span_s = self._setting.days * 86_400
                self._turns.after(span_s * self._dice.roll(), partial(self._expire, code))

    def ask(self, act: Callable[[Environment], None]) -> None:
        """Have Onhand do something, however often it dies of it."""
        environment = self._process.environment
        if environment is None:
            self._turns.after(_ASK_AGAIN_S, lambda: self.ask(act))
            return
        try:
            act(environment)
        except Crash:
            self._turns.after(_ASK_AGAIN_S, lambda: self.ask(act))
            raise
        self._process.stir_ledger()

    def order(
        self, ask: Ask, *, caller: Caller = _WEB, then: Callable[[bool], None] | None = None
    ) -> None:
        """Give the ledger a command; `then` hears whether it was accepted."""
        command = Command(caller, ask, f"world-{self._number()}")

        def act(environment: Environment) -> None:
            (result,) = environment.ledger.execute([command])
            if then is not None:
                then(isinstance(result, Accepted))

        self.ask(act)

    def _repeat(self, mean_s: float, happen: Callable[[], None]) -> None:
        def next_time() -> None:
            if self.is_open:
                self._repeat(mean_s, happen)
                happen()

        self._turns.after(self._dice.wait_s(mean_s), next_time)

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _sku(self) -> str:
        codes = sku_codes(self._setting)
        # As in the shops, the first ones are bought more often than the last.
        return codes[min(int(len(codes) * self._dice.roll() ** 2), len(codes) - 1)].lower()

    def _note(self, sku: str, change: int, *, is_sale: bool, who: str) -> None:
        self.book.append(Moved(self._turns.now(), sku, change, is_sale, who))

    # The merchant's own web shop

    def _sell(self) -> None:
        sku, units = self._sku(), self._dice.whole(1, 2)
        number = f"web-{self._number()}"
        fate = self._dice.roll()
        if fate < 0.15:
            self._leave_cart(number, sku, units)
            return
        reference = Reference(ReferenceType.ORDER, number)
        later_s = self._dice.wait_s(3600.0)

        def sold(accepted: bool) -> None:
            if not accepted:
                return
            self._note(sku, -units, is_sale=True, who=number)
            self.web_orders[number, sku] = (units, 0)
            ended = self._cancel if fate > 0.9 else self._ship
            self._turns.after(later_s, lambda: ended(reference, sku, units))

        ask = Reserve(reference, number, (Line(sku, units),), never_expires=True)
        self.order(ask, then=sold)

    def _ship(self, reference: Reference, sku: str, units: int) -> None:
        def shipped(accepted: bool) -> None:
            self.web_orders[reference.id, sku] = (0, units) if accepted else (-1, -1)

        self.order(Deduct(reference), then=shipped)

    def _cancel(self, reference: Reference, sku: str, units: int) -> None:
        def let_go(accepted: bool) -> None:
            self.web_orders[reference.id, sku] = (0, 0) if accepted else (-1, -1)
            self._note(sku, units, is_sale=False, who=reference.id)

        self.order(Release(reference), then=let_go)

    def _leave_cart(self, number: str, sku: str, units: int) -> None:
        """A cart nobody comes back to: its hold ends by itself."""
        ends_at = self._turns.now() + _CART
        cart = Reference(ReferenceType.CART, number)

        def held(accepted: bool) -> None:
            if not accepted:
                return
            self._note(sku, -units, is_sale=True, who=number)

            def end() -> None:
                self._note(sku, units, is_sale=False, who=number)
                self._turns.after(_SWEEP_S, self._sweep)

            self._turns.at(ends_at, end)

        self.order(Reserve(cart, number, (Line(sku, units),), expires_at=ends_at), then=held)

    def _sweep(self) -> None:
        """What `onhand serve` does every few seconds."""

        def act(environment: Environment) -> None:
            with environment.database.read() as connection:
                due = skus_with_due_holds(connection, self._turns.now(), 1000)
            if due:
                environment.ledger.execute([Command(_SYSTEM, ExpireHolds(tuple(due)))])

        self.ask(act)

    # Goods, corrections, keys

    def _receive(self) -> None:
        """Buy in what is scarce."""

        def act(environment: Environment) -> None:
            codes = [code.lower() for code in sku_codes(self._setting)]
            with environment.database.read() as connection:
                levels = read_levels(connection, codes, now=self._turns.now())
            scarce = sorted(levels.values(), key=lambda level: (level.available, level.sku))
            chosen = [(level.sku, self._dice.whole(5, 20)) for level in scarce[:2]]
            self._turns.after(60.0, lambda: self._take_goods(chosen))

        self.ask(act)

    def _take_goods(self, chosen: list[tuple[str, int]]) -> None:
        def came(accepted: bool) -> None:
            assert accepted
            for sku, units in chosen:
                self._note(sku, units, is_sale=False, who="goods")

        lines = tuple(Line(sku, units) for sku, units in chosen)
        self.order(Receive(lines), caller=_CLERK, then=came)

    def _correct(self) -> None:
        sku = self._sku()
        mode = AdjustMode.ADD if self._dice.happens(0.5) else AdjustMode.SUBTRACT

        def corrected(accepted: bool) -> None:
            if accepted:
                change = 1 if mode is AdjustMode.ADD else -1
                self._note(sku, change, is_sale=False, who="correction")

        line = AdjustLine(sku, mode, 1)
        self.order(Adjust((line,), "found or broken"), caller=_CLERK, then=corrected)

    def _expire(self, code: str) -> None:
        """A licence key runs out; somebody makes a new one within two hours."""
        if not self.is_open:
            return
        shop = self._rakuten.shops[code]
        shop.expire_key()

        def renew() -> None:
            new = shop.renew_key()
            number = self._number()

            def act(environment: Environment) -> None:
                asked = Asked(PERSON, self._turns.now(), f"world-{number}")
                keys = {"service_secret": shop.secret, "license_key": new}
                set_credentials(
                    environment.database, asked, NewKeys(code, keys), vault=environment.vault
                )
                self._process.stir()

            self.ask(act)

        self._turns.after(60.0 * self._dice.whole(10, 120), renew)
