"""Z28: every change is an event in the feed, order flows and expiries included."""

from collections import Counter

import sqlalchemy as sa

from onhand.simulators.rakuten import buy_basket, cancel, change_units
from onhand.simulators.rakuten.buying import Wish
from onhand.stock.model.commands import Caller, Command, ExpireHolds
from onhand.stock.model.events import Source
from onhand.stock.queries.feed import read_feed
from onhand.stock.queries.history import EventView
from onhand.stock.tables import ledger_head
from tests.marketplace import VARIANT, Marketplace
from tests.shop import Units, cart, reserve


class Follower:
    """Somebody who knows of stock only what the feed says, three events at a time."""

    def __init__(self, marketplace: Marketplace) -> None:
        """Nothing was followed yet."""
        self.marketplace = marketplace
        self.units: dict[str, Units] = {}
        self.kinds: Counter[str] = Counter()
        self.seqs: dict[str, int] = {}
        self._cursor: str | None = None

    def follow(self) -> None:
        """Take in what is new, and hold it against the ledger."""
        more = True
        while more:
            with self.marketplace.database.read() as connection:
                page = read_feed(connection, after=self._cursor, limit=3)
            for event in page.events:
                self._take(event)
            self._cursor, more = page.cursor, page.more
        with self.marketplace.database.read() as connection:
            heads = connection.execute(sa.select(ledger_head)).all()
        truth = {head.sku_id: Units(head.on_hand, head.reserved) for head in heads}
        assert self.units == truth

    def _take(self, event: EventView) -> None:
        on_hand, reserved = self.units.get(event.sku, Units(0, 0))
        self.units[event.sku] = Units(
            on_hand + event.on_hand_change, reserved + event.reserved_change
        )
        assert event.seq == self.seqs.get(event.sku, 0) + 1
        self.seqs[event.sku] = event.seq
        self.kinds[event.kind] += 1


def test_z28_orders_holds_and_expiries(marketplace: Marketplace) -> None:
    marketplace.offer(tote=10, mug=6)
    follower = Follower(marketplace)
    marketplace.set_up()
    follower.follow()
    tokyo = marketplace.shop("tokyo")

    kept = buy_basket(tokyo, [Wish("tote", VARIANT, 2), Wish("mug", VARIANT, 1)])
    changed = marketplace.buy("tokyo", "tote", 1)
    cancelled = marketplace.buy("osaka", "mug", 2)
    shipped = marketplace.buy("osaka", "tote", 3)
    assert kept is not None
    assert changed is not None
    assert cancelled is not None
    assert shipped is not None
    marketplace.catch_up()
    follower.follow()
    assert follower.kinds["reserved"] == 5

    (line,) = tokyo.order(changed).lines()
    change_units(tokyo, changed, line.line_id, 3)
    cancel(marketplace.shop("osaka"), cancelled)
    marketplace.shop("osaka").order(shipped).progress = 500
    marketplace.catch_up()
    follower.follow()
    assert follower.kinds["released"] == 1
    assert follower.kinds["shipped"] == 1
    assert follower.units["tote"] == Units(7, 5)

    marketplace.goods.do(reserve(cart(), tote=1))
    marketplace.clock.advance(3600)
    expire = Command(Caller("system", Source.SYSTEM), ExpireHolds(("tote",)))
    marketplace.environment.ledger.execute([expire])
    follower.follow()
    assert follower.kinds["expired"] == 1

    for store_id in ("tokyo", "osaka"):  # the last ones are sold twice
        marketplace.buy(store_id, "tote", 2)
    marketplace.catch_up()
    follower.follow()
    assert follower.kinds["oversold"] == 1
    marketplace.check_whole()


def test_z28_an_expiry_frees_units_in_every_shop(marketplace: Marketplace) -> None:
    """A hold that ends on time is an event like any other, so the shops are told."""
    marketplace.offer(tote=10)
    marketplace.set_up()
    marketplace.goods.do(reserve(cart(), tote=4))
    marketplace.catch_up()
    assert marketplace.shown("tote") == {"tokyo": 6, "osaka": 6}
    marketplace.clock.advance(3600)
    expire = Command(Caller("system", Source.SYSTEM), ExpireHolds(("tote",)))
    marketplace.environment.ledger.execute([expire])
    marketplace.catch_up()
    assert marketplace.shown("tote") == {"tokyo": 10, "osaka": 10}


def test_z28_the_feed_names_store_and_order(marketplace: Marketplace) -> None:
    marketplace.offer(tote=10)
    marketplace.set_up()
    number = marketplace.buy("tokyo", "tote", 2)
    marketplace.catch_up()
    (event,) = marketplace.events("reserved")
    assert (event.store, event.reference_type) == ("tokyo", "order")
    assert event.reference_id == f"tokyo:{number}"
    assert (event.reserved_change, event.actor) == (2, "store:tokyo")
