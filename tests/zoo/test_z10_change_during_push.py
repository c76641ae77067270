"""Z10: a change between reading the number and settling the push is still pushed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from onhand.simulators.rakuten import Fault, FaultKind, Request
from onhand.stock.commands import Ledger
from onhand.stock.model.commands import Command, Policy
from onhand.sync.commands.marks import mark_store
from tests.gate import LIMIT_S, GateClock
from tests.marketplace import Answer, Marketplace
from tests.shop import TILL, cart, reserve


class Meanwhile:
    """Does something once, while the first stock push is under way."""

    def __init__(self, does: Callable[[], object], *, before_effect: bool) -> None:
        """`before_effect`: before the shop has seen the push, else before its answer is back."""
        self.does = does
        self.before_effect = before_effect
        self.is_done = False

    def __call__(self, request: Request, carry: Callable[[], Answer]) -> Answer:
        """Carry a request."""
        mine = not self.is_done and request.path.endswith("bulk-upsert")
        if mine and self.before_effect:
            self._act()
        answer = carry()
        if mine and not self.before_effect:
            self._act()
        return answer

    def _act(self) -> None:
        self.is_done = True
        self.does()


@pytest.mark.parametrize("before_effect", [True, False])
@pytest.mark.parametrize("is_followed", [True, False])
def test_z10_change_while_the_push_is_under_way(
    marketplace: Marketplace, before_effect: bool, is_followed: bool
) -> None:
    marketplace.offer(tote=10)
    marketplace.set_up()

    def change() -> None:
        marketplace.goods.do(reserve(cart(), tote=4))
        if is_followed:
            marketplace.run("sync.follow")

    marketplace.goods.receive("tote", 5)
    marketplace.run("sync.follow")
    marketplace.line.meddle = Meanwhile(change, before_effect=before_effect)
    for store_id in ("tokyo", "osaka"):
        marketplace.run("sync.push", store_id)
    if not is_followed:
        assert marketplace.state("tokyo", "tote").target == 15
        marketplace.run("sync.follow")
        for store_id in ("tokyo", "osaka"):
            marketplace.run("sync.push", store_id)

    assert [row.units for row in marketplace.pushes("tokyo", "tote")][-2:] == [5, -4]
    assert marketplace.shown("tote") == {"tokyo": 11, "osaka": 11}
    assert marketplace.state("tokyo", "tote").stale_at is None
    marketplace.check_whole()


def test_z10_change_during_a_push_that_fails(marketplace: Marketplace) -> None:
    marketplace.offer(tote=10)
    marketplace.set_up()
    marketplace.goods.receive("tote", 5)
    marketplace.run("sync.follow")
    marketplace.rakuten.faults.plan(Fault(kind=FaultKind.CONFLICT, shop="tokyo"))

    def change() -> None:
        marketplace.goods.do(reserve(cart(), tote=4))
        marketplace.run("sync.follow")

    marketplace.line.meddle = Meanwhile(change, before_effect=False)
    assert marketplace.run("sync.push", "tokyo").state == "failed"
    assert marketplace.shown("tote")["tokyo"] == 10
    marketplace.clock.advance(10)
    marketplace.run("sync.push", "tokyo")
    assert marketplace.shown("tote")["tokyo"] == 11
    assert marketplace.state("tokyo", "tote").stale_at is None


def test_z10_change_committed_after_the_number_was_read(
    marketplace_on_postgres: Marketplace,
) -> None:
    """A sale begins before the push is planned and ends after the feed was followed past it."""
    marketplace = marketplace_on_postgres
    marketplace.offer(tote=10, mug=10)
    marketplace.set_up()
    gate = GateClock(marketplace.clock())
    slow = Ledger(marketplace.database, clock=gate, policy=Policy())
    with ThreadPoolExecutor(1) as thread:
        sale = thread.submit(slow.execute, [Command(TILL, reserve(cart(), tote=4))])
        assert gate.reached.wait(LIMIT_S)
        marketplace.goods.receive("mug", 3)
        for store_id in ("tokyo", "osaka"):
            with marketplace.database.begin() as connection:
                mark_store(connection, store_id, now=marketplace.clock())
            marketplace.run("sync.push", store_id)
        marketplace.run("sync.follow")
        assert marketplace.shown("tote")["tokyo"] == 10
        gate.open()
        sale.result(LIMIT_S)
    marketplace.catch_up()
    assert marketplace.shown("tote") == {"tokyo": 6, "osaka": 6}
    assert marketplace.shown("mug") == {"tokyo": 13, "osaka": 13}
