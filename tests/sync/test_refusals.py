"""Pushes that the shop refuses (Y3): the row at fault is found and given up, the others go on."""

from collections.abc import Callable

import msgspec
import pytest

from onhand.simulators.rakuten import Request, edit_stock_by_hand
from onhand.simulators.rakuten.call import errors
from onhand.sync.commands.marks import ask_to_read
from onhand.sync.commands.settle import MOST_REFUSALS
from onhand.sync.model.fence import Doubt
from tests.marketplace import POLL_S, VARIANT, Answer, Marketplace
from tests.shop import cart, reserve


class Refusing:
    """A shop that refuses every bulk call with this item in it."""

    def __init__(self, item: str, *, says_row: bool) -> None:
        """`says_row`: whether it names the row."""
        self.item = item
        self.says_row = says_row
        self.sizes: list[int] = []

    def __call__(self, request: Request, carry: Callable[[], Answer]) -> Answer:
        """Carry a request, or refuse it."""
        rows = msgspec.json.decode(request.body)["inventories"] if self._is_push(request) else []
        places = [n for n, row in enumerate(rows) if row["manageNumber"] == self.item]
        if rows:
            self.sizes.append(len(rows))
        if not places:
            return carry()
        path = f"inventories[{places[0]}].quantity" if self.says_row else None
        return errors(400, "IE0118", "An id is not defined in the shop.", path)

    def _is_push(self, request: Request) -> bool:
        return request.path.endswith("bulk-upsert")


@pytest.mark.slow
@pytest.mark.parametrize("says_row", [True, False])
def test_the_others_get_their_number_and_the_one_at_fault_is_given_up(
    marketplace: Marketplace, says_row: bool
) -> None:
    names = [f"item{number}" for number in range(9)]
    marketplace.offer(stores=["tokyo"], bad=5, **dict.fromkeys(names, 3))
    marketplace.set_up()
    refusing = Refusing("bad", says_row=says_row)
    marketplace.line.meddle = refusing
    for name in ("bad", *names):
        marketplace.goods.receive(name, 1)
    marketplace.run_for(10 * POLL_S, step=30)
    marketplace.run_for(15 * POLL_S, step=90)

    for name in names:
        assert marketplace.shown(name)["tokyo"] == 4, name
        assert marketplace.state("tokyo", name).failed_at is None
    state = marketplace.state("tokyo", "bad")
    assert state.failed_at is not None
    assert state.refusals == MOST_REFUSALS
    assert "IE0118" in state.failure
    events = [event for event in marketplace.events("push_failed") if event.sku == "bad"]
    assert len(events) == MOST_REFUSALS
    calls = len(refusing.sizes)
    marketplace.goods.receive("item0", 1)
    marketplace.run_for(2 * POLL_S, step=30)
    assert marketplace.shown("item0")["tokyo"] == 5
    assert len(refusing.sizes) == calls + 1  # the one given up is not sent any more

    marketplace.line.meddle = None
    with marketplace.database.begin() as connection:  # a person asks for another try
        ask_to_read(connection, [marketplace.listing_id("tokyo", "bad")], now=marketplace.clock())
    marketplace.run_for(4 * POLL_S, step=30)
    assert marketplace.shown("bad")["tokyo"] == 6
    assert marketplace.state("tokyo", "bad").failed_at is None


def test_where_the_shop_writes_the_others_of_a_refused_call(marketplace: Marketplace) -> None:
    """What became of them is not said: they are read, and nothing is added twice."""
    marketplace.rakuten.knobs.bulk_is_atomic = False
    marketplace.offer(stores=["tokyo"], tote=5, mug=5)
    marketplace.set_up()
    marketplace.goods.receive("tote", 3)
    marketplace.do("sync.follow")
    edit_stock_by_hand(marketplace.shop("tokyo"), "mug", VARIANT, 0)
    marketplace.goods.do(reserve(cart(), mug=2))
    marketplace.run_for(5 * POLL_S, step=30)
    assert marketplace.shown("tote")["tokyo"] == 8
    assert marketplace.shown("mug")["tokyo"] == 3
    assert not [row for row in marketplace.pushes("tokyo", "tote") if row.outcome == "unknown"]


def test_a_relative_write_below_zero_is_refused_read_and_mended(marketplace: Marketplace) -> None:
    """IE0117: the shop sold more than we knew when we asked to take units off."""
    marketplace.offer(tote=5)
    marketplace.set_up()
    marketplace.buy("tokyo", "tote", 4)
    marketplace.goods.do(reserve(cart(), tote=3))
    marketplace.run("sync.follow")
    marketplace.run("sync.push", "tokyo")
    (refused,) = [row for row in marketplace.pushes("tokyo", "tote") if row.outcome == "refused"]
    assert (refused.mode, refused.units) == ("relative", -3)
    assert "IE0117" in refused.reason
    assert marketplace.state("tokyo", "tote").doubt == Doubt.CALL_REFUSED
    assert marketplace.shown("tote")["tokyo"] == 1

    marketplace.run("sync.read", "tokyo")
    assert marketplace.state("tokyo", "tote").belief == 1
    marketplace.run("sync.push", "tokyo")  # 2 are left as far as we know: nothing to take off
    assert marketplace.shown("tote")["tokyo"] == 1
    marketplace.catch_up()
    assert marketplace.goods.units("tote").available == -2
    assert marketplace.shown("tote") == {"tokyo": 0, "osaka": 0}
    assert marketplace.state("tokyo", "tote").refusals == 0
    assert not marketplace.drifts()
    marketplace.check_whole()


def test_a_listing_the_shop_will_not_have_is_listed_as_failed_not_the_store(
    marketplace: Marketplace,
) -> None:
    marketplace.offer(stores=["tokyo"], bad=5)
    marketplace.set_up()
    marketplace.line.meddle = Refusing("bad", says_row=True)
    marketplace.goods.receive("bad", 1)
    marketplace.run_for(8 * POLL_S, step=30)
    assert marketplace.state("tokyo", "bad").failed_at is not None
    assert marketplace.store("tokyo").status == "active"
