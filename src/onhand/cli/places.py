"""Stores and listings as people name them on the command line."""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

import typer

from onhand.catalog.model.listings import ListingNotFound, can_be_kept
from onhand.catalog.model.stores import (
    LONGEST_STORE_ID,
    StoreNotFound,
    is_valid_store,
    normalise_store,
)
from onhand.catalog.queries.listings import ListingView, find_listing
from onhand.catalog.queries.stores import StoreView, read_store
from onhand.channels.port import ListingKey
from onhand.cli.desk import Desk, Refused

_PAGE = 1_000
Entry = TypeVar("Entry")
# Gives so many entries after a cursor, and the cursor of what follows.
PageOf = Callable[[int, str | None], tuple[Sequence[Entry], str | None]]


def parse_store(written: str) -> str:
    """A store's id in its one form.

    Raises:
        BadParameter: it cannot be one.
    """
    store_id = normalise_store(written)
    if not is_valid_store(store_id):
        raise typer.BadParameter(
            f"{written[:80]!r}: a store's id has 1 to {LONGEST_STORE_ID} characters: "
            "a-z, 0-9 and hyphen"
        )
    return store_id


Store = Annotated[str, typer.Argument(metavar="STORE", parser=parse_store, help="The store's id.")]
OfStore = Annotated[
    str | None, typer.Option("--store", metavar="STORE", parser=parse_store, help="Of this store.")
]
Listing = Annotated[
    str,
    typer.Argument(
        metavar="ITEM/VARIANT",
        help="As `store listings` shows it; exact but for ITEM's case.",
    ),
]
Limit = Annotated[
    int,
    typer.Option(min=1, max=1_000_000, metavar="N", help="How many at most, 100 if not given."),
]


def find_store(desk: Desk, store_id: str) -> StoreView:
    """The store with this id.

    Raises:
        Refused: there is none.
    """
    with desk.database.read() as connection:
        found = read_store(connection, store_id, now=desk.now())
    if found is None:
        raise Refused(StoreNotFound(store_id))
    return found


def find_listing_of(desk: Desk, store: str, listing: str) -> ListingView:
    """The listing a store has under this name.

    Raises:
        BadParameter: it is not of the form ITEM/VARIANT.
        Refused: the store has no such listing.
    """
    item, slash, variant = listing.partition("/")
    if not slash or not can_be_kept(listing):
        raise typer.BadParameter(f"{listing[:80]!r} is not of the form ITEM/VARIANT")
    with desk.database.read() as connection:
        found = find_listing(connection, store, ListingKey(item, variant))
    if found is None:
        raise Refused(ListingNotFound(f"{store}/{listing}"))
    return found


def gather(page_of: PageOf[Entry], limit: int) -> tuple[list[Entry], bool]:
    """At most `limit` entries of a list that is read page by page, and whether there are more."""
    found: list[Entry] = []
    after: str | None = None
    while len(found) < limit:
        page, after = page_of(min(_PAGE, limit - len(found)), after)
        found += page
        if after is None:
            return found, False
    return found, True


def say_more(desk: Desk, limit: int, *, more: bool) -> None:
    """Tell that a list was cut off."""
    if more:
        desk.terminal.say(f"There are more than {limit}; ask for more with --limit.")
