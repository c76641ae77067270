"""`GET /console/{environment}/live`: news of the ledger as server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

import msgspec
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from onhand.access.model import EnvironmentName, Right
from onhand.bootstrap.environment import Onhand
from onhand.web.console import entrance, security
from onhand.web.console.live import LedgerNews

# A connection ends after this long and is made anew, which asks again who is there.
_LONGEST_S = 300
_RETRY_MS = 3000


def follow_route(onhand: Onhand) -> Route:
    """The route, with a follower for each environment."""
    news = {name: LedgerNews(onhand.environment(name)) for name in EnvironmentName}

    async def follow(request: Request) -> Response:
        visit = await run_in_threadpool(entrance.admit, request, Right.READ)
        followed = news[visit.environment.name]
        followed.check_room()
        return security.protect(EventSourceResponse(_messages(followed), ping=20))

    return Route("/{environment}/live", follow, methods=["GET"])


async def _messages(news: LedgerNews) -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent("", event="hello", retry=_RETRY_MS)
    end = monotonic() + _LONGEST_S
    with news.listening() as listener:
        while (left := end - monotonic()) > 0:
            try:
                async with asyncio.timeout(left):
                    one = await listener.next()
            except TimeoutError:
                return
            yield ServerSentEvent(msgspec.json.encode(one).decode(), event="ledger")
