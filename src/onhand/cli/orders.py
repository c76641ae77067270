"""`onhand orders …`: orders taken in from shops, and the order desk."""

import json
from datetime import datetime
from typing import Annotated

import msgspec
import typer

from onhand.cli.arguments import parse_code, parse_moment, parse_name, parse_text
from onhand.cli.desk import Refused, open_desk
from onhand.cli.exits import ExitCode
from onhand.cli.places import Limit, OfStore, Store, find_store, gather, say_more
from onhand.cli.terminal import table
from onhand.orders.commands import OrderKey, close_entry, retry_confirmation
from onhand.orders.model.desk import EntryKind
from onhand.orders.model.refusals import OrderNotFound
from onhand.orders.model.sights import State
from onhand.orders.queries.desk import DeskFilter, EntryView, StalledStore, list_entries
from onhand.orders.queries.orders import (
    OrderFilter,
    OrderSummary,
    OrderView,
    list_orders,
    read_order,
)
from onhand.orders.queries.oversell import OversaleView, OversellFilter, oversell_report
from onhand.orders.queries.reconcile import Mismatch, ReconcileFilter, reconcile

commands = typer.Typer(
    help="Orders of shops: list, show, confirm again, clear the desk.", no_args_is_help=True
)

_STATES = "|".join(State)
_KINDS = "|".join(EntryKind)
Order = Annotated[str, typer.Argument(metavar="ORDER", help="The shop's own number.")]


@commands.command("list")
def list_all(
    context: typer.Context,
    store: OfStore = None,
    state: Annotated[
        State | None, typer.Option(metavar=_STATES, help="Only those in this state.")
    ] = None,
    sku: Annotated[
        str | None, typer.Option(metavar="SKU", help="With a line that means it.")
    ] = None,
    limit: Limit = 100,
) -> None:
    """Orders taken in from shops, the newest first."""
    code = None if sku is None else parse_code(sku)
    with open_desk(context) as desk, desk.database.read() as connection:

        def page(size: int, after: str | None) -> tuple[list[OrderSummary], str | None]:
            wanted = OrderFilter(store, state, sku=code, limit=size, after=after)
            found = list_orders(connection, wanted)
            return found.orders, found.cursor

        found, more = gather(page, limit)
        rows = [
            (one.ordered_at, one.store, one.order, one.state, one.units, "; ".join(one.problems))
            for one in found
        ]
        columns = ("ordered", "store", "order", "state", "units", "on the desk for")
        desk.terminal.show({"orders": found, "more": more}, table(columns, rows))
        say_more(desk, limit, more=more)


@commands.command()
def show(context: typer.Context, store: Store, order: Order) -> None:
    """One order: its lines, its stock, what the shop said when."""
    number = parse_name(order)
    with open_desk(context) as desk:
        with desk.database.read() as connection:
            found = read_order(connection, store, number, now=desk.now())
        if found is None:
            raise Refused(OrderNotFound(store, number))
        desk.terminal.show(
            found,
            table(("order", found.summary.order), _facts(found)),
            table(
                ("line", "item", "variant", "units", "sku", "name"),
                [(o.line, o.item, o.variant, o.units, o.sku, o.name) for o in found.lines],
            ),
            table(("sku", "held", "shipped"), [(o.sku, o.held, o.shipped) for o in found.stock]),
            table(
                ("seen", "state", "at the shop"),
                [(one.read_at, one.state, one.status) for one in found.sights],
            ),
        )


@commands.command()
def desk(
    context: typer.Context,
    store: OfStore = None,
    kind: Annotated[
        EntryKind | None, typer.Option(metavar=_KINDS, help="Only entries of this kind.")
    ] = None,
    closed: Annotated[bool, typer.Option("--closed", help="Also those that are over.")] = False,
    limit: Limit = 100,
) -> None:
    """What a person should look at, and what can be done. The newest first."""
    with open_desk(context) as place, place.database.read() as connection:
        stalled: list[StalledStore] = []

        def page(size: int, after: str | None) -> tuple[list[EntryView], str | None]:
            wanted = DeskFilter(kind, store, include_closed=closed, limit=size, after=after)
            found = list_entries(connection, wanted)
            stalled.extend(found.stores)
            return found.entries, found.cursor

        found, more = gather(page, limit)
        rows = [
            (
                one.entry,
                one.kind,
                f"{one.store} {one.order}",
                json.dumps(dict(one.facts), ensure_ascii=False),
                one.closed_how or "; ".join(one.actions),
            )
            for one in found
        ]
        columns = ("entry", "kind", "order", "facts", "what can be done")
        stores = [(one.store, one.since, one.detail, "; ".join(one.actions)) for one in stalled]
        views = [
            table(("store waits for keys", "since", "the shop said", "what can be done"), stores)
        ]
        place.terminal.show(
            {"stores": stalled, "entries": found, "more": more},
            *(views if stalled else ()),
            table(columns, rows),
        )
        say_more(place, limit, more=more)


