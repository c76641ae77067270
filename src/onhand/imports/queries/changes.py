"""What an import would change, SKU by SKU."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec
import sqlalchemy as sa

from onhand.imports.model.plan import Action, Flag
from onhand.imports.tables import import_change, import_listing


class Shown(StrEnum):
    """Which changes to show; a flag or an outcome shows those that have it."""

    ALL = "all"
    CHANGING = "changing"
    NEW = "new"
    METADATA = "metadata"
    FLAGGED = "flagged"
    BLOCKED = "blocked"
    CONFLICT = "conflict"
    UNCHANGED = "unchanged"
    TO_ZERO = "to_zero"
    TENFOLD = "tenfold"
    BELOW_RESERVED = "below_reserved"
    OVERSOLD = "oversold"
    ALIAS_TAKEN = "alias_taken"
    LISTING_DIFFERS = "listing_differs"
    MOVED = "moved"
    REFUSED = "refused"


class ListingChange(msgspec.Struct, frozen=True):
    """A listing that would mean the SKU, or that means another one (`means`)."""

    listing: str
    item: str
    variant: str
    means: str | None
    would_map: bool


class ChangeView(msgspec.Struct, frozen=True):
    """What a file would make of one SKU, and (`outcome`) what became of it; whole units.

    `units` is what the file says, `before` and `after` what is on hand at the import's location.
    `name` and `image_url` are new where they are set. `found_on_hand` is what was there instead,
    where the SKU had moved.
    """

    manage_number: str | None
    number: int
    line: int
    code: str
    sku: str
    is_new: bool
    action: Action
    units: int | None
    before: int
    after: int
    reserved: int
    name: str | None
    name_before: str | None
    image_url: str | None
    image_before: str | None
    aliases: list[str]
    listings: list[ListingChange]
    flags: list[Flag]
    outcome: str | None
    found_on_hand: int | None


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Which changes to list, in the order of the file; `after` is the last number seen."""

    shown: Shown = Shown.ALL
    after: int = 0
    limit: int = 100


def list_changes(
    connection: sa.Connection, import_id: str, wanted: ChangeFilter
) -> list[ChangeView]:
    """What an import would change, in the order of the file."""
    change = import_change.c
    rows = connection.execute(
        sa.select(import_change)
        .where(change.import_id == import_id, change.number > wanted.after)
        .where(_condition(wanted.shown))
        .order_by(change.number)
        .limit(wanted.limit)
    ).all()
    listings = _listings(connection, import_id, [row.number for row in rows])
    return [_view(row, listings.get(row.number, [])) for row in rows]


def _condition(shown: Shown) -> sa.ColumnElement[bool]:
    change = import_change.c
    has_metadata = sa.or_(
        change.name.is_not(None),
        change.image_url.is_not(None),
        sa.cast(change.aliases, sa.Text) != "[]",
    )
    moves = change.action.in_([Action.SET.value, Action.RECEIVE.value])
    conditions: dict[Shown, sa.ColumnElement[bool]] = {
        Shown.ALL: sa.true(),
        Shown.CHANGING: sa.or_(moves, change.is_new, has_metadata),
        Shown.NEW: change.is_new,
        Shown.METADATA: has_metadata,
        Shown.FLAGGED: change.flags != "",
        Shown.BLOCKED: change.action == Action.BLOCKED,
        Shown.CONFLICT: change.action == Action.CONFLICT,
        Shown.UNCHANGED: change.action == Action.UNCHANGED,
        Shown.MOVED: change.outcome == "moved",
        Shown.REFUSED: change.outcome == "refused",
    }
    return conditions.get(shown, change.flags.contains(shown.value))


def _listings(
    connection: sa.Connection, import_id: str, numbers: list[int]
) -> dict[int, list[ListingChange]]:
    if not numbers:
        return {}
    listing = import_listing.c
    rows = connection.execute(
        sa.select(import_listing)
        .where(listing.import_id == import_id)
        .where(listing.number >= numbers[0], listing.number <= numbers[-1])
        .order_by(listing.number, listing.line)
    )
    found: dict[int, list[ListingChange]] = {}
    for row in rows:
        found.setdefault(row.number, []).append(
            ListingChange(
                row.listing_id, row.item_key, row.variant_key, row.means_sku_id, row.is_to_map
            )
        )
    return found


def _view(row: sa.Row[Any], listings: list[ListingChange]) -> ChangeView:
    return ChangeView(
        manage_number=row.manage_number,
        number=row.number,
        line=row.line,
        code=row.code,
        sku=row.sku_id,
        is_new=row.is_new,
        action=Action(row.action),
        units=row.units,
        before=row.before_units,
        after=row.after_units,
        reserved=row.reserved_units,
        name=row.name,
        name_before=row.name_before,
        image_url=row.image_url,
        image_before=row.image_before,
        aliases=row.aliases,
        listings=listings,
        flags=[Flag(flag) for flag in row.flags.split()],
        outcome=row.outcome,
        found_on_hand=row.found_units,
    )
