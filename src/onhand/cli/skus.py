"""`onhand sku …`: add, list, show, alias, policy, remove, reindex."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from onhand.catalog.commands import add_alias, create_skus, remove_alias
from onhand.catalog.commands.search import rebuild_search
from onhand.catalog.model import NewAlias, NewSku, Status
from onhand.catalog.queries import SkuFilter, SkuView, list_skus, read_sku
from onhand.cli.arguments import parse_code, parse_text
from onhand.cli.confirm import ask_first
from onhand.cli.desk import Refused, open_desk
from onhand.cli.terminal import table
from onhand.stock.model.commands import ResetSku, SetPolicy
from onhand.stock.model.refusals import UnknownSku

commands = typer.Typer(help="The goods: register, list, show, remove.", no_args_is_help=True)

_PAGE = 1_000
Sku = Annotated[str, typer.Argument(metavar="SKU", help="A code or an alias, in any case.")]
Units = int | None


@commands.command()
def add(
    context: typer.Context,
    codes: Annotated[list[str], typer.Argument(metavar="CODE", help="As people write it.")],
    name: Annotated[str, typer.Option(metavar="TEXT", help="For one code only.")] = "",
) -> None:
    """Register SKUs: all of them or none."""
    if name and len(codes) > 1:
        raise typer.BadParameter("--name goes with one code")
    for code in codes:
        parse_code(code)
    with open_desk(context) as desk:
        result = create_skus(
            desk.database, desk.asked(), [NewSku(code, name=name) for code in codes]
        )
        found = msgspec.json.decode(desk.accepted(result), type=dict[str, list[SkuView]])
        desk.terminal.show(found, *_views(found["skus"]))


@commands.command("list")
def list_all(
    context: typer.Context,
    search: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Part of a code, name or alias.")
    ] = None,
    status: Annotated[
        Status | None,
        typer.Option(
            metavar="active|inactive|unregistered", help="Only these; else all registered."
        ),
    ] = None,
    limit: Annotated[
        int,
        typer.Option(min=1, max=1_000_000, metavar="N", help="How many at most, 100 if not given."),
    ] = 100,
) -> None:
    """List SKUs by code."""
    found: list[SkuView] = []
    after: str | None = None
    with open_desk(context) as desk:
        while len(found) < limit:
            wanted = SkuFilter(search, status, limit=min(_PAGE, limit - len(found)), after=after)
            with desk.database.read() as connection:
                page = list_skus(connection, wanted)
            found += page.skus
            after = page.cursor
            if after is None:
                break
        desk.terminal.show({"skus": found, "more": after is not None}, *_views(found))
        if after is not None:
            desk.terminal.say(f"There are more than {limit}; ask for more with --limit.")


@commands.command()
def show(context: typer.Context, sku: Sku) -> None:
    """What is kept about a SKU. Its stock is shown by `onhand stock show`."""
    code = parse_code(sku)
    with open_desk(context) as desk:
        with desk.database.read() as connection:
            found = read_sku(connection, code)
        if found is None:
            raise Refused(UnknownSku((code,)))
        rows = [
            ("code", found.original_sku),
            ("name", found.name),
            ("status", found.status),
            ("aliases", "; ".join(found.aliases)),
            ("image", found.image_url),
            *((key, value) for key, value in found.attributes.items()),
            ("created", found.created_at),
            ("updated", found.updated_at),
        ]
        desk.terminal.show(found, table((found.sku, ""), rows))


@commands.command()
def alias(
    context: typer.Context,
    sku: Sku,
    code: Annotated[str, typer.Argument(metavar="ALIAS", help="Another code for it.")],
    remove: Annotated[
        bool, typer.Option("--remove", help="Let it mean the SKU no longer.")
    ] = False,
) -> None:
    """Let another code mean a SKU, or no longer."""
    parse_code(code)
    change = NewAlias(parse_code(sku), code)
    with open_desk(context) as desk:
        write = remove_alias if remove else add_alias
        result = write(desk.database, desk.asked(), change)
        found = msgspec.json.decode(desk.accepted(result), type=SkuView)
        desk.terminal.show(found, *_views([found]))


@commands.command()
def policy(
    context: typer.Context,
    sku: Sku,
    oversell: Annotated[
        bool | None,
        typer.Option("--oversell/--no-oversell", help="Whether available may go below 0."),
    ] = None,
    safety: Annotated[
        Units,
        typer.Option(
            "--safety-stock", min=0, max=1_000_000_000, metavar="UNITS", help="Never offered."
        ),
    ] = None,
    low: Annotated[
        Units,
        typer.Option(
            "--low-at", min=0, max=1_000_000_000, metavar="UNITS", help="Low-stock threshold."
        ),
    ] = None,
) -> None:
    """Change a SKU's stock policy. What is not named stays."""
    ask = SetPolicy(parse_code(sku), oversell, safety, low)
    with open_desk(context) as desk:
        found = msgspec.json.decode(desk.ask(ask))
        keys = ("sku", "on_hand", "reserved", "available")
        rows = [tuple(level[key] for key in keys) for level in found["levels"]]
        desk.terminal.show(found, table(("sku", "on hand", "reserved", "available"), rows))


@commands.command()
def remove(
    context: typer.Context,
    sku: Sku,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Kept with the event.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Make a SKU unregistered. Its level, holds and aliases no longer count."""
    ask = ResetSku(parse_code(sku), parse_text(reason))
    with open_desk(context) as desk:
        ask_first(
            f"Remove {sku} from {desk.name}? Its stock and holds will no longer count.", is_sure=yes
        )
        found = msgspec.json.decode(desk.ask(ask))
        desk.terminal.show(found, f"{ask.sku} is no longer registered.")


@commands.command()
def reindex(context: typer.Context) -> None:
    """Make the index of searches anew, and say how many texts in it were wrong."""
    with open_desk(context, refused=("--key",)) as desk:
        wrong = rebuild_search(desk.database)
        desk.terminal.show({"wrong": wrong}, table(("texts that were wrong",), [(wrong,)]))


def _views(skus: Sequence[SkuView]) -> list[Table]:
    rows = [(sku.sku, sku.name, sku.status, "; ".join(sku.aliases)) for sku in skus]
    return [table(("sku", "name", "status", "aliases"), rows)]
