"""The application: everything that answers HTTP, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from onhand.bootstrap.environment import Onhand
from onhand.web import pages
from onhand.web.api import (
    access,
    audit,
    counts,
    generic,
    health,
    holds,
    levels,
    manual,
    moves,
    places,
    skus,
)
from onhand.web.envelope import AccessLog, Envelope
from onhand.web.fast_lane import FastLane
from onhand.web.handlers import install
from onhand.web.openapi import describe
from onhand.web.sweeper import sweeping

PREFIX = "/api/v1"


def create_app(onhand: Onhand) -> ASGIApp:
    """The ASGI application over open environments; whoever opened them closes them afterwards."""
    return Envelope(FastLane(create_api(onhand), onhand), AccessLog())


def create_api(onhand: Onhand) -> FastAPI:
    """Every operation, without the envelope."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with sweeping(onhand):
            yield

    app = FastAPI(
        title="Onhand",
        version=version("onhand"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: str(route.name),
    )
    app.state.onhand = onhand
    install(app)
    api = APIRouter(prefix=PREFIX)
    # A fixed path stands before the one with a code in it.
    for group in (holds, moves, levels, generic, counts, places, manual, skus, access, audit):
        api.include_router(group.router)
    app.include_router(api)
    app.include_router(health.router)
    app.include_router(pages.router)
    app.openapi = describe(  # type: ignore[method-assign]
        app, most_lines=onhand.settings.inventory_batch_size
    )
    return app
