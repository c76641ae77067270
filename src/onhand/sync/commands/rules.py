"""Setting how a store, or one listing, shares in the stock (Y5)."""

from dataclasses import asdict
from functools import partial

import sqlalchemy as sa

from onhand.access.commands import Change, Write, write_once
from onhand.access.model import Accepted, Asked, Refusal
from onhand.catalog.model.listings import ListingNotFound
from onhand.catalog.model.stores import StoreNotFound
from onhand.catalog.queries.listings import read_listing
from onhand.catalog.queries.stores import read_store
from onhand.db.database import Database
from onhand.sync.commands.marks import mark_stale
from onhand.sync.commands.replan import mark_all
from onhand.sync.commands.targets import read_rules
from onhand.sync.model.refusals import InvalidRule
from onhand.sync.model.rules import EVERYTHING, Rule
from onhand.sync.tables import rule

LARGEST_UNITS = 1_000_000


def set_rule(
    database: Database, asked: Asked, store_id: str, new: Rule, *, listing_id: str = ""
) -> Accepted | Refusal:
    """Replace the rule of a store, or of one listing; what it touches is planned anew.

    A store's listings follow in transactions of their own; what a crash leaves of them is found by
    `sync.replan`. The answer is the rule. Raises:
        DatabaseUnavailable: nothing was acknowledged; repeat it.
    """
    refused = check_rule(new)
    if refused is not None:
        return refused
    write = Write("SetRule", [store_id, listing_id, asdict(new)])
    run = partial(_set, asked=asked, store_id=store_id, new=new, listing_id=listing_id)
    done = write_once(database, asked, write, run)
    if not listing_id and isinstance(done, Accepted):
        mark_all(database, store_id, now=asked.now)
    return done


def check_rule(new: Rule) -> InvalidRule | None:
    """The first value that is out of its range."""
    for name, value in asdict(new).items():
        most = 100 if name == "share_percent" else LARGEST_UNITS
        if name != "paused" and value is not None and not 0 <= value <= most:
            return InvalidRule(name, 0, most)
    return None


def _set(
    connection: sa.Connection, *, asked: Asked, store_id: str, new: Rule, listing_id: str
) -> Change | Refusal:
    if read_store(connection, store_id, now=asked.now) is None:
        return StoreNotFound(store_id)
    if listing_id:
        found = read_listing(connection, listing_id)
        if found is None or found.store != store_id:
            return ListingNotFound(listing_id)
    own = (rule.c.store_id == store_id) & (rule.c.listing_id == listing_id)
    before = read_rules(connection, store_id, [listing_id]).get(listing_id, EVERYTHING)
    connection.execute(sa.delete(rule).where(own))
    if new != EVERYTHING:
        values = {"store_id": store_id, "listing_id": listing_id, **asdict(new)}
        connection.execute(sa.insert(rule).values(values))
    if listing_id:
        mark_stale(connection, [listing_id], now=asked.now)
    subject = f"rule:{store_id}:{listing_id}" if listing_id else f"rule:{store_id}"
    return Change(subject, asdict(new), before=asdict(before), after=asdict(new))
