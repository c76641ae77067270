"""News of the ledger for pages that are open: one follower for each environment and process.

It reads the feed only while somebody listens. A listener that is slow gets the news of the time
in between in one message; nothing piles up.
"""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import msgspec
from starlette.concurrency import run_in_threadpool

from onhand.bootstrap.environment import Environment
from onhand.db.errors import DatabaseUnavailable
from onhand.stock.queries.feed import FeedPage, newest_events, read_feed

MOST_LISTENERS = 500  # of one environment, in one process
_MOST_SKUS = 100  # named in one message; beyond that it says `more`
_MOST_EVENTS = 500  # a read
_LOOK_EVERY_S = 1.0
_LOOK_AGAIN_S = 5.0  # after the database was gone


class News(msgspec.Struct):
    """What happened since the last message: how many events, of which SKUs."""

    events: int
    skus: list[str]
    more: bool


class TooManyListeners(Exception):
    """Another connection would pass the limit."""


class Listener:
    """One open page: what happened since it was last told."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self._woken = asyncio.Event()
        self._news = News(0, [], more=False)

    def tell(self, events: int, skus: Iterable[str]) -> None:
        """Add to what is to be told."""
        known = list(dict.fromkeys([*self._news.skus, *skus]))
        more = self._news.more or len(known) > _MOST_SKUS
        self._news = News(self._news.events + events, known[:_MOST_SKUS], more)
        self._woken.set()

    async def next(self) -> News:
        """What happened since; waits until something has."""
        await self._woken.wait()
        self._woken.clear()
        news, self._news = self._news, News(0, [], more=False)
        return news


class LedgerNews:
    """Follows one environment's feed while anybody listens."""

    def __init__(self, environment: Environment) -> None:
        """Nothing is read before the first listener comes."""
        self._environment = environment
        self._listeners: set[Listener] = set()
        self._follower: asyncio.Task[None] | None = None

    def check_room(self) -> None:
        """Refuse another listener when there are enough.

        Raises:
            TooManyListeners: there are `MOST_LISTENERS` already.
        """
        if len(self._listeners) >= MOST_LISTENERS:
            raise TooManyListeners

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        """A listener who hears what happens from now on, until the block ends."""
        listener = Listener()
        self._listeners.add(listener)
        if self._follower is None or self._follower.done():
            self._follower = asyncio.create_task(self._follow())
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def _follow(self) -> None:
        cursor: str | None = None
        while self._listeners:
            try:
                page = await run_in_threadpool(self._read, cursor)
            except DatabaseUnavailable:
                await asyncio.sleep(_LOOK_AGAIN_S)
                continue
            cursor = page.cursor
            if page.events:
                skus = dict.fromkeys(event.sku for event in page.events)
                for listener in self._listeners:
                    listener.tell(len(page.events), skus)
            if not page.more:
                await asyncio.sleep(_LOOK_EVERY_S)

    def _read(self, cursor: str | None) -> FeedPage:
        """What came after the cursor; None: nothing yet, but the place to go on from."""
        with self._environment.database.read() as connection:
            if cursor is not None:
                return read_feed(connection, after=cursor, limit=_MOST_EVENTS)
            newest = newest_events(connection, limit=1)
            return FeedPage([], newest[0].cursor if newest else "0-0", more=False)
