"""Orders taken in from shops: the list, one order with all that is known of it."""

from datetime import UTC, date, datetime, time
from functools import partial

from starlette.responses import Response

from onhand.access.model import Refusal, Right
from onhand.catalog.queries.stores import list_stores
from onhand.orders.commands import OrderKey, retry_confirmation
from onhand.orders.model.sights import State
from onhand.orders.queries.orders import OrderFilter, OrderView, list_orders, read_order
from onhand.web.console.forms import Form
from onhand.web.console.languages import mark
from onhand.web.console.navigation import Entry
from onhand.web.console.pages.selling_shown import PAGE, names, page_of
from onhand.web.console.routing import Pages
from onhand.web.console.visits import Visit, part
from onhand.web.errors import Problem, Refused

pages = Pages(Entry(label=mark("Orders"), icon="shopping-cart", path="/orders", order=40, key="o"))


class OrderSearch(Form):
    """What the list is narrowed down by."""

    search: str = ""
    store: str = ""
    state: State | None = None
    since: date | None = None
    problems: bool = False
    after: str | None = None


@pages.get("/orders", Right.READ)
def show_orders(visit: Visit) -> Response:
    """Orders, the newest first."""
    wanted = visit.filters(OrderSearch)
    chosen = OrderFilter(
        store=wanted.store or None,
        state=wanted.state,
        has_problem=wanted.problems,
        search=wanted.search or None,
        since=None if wanted.since is None else _begins(wanted.since, visit),
        limit=PAGE,
        after=wanted.after,
    )
    with visit.environment.database.snapshot() as connection:
        page = page_of(partial(list_orders, connection), chosen)
        stores = names(list_stores(connection, now=visit.now))
    filtered = bool(wanted.model_dump(exclude_defaults=True, exclude={"after"}))
    return visit.page(
        "selling/orders.html",
        page=page,
        wanted=wanted,
        stores=stores,
        states=list(State),
        filtered=filtered,
    )


@pages.get("/orders/{store}/{order}", Right.READ)
def show_order(visit: Visit) -> Response:
    """One order: lines, stock held, what happened when, the shop's own words."""
    return _show(visit)


@pages.post("/orders/{store}/{order}/confirm", Right.OPERATE)
def confirm_again(visit: Visit) -> Response:
    """Have the order confirmed at its shop anew."""
    key = OrderKey(visit.path("store"), visit.path("order"))
    result = retry_confirmation(visit.environment.database, visit.asked(), key)
    if isinstance(result, Refusal):
        return _show(visit, refusal=visit.why(result))
    said = visit.text(mark("Order %(order)s is confirmed at the shop anew."), order=key.order_id)
    to = f"/orders/{part(key.store_id)}/{part(key.order_id)}"
    return visit.done(said, to=to)


def _show(visit: Visit, *, refusal: str = "") -> Response:
    store_id, order_id = visit.path("store"), visit.path("order")
    with visit.environment.database.snapshot() as connection:
        found = read_order(connection, store_id, order_id, now=visit.now)
        if found is None:
            raise Refused(Problem("order_not_found", {"store": store_id, "order": order_id}))
        stores = names(list_stores(connection, now=visit.now))
    return visit.page(
        "selling/order.html",
        status=409 if refusal else 200,
        found=found,
        stores=stores,
        happened=_happened(found),
        refusal=refusal,
    )


def _happened(found: OrderView) -> list[tuple[datetime, str, str]]:
    """What happened when, the newest first: moment, kind, detail."""
    order = found.summary
    said: list[tuple[datetime, str, str]] = [
        (order.ordered_at, "ordered", ""),
        (order.first_seen_at, "taken_in", ""),
    ]
    said += [(sight.read_at, "seen", sight.state) for sight in found.sights]
    if order.confirmed_at is not None:
        said.append((order.confirmed_at, "confirmed", ""))
    for entry in found.entries:
        said.append((entry.opened_at, "opened", entry.kind))
        if entry.closed_at is not None:
            said.append((entry.closed_at, "closed", entry.kind))
    return sorted(said, key=lambda one: one[0], reverse=True)


def _begins(day: date, visit: Visit) -> datetime:
    return datetime.combine(day, time(), visit.reader.zone).astimezone(UTC)
