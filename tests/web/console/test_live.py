"""News of the ledger: told to whoever listens, in one message however slow they are."""

import asyncio
from contextlib import ExitStack

import pytest

from onhand.bootstrap.environment import Environment
from onhand.stock.commands import Ledger
from onhand.web.console import live
from onhand.web.console.live import LedgerNews, Listener, News, TooManyListeners
from tests.shop import FakeClock, Shop

LIMIT_S = 10.0


def test_listeners_hear_what_happens_from_now_on(test: Environment, clock: FakeClock) -> None:
    shop = Shop(test.ledger, clock)
    shop.register(cup=3)

    async def hear() -> list[News]:
        news = LedgerNews(test)
        with news.listening() as first, news.listening() as second:
            await asyncio.sleep(0.3)  # the follower finds its place
            await asyncio.to_thread(shop.register, jug=2)
            async with asyncio.timeout(LIMIT_S):
                return [await first.next(), await second.next()]

    assert asyncio.run(hear()) == [News(1, ["jug"], more=False)] * 2


def test_a_slow_listener_gets_one_message() -> None:
    async def hear() -> News:
        listener = Listener()
        for number in range(150):
            listener.tell(2, [f"sku-{number}", "always"])
        return await listener.next()

    news = asyncio.run(hear())
    assert (news.events, len(news.skus), news.more) == (300, 100, True)
    assert "always" in news.skus


def test_there_is_room_for_so_many_and_no_more(test: Environment) -> None:
    async def crowd() -> None:
        news = LedgerNews(test)
        with ExitStack() as pages:
            for _ in range(live.MOST_LISTENERS):
                news.check_room()
                pages.enter_context(news.listening())
            news.check_room()

    with pytest.raises(TooManyListeners):
        asyncio.run(crowd())


def test_nothing_is_read_while_nobody_listens(test: Environment, ledger: Ledger) -> None:
    async def come_and_go() -> int:
        news = LedgerNews(test)
        with news.listening():
            await asyncio.sleep(0.2)
        async with asyncio.timeout(LIMIT_S):
            await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})
        return len(asyncio.all_tasks())

    assert asyncio.run(come_and_go()) == 1
