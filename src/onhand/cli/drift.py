"""`onhand drift …`: numbers at shops that were not what we believed."""

from typing import Annotated

import msgspec
import typer

from onhand.cli.desk import open_desk
from onhand.cli.places import (
    Limit,
    Listing,
    OfStore,
    Store,
    find_listing_of,
    gather,
    say_more,
)
from onhand.cli.terminal import table
from onhand.sync.commands.by_hand import repair as tell_again
from onhand.sync.queries.drifts import DriftFilter, DriftView, list_drifts

commands = typer.Typer(
    help="Numbers at shops that we did not expect: list, repair.", no_args_is_help=True
)


@commands.command("list")
def list_all(
    context: typer.Context,
    store: OfStore = None,
    closed: Annotated[bool, typer.Option("--closed", help="Also those that are over.")] = False,
    limit: Limit = 100,
) -> None:
    """Numbers that shops showed and we did not expect, with their causes. The newest first."""
    with open_desk(context) as desk, desk.database.read() as connection:

        def page(size: int, after: str | None) -> tuple[list[DriftView], str | None]:
            found = list_drifts(connection, DriftFilter(store, closed, size, after))
            return found.drifts, found.cursor

        found, more = gather(page, limit)
        rows = [
            (
                one.found_at,
                one.store,
                f"{one.item}/{one.variant}",
                one.sku,
                one.believed,
                one.shown,
                one.cause,
                one.closed_how or ("needs you" if one.needs_person else "open"),
            )
            for one in found
        ]
        columns = ("found", "store", "listing", "sku", "believed", "shown", "cause", "outcome")
        desk.terminal.show({"drifts": found, "more": more}, table(columns, rows))
        say_more(desk, limit, more=more)


@commands.command()
def repair(context: typer.Context, store: Store, listing: Listing) -> None:
    """Have the shop told the right number although somebody changed it there."""
    with open_desk(context) as desk:
        chosen = find_listing_of(desk, store, listing).listing
        result = tell_again(desk.database, desk.asked(), chosen)
        found = msgspec.json.decode(desk.accepted(result))
        desk.terminal.show(found, f"{store} is told the number of {listing} again.")
