"""The application: everything that answers HTTP, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from starlette.types import ASGIApp

from onhand.bootstrap.environment import Onhand
from onhand.db.checkpoints import checkpointing
from onhand.web import pages
from onhand.web.api import (
    access,
    audit,
    counts,
    exports,
    generic,
    health,
    holds,
    imports,
    levels,
    listings,
    manual,
    moves,
    orders,
    places,
    rakuten,
    reports,
    rules,
    shops,
    skus,
    stores,
    sync,
    tasks,
    undo,
    users,
)
from onhand.web.console.app import create_console
from onhand.web.envelope import AccessLog, Envelope
from onhand.web.fast_lane import FastLane
from onhand.web.handlers import install
from onhand.web.openapi import describe
from onhand.web.sweeper import sweeping

# A fixed path stands before the one with a code in it.
_ROUTERS = (
    *(holds.router, undo.router, moves.router, levels.router, generic.router, counts.router),
    *(places.router, stores.router, listings.router, shops.router, rules.router, sync.router),
    *(orders.router, tasks.router, rakuten.router, exports.router, imports.router),
    *(reports.router, reports.stock_router),
    *(manual.router, skus.router, access.router, users.router, audit.router),
    *(health.router, pages.router),
)


def create_app(onhand: Onhand) -> ASGIApp:
    """The ASGI application over open environments; whoever opened them closes them afterwards."""
    return Envelope(FastLane(create_api(onhand), onhand), AccessLog())


def create_api(onhand: Onhand) -> FastAPI:
    """Every operation, without the envelope."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        with checkpointing(onhand.live.database), checkpointing(onhand.test.database):
            async with sweeping(onhand):
                yield

    app = FastAPI(
        title="Onhand",
        version=version("onhand"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.onhand = onhand
    install(app)
    for router in _ROUTERS:
        # `include_router` would build every route anew, a second at each start.
        app.router.routes.extend(router.routes)
    app.mount("/console", create_console(onhand))
    app.openapi = describe(  # type: ignore[method-assign]
        app, most_lines=onhand.settings.inventory_batch_size
    )
    return app
