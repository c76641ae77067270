"""The console as one application: its pages, who may see them, and how they fail."""

from collections.abc import Awaitable, Callable, Iterator

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from onhand.access.model import EnvironmentName
from onhand.bootstrap.environment import Onhand
from onhand.web.console import assets, entrance, failures, security
from onhand.web.console.following import follow_route
from onhand.web.console.navigation import Entry
from onhand.web.console.pages import (
    account,
    audit,
    dashboard,
    entering,
    exports,
    imports,
    imports_one,
    imports_undo,
    people,
    people_tokens,
    reports,
    selling_desk,
    selling_listings,
    selling_orders,
    selling_oversold,
    selling_rules,
    selling_stores,
    selling_sync,
    selling_tasks,
    settings,
    stock,
    stock_bulk,
    stock_moves,
    stock_one,
    stock_places,
    stock_sku,
    stocktake,
    stocktake_one,
    tastes,
)
from onhand.web.console.routing import Page, Pages
from onhand.web.console.visits import Guest

# Every part of the console; the menu is made from their entries.
PARTS: tuple[Pages, ...] = (
    entering.pages,
    tastes.pages,
    account.pages,
    dashboard.pages,
    stock.pages,
    stock_bulk.pages,
    stock_sku.pages,
    stock_moves.pages,
    stock_one.pages,
    stock_places.pages,
    stocktake.pages,
    stocktake_one.pages,
    imports.pages,
    imports_one.pages,
    imports_undo.pages,
    exports.pages,
    reports.pages,
    audit.pages,
    selling_desk.pages,
    selling_listings.pages,
    selling_orders.pages,
    selling_oversold.pages,
    selling_rules.pages,
    selling_stores.pages,
    selling_sync.pages,
    selling_tasks.pages,
    people.pages,
    people_tokens.pages,
    settings.pages,
)

Endpoint = Callable[[Request], Awaitable[Response]]


def create_console(onhand: Onhand) -> Starlette:
    """The application below `/console`."""
    app = Starlette(routes=list(_routes(onhand)), exception_handlers=dict(failures.handlers()))
    app.router.redirect_slashes = False
    app.state.onhand = onhand
    app.state.menu = menu()
    return app


def menu() -> list[Entry]:
    """The entries of every part, in order."""
    return sorted((p.entry for p in PARTS if p.entry is not None), key=lambda e: e.order)


def declared() -> Iterator[tuple[str, Page]]:
    """Every page with its path below `/console`."""
    for part in PARTS:
        for page in part.declared:
            yield (page.path if page.right is None else f"/{{environment}}{page.path}"), page


def _routes(onhand: Onhand) -> Iterator[Route]:
    yield Route("/static/{file}", assets.serve, methods=["GET"])
    yield Route("/", _start, methods=["GET"])
    for path, page in declared():
        yield Route(path, _endpoint(page), methods=[page.method])
    yield follow_route(onhand)


async def _start(request: Request) -> Response:
    """To the environment that was looked at last."""
    chosen = request.cookies.get(security.ENVIRONMENT_COOKIE, "")
    name = EnvironmentName(chosen) if chosen in set(EnvironmentName) else EnvironmentName.TEST
    return RedirectResponse(f"/console/{name}/", status_code=303)


def _endpoint(page: Page) -> Endpoint:
    async def answer(request: Request) -> Response:
        sent = None
        if page.method == "POST":
            sent = await _read(request, page)
        return await run_in_threadpool(_answer, request, page, sent)

    return answer


async def _read(request: Request, page: Page) -> entrance.Sent:
    most = page.most_bytes
    if not isinstance(most, int):
        # Nobody fills our disk who may not even use the page.
        if page.right is not None:
            await run_in_threadpool(entrance.admit, request, page.right)
        most = most(request.app.state.onhand.settings)
    return await entrance.read_body(request, most_bytes=most)


def _answer(request: Request, page: Page, sent: entrance.Sent) -> Response:
    visit: Guest = (
        entrance.greet(request) if page.right is None else entrance.admit(request, page.right)
    )
    request.state.visit = visit
    if sent is not None:
        entrance.check_form(visit, sent)
    response = page.handler(visit)  # type: ignore[arg-type]
    entrance.remember(visit, response)
    return security.protect(response)
