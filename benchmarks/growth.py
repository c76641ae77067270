"""Filling a shop's ledger with orders that were held and shipped."""

from benchmarks.asks import picks, sale
from benchmarks.figures import Bench
from benchmarks.shop import BATCH, Shop, execute

LINES = 5
_EVENTS_OF_SALE = 2 * LINES


class Grower:
    """Adds events to a shop's ledger and knows how many there are."""

    def __init__(self, bench: Bench, kind: str, shop: Shop) -> None:
        self._bench = bench
        self._kind = kind
        self._shop = shop
        # Each SKU's opening stock is one event.
        self.events = len(shop.skus)

    def grow(self, events: int) -> int:
        """Add sales until there are at least so many events; returns how many there are."""
        round_ = 0
        while self.events < events:
            sales = min(BATCH, -(-(events - self.events) // _EVENTS_OF_SALE))
            self._bench.say(f"{self._kind}: {self.events:,} of {events:,} events")
            round_ += 1
            sold = picks(self._shop.skus, commands=sales, lines=LINES, seed=round_)
            execute(self._shop.ledger, [command for codes in sold for command in sale(codes)])
            self.events += sales * _EVENTS_OF_SALE
        return self.events