@commands.command()
def close(
    context: typer.Context,
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help="As `desk` shows it.")],
    note: Annotated[str, typer.Option(metavar="TEXT", help="What was done.")],
) -> None:
    """Close an entry of the desk. It stays closed unless its facts change."""
    how = parse_text(note) or ""
    with open_desk(context) as desk:
        result = close_entry(desk.database, desk.asked(), entry, how)
        found = msgspec.json.decode(desk.accepted(result))
        desk.terminal.show(found, f"{found['entry']} is closed: {found['closed_how']}")


@commands.command()
def retry(context: typer.Context, store: Store, order: Order) -> None:
    """Have an order confirmed at its shop anew, with all its tries."""
    key = OrderKey(store, parse_name(order))
    with open_desk(context) as desk:
        result = retry_confirmation(desk.database, desk.asked(), key)
        found = msgspec.json.decode(desk.accepted(result))
        desk.terminal.show(found, f"{key.order_id} of {store} is due to be confirmed.")


@commands.command()
def oversold(
    context: typer.Context,
    store: OfStore = None,
    sku: Annotated[str | None, typer.Option(metavar="SKU", help="Only of this SKU.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="MOMENT", help="Only what we learned then or later.")
    ] = None,
    limit: Limit = 100,
) -> None:
    """Units that were sold and not there, and what would have prevented it."""
    code = None if sku is None else parse_code(sku)
    moment: datetime | None = None if since is None else parse_moment(since)
    with open_desk(context) as desk, desk.database.read() as connection:

        def page(size: int, after: str | None) -> tuple[list[OversaleView], str | None]:
            wanted = OversellFilter(code, store, moment, limit=size, after=after)
            found = oversell_report(connection, wanted)
            return found.oversales, found.cursor

        found, more = gather(page, limit)
        rows = [
            (
                one.sale.ordered_at,
                one.sku,
                one.missing_units,
                f"{one.sale.store} {one.sale.order}",
                f"{one.sale.lag_s:.0f} s",
                _prevented(one),
            )
            for one in found
        ]
        columns = ("sold", "sku", "missing", "order", "learned after", "prevented by")
        desk.terminal.show({"oversales": found, "more": more}, table(columns, rows))
        say_more(desk, limit, more=more)


@commands.command("reconcile")
def check(context: typer.Context, store: OfStore = None) -> None:
    """Compare orders with the ledger. Repairs nothing; ends with 1 when anything differs."""
    with open_desk(context) as desk:
        if store is not None:
            find_store(desk, store)
        checked, found = 0, list[Mismatch]()
        after: str | None = None
        with desk.terminal.progress("orders", None) as progress:
            while True:
                with desk.database.snapshot() as connection:
                    page = reconcile(connection, ReconcileFilter(store, 1000, after))
                checked, after = checked + page.checked, page.cursor
                found += page.mismatches
                progress(checked)
                if after is None:
                    break
        columns = (
            *("accounts", "store", "order", "sku"),
            *("held", "shipped", "held by the other", "shipped by the other"),
        )
        desk.terminal.show(
            {"checked": checked, "mismatches": found},
            table(columns, [msgspec.structs.astuple(one) for one in found]),
            f"{checked:,} orders checked, {len(found):,} mismatches.",
        )
        if found:
            raise typer.Exit(ExitCode.REFUSED)


def _prevented(one: OversaleView) -> str:
    units = f"{one.prevented_by_safety_units} more safety stock"
    if one.prevented_by_intake_s is None:
        return units
    return f"knowing it within {one.prevented_by_intake_s:.0f} s, or {units}"


def _facts(order: OrderView) -> list[tuple[object, object]]:
    summary = order.summary
    problems = [f"{one.kind}: {one.entry}" for one in order.entries if one.closed_at is None]
    return [
        ("store", summary.store),
        ("state", f"{summary.state} (at the shop: {summary.status})"),
        ("ordered", summary.ordered_at),
        ("first seen", summary.first_seen_at),
        ("last read", summary.read_at),
        ("confirmed", summary.confirmed_at),
        ("confirmation due", summary.confirm_due_at),
        ("confirmation failed for", order.confirm_error),
        ("on the desk for", "; ".join(problems)),
    ]
