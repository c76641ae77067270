"""`onhand sync …`: what shops are told, what waits, what failed, and why."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from onhand.bootstrap.shops import limits_of
from onhand.catalog.queries.listings import ListingView
from onhand.cli.arguments import parse_code
from onhand.cli.desk import Desk, Refused, open_desk
from onhand.cli.places import (
    Limit,
    Listing,
    OfStore,
    Store,
    find_listing_of,
    find_store,
    gather,
    parse_store,
    say_more,
)
from onhand.cli.terminal import table
from onhand.sync.commands.by_hand import push_anew
from onhand.sync.commands.by_hand import retry as try_again
from onhand.sync.commands.rules import check_rule, set_rule
from onhand.sync.model.rules import Rule
from onhand.sync.queries.explain import ListingExplanation, explain_listing
from onhand.sync.queries.failed import FailedFilter, FailedListing, list_failed
from onhand.sync.queries.pushes import PushFilter, PushView, list_pushes
from onhand.sync.queries.rules import (
    RuleView,
    Supposed,
    preview_listing,
    preview_store,
    read_rule,
)
from onhand.sync.queries.status import StoreSync
from onhand.web.standing import StoreStanding, read_standing

commands = typer.Typer(
    help="Numbers at shops: what waits, failed, why; rules.", no_args_is_help=True
)

_ALL = "all"
_MEMBERS = tuple(field.name for field in fields(Rule))
_TRUTHS = {"true": True, "false": False}
OfListing = Annotated[
    str | None,
    typer.Argument(metavar="ITEM/VARIANT", help="One listing; else the whole store."),
]


@commands.command()
def status(context: typer.Context) -> None:
    """How every store stands: what waits since when, what failed, how fresh it is."""
    with open_desk(context) as desk:
        found = read_standing(desk.database, now=desk.now())
        columns = (
            *("store", "status", "queued", "oldest", "in doubt", "waits for orders", "failed"),
            *("needs you", "fresh p50 / p99", "target", "told last", "orders in until"),
        )
        rows = [_standing(one) for one in found.stores]
        desk.terminal.show(found, table(columns, rows))


@commands.command()
def push(
    context: typer.Context,
    store: Annotated[
        str, typer.Argument(metavar="STORE|all", parser=parse_store, help="Which store, or all.")
    ],
    sku: Annotated[str | None, typer.Option(metavar="SKU", help="Only its listings.")] = None,
) -> None:
    """Have a store's listings planned and told anew. Running servers tell the shop."""
    code = None if sku is None else parse_code(sku)
    chosen = None if store == _ALL else store
    with open_desk(context) as desk:
        result = push_anew(desk.database, desk.asked(), chosen, sku=code)
        found = msgspec.json.decode(desk.accepted(result))
        rows = list(found["stores"].items())
        desk.terminal.show(found, table(("store", "listings marked"), rows))


@commands.command()
def failed(context: typer.Context, store: OfStore = None, limit: Limit = 100) -> None:
    """Listings that were given up after their shop refused what they were told."""
    with open_desk(context) as desk, desk.database.read() as connection:

        def page(size: int, after: str | None) -> tuple[list[FailedListing], str | None]:
            found = list_failed(connection, FailedFilter(store, size, after))
            return found.failed, found.cursor

        found, more = gather(page, limit)
        rows = [
            (one.since, one.store, f"{one.item}/{one.variant}", one.sku, one.tries, one.cause)
            for one in found
        ]
        columns = ("since", "store", "listing", "sku", "tries", "cause")
        desk.terminal.show({"failed": found, "more": more}, table(columns, rows))
        say_more(desk, limit, more=more)


@commands.command()
def retry(context: typer.Context, store: Store, listing: Listing) -> None:
    """Have a failed listing read and told again, with all its tries."""
    with open_desk(context) as desk:
        chosen = find_listing_of(desk, store, listing).listing
        result = try_again(desk.database, desk.asked(), chosen)
        found = msgspec.json.decode(desk.accepted(result))
        desk.terminal.show(found, f"{listing} of {store} is read and told again.")


@commands.command()
def log(
    context: typer.Context,
    store: OfStore = None,
    sku: Annotated[str | None, typer.Option(metavar="SKU", help="Of its listings.")] = None,
    limit: Limit = 100,
) -> None:
    """What shops were told, and what came of it. The newest first."""
    code = None if sku is None else parse_code(sku)
    with open_desk(context) as desk, desk.database.read() as connection:

        def page(size: int, after: str | None) -> tuple[list[PushView], str | None]:
            found = list_pushes(connection, PushFilter(store, code, None, size, after))
            return found.pushes, found.cursor

        found, more = gather(page, limit)
        desk.terminal.show({"pushes": found, "more": more}, _pushes(found))
        say_more(desk, limit, more=more)


@commands.command()
def explain(context: typer.Context, store: Store, listing: Listing) -> None:
    """Why a listing shows what it shows, line by line."""
    with open_desk(context) as desk:
        known = find_store(desk, store)
        chosen = find_listing_of(desk, store, listing)
        most = limits_of(known.platform).most_units
        with desk.database.snapshot() as connection:
            found = explain_listing(connection, chosen, known, most=most, now=desk.now())
        steps = [(step.name, step.subject or "", step.change, step.units) for step in found.steps]
        gap = [(step.name, step.change, step.units) for step in found.gap]
        desk.terminal.show(
            found,
            table(("step", "of", "change", "units"), steps),
            table(("at the shop", "change", "units"), gap),
            table((listing, ""), _why(found)),
            _pushes(found.pushes),
        )


