"""The rules of stores and listings, and what another rule would change (Y5, Y8)."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import msgspec
import sqlalchemy as sa

from onhand.catalog.queries.listings import ListingView
from onhand.sync.commands.replan import Plan, PlannedChange, changes
from onhand.sync.commands.targets import Targets, read_rules
from onhand.sync.model.rules import EVERYTHING, Rule
from onhand.sync.tables import listing_push

MOST_SHOWN = 100


class RuleView(msgspec.Struct, frozen=True):
    """How a store, or one listing of it, shares in the stock; None: nothing said.

    `rule` is what was set here, `effective` what holds: of a listing its own over its store's.
    """

    store: str
    listing: str | None
    rule: Rule
    effective: Rule


class Preview(msgspec.Struct, frozen=True):
    """What would be told if a rule were set: how many listings, and the first 100 of them."""

    count: int
    changes: list[PlannedChange]


@dataclass(frozen=True, slots=True)
class Supposed:
    """A rule that is not set yet; `most` is the largest number the shop takes."""

    store_id: str
    rule: Rule
    most: int


def read_rule(connection: sa.Connection, store_id: str, listing_id: str | None = None) -> RuleView:
    """The rule of a store, or of one listing."""
    own = "" if listing_id is None else listing_id
    rules = read_rules(connection, store_id, [own])
    return rule_view(store_id, listing_id, rules.get(own, EVERYTHING), rules.get("", EVERYTHING))


def rule_view(store_id: str, listing_id: str | None, own: Rule, of_store: Rule) -> RuleView:
    """A rule as it is shown."""
    return RuleView(store_id, listing_id, own, own if listing_id is None else own.over(of_store))


def preview_store(connection: sa.Connection, supposed: Supposed, *, now: datetime) -> Preview:
    """What the store's mapped listings would be told, and is not what they were told to show."""
    plan = Plan(supposed.store_id, supposed.most, {"": supposed.rule})
    found = changes(connection, plan, now=now)
    shown = list(islice(found, MOST_SHOWN))
    return Preview(len(shown) + sum(1 for _ in found), shown)


def preview_listing(
    connection: sa.Connection, supposed: Supposed, listing: ListingView, *, now: datetime
) -> Preview:
    """The same for one listing's rule."""
    if listing.sku is None:
        return Preview(0, [])
    known = sa.select(listing_push.c.belief, listing_push.c.target)
    row = connection.execute(known.where(listing_push.c.listing_id == listing.listing)).first()
    belief, told = (None, None) if row is None else (row.belief, row.target)
    skus = {listing.listing: listing.sku}
    targets = Targets(connection, supposed.store_id, skus, most=supposed.most, now=now)
    targets.suppose({listing.listing: supposed.rule})
    units = targets.units(listing.listing)
    if units is None or units == told:
        return Preview(0, [])
    change = PlannedChange(
        listing=listing.listing,
        item=listing.item,
        variant=listing.variant,
        sku=listing.sku,
        believed=belief,
        shows_now=told,
        would_show=units,
    )
    return Preview(1, [change])
