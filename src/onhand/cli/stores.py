"""`onhand store …`: the shops that are worked for, their keys and their listings."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated, TextIO

import msgspec
import typer
from rich.table import Table

from onhand.bootstrap.secret_key import open_vault
from onhand.catalog.commands.listings import map_listing, unmap_listing
from onhand.catalog.commands.stores import (
    create_store,
    deactivate_store,
    set_credentials,
    update_store,
)
from onhand.catalog.model.listings import ListingMapping
from onhand.catalog.model.stores import (
    CREDENTIALS,
    NewKeys,
    NewStore,
    PauseReason,
    RakutenSettings,
    StoreChange,
    StoreNotFound,
    StoreStatus,
)
from onhand.catalog.queries.listings import (
    ListingFilter,
    ListingView,
    Mapped,
    list_listings,
)
from onhand.catalog.queries.stores import StoreView, list_stores, read_store
from onhand.catalog.queries.suggestions import suggest as suggest_skus
from onhand.cli.arguments import parse_code, parse_moment
from onhand.cli.confirm import ask_first
from onhand.cli.desk import Desk, Refused, open_desk
from onhand.cli.places import Listing, Store, find_listing_of, parse_store
from onhand.cli.terminal import table
from onhand.sync.commands.marks import mark_stale

commands = typer.Typer(
    help="Shops: keys, settings, listings and the SKUs they mean.", no_args_is_help=True
)

_PAGE = 1_000


Setting = Annotated[
    list[str] | None,
    typer.Option("--setting", metavar="NAME=VALUE", help="May be given several times."),
]


@commands.command("list")
def list_all(context: typer.Context) -> None:
    """Every store and the state of its keys."""
    with open_desk(context) as desk:
        with desk.database.read() as connection:
            found = list_stores(connection, now=desk.now())
        rows = [(one.store, one.name, one.status, one.paused_reason, _keys(one)) for one in found]
        columns = ("store", "name", "status", "paused for", "keys")
        desk.terminal.show({"stores": found}, table(columns, rows))


@commands.command()
def create(
    context: typer.Context,
    store: Store,
    name: Annotated[str, typer.Option(metavar="TEXT", help="What people call it.")],
    setting: Setting = None,
    orders_from: Annotated[
        str | None,
        typer.Option(
            metavar="MOMENT", help="Orders placed since then are taken in; else since now."
        ),
    ] = None,
) -> None:
    """Make a Rakuten store known. Its keys are set afterwards with `set-keys`."""
    since = None if orders_from is None else parse_moment(orders_from)
    new = NewStore(store, name, settings=_settings(setting), orders_from=since)
    with open_desk(context) as desk:
        _show(desk, desk.accepted(create_store(desk.database, desk.asked(), new)))


@commands.command()
def show(context: typer.Context, store: Store) -> None:
    """What is kept about a store; never its keys."""
    with open_desk(context) as desk:
        with desk.database.read() as connection:
            found = read_store(connection, store, now=desk.now())
        if found is None:
            raise Refused(StoreNotFound(store))
        desk.terminal.show(found, _view(found))


@commands.command()
def update(
    context: typer.Context,
    store: Store,
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="What people call it.")] = None,
    setting: Setting = None,
    paused: Annotated[
        bool | None,
        typer.Option("--pause/--resume", help="Stop all work for it, or let it go on."),
    ] = None,
) -> None:
    """Change a store's name or settings, pause or resume it. What is not named stays."""
    status = None
    if paused is not None:
        status = StoreStatus.PAUSED if paused else StoreStatus.ACTIVE
    change = StoreChange(store, name, _settings(setting) or None, status)
    if (change.name, change.settings, status) == (None, None, None):
        raise typer.BadParameter("name at least one of --name, --setting, --pause and --resume")
    with open_desk(context) as desk:
        _show(desk, desk.accepted(update_store(desk.database, desk.asked(), change)))


@commands.command("set-keys")
def set_keys(
    context: typer.Context,
    store: Store,
    file: Annotated[
        typer.FileText | None,
        typer.Option("--from", metavar="FILE", help="Lines NAME=VALUE; else stdin, or asked for."),
    ] = None,
) -> None:
    """Set a store's keys: from a file or stdin, or asked for at the terminal."""
    with open_desk(context) as desk:
        with desk.database.read() as connection:
            found = read_store(connection, store, now=desk.now())
        if found is None:
            raise Refused(StoreNotFound(store))
        keys = NewKeys(store, _read_keys(CREDENTIALS[found.platform], file))
        vault = open_vault(desk.settings)
        result = set_credentials(desk.database, desk.asked(), keys, vault=vault)
        _show(desk, desk.accepted(result))