@commands.command()
def rule(
    context: typer.Context,
    store: Store,
    listing: OfListing = None,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="May be given several times; `none` takes it off."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Set nothing, show what would be told.")
    ] = False,
) -> None:
    """Show or set how a store, or one listing, shares in the stock. What is not named stays."""
    said = [_said(one) for one in values or ()]
    with open_desk(context) as desk:
        known = find_store(desk, store)
        own = None if listing is None else find_listing_of(desk, store, listing)
        listing_id = None if own is None else own.listing
        with desk.database.read() as connection:
            view = read_rule(connection, store, listing_id)
        if not said:
            desk.terminal.show(view, _rule_table(view))
            return
        new = replace(view.rule, **dict(said))  # type: ignore[arg-type]  # checked by `_said`
        if dry_run:
            _preview(desk, Supposed(store, new, limits_of(known.platform).most_units), own)
            return
        result = set_rule(desk.database, desk.asked(), store, new, listing_id=listing_id or "")
        desk.accepted(result)
        with desk.database.read() as connection:
            view = read_rule(connection, store, listing_id)
        desk.terminal.show(view, _rule_table(view))


def _said(written: str) -> tuple[str, int | bool | None]:
    """What a member of a rule is to be; its range is checked by sync."""
    name, equals, value = written.partition("=")
    if name not in _MEMBERS or not equals:
        raise typer.BadParameter(
            f"{written[:80]!r} is not NAME=VALUE; names: {', '.join(_MEMBERS)}"
        )
    if value == "none":
        return name, None
    if name == "paused":
        if value not in _TRUTHS:
            raise typer.BadParameter("paused is true, false or none")
        return name, _TRUTHS[value]
    if not (value.isascii() and value.isdigit() and len(value) <= 9):
        raise typer.BadParameter(f"{name} is a whole number or none, not {value[:40]!r}")
    return name, int(value)


def _preview(desk: Desk, supposed: Supposed, listing: ListingView | None) -> None:
    refused = check_rule(supposed.rule)
    if refused is not None:
        raise Refused(refused)
    with desk.database.snapshot() as connection:
        found = (
            preview_store(connection, supposed, now=desk.now())
            if listing is None
            else preview_listing(connection, supposed, listing, now=desk.now())
        )
    rows = [
        (f"{one.item}/{one.variant}", one.sku, one.shows_now, one.would_show)
        for one in found.changes
    ]
    desk.terminal.show(
        {"rule": supposed.rule, "preview": found},
        table(("listing", "sku", "told to show", "would show"), rows),
        f"{found.count:,} listings would be told another number.",
    )


def _rule_table(view: RuleView) -> Table:
    names = ("", "set here", "holds") if view.listing is not None else ("", "set here")
    rows = [
        (name, getattr(view.rule, name), getattr(view.effective, name))[: len(names)]
        for name in _MEMBERS
    ]
    return table(names, rows)


def _pushes(pushes: Sequence[PushView]) -> Table:
    rows = [
        (
            one.settled_at,
            one.store,
            f"{one.item}/{one.variant}",
            f"{one.units:+d}" if one.mode == "relative" else f"={one.units}",
            one.target,
            one.outcome,
            None if one.age_s is None else f"{one.age_s:.1f} s",
            one.reason,
        )
        for one in pushes
    ]
    columns = ("told", "store", "listing", "units", "to show", "outcome", "after", "reason")
    return table(columns, rows)


def _standing(one: StoreStanding) -> tuple[object, ...]:
    sync = one.sync
    fresh = sync.freshness
    return (
        sync.store,
        sync.status if sync.paused_reason is None else f"{sync.status}: {sync.paused_reason}",
        sync.queued,
        _seconds(sync.oldest_s),
        "; ".join(f"{number} {reason}" for reason, number in sync.in_doubt.items()),
        sync.waiting_for_orders,
        sync.failed,
        sync.needs_person,
        f"{_seconds(fresh.p50_s)} / {_seconds(fresh.p99_s)}",
        f"{sync.freshness_target_s} s: {_met(sync)}",
        sync.last_delivered_at,
        sync.taken_in_until,
    )


def _met(sync: StoreSync) -> str:
    """Whether changes reach the shop as fast as they should."""
    if sync.is_late:
        return "late"
    return "missed" if sync.missed_target else "met" if sync.freshness.deliveries else "–"


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.1f} s"


def _why(found: ListingExplanation) -> list[tuple[object, object]]:
    belief, telling = found.belief, found.telling
    return [
        ("stands", found.standing),
        ("sku", found.sku),
        ("should show", found.target),
        ("shows, as we believe", found.believed),
        ("difference", found.difference),
        ("last read", None if belief is None else belief.read_to),
        ("in doubt for", None if belief is None else belief.doubt),
        ("change waits since", None if telling is None else telling.stale_at),
        ("told last", None if telling is None else telling.pushed_at),
        ("last failure", None if telling is None else telling.failure),
        ("orders in until", found.taken_in_until),
    ]
