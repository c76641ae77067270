"""The process ends at any commit or call: what follows makes it whole (nothing lost or twice)."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from onhand.jobs.start import runner_of
from onhand.simulators.rakuten import Request, cancel
from tests.marketplace import Answer, Marketplace

LEASE_S = 31


class Killed(BaseException):
    """The process ended here."""


class Reaper:
    """Ends the process at the n-th commit, or around the n-th call."""

    def __init__(self, marketplace: Marketplace) -> None:
        """It lets everybody live until it is set."""
        self.marketplace = marketplace
        self.left: int | None = None

    def commit(self, connection: sa.Connection) -> None:
        """A commit: what it would write is lost with the process."""
        if not connection.get_execution_options().get("onhand_read_only"):
            self.strike()

    def strike(self) -> None:
        """One more point at which a process may end."""
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            raise Killed

    def carry(self, request: Request, carry: Callable[[], Answer]) -> Answer:
        """A call: the process may end before it is sent, or before its answer is read."""
        self.strike()
        answer = carry()
        self.strike()
        return answer

    def run_until_killed(self, points: int) -> bool:
        """Let a new process run until it is killed at the point after so many; else False."""
        market, engines = self.marketplace, self._engines()
        market.environment = market.enter(market.database)
        market.runner = runner_of(market.environment)
        market.line.meddle = self.carry
        for engine in engines:
            sa.event.listen(engine, "commit", self.commit)
        self.left = points
        try:
            market.run_for(60, step=20)
        except Killed:
            return True
        finally:
            self.left = None
            market.line.meddle = None
            for engine in engines:
                sa.event.remove(engine, "commit", self.commit)
        return False

    def _engines(self) -> set[sa.Engine]:
        database = self.marketplace.database
        return {database.engine, database._ledger_engine}


def one_life(marketplace: Marketplace, reaper: Reaper, points: int) -> bool:
    """Sales at both shops and a receipt, then a process that is killed, then another."""
    marketplace.buy("tokyo", "tote", 2)
    gone = marketplace.buy("osaka", "mug", 1)
    marketplace.goods.receive("tote", 3)
    if gone is not None and points % 2:
        cancel(marketplace.shop("osaka"), gone)
    was_killed = reaper.run_until_killed(points)
    marketplace.clock.advance(LEASE_S)
    marketplace.environment = marketplace.enter(marketplace.database)
    marketplace.runner = runner_of(marketplace.environment)
    marketplace.run_for(560, step=40)
    marketplace.runner.close()
    marketplace.check_whole()
    return was_killed


def test_killed_at_a_few_points(marketplace: Marketplace) -> None:
    marketplace.offer(tote=60, mug=60)
    marketplace.set_up()
    reaper = Reaper(marketplace)
    assert one_life(marketplace, reaper, 14)


@pytest.mark.slow
@pytest.mark.parametrize("first", [0, 5])
def test_killed_at_every_point(marketplace: Marketplace, first: int) -> None:
    """Until a process outlives its minute: then there are no more points."""
    marketplace.offer(tote=400, mug=400)
    marketplace.set_up()
    reaper = Reaper(marketplace)
    lives, points = 0, first
    while one_life(marketplace, reaper, points):
        lives += 1
        points += 12
    assert lives > 4