@commands.command()
def deactivate(
    context: typer.Context,
    store: Store,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Give a store up. Nothing is deleted; `update --resume` brings it back."""
    with open_desk(context) as desk:
        ask_first(f"Stop all work for {store} in {desk.name}?", is_sure=yes)
        _show(desk, desk.accepted(deactivate_store(desk.database, desk.asked(), store)))


@commands.command()
def listings(
    context: typer.Context,
    store: Annotated[
        str | None,
        typer.Argument(metavar="STORE", parser=parse_store, help="Of this store; else of all."),
    ] = None,
    sku: Annotated[str | None, typer.Option(metavar="SKU", help="Those that mean it.")] = None,
    unmapped: Annotated[
        bool, typer.Option("--unmapped", help="Those that mean no SKU yet.")
    ] = False,
    limit: Annotated[
        int,
        typer.Option(min=1, max=1_000_000, metavar="N", help="How many at most, 100 if not given."),
    ] = 100,
) -> None:
    """What stores sell, and which SKU each listing means."""
    code = None if sku is None else parse_code(sku)
    mapped = Mapped.UNMAPPED if unmapped else Mapped.ANY
    found: list[ListingView] = []
    after: str | None = None
    with open_desk(context) as desk, desk.database.read() as connection:
        if store is not None and read_store(connection, store, now=desk.now()) is None:
            raise Refused(StoreNotFound(store))
        while len(found) < limit:
            wanted = ListingFilter(store, code, mapped, min(_PAGE, limit - len(found)), after)
            page = list_listings(connection, wanted)
            found += page.listings
            after = page.cursor
            if after is None:
                break
        desk.terminal.show({"listings": found, "more": after is not None}, _table(found))
        if after is not None:
            desk.terminal.say(f"There are more than {limit}; ask for more with --limit.")


@commands.command()
def suggest(context: typer.Context, store: Store, listing: Listing) -> None:
    """SKUs a listing may mean, the likeliest first."""
    with open_desk(context) as desk:
        chosen = find_listing_of(desk, store, listing)
        with desk.database.read() as connection:
            found = suggest_skus(connection, chosen.listing)
        rows = [(one.sku, one.name, one.by, one.likeness, one.listings) for one in found]
        columns = ("sku", "name", "found by", "likeness", "listings of it here")
        desk.terminal.show({"suggestions": found}, table(columns, rows))


@commands.command("map")
def map_to(
    context: typer.Context,
    store: Store,
    listing: Listing,
    sku: Annotated[str, typer.Argument(metavar="SKU", help="A code or an alias, in any case.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Let go of another SKU that it means now.")
    ] = False,
) -> None:
    """Let a listing mean a SKU. Its stock is pushed there from then on."""
    code = parse_code(sku)
    with open_desk(context) as desk:
        mapping = ListingMapping(find_listing_of(desk, store, listing).listing, code, replace)
        then = partial(mark_stale, now=desk.now())
        _show_listing(
            desk, desk.accepted(map_listing(desk.database, desk.asked(), mapping, then=then))
        )


@commands.command()
def unmap(context: typer.Context, store: Store, listing: Listing) -> None:
    """Let a listing mean no SKU. It is not mapped again by its codes."""
    with open_desk(context) as desk:
        chosen = find_listing_of(desk, store, listing).listing
        then = partial(mark_stale, now=desk.now())
        _show_listing(
            desk, desk.accepted(unmap_listing(desk.database, desk.asked(), chosen, then=then))
        )


def _settings(written: Sequence[str] | None) -> dict[str, object]:
    """Settings as the catalog takes them; which ones there are, it knows itself."""
    found: dict[str, object] = {}
    usual = asdict(RakutenSettings())
    for one in written or ():
        name, equals, value = one.partition("=")
        if not equals:
            raise typer.BadParameter(f"{one[:80]!r} is not of the form NAME=VALUE")
        found[name] = _value(value, usual.get(name))
    return found


def _value(written: str, like: object) -> object:
    if isinstance(like, bool):
        return {"true": True, "false": False}.get(written, written)
    is_number = written.isascii() and written.isdigit() and len(written) <= 9
    return int(written) if isinstance(like, int) and is_number else written


def _read_keys(names: Sequence[str], file: TextIO | None) -> dict[str, str]:
    """The keys, never from the command line, which other processes can read."""
    if file is None and sys.stdin.isatty():
        return {name: typer.prompt(name, hide_input=True, err=True) for name in names}
    keys: dict[str, str] = {}
    for line in (file or sys.stdin).read(10_000).splitlines():
        name, equals, value = line.partition("=")
        if equals:
            keys[name.strip()] = value
        elif line.strip():
            raise typer.BadParameter(
                f"keys are given as lines {' and '.join(f'{n}=…' for n in names)}"
            )
    return keys


def _keys(store: StoreView) -> str:
    """The state of a store's keys in a few words."""
    if not store.has_credentials:
        return "none"
    if store.paused_reason == PauseReason.AUTH_EXPIRED:
        return "not accepted"
    if store.key_expires_at is None:
        return "stored"
    if (store.key_days_left or 0) < 0:
        return "ended"
    return f"{store.key_days_left} days left"


def _show(desk: Desk, answer: bytes) -> None:
    found = msgspec.json.decode(answer, type=StoreView)
    desk.terminal.show(found, _view(found))


def _view(store: StoreView) -> Table:
    rows = [
        ("name", store.name),
        ("platform", store.platform),
        ("status", store.status),
        ("paused for", store.paused_reason),
        ("paused at", store.paused_at),
        ("the shop said", store.paused_detail),
        ("keys", _keys(store)),
        ("keys end", store.key_expires_at),
        ("keys tried", store.key_checked_at),
        ("orders from", store.orders_from),
        ("catalogue read", store.catalogue_read_at),
        *asdict(store.settings).items(),
    ]
    return table((store.store, ""), rows)


def _show_listing(desk: Desk, answer: bytes) -> None:
    found = msgspec.json.decode(answer, type=ListingView)
    desk.terminal.show(found, _table([found]))


def _table(found: Sequence[ListingView]) -> Table:
    rows = [
        (one.store, f"{one.item}/{one.variant}", one.sku, one.mapped_by, one.name, one.is_sold)
        for one in found
    ]
    return table(("store", "listing", "sku", "by", "name", "sold"), rows)
