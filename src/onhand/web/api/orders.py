"""Orders taken in from shops, the order desk, and what went wrong with stock because of them."""

from enum import Enum
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from starlette.responses import Response

from onhand.access.model import Right
from onhand.catalog.model.stores import normalise_store
from onhand.orders.commands import OrderKey, close_entry, retry_confirmation
from onhand.orders.model.desk import EntryKind
from onhand.orders.model.sights import State
from onhand.orders.queries.desk import DeskFilter, DeskPage, list_entries
from onhand.orders.queries.orders import OrderFilter, OrderPage, OrderView, list_orders, read_order
from onhand.orders.queries.oversell import OversellFilter, OversellReport, oversell_report
from onhand.orders.queries.reconcile import ReconcileFilter, Reconciliation, reconcile
from onhand.web.answers import ClosedEntry, ConfirmationRetried
from onhand.web.bodies import example
from onhand.web.errors import Problem, Refused
from onhand.web.fields import (
    CODE_SCHEMA,
    NAME_SCHEMA,
    PageSize,
    QueryMoment,
    SkuCode,
    StoreId,
    read_name,
    read_text,
)
from onhand.web.operation import operation, operations
from onhand.web.paths import PathEntry, PathOrder, PathStore
from onhand.web.visits import Visitor, Writer, answered, invalid, shown

router = operations()

_ORDERS: list[str | Enum] = ["orders"]
_AUDIT: list[str | Enum] = ["audit"]
LONGEST_NOTE = 200
Store = Annotated[StoreId, AfterValidator(normalise_store)]
Order = Annotated[str, AfterValidator(read_name), WithJsonSchema(NAME_SCHEMA)]
Cursor = Annotated[
    str, Field(max_length=2000, description="The `cursor` of the page before, of the same list.")
]


class OrderSearch(BaseModel):
    """Which orders to show."""

    model_config = ConfigDict(extra="forbid")
    store: Store | None = None
    state: State | None = None
    problem: EntryKind | None = Field(None, description="With such an open entry on the desk.")
    has_problem: bool = Field(False, description="true: with any open entry on the desk.")
    sku: SkuCode | None = None
    limit: PageSize = 100
    after: Cursor | None = None


class DeskSearch(BaseModel):
    """Which entries to show."""

    model_config = ConfigDict(extra="forbid")
    kind: EntryKind | None = None
    store: Store | None = None
    order: Order | None = None
    include_closed: bool = Field(False, description="true: also those that are over.")
    limit: PageSize = 100
    after: Cursor | None = None


class OversellSearch(BaseModel):
    """Which oversales to show; they are dated by when we learned of them."""

    model_config = ConfigDict(extra="forbid")
    sku: SkuCode | None = None
    store: Store | None = None
    since: QueryMoment | None = None
    until: QueryMoment | None = None
    limit: PageSize = 50
    after: Cursor | None = None


class ReconcileSearch(BaseModel):
    """Which orders to check."""

    model_config = ConfigDict(extra="forbid")
    store: Store | None = None
    limit: PageSize = 1000
    after: Cursor | None = None


class ClosingBody(BaseModel):
    """What was done about an entry of the desk."""

    model_config = example(note="called the buyer, sends the blue one instead")
    note: Annotated[
        str,
        AfterValidator(read_text),
        WithJsonSchema({**CODE_SCHEMA, "maxLength": LONGEST_NOTE}),
    ]


@router.get("/orders", tags=_ORDERS, **operation(Right.READ, OrderPage))
def read_orders(visit: Visitor, wanted: Annotated[OrderSearch, Query()]) -> Response:
    """Orders taken in from shops, the newest first."""
    chosen = OrderFilter(**wanted.model_dump())
    try:
        with visit.environment.database.read() as connection:
            return shown(list_orders(connection, chosen))
    except ValueError as error:
        raise invalid("query.after", str(error)) from error


@router.get(
    "/orders/{store}/{order}", tags=_ORDERS, **operation(Right.READ, OrderView, "order_not_found")
)
def show_order(visit: Visitor, store: PathStore, order: PathOrder) -> Response:
    """One order: lines, stock, every sight that showed something new, the shop's own words.

    Of the shop's message only what concerns stock is kept: no name, no address, no price.
    """
    environment = visit.environment
    with environment.database.snapshot() as connection:
        found = read_order(connection, store, order, now=environment.clock())
    if found is None:
        raise Refused(Problem("order_not_found", {"store": store, "order": order}))
    return shown(found)


@router.post(
    "/orders/{store}/{order}/retry-confirmation",
    tags=_ORDERS,
    **operation(
        Right.OPERATE, ConfirmationRetried, "order_not_found", "order_not_waiting", status=202
    ),
)
def retry_order_confirmation(writer: Writer, store: PathStore, order: PathOrder) -> Response:
    """Have an order confirmed at its shop anew: due at once, with all its tries."""
    database = writer.visit.environment.database
    return answered(
        retry_confirmation(database, writer.asked(), OrderKey(store, order)), status=202
    )


@router.get("/desk", tags=_ORDERS, **operation(Right.READ, DeskPage))
def read_desk(visit: Visitor, wanted: Annotated[DeskSearch, Query()]) -> Response:
    """The order desk: what a person should look at, and what can be done, the newest first."""
    chosen = DeskFilter(**wanted.model_dump())
    try:
        with visit.environment.database.read() as connection:
            return shown(list_entries(connection, chosen))
    except ValueError as error:
        raise invalid("query.after", str(error)) from error


@router.post(
    "/desk/{entry}/close",
    tags=_ORDERS,
    **operation(Right.OPERATE, ClosedEntry, "entry_not_found", "entry_closed", "invalid_reason"),
)
def close_desk_entry(writer: Writer, entry: PathEntry, body: ClosingBody) -> Response:
    """Close an entry by hand, saying what was done; it stays closed unless its facts change."""
    database = writer.visit.environment.database
    return answered(close_entry(database, writer.asked(), entry, body.note))


@router.get("/audit/oversell", tags=_AUDIT, **operation(Right.READ, OversellReport))
def read_oversales(visit: Visitor, wanted: Annotated[OversellSearch, Query()]) -> Response:
    """Units that were sold and not there: where, when we learned, what would have prevented it."""
    chosen = OversellFilter(**wanted.model_dump())
    try:
        with visit.environment.database.snapshot() as connection:
            return shown(oversell_report(connection, chosen))
    except ValueError as error:
        raise invalid("query.after", str(error)) from error


@router.get("/audit/reconcile", tags=_AUDIT, **operation(Right.READ, Reconciliation))
def reconcile_orders(visit: Visitor, wanted: Annotated[ReconcileSearch, Query()]) -> Response:
    """Whether orders, what was asked of the ledger and its holds agree; nothing is repaired.

    `limit` orders are checked at a time; go on with `after` = `cursor` until it is null.
    """
    chosen = ReconcileFilter(**wanted.model_dump())
    try:
        with visit.environment.database.snapshot() as connection:
            return shown(reconcile(connection, chosen))
    except ValueError as error:
        raise invalid("query.after", str(error)) from error
