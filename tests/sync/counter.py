"""Stores whose numbers are told by hand instead of by jobs."""

from onhand.catalog.commands.listings import take_catalogue_page
from onhand.channels.port import ChannelListing, ListingKey, StockReading
from onhand.stock.commands import Ledger
from onhand.sync.commands import reads
from onhand.sync.commands.beliefs import intake_passed
from onhand.sync.commands.claims import Terms, claim
from onhand.sync.commands.marks import mark_stale
from onhand.sync.commands.settle import Outcome, Settlement, settle
from tests.shop import FakeClock

TOKYO, OSAKA = "rakuten-tokyo", "rakuten-osaka"
TERMS = Terms(rows=400, most_units=99_999, repair_units=5)


class Counter:
    """Works for stores that list `ce1111`, in place of the jobs."""

    def __init__(self, ledger: Ledger, clock: FakeClock) -> None:
        """Nothing was told yet."""
        self.ledger = ledger
        self.database = ledger.database
        self.clock = clock

    def listing(self, store: str) -> str:
        """The id of the store's listing."""
        with self.database.begin() as connection:
            seen = [ChannelListing(ListingKey("tote", "v1"), "帆布トート", ("CE1111",))]
            taken = take_catalogue_page(connection, store, seen, self.clock())
            mark_stale(connection, taken.ids, now=self.clock())
        return str(taken.ids[0])

    def read(self, store: str, units: int | None) -> None:
        """Read what is in doubt or was not checked for long, with intake up to then."""
        now = self.clock.advance(300)
        with self.database.begin() as connection:
            rows = reads.in_doubt(connection, store, now=now, limit=100)
            rows = rows or reads.unchecked(connection, store, before=now, limit=100)
        shown = {} if units is None else {row.key: units for row in rows}
        reads.settle_reading(self.database, store, rows, StockReading(shown, now, now))
        self.take_in(store)

    def take_in(self, store: str) -> None:
        """Let intake pass."""
        now = self.clock.advance(120)
        with self.database.begin() as connection:
            intake_passed(connection, store, now)

    def push(self, store: str, outcome: Outcome = Outcome.DELIVERED, reason: str = "") -> int:
        """Tell the shop what is due; returns how many listings."""
        due = claim(self.database, store, TERMS, now=self.clock.advance(1))
        settlement = Settlement(outcome, reason, row=0 if outcome is Outcome.REFUSED else None)
        settle(self.ledger, due, settlement, now=self.clock.advance(2))
        return len(due.rows)
